"""The books in a data folder, on either database, and a way to ask `steward` about them."""

import asyncio
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from steward.cli.answers import run
from steward.cli.main import build_parser
from steward.core.clock import Clock, SystemClock
from steward.core.database import open_database
from steward.core.events import Events
from steward.core.login import login_name
from steward.core.money import NanoUsd
from steward.core.principal import Principal
from steward.ledger.charge import Charge, Usage
from steward.ledger.ledger import Ledger
from steward.ledger.settings import LedgerSettings
from tests.environment import steward_environment
from tests.ledger.bank import key_in
from tests.places import Place

Ask = Callable[..., tuple[int, str]]

ME = Principal(login_name(), "s1", "=cmd|'/c calc'!A1")


@dataclass(frozen=True)
class Books:
    """A data folder, and the database that its settings name."""

    folder: Path
    place: Place


@pytest.fixture
def books(place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Books:
    """Two calls are in them, of the user who runs the tests."""
    for name, value in steward_environment(tmp_path, "http://127.0.0.1:9/v1").items():
        monkeypatch.setenv(name, value)
    # Whoever writes here is not believed; see `login_name`.
    monkeypatch.setenv("LOGNAME", "mallory")
    if isinstance(place, str):
        monkeypatch.setenv("STEWARD_DATABASE", place)
    key_in(tmp_path).load(may_make=True)
    asyncio.run(book(tmp_path, place))
    return Books(tmp_path, place)


async def book(folder: Path, place: Place, worst: int = 5000, prefix: str = "r") -> None:
    """Two calls, of two models."""
    async with open_database(place) as database:
        ledger = Ledger(database, SystemClock(), Events(), LedgerSettings(), key_in(folder))
        for number, model in enumerate(["small", "large"]):
            charge = Charge(
                f"{prefix}{number}",
                "agent",
                model,
                NanoUsd(worst),
                "v1",
                agent="fix",
                provider="acme",
            )
            await ledger.reserve(ME, charge)
            await ledger.settle(charge.request_id, Usage(10, 20, 5), NanoUsd(1000 * (number + 1)))


@pytest.fixture
def ask(books: Books, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Ask `steward` about them; gives the exit code and what was said."""

    def steward(
        *arguments: object, user: str | None = None, stdin: str = "", clock: Clock | None = None
    ) -> tuple[int, str]:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        code = run(build_parser().parse_args(list(map(str, arguments))), user, clock)
        said = capsys.readouterr()
        return code, said.out + said.err

    return steward
