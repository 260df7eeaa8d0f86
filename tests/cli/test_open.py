"""`steward open`: a link for whoever is at the shell, where a server runs."""

import asyncio
import secrets
from pathlib import Path

import pytest

from steward.cli.keeping import run
from steward.cli.main import build_parser
from steward.core.clock import SystemClock
from steward.core.database import open_database
from steward.core.ids import random_id
from steward.core.login import login_name
from steward.permissions.sessions import PageSession, Sessions
from steward.web.announced import announced
from tests.environment import steward_environment
from tests.template import up_to_date

ADDRESS = "https://steward.example.org"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in steward_environment(tmp_path, "http://127.0.0.1:9/v1").items():
        monkeypatch.setenv(name, value)
    up_to_date(tmp_path / "steward.db")
    return tmp_path


def opened(*arguments: str) -> int:
    return run(build_parser().parse_args(["open", *arguments]))


async def entered(folder: Path, secret: str) -> PageSession | None:
    async with open_database(folder / "steward.db") as database:
        sessions = Sessions(database, SystemClock(), random_id, lambda: secrets.token_urlsafe(32))
        cookie = await sessions.enter(secret, "127.0.0.1")
        return None if cookie is None else await sessions.verify(cookie)


def test_what_is_printed_is_a_link_and_nothing_else(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with announced(folder, ADDRESS):
        assert opened("/usage", "--print") == 0
    said, beside = capsys.readouterr()
    page, _, secret = said.removesuffix("\n").partition("#")
    assert page == f"{ADDRESS}/sign-in/link?then=%2Fusage"
    assert secret not in beside
    found = asyncio.run(entered(folder, secret))
    assert found is not None
    assert (found.user, found.is_person) == (login_name(), True)
    assert opened("--sign-out") == 0
    assert capsys.readouterr().out == "1 session is over.\n"
    assert asyncio.run(entered(folder, secret)) is None


def test_over_ssh_and_without_a_screen_the_link_is_printed(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22")
    monkeypatch.setenv("DISPLAY", ":9")
    with announced(folder, ADDRESS):
        assert opened() == 0
    said, beside = capsys.readouterr()
    assert said.startswith(f"{ADDRESS}/sign-in/link?then=%2F#")
    assert "on your own machine" in beside


def test_where_no_server_runs_it_says_how_to_start_one(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert opened() == 2
    assert "steward serve" in capsys.readouterr().err
    for path in ("//evil.example", "https://evil.example", ""):
        assert opened(path) == 2
        assert "is no page" in capsys.readouterr().err
