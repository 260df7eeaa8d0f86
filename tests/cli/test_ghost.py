"""Ghost text at a shell: its figures, and its switches."""

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from steward.completion.outcomes.record import write
from steward.completion.outcomes.showing import Outcome, Terms
from steward.completion.outcomes.tally import Tally
from steward.core.clock import ManualClock
from steward.core.database import open_database
from tests.cli.conftest import ME, Ask, Books
from tests.places import execute
from tests.rooms import START

TERMS = Terms("2026-11-21", "python", "acme/small", "block")
NOW = ManualClock(START)
MADE: list[tuple[str, list[Outcome]]] = [(ME.user, ["accepted", "rejected"]), ("bob", ["typed"])]


@pytest.fixture
def suggested(books: Books) -> Books:
    """Two suggestions of mine, one of them accepted, and one of Bob's."""

    async def count() -> None:
        async with open_database(books.place) as database:
            for user, outcomes in MADE:
                tally = Tally()
                for outcome in outcomes:
                    tally.count_outcome(TERMS, outcome, "return 1")
                tally.count_accepted(TERMS, 1, 8)
                tally.count_look(TERMS, 30, is_kept=True)
                tally.count_times(TERMS, {"wait": 40, "context": 0, "network": 100, "rest": 1})
                who = replace(ME, user=user)
                await database.run(
                    lambda session, who=who, tally=tally: write(session, who, tally, START)
                )

    asyncio.run(count())
    return books


def test_a_person_sees_what_became_of_their_own_suggestions(suggested: Books, ask: Ask) -> None:
    code, said = ask("ghost", "report", clock=NOW)
    assert code == 0
    head, line, *_ = said.splitlines()
    assert head.split()[:8] == [
        *("language", "offered", "shown", "accepted", "partly", "typed", "rejected", "acceptance")
    ]
    assert line.split() == [
        *("python", "2", "2", "1", "0", "0", "1", "50%", "8", "100%", "-", "≤", "200", "ms")
    ]
    (found,) = json.loads(ask("ghost", "report", "--by", "model", "--json", clock=NOW)[1])
    assert (found["model"], found["offered"], found["acceptance"]) == ("acme/small", 2, 0.5)
    assert found["still_there"]["30_s"] == 1.0
    assert "Nothing was suggested" in ask("ghost", "report", "--until", "2026-11-20", clock=NOW)[1]
    assert ask("ghost", "report", "--since", "2027-01-01", clock=NOW)[0] == 2


def test_what_became_of_others_suggestions_is_for_owners_and_admins(
    suggested: Books, ask: Ask
) -> None:
    for user, role in ((ME.user, "owner"), ("bob", "developer"), ("vic", "viewer")):
        assert ask("people", "add", user, "--role", role)[0] == 0
    everybody = json.loads(ask("ghost", "report", "--by", "user", "--json", clock=NOW)[1])
    assert {line["user"]: line["offered"] for line in everybody} == {ME.user: 2, "bob": 1}
    (total,) = json.loads(ask("ghost", "report", "--everybody", "--json", clock=NOW)[1])
    assert total["offered"] == 3
    for user in ("bob", "vic", "eve"):
        for more in (("--by", "user"), ("--everybody",)):
            code, said = ask("ghost", "report", *more, user=user, clock=NOW)
            assert (code, ME.user in said) == (2, False), said
    (own,) = json.loads(ask("ghost", "report", "--json", user="bob", clock=NOW)[1])
    assert own["offered"] == 1


def test_a_switch_is_flipped_and_shown(books: Books, ask: Ask, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    said = ask("ghost", "off", "--language", "sh")[1]
    assert said == (
        "Ghost text is switched off in the language shellscript. Open windows see it in seconds.\n"
    )
    assert ask("ghost", "off", "--workspace", folder)[0] == 0
    assert ask("ghost", "on", "--language", "plaintext")[0] == 0
    shown = ask("ghost", "show")[1].splitlines()
    lines = {line.rsplit(maxsplit=2)[0]: line.split()[-2:] for line in shown[1:4]}
    assert lines == {
        "in the language plaintext": ["on", "you"],
        "in the language shellscript": ["off", "you"],
        f"in the workspace {folder.resolve()}": ["off", "you"],
    }
    assert shown[4].split()[-3:] == ["git-commit", "off", "usual"]
    assert ask("ghost", "on", "--language", "sh")[0] == 0
    rows = execute(books.place, "SELECT name FROM ghost_text_switch WHERE is_on = false")
    assert rows == [(str(folder.resolve()),)]


def test_whoever_switches_on_is_told_what_keeps_it_off(ask: Ask) -> None:
    assert "stays off" not in ask("ghost", "on", "--language", "lua")[1]
    ask("ghost", "off", "--language", "go")
    assert "stays off in the language go:" in ask("ghost", "on")[1]
    ask("ghost", "off")
    assert "stays off everywhere:" in ask("ghost", "on", "--language", "go")[1]
    shown = ask("ghost", "show")[1]
    assert "It is off everywhere" in shown
    assert "else it is on" not in shown


def test_what_the_settings_say_for_all_is_told_to_whoever_flips(
    books: Books, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEWARD_COMPLETION__ENABLED", "false")
    assert "counts first" in ask("ghost", "on")[1]
    assert ask("ghost", "show")[1].splitlines()[1].split() == ["everywhere", "off", "settings"]
    assert ask("ghost", "off", "--language", " ")[0] == 2
