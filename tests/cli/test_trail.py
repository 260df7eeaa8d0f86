"""The trail, teams and people at a shell."""

import csv
import io
import json
from typing import Any

from tests.cli.conftest import ME, Ask, Books
from tests.places import execute


def value(ask: Ask, *arguments: object, user: str | None = None) -> Any:
    code, said = ask(*arguments, "--json", user=user)
    assert code == 0, said
    return json.loads(said)


def firm(ask: Ask) -> None:
    assert ask("people", "add", ME.user, "--role", "owner")[0] == 0
    assert ask("people", "add", "bob", "--team", "red")[0] == 0


def test_the_trail_is_listed_shown_and_handed_out(books: Books, ask: Ask) -> None:
    firm(ask)
    assert ask("people", "role", "bob", "owner", user="bob")[0] == 2
    listed = value(ask, "audit", "list", "--doing", "people.")
    assert [each["action"] for each in listed] == [
        "people.refused",
        "people.changed",
        "people.changed",
    ]
    assert "person bob" in ask("audit", "list", "--actor", "bob")[1]
    shown = value(ask, "audit", "show", listed[0]["seq"])
    assert shown == listed[0]
    assert shown["hash"] in ask("audit", "show", listed[0]["seq"])[1]
    lines = ask("audit", "export")[1].splitlines()
    assert [json.loads(line)["seq"] for line in lines] == list(range(1, len(lines) + 1))
    rows = list(csv.DictReader(io.StringIO(ask("audit", "export", "--csv")[1])))
    assert [row["hash"] for row in rows] == [json.loads(line)["hash"] for line in lines]


def test_others_see_their_own_part_of_the_trail(books: Books, ask: Ask) -> None:
    firm(ask)
    ask("people", "role", "bob", "owner", user="bob")
    own = value(ask, "audit", "list", user="bob")
    assert [each["action"] for each in own] == ["people.refused"]
    code, said = ask("audit", "list", "--actor", ME.user, user="bob")
    assert (code, "the whole audit trail" in said) == (2, True)
    assert ask("audit", "verify", user="bob")[0] == 2
    assert ask("audit", "show", 1, user="bob")[0] == 2
    assert ask("activity", "--whose", "all", user="bob")[0] == 2


def test_a_chain_is_verified_and_compared_with_a_kept_head(books: Books, ask: Ask) -> None:
    firm(ask)
    found = value(ask, "audit", "verify")
    assert found["is_intact"]
    ask("people", "add", "eve")
    code, said = ask("audit", "verify", "--against", found["head"])
    assert (code, "holds" in said) == (0, True)
    code, said = ask("audit", "verify", "--against", f"2:{'0' * 64}")
    assert (code, "not the one whose head you kept" in said) == (1, True)
    assert ask("audit", "verify", "--against", "nonsense")[0] == 2
    if isinstance(books.place, str):
        return  # PostgreSQL's triggers are left for other tests.
    execute(books.place, "DROP TRIGGER audit_no_update")
    execute(books.place, "UPDATE audit SET actor = 'eve' WHERE seq = 2")
    code, said = ask("audit", "verify")
    assert (code, "breaks at the entry 2" in said) == (1, True)


def test_people_and_teams_are_shown_with_what_they_cost(books: Books, ask: Ask) -> None:
    firm(ask)
    me = value(ask, "people", "show", ME.user)
    assert (me["role"], me["cost_nano_usd"], me["tokens"]) == ("owner", 3000, 0)
    assert value(ask, "people", "show", ME.user, user="bob")["tokens"] is None
    assert "cost this month" in ask("people", "show", "bob")[1]
    assert ask("people", "show", "nobody")[0] == 2
    assert [each["team"] for each in value(ask, "team", "list")] == ["red"]
    red = value(ask, "team", "show", "red")
    assert [each["user"] for each in red["people"]] == ["bob"]
    assert "bob" in ask("team", "show", "red")[1]
    assert ask("team", "show", "green")[0] == 2


def test_security_and_activity_are_told(books: Books, ask: Ask) -> None:
    firm(ask)
    ask("people", "role", "bob", "owner", user="bob")
    days = value(ask, "security", "--days", 2)
    assert [each["count"] for each in days["refused changes"]] == [0, 1]
    (refused,) = value(ask, "security", "--group", "refused changes")
    assert refused["actor"] == "bob"
    assert "sign-ins" in ask("security")[1]
    told = value(ask, "activity")
    assert told[0]["what"] == "added bob as developer of the team red"
    assert f"added {ME.user} as owner" in ask("activity")[1]
