"""Figures of what helps, at a shell."""

import asyncio
import csv
import io
import json

from steward.core.clock import ManualClock
from steward.core.database import open_database
from steward.operations.analytics import Happened, write
from tests.cli.conftest import ME, Ask, Books
from tests.rooms import START

NOW = ManualClock(START)
FORMULA = "=cmd|'/c calc'!A1"


def fill(books: Books) -> None:
    def happened(user: str, outcome: str, agent: str) -> Happened:
        return Happened(START, "AI_APPLY", user, "r", agent, outcome=outcome)

    events = [
        *(happened(ME.user, "applied", FORMULA) for _ in range(3)),
        happened(ME.user, "refused", " @fix"),
        happened("bob", "partial", "fix"),
        Happened(START, "AGENT_RUN_ENDED", ME.user, "r", "fix", outcome="capped"),
    ]

    async def work() -> None:
        async with open_database(books.place) as database:
            await database.run(lambda session: write(session, "local", events))

    asyncio.run(work())


def test_figures_are_shown_to_those_who_may_see_them(books: Books, ask: Ask) -> None:
    fill(books)
    assert ask("people", "add", ME.user, "--role", "owner")[0] == 0
    assert ask("people", "add", "bob", "--role", "developer", "--team", "red")[0] == 0
    code, said = ask("metrics", clock=NOW)
    assert code == 0, said
    assert "75% of 4*" in said
    assert "Runs that did not finish: 1 capped." in said
    assert "Whether a pull request was merged is not known." in said
    assert "Events are kept from 2026-11-21 on" in said
    for more in (("--everybody",), ("--by", "user"), ("--by", "team")):
        code, said = ask("metrics", *more, user="bob", clock=NOW)
        assert (code, "Ask an owner or admin" in said) == (2, True), more
    code, said = ask("metrics", "--json", user="bob", clock=NOW)
    (line,) = json.loads(said)["lines"]
    assert line["proposals"] == {"part": 0, "whole": 1, "share": 0.0, "is_few": True, "in_part": 1}
    assert line["pull_requests"]["merged"] is None
    code, said = ask("metrics", "--by", "team", "--json", clock=NOW)
    assert [line["name"] for line in json.loads(said)["lines"]] == ["", "red"]
    assert ask("metrics", "--since", "2026-11-22", "--until", "2026-11-01", clock=NOW)[0] == 2


def test_a_name_is_no_formula_in_a_spreadsheet(books: Books, ask: Ask) -> None:
    fill(books)
    code, said = ask("metrics", "--by", "agent", "--csv", clock=NOW)
    assert code == 0, said
    rows = list(csv.DictReader(io.StringIO(said)))
    assert sorted(row["agent"] for row in rows) == ["' @fix", f"'{FORMULA}", "fix"]
    by_agent = {row["agent"]: row for row in rows}
    assert by_agent[f"'{FORMULA}"]["proposals_applied"] == "3"
    _, said = ask("metrics", "--csv", clock=NOW)
    assert said.splitlines()[1].startswith(",")  # All of it has no name, and none is made up.
