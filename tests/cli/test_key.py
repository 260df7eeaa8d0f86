"""Keys and tokens at a shell: read without an echo, shown masked, and never an argument."""

import asyncio
import getpass
import io
import os
import pty
import sqlite3
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from steward.app.house import open_house
from steward.cli.keeping import run
from steward.cli.main import build_parser
from steward.settings import load_settings
from tests.environment import steward_environment
from tests.gateway.key_server import KeyServer, key_server
from tests.person import DEADLINE_S
from tests.text_editor import TextEditor

Ask = Callable[..., Awaitable[tuple[int, str]]]
KEY = "sk-" + "canary-0123456789-abcd"
OTHER = "sk-" + "canary-9876543210-wxyz"


@pytest.fixture
async def provider() -> AsyncGenerator[KeyServer]:
    async with key_server() as server:
        server.accepted = {KEY}
        yield server


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder."""
    for name, value in steward_environment(tmp_path, "http://127.0.0.1:9/v1").items():
        monkeypatch.setenv(name, value)
    return tmp_path


@pytest.fixture
def ask(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Ask `steward` in that folder; gives the exit code and what was said."""

    async def steward(*arguments: str, typed: str = "") -> tuple[int, str]:
        monkeypatch.setattr(sys, "stdin", io.StringIO(typed))
        code = await asyncio.to_thread(lambda: run(build_parser().parse_args(arguments)))
        said = capsys.readouterr()
        return code, said.out + said.err

    return steward


async def test_a_key_is_taken_listed_checked_rotated_and_thrown_away(
    ask: Ask, provider: KeyServer, folder: Path
) -> None:
    assert "holds no key" in (await ask("key", "list"))[1]
    url = ("--url", provider.url)
    code, said = await ask("key", "add", "mine", *url, typed=f"  {KEY}\n")
    assert (code, "The provider accepts it" in said, KEY in said) == (0, True, False)
    code, said = await ask("key", "list")
    assert [*said.splitlines()[1].split()[:3]] == ["mine", provider.host, "sk-…abcd"]
    assert KEY not in said
    assert (await ask("key", "validate", "mine"))[0] == 0
    provider.accepted = {OTHER}
    code, said = await ask("key", "validate", "mine")
    assert (code, "does NOT accept" in said) == (1, True)
    assert (await ask("key", "rotate", "mine", typed=KEY))[0] == 2
    assert (await ask("key", "rotate", "mine", typed=OTHER))[0] == 0
    assert (await ask("key", "reseal"))[0] == 0
    assert (await ask("key", "validate", "mine"))[0] == 0
    assert (await ask("key", "remove", "mine"))[0] == 0
    code, said = await ask("key", "remove", "mine")
    assert (code, "steward key list" in said) == (2, True)
    with closing(sqlite3.connect(folder / "steward.db")) as books:
        actors = books.execute("SELECT DISTINCT actor FROM audit WHERE action LIKE 'key.%'")
        assert actors.fetchall() == [(getpass.getuser(),)]


async def test_one_of_several_hosts_must_be_named(ask: Ask, provider: KeyServer) -> None:
    unchecked = ("--unchecked",)
    assert (await ask("key", "add", "openai", *unchecked, typed=KEY))[0] == 0
    url = ("--url", provider.url)
    assert (await ask("key", "add", "openai", *url, *unchecked, typed=OTHER))[0] == 0
    code, said = await ask("key", "remove", "openai")
    assert (code, provider.host in said) == (2, True)
    assert (await ask("key", "remove", "openai", *url))[0] == 0
    assert (await ask("key", "remove", "openai"))[0] == 0
    code, said = await ask("key", "add", "unheard-of", typed=KEY)
    assert (code, "--url" in said) == (2, True)


async def test_a_key_of_three_months_is_one_to_be_reminded_of(
    ask: Ask, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    await ask("key", "add", "openai", "--unchecked", typed=KEY)
    assert "time for another" not in (await ask("key", "list"))[1]
    before = (datetime.now(UTC) - timedelta(days=90)).strftime("%Y-%m-%d %H:%M:%S.000000")
    with closing(sqlite3.connect(folder / "steward.db", isolation_level=None)) as books:
        books.execute("UPDATE provider_key SET set_at = ?", (before,))
    assert "steward key rotate openai" in (await ask("key", "list"))[1]
    async with open_house(load_settings(), None, TextEditor()):
        assert "steward key rotate openai" in caplog.text


def test_a_key_cannot_be_given_as_an_argument() -> None:
    for arguments in (
        ["add", "openai", KEY],
        ["add", "openai", "--key", KEY],
        ["rotate", "x", KEY],
    ):
        with pytest.raises(SystemExit):
            build_parser().parse_args(["key", *arguments])


async def test_a_terminal_does_not_show_the_key_that_is_typed(folder: Path) -> None:
    ours, theirs = pty.openpty()
    try:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "steward", "key", "add", "openai", "--unchecked"),
            stdin=theirs,
            stdout=theirs,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,  # So that our own terminal, if there is one, is not asked.
        )
        assert child.stderr is not None
        async with asyncio.timeout(DEADLINE_S):
            said = await child.stderr.readuntil(b"not shown): ")
            os.write(ours, KEY.encode() + b"\n")
            said += await child.stderr.read()
            assert await child.wait() == 0, said
        os.set_blocking(ours, False)
        shown = os.read(ours, 65_536)
    finally:
        os.close(theirs)
        os.close(ours)
    assert "sk-…abcd" in shown.decode()
    assert KEY[3:].encode() not in shown + said


async def test_a_token_is_shown_once_and_listed_by_its_name(ask: Ask, folder: Path) -> None:
    assert "No token is in force" in (await ask("token", "list"))[1]
    code, said = await ask("token", "create", "laptop", "--days", "30", "--scope", "reports")
    written = next(line for line in said.splitlines() if line.startswith("stw_"))
    assert (code, len(written), "shown this once" in said) == (0, 47, True)
    code, said = await ask("token", "list")
    token_id, *rest = said.splitlines()[1].split()
    assert rest[:2] == ["laptop", "reports"]
    assert written not in said
    assert written.encode() not in (folder / "steward.db").read_bytes()
    assert (await ask("token", "revoke", token_id))[0] == 0
    assert "laptop" not in (await ask("token", "list"))[1]
    assert "revoked" in (await ask("token", "list", "--all"))[1]
    code, said = await ask("token", "revoke", "nothing")
    assert (code, "steward token list" in said) == (2, True)


async def test_a_token_is_made_for_another_user_of_the_same_house(ask: Ask) -> None:
    await ask("token", "create", "robot", "--user", "bob")
    assert "No token is in force" in (await ask("token", "list"))[1]
    assert "robot" in (await ask("token", "list", "--user", "bob"))[1]
    assert (await ask("token", "create", "two\nlines"))[0] == 2
