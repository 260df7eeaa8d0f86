"""What people think, said and listed at a shell."""

import csv
import io
import json

import pytest

from tests.cli.conftest import ME, Ask

pytestmark = pytest.mark.parametrize("place", ["sqlite"], indirect=True)
"""What both databases do is tested beside the units of work."""


def test_what_somebody_says_is_kept_listed_and_forgotten(ask: Ask) -> None:
    code, said = ask("feedback", "list")
    assert (code, "Nothing was said yet" in said) == (0, True)
    code, said = ask("feedback", "give", "suggestion", "s1", "bad", "=HYPERLINK(1)")
    assert (code, said) == (0, "You said that the suggestion s1 was bad.\n")
    code, said = ask("feedback", "list", "--json")
    (one,) = json.loads(said)
    assert (one["user"], one["verdict"], one["comment"]) == (ME.user, "bad", "=HYPERLINK(1)")
    rows = list(csv.reader(io.StringIO(ask("feedback", "list", "--csv")[1])))
    assert rows[1][-1] == "'=HYPERLINK(1)"
    assert ask("feedback", "remove", one["id"], user="bob")[0] == 2
    assert ask("feedback", "remove", one["id"])[0] == 0
    assert json.loads(ask("feedback", "list", "--json")[1]) == []
    code, said = ask("feedback", "give", "run", "none", "good")
    assert (code, "There is no run 'none' of yours" in said) == (2, True)
