"""An editor without keys: every model call goes through the team's server, which pays."""

import asyncio
import socket
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from demo.editor import Document
from demo.replies import Reply, Stall, always
from demo.scripted_model import ScriptedModel
from steward.core.login import login_name
from tests.client import Window, inline_params
from tests.environment import steward_environment
from tests.flows.books import Books
from tests.flows.conftest import OpenWindow
from tests.flows.scripts import EDIT, after_plan
from tests.flows.test_serve import ask, running
from tests.person import DEADLINE_S

COUNT = "\n    def item_count(self) -> int:\n        "
COUNTED = "return sum(line.quantity for line in self.lines)"
CANARY = "sk-" + "canary-of-the-provider-0123456789"
NO_MODEL = {"STEWARD_MODEL_URL": "", "STEWARD_MODEL": "", "STEWARD_MODEL_PRICE": ""}


@dataclass(frozen=True)
class Team:
    """A team's server in a data folder of its own, and a token for it."""

    folder: Path
    environment: dict[str, str]
    token: str
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def settings(self) -> dict[str, str]:
        """What a member sets, and nothing else."""
        return {
            **NO_MODEL,
            "STEWARD_TEAM_URL": self.url,
            "STEWARD_TEAM_TOKEN": self.token,
        }

    @property
    def books(self) -> Books:
        return Books(self.folder)

    async def run(self, *arguments: str) -> str:
        """A command of whoever runs the server."""
        done = await asyncio.to_thread(ask, self.environment, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[None]:
        async with running(self.environment, "--port", str(self.port)):
            yield


@pytest.fixture
async def team(tmp_path: Path, scripted_model: ScriptedModel) -> Team:
    """A server that is not running yet."""
    folder = tmp_path / "server"
    more = {"STEWARD_MODEL_KEY": CANARY, "STEWARD_CONFIG_DIR": str(tmp_path / "config")}
    environment = steward_environment(folder, scripted_model.url, more)
    created = await asyncio.to_thread(ask, environment, "token", "create", "editor")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    return Team(folder, environment, created.stdout.strip(), port)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not is_so():
            await asyncio.sleep(0.01)


def reason(window: Window) -> str:
    """Why AI is off; empty where it is not."""
    if window.status is None:
        return ""
    return str(window.status["reason"] or "")


def told(window: Window) -> list[str]:
    return [message.message for message in window.client.messages]


async def suggested(window: Window, typed: str = COUNT) -> str:
    document = window.open("shop/basket.py")
    window.change(document, document.text + typed)
    text = await window.ghost_text(document)
    window.close_document(document)
    return text


async def test_ghost_text_and_an_agents_run_go_through_the_team_and_no_key_comes_near_the_editor(
    team: Team,
    open_window: OpenWindow,
    scripted_model: ScriptedModel,
    books: Books,
    data_folder: Path,
) -> None:
    scripted_model.script = after_plan(EDIT)
    async with team.serving():
        window = await open_window(**team.settings, is_forked=False)
        assert await suggested(window) == COUNTED
        run = await window.until_ended(await window.run_agent())
        assert run["state"] == "finished", run["message"]
        environ = await asyncio.to_thread(Path(f"/proc/{window.pid}/environ").read_bytes)
        await window.close()
        held = [each.read_bytes() for each in data_folder.rglob("*") if each.is_file()]
        for secret in (CANARY, team.token):
            assert not any(secret.encode() in each for each in held)
            assert secret not in window.log
        assert CANARY.encode() not in environ
        assert all(CANARY in str(each.headers) for each in scripted_model.exchanges)
    own, theirs = books.reservations(), team.books.reservations()
    assert {row["state"] for row in (*own, *theirs)} == {"settled"}
    assert [row["task"] for row in own] == ["completion", "plan", "agent", "agent"]
    for mine, yours in zip(own, theirs, strict=True):
        assert mine["provider"] == "team"
        assert mine["cost_nano_usd"] == yours["cost_nano_usd"] > 0
        assert not mine["is_estimated"]
        assert mine["reserved_nano_usd"] >= yours["reserved_nano_usd"]
        assert (mine["task"], mine["agent"]) == (yours["task"], yours["agent"])
        assert yours["workspace"].startswith(f"{login_name()}/workspace-")
        assert yours["session"].startswith("token ")


async def test_a_budget_that_is_used_up_on_the_server_is_told_in_the_editor_and_so_is_its_return(
    team: Team, open_window: OpenWindow, scripted_model: ScriptedModel, books: Books
) -> None:
    scripted_model.script = after_plan()
    async with team.serving():
        window = await open_window(**team.settings)
        await team.run("budget", "set", "user", "--limit", "0.0000001")
        assert await suggested(window) == ""
        await until(lambda: "does not cover this call" in reason(window))
        await until(lambda: any("AI is off. The team's server" in each for each in told(window)))
        (message,) = [each for each in told(window) if "AI is off" in each]
        assert f"monthly AI budget of {login_name()!r}" in message
        failed = await window.until_ended(await window.run_agent())
        assert (failed["state"], "does not cover this call" in failed["message"]) == (
            "failed",
            True,
        )
        assert scripted_model.exchanges == []
        assert {row["state"] for row in books.reservations()} == {"released"}

        await team.run("budget", "set", "user", "--limit", "none")
        run = await window.until_ended(await window.run_agent())
        assert run["state"] == "finished", run["message"]
        await until(lambda: any("AI is back" in each for each in told(window)))
        await until(lambda: not reason(window))
        assert await suggested(window) == COUNTED


async def test_a_server_that_goes_away_turns_ai_off_until_it_is_back(
    team: Team, open_window: OpenWindow
) -> None:
    window = await open_window(**team.settings)
    await until(lambda: "cannot be reached" in reason(window))
    assert "STEWARD_TEAM_URL" in reason(window)
    assert await suggested(window) == ""
    for _ in range(2):
        async with team.serving():
            await until(lambda: not reason(window))
            assert await suggested(window) == COUNTED
        assert await suggested(window, "\n    def is_empty(self) -> bool:\n        ") == ""
        await until(lambda: "cannot be reached" in reason(window))


async def test_a_revoked_token_is_told_in_words_that_say_what_to_do(
    team: Team, open_window: OpenWindow, scripted_model: ScriptedModel
) -> None:
    async with team.serving():
        window = await open_window(**team.settings)
        await until(lambda: window.status is not None and not reason(window))
        (row,) = (await team.run("token", "list")).splitlines()[1:]
        await team.run("token", "revoke", row.split()[0])
        async with asyncio.timeout(DEADLINE_S):
            while "does not accept your token" not in reason(window):
                await suggested(window, f"{COUNT}# {window.news}\n        ")
                await window.command("steward.status")
                await asyncio.sleep(0.05)
        assert "STEWARD_TEAM_TOKEN" in reason(window)
        asked = len(scripted_model.exchanges)
        assert await suggested(window) == ""
        assert len(scripted_model.exchanges) == asked


async def test_cancelling_reaches_the_provider_behind_the_server(
    team: Team, open_window: OpenWindow, scripted_model: ScriptedModel, books: Books
) -> None:
    scripted_model.script = always(Reply(pieces=("return", " 1"), fault=Stall(after_pieces=1)))
    async with team.serving():
        window = await open_window(**team.settings)
        document = window.open("shop/basket.py")
        window.change(document, document.text + COUNT)
        async with asyncio.TaskGroup() as tasks:
            asked = tasks.create_task(_cancelled(window, document))
            exchange = await scripted_model.arrived()
            await exchange.started()
            window.client.cancel_request(types.CancelParams("cancel-me"))
            await exchange.closed_early()
            await asked
        await books.until(lambda books: books.reservations()[0]["state"] != "open")
        await team.books.until(lambda books: books.reservations()[0]["state"] != "open")
    for paid in (*books.reservations(), *team.books.reservations()):
        # The server could not say what it came to any more.
        assert (paid["state"], bool(paid["is_estimated"])) == ("settled", True)
        assert paid["cost_nano_usd"] > 0


async def test_an_editor_that_holds_a_key_beside_the_teams_token_does_not_call_any_model(
    team: Team, open_window: OpenWindow, scripted_model: ScriptedModel
) -> None:
    async with team.serving():
        window = await open_window(**team.settings, OPENAI_API_KEY=CANARY)
        await until(lambda: bool(told(window)))
        assert "OPENAI_API_KEY" in told(window)[0]
        assert CANARY not in told(window)[0]
        assert scripted_model.exchanges == []


async def test_a_key_in_the_vault_is_refused_too_and_can_be_taken_out(
    team: Team, open_window: OpenWindow, data_folder: Path
) -> None:
    own = steward_environment(data_folder, "", team.settings)
    added = await asyncio.to_thread(
        lambda: ask(own, "key", "add", "openai", "--unchecked", typed=CANARY)
    )
    assert added.returncode == 0, added.stderr
    window = await open_window(**team.settings)
    await until(lambda: bool(told(window)))
    assert "steward key remove" in told(window)[0]
    removed = await asyncio.to_thread(ask, own, "key", "remove", "openai")
    assert removed.returncode == 0, removed.stderr


def test_a_server_of_the_team_does_not_ask_another_one(team: Team) -> None:
    environment = team.environment | team.settings | {"STEWARD_MODEL_KEY": ""}
    done = ask(environment, "serve", "--port", "0")
    assert done.returncode == 2
    assert "STEWARD_TEAM_URL" in done.stderr


async def _cancelled(window: Window, document: Document) -> None:
    with pytest.raises(JsonRpcException):
        await window.client.protocol.send_request_async(
            types.TEXT_DOCUMENT_INLINE_COMPLETION,
            inline_params(document),
            "cancel-me",
        )
