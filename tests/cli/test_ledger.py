"""The books at a shell: checked, read and limited by commands that a person can type."""

import asyncio
import csv
import getpass
import io
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest

from steward.cli.ledger import run
from steward.cli.main import build_parser
from steward.core.clock import SystemClock
from steward.core.database import open_database
from steward.core.events import Events
from steward.core.money import NanoUsd
from steward.core.principal import Principal
from steward.ledger.charge import Charge, Usage
from steward.ledger.ledger import Ledger
from steward.ledger.settings import LedgerSettings
from tests.environment import steward_environment
from tests.ledger.bank import key_in

Ask = Callable[..., tuple[int, str]]

ME = Principal(getpass.getuser(), "s1", "=cmd|'/c calc'!A1")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder with two calls in it."""
    for name, value in steward_environment(tmp_path, "http://127.0.0.1:9/v1").items():
        monkeypatch.setenv(name, value)
    asyncio.run(_book(tmp_path))
    return tmp_path


async def _book(folder: Path, worst: int = 5000, prefix: str = "r") -> None:
    async with open_database(folder / "steward.db") as database:
        ledger = Ledger(database, SystemClock(), Events(), LedgerSettings(), key_in(folder))
        for number, model in enumerate(["small", "large"]):
            charge = Charge(f"{prefix}{number}", "agent", model, NanoUsd(worst), "v1")
            await ledger.reserve(ME, charge)
            await ledger.settle(charge.request_id, Usage(10, 20, 5), NanoUsd(1000 * (number + 1)))


@pytest.fixture
def ask(folder: Path, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Ask `steward` in that folder; gives the exit code and what was said."""

    def steward(*arguments: object) -> tuple[int, str]:
        code = run(build_parser().parse_args(list(map(str, arguments))))
        said = capsys.readouterr()
        return code, said.out + said.err

    return steward


def test_a_good_ledger_is_confirmed_and_a_bad_one_is_named(folder: Path, ask: Ask) -> None:
    checkpoint = folder / "checkpoint.json"
    code, said = ask("ledger", "verify", "--export", checkpoint)
    assert (code, said) == (
        0,
        "The ledger is intact: 4 entries, $0.000003 spent, $0.000000 set aside.\n",
    )
    assert ask("ledger", "verify", "--against", checkpoint)[0] == 0
    assert ask("ledger", "verify", "--export", checkpoint)[0] == 2
    with closing(sqlite3.connect(folder / "steward.db", isolation_level=None)) as thief:
        thief.execute("DROP TRIGGER entry_no_update")
        thief.execute("UPDATE entry SET spent_change_nano_usd = 1 WHERE seq = 2")
    code, said = ask("ledger", "verify")
    assert code == 1
    assert "Entry 2 is not what was booked" in said


def test_calls_that_were_billed_beyond_their_reservation_are_counted(
    folder: Path, ask: Ask
) -> None:
    asyncio.run(_book(folder, worst=900, prefix="more"))
    code, said = ask("ledger", "verify")
    assert code == 0
    assert "billed 2 calls beyond what was reserved for them, $0.000002 in all" in said


def test_a_checkpoint_that_is_none_is_refused(folder: Path, ask: Ask) -> None:
    (folder / "nothing.json").write_text("{}")
    for name in ("nothing.json", "missing.json"):
        code, said = ask("ledger", "verify", "--against", folder / name)
        assert code == 2
        assert "steward ledger verify --export" in said


def test_usage_is_shown_to_people_spreadsheets_and_programs(ask: Ask) -> None:
    code, table = ask("usage", "--by", "model")
    assert code == 0
    lines = [line.split() for line in table.splitlines()]
    assert lines[1] == ["large", "1", "10", "5", "20", "$0.000002"]
    assert lines[2] == ["small", "1", "10", "5", "20", "$0.000001"]
    assert lines[-1][-1] == "$0.000003"
    (row,) = json.loads(ask("usage", "--by", "user", "--json")[1])
    assert (row["user"], row["calls"], row["cost_nano_usd"]) == (ME.user, 2, 3000)
    (cells,) = csv.DictReader(io.StringIO(ask("usage", "--by", "workspace", "--csv")[1]))
    assert cells["workspace"] == f"'{ME.workspace}", "a spreadsheet would run this name"
    today = datetime.now(UTC).date().isoformat()
    assert today in ask("usage", "--by", "day", "--since", today)[1]
    assert (
        json.loads(ask("usage", "--json", "--until", "2020-01-01", "--since", "2019-01-01")[1])
        == []
    )


def test_a_budget_that_is_set_is_shown_and_audited(folder: Path, ask: Ask) -> None:
    assert ask("budget", "set", "user", "--limit", "12.50", "--soft", "3")[0] == 0
    assert ask("budget", "set", "team:red", "--limit", "none")[0] == 0
    shown = {
        line.split()[0]: line.split()[1:] for line in ask("budget", "show")[1].splitlines() if line
    }
    own = ["$3.000000", "$12.500000", "$0.000003", "$0.000000", "$12.499997"]
    assert shown[f"user:{ME.user}"] == own
    assert shown["team:red"] == ["none", "none", "$0.000000", "$0.000000", "none"]
    assert shown["organisation"][2] == "$0.000003"
    with closing(sqlite3.connect(folder / "steward.db")) as books:
        found = books.execute("SELECT actor, subject FROM audit WHERE action = 'ledger.budget_set'")
        assert found.fetchall() == [
            (ME.user, f"budget user:{ME.user}"),
            (ME.user, "budget team:red"),
        ]


@pytest.mark.parametrize("scope", ["nobody", "user:", "thing:x", ""])
def test_a_budget_for_nothing_is_refused(ask: Ask, scope: str) -> None:
    code, said = ask("budget", "set", scope, "--limit", "1")
    assert (code, "is no account" in said) == (2, True)


@pytest.mark.parametrize("usd", ["-1", "NaN", "Infinity", "much", "1000000001", "0.0000000001"])
def test_a_budget_of_no_sum_is_refused(ask: Ask, usd: str) -> None:
    code, said = ask("budget", "set", "user", f"--limit={usd}")
    assert (code, "is no sum" in said) == (2, True)
