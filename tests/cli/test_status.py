"""One screen that says what matters: right, at once, and also where things are broken."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from steward.cli.main import build_parser
from steward.cli.status import show_status
from steward.core.clock import SystemClock
from steward.sandbox.tried import Tried, write_tried
from tests.cli.conftest import ME, Ask, Books
from tests.places import execute

STARTED = "2026-11-22 10:00:00.000000"


def status(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    code = show_status(build_parser().parse_args(["status", *words]))
    return code, capsys.readouterr().out


def values(capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    return json.loads(status(capsys, "--json")[1])


def test_person_money_and_models_are_those_of_the_books(
    books: Books, ask: Ask, capsys: pytest.CaptureFixture[str]
) -> None:
    said = values(capsys)
    is_own = isinstance(books.place, Path)
    assert (said["user"], said["role"]) == (ME.user, "owner" if is_own else "developer")
    assert said["today_nano_usd"] == 3000
    assert set(said["models"].values()) == {"scripted"}
    shown = json.loads(ask("budget", "show", "--json")[1])
    own = next(each for each in shown if each["account"] == f"user:{ME.user}")
    (told,) = said["budgets"]
    assert told == {
        "scope": f"user:{ME.user}",
        "spent_nano_usd": own["spent_nano_usd"],
        "limit_nano_usd": own["limit_nano_usd"],
    }


def test_a_role_that_was_given_and_a_limit_that_was_set_are_shown(
    books: Books, ask: Ask, capsys: pytest.CaptureFixture[str]
) -> None:
    del books
    ask("people", "add", ME.user, "--role", "owner", "--team", "red")
    ask("budget", "set", "team:red", "--limit", "0.0000031")
    said = values(capsys)
    assert (said["role"], said["team"]) == ("owner", "red")
    ask("people", "add", "zoe", "--role", "owner")
    ask("people", "remove", ME.user)
    assert values(capsys)["role"] is None
    assert "not among the people" in status(capsys)[1]


def test_runs_under_way_and_questions_that_wait_are_shown_and_ended_ones_not(
    books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    for id_, state in (("r-open", "running"), ("r-over", "finished")):
        execute(
            books.place,
            'INSERT INTO run (id, tenant_id, "user", session, workspace, agent_id, goal, place,'
            f" mode, state, owner, message, created_at) VALUES ('{id_}', 'local', '{ME.user}', 's',"
            f" '/w', 'fix', 'make it\n\x1b[31mwork', '', 'normal', '{state}', '', '', '{STARTED}')",
        )
    for id_, until in (("q-open", "2999-01-01"), ("q-late", "2026-01-01")):
        execute(
            books.place,
            'INSERT INTO approval (id, tenant_id, "user", workspace, run_id, key, attempt, kind,'
            " title, body, digest, state, asked_at, expires_at, boot, expires_monotonic_s, takes,"
            f" \"grant\", draft, reply, seal) VALUES ('{id_}', 'local', '{ME.user}', '/w',"
            f" 'r-open', '{id_}', 0, 'plan', 'May it {id_}?', '', '', 'pending', '{STARTED}',"
            f" '{until} 00:00:00.000000', 'b', 0, '', '', '', '', '')",
        )
    _, said = status(capsys)
    assert "r-open fix, running" in said
    assert "r-over" not in said
    assert "May it q-open?" in said
    assert "q-late" not in said
    assert "\x1b" not in said


def test_ghost_text_that_is_off_says_by_whom(
    books: Books, ask: Ask, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    del books
    assert "ghost text  on" in status(capsys)[1]
    ask("ghost", "off")
    assert "ghost text  off: you switched it off" in status(capsys)[1]
    monkeypatch.setenv("STEWARD_COMPLETION__ENABLED", "false")
    assert "ghost text  off: your settings say so" in status(capsys)[1]


def test_the_jail_is_told_as_it_was_last_tried_on_this_machine(
    books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    at = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
    write_tried(books.folder, Tried("cgroup", at, SystemClock().boot()))
    assert "sandbox     cgroup, tried out 2026-11-22 09:00 UTC" in status(capsys)[1]
    write_tried(books.folder, Tried("cgroup", at, "another boot"))
    assert "sandbox     not tried out" in status(capsys)[1]


def test_it_says_something_where_the_database_is_broken_or_not_there(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEWARD_DATA_DIR", str(tmp_path / "new"))
    said = status(capsys)[1]
    assert "owner" in said
    assert "($0.00 of $20.00)" in said
    monkeypatch.setenv("STEWARD_DATA_DIR", str(tmp_path))
    (tmp_path / "steward.db").write_bytes(b"nonsense" * 1000)
    code, said = status(capsys)
    assert code == 1
    assert "cannot be read" in said
    assert "doctor" in said or "not a database" in said
