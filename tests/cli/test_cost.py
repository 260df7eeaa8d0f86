"""What a call would cost, told before anything is sent."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import ME, Ask, Books

TEXT = "Please mend the counter. " * 40


def told(ask: Ask, *arguments: str) -> dict[str, object]:
    """The estimate for `TEXT`, as a program gets it."""
    return json.loads(ask("cost", "estimate", "--json", *arguments, stdin=TEXT)[1])


def test_an_estimate_names_the_bounds_the_price_and_who_pays(books: Books, ask: Ask) -> None:
    code, said = ask("cost", "estimate", "--output-tokens", "500", stdin=TEXT)
    assert code == 0
    for part in (
        *("$0.15 in and $0.6 out", "(settings)", "at most 500 tokens; probably 20"),
        *("mean of 2 calls", f"user:{ME.user}", "organisation", "$19.999997"),
        "It would be admitted. Nothing was sent.",
    ):
        assert part in said
    found = told(ask, "--output-tokens", "500")
    size = found["input_tokens_max"]
    assert isinstance(size, int)
    assert len(TEXT) < size < len(TEXT) + 300
    assert found["worst_nano_usd"] == size * 150 + 500 * 600
    assert found["input_tokens"] == -(-size // 3)
    assert found["probable_nano_usd"] == -(-size // 3) * 150 + 20 * 600
    assert (found["calls_seen"], found["price_version"]) == (2, "settings")


def test_where_nobody_knows_what_a_task_writes_all_is_assumed_that_it_may(
    books: Books, ask: Ask
) -> None:
    found = told(ask, "--task", "completion")
    assert found["output_tokens"] == found["output_tokens_max"] == 160
    assert found["calls_seen"] == 0


def test_a_call_that_would_be_refused_is_called_that(books: Books, ask: Ask) -> None:
    ask("people", "add", ME.user, "--role", "owner")
    ask("people", "add", "vic", "--role", "viewer")
    ask("budget", "set", "organisation", "--limit", "0.0001")
    code, said = ask("cost", "estimate", stdin=TEXT)
    assert (code, "more than is left of organisation" in said) == (1, True)
    for user, why in (("vic", "'viewer', which calls no model"), ("eve", "not among the people")):
        code, said = ask("cost", "estimate", stdin=TEXT, user=user)
        assert (code, why in said) == (1, True)


def test_a_call_that_would_be_shortened_says_to_what(books: Books, ask: Ask) -> None:
    ask("people", "add", ME.user, "--role", "owner")
    whole = told(ask)
    size = whole["input_tokens_max"]
    assert isinstance(size, int)
    spent = 3000
    ask("budget", "set", "organisation", "--limit", f"{(spent + size * 150 + 300 * 600) / 1e9:.9f}")
    assert told(ask)["shortened_to"] == 300
    assert "a shorter answer, of at most 300 tokens" in ask("cost", "estimate", stdin=TEXT)[1]
    # Ghost text is not shortened: it goes whole or not at all.
    found = told(ask, "--task", "completion", "--output-tokens", "301")
    assert (found["admitted"], found["shortened_to"]) == (False, None)


def test_a_secret_is_counted_as_what_is_sent_in_its_place(books: Books, ask: Ask) -> None:
    """The gateway takes it out, so its length costs nothing."""
    sizes = set[object]()
    for length in (40, 400):
        secret = f"sk-proj-{'a1B2' * (length // 4)}"
        said = ask("cost", "estimate", "--json", stdin=f"My key is {secret} and works.")[1]
        sizes.add(json.loads(said)["input_tokens_max"])
    assert len(sizes) == 1


def test_an_estimate_changes_nothing(books: Books, ask: Ask) -> None:
    before = ask("ledger", "verify")
    told(ask)
    assert ask("ledger", "verify") == before
    assert json.loads(ask("usage", "--json")[1])[0]["calls"] == 1


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--model", "unheard-of"], "Nobody has said what the model"),
        (["--task", "poem"], "There is no task 'poem'"),
        (["--output-tokens", "-5"], "a number from 1"),
        (["missing.txt"], "cannot be read"),
    ],
)
def test_what_cannot_be_estimated_is_refused(
    books: Books, ask: Ask, arguments: list[str], why: str
) -> None:
    code, said = ask("cost", "estimate", *arguments)
    assert (code, why in said) == (2, True)


def test_a_file_and_the_workspace_are_taken_in(books: Books, ask: Ask) -> None:
    (books.folder / "plan.md").write_text(TEXT)
    code, said = ask(
        *("cost", "estimate", books.folder / "plan.md", "--workspace", books.folder, "--json")
    )
    found = json.loads(said)
    assert (code, found["input_tokens_max"]) == (0, told(ask)["input_tokens_max"])
    scopes = [each["scope"] for each in found["accounts"]]
    assert scopes == [f"workspace:{Path(books.folder)}", f"user:{ME.user}", "organisation"]
