"""A house in which people have worked: filled through the product's own doors, made once.

Runs, calls, refusals and answers in it are real; only the model is scripted.
"""

import asyncio
import json
import shutil
import sqlite3
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass
from pathlib import Path

import httpx

from demo.replies import JsonObject, Refuse, Reply, always
from demo.script import play
from demo.scripted_model import ScriptedModel
from steward.core.login import login_name
from tests.client import OURS, PLAIN, Window, inline_params
from tests.environment import SAMPLE, git, steward_environment
from tests.flows.scripts import COMMIT, EDIT, after_plan
from tests.forked import ForkedProcess, Zygote
from tests.person import Person, approve, leave_open, reject
from tests.template import up_to_date

TAG = "<b onclick=alert(1)>bold</b>"
"""A name that would be a tag."""
HOSTILE = f"{TAG}\u202egnp.exe"
"""The same, of which a part reads backwards."""
WITHIN_S = 30.0
_TYPED = "\n    def item_count(self) -> int:\n        "
_NO = Reply(fault=Refuse(400, "The scripted provider has had enough."))
_SUGGESTED = "return sum(line.quantity for line in self.lines)"


@dataclass(frozen=True)
class Steward:
    """The product in one data folder: its commands, its windows, its server."""

    data: Path
    model_url: str
    zygote: Zygote

    @property
    def environment(self) -> dict[str, str]:
        """What its processes are started with."""
        own = {
            "STEWARD_COMPLETION__WAIT": "PT0S",
            "STEWARD_COMPLETION__SPECULATIVE": "false",
            "STEWARD_CONFIG_DIR": str(self.data / "config"),
            "HOME": str(self.data.parent),
        }
        return steward_environment(self.data, self.model_url, own)

    async def run(self, *arguments: str, typed: str = "") -> str:
        """What a command prints; it must succeed."""
        process = await self._begin(*arguments)
        process.stdin.write(typed.encode())
        process.stdin.close()
        printed = (await process.stdout.read()).decode()
        complained = (await process.stderr.read()).decode()
        assert await process.wait() == 0, f"steward {arguments}: {printed}{complained}"
        return printed

    async def token(self, *scopes: str) -> str:
        """A fresh token of the person whose computer this is."""
        named = [word for scope in scopes for word in ("--scope", scope)]
        return (await self.run("token", "create", "a test", *named)).strip()

    @asynccontextmanager
    async def serving(self) -> AsyncGenerator[str]:
        """`steward serve` on a free port; gives its address."""
        process = await self._begin("serve", "--port", "0")
        try:
            line = (await process.stderr.readline()).decode()
            assert "://" in line, line
            yield line.partition(" on ")[2].partition(";")[0]
        finally:
            process.terminate()
            await process.stderr.read()
            await process.wait()
            process.stop_listening()

    async def window(self, folder: Path, person: Person, abilities: JsonObject) -> Window:
        """An editor on a workspace."""
        window = Window(folder, self.environment, abilities, person)
        window.zygote = self.zygote
        await window.start()
        return window

    def copy(self, data: Path) -> "Steward":
        """The same house at another place, as if it had just been left."""
        data.mkdir(mode=0o700, parents=True)
        for file in self.data.iterdir():
            if file.is_dir():
                shutil.copytree(file, data / file.name, symlinks=True)
            elif file.is_file() and not file.name.startswith("steward.db"):
                shutil.copy2(file, data)
        with (
            closing(sqlite3.connect(self.data / "steward.db")) as source,
            closing(sqlite3.connect(data / "steward.db")) as target,
        ):
            source.backup(target)
        (data / "steward.db").chmod(0o600)
        return Steward(data, self.model_url, self.zygote)

    async def _begin(self, *arguments: str) -> ForkedProcess:
        return await self.zygote.start(
            "steward", *arguments, environment=self.environment, folder=self.data.parent
        )


async def open_house(folder: Path, model_url: str, zygote: Zygote) -> Steward:
    """A house in which nobody has done anything yet."""
    up_to_date(folder / "data" / "steward.db")
    return Steward(folder / "data", model_url, zygote)


async def fill(house: Steward, model: ScriptedModel) -> Window:
    """Let people work in it; gives the window in which a question still waits."""
    folder = _workspace(house.data.parent / "shop")
    await _people(house)
    await _calls(house, model)
    await _extensions(house)
    await _ghost_text(house, model, folder)
    await _finished_run(house, model, folder)
    await _refused_and_failed_runs(house, model, folder)
    return await _waiting_run(house, model, folder)


def _workspace(folder: Path) -> Path:
    shutil.copytree(SAMPLE, folder, ignore=shutil.ignore_patterns("__pycache__"))
    git(folder, "init", "--quiet", "--initial-branch=main")
    git(folder, "config", "user.name", "Ada Tester")
    git(folder, "config", "user.email", "ada@example.org")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message=Open the shop")
    return folder


async def _people(house: Steward) -> None:
    await house.run("people", "add", login_name(), "--role", "owner", "--team", "delivery")
    await house.run("people", "add", "ann", "--role", "maintainer", "--team", "delivery")
    await house.run("people", "add", "ben", "--team", "billing")
    await house.run("people", "add", "a-person-with-a-very-long-name-of-forty-two-letters")
    await house.run("token", "create", TAG, "--scope", "reports", "--user", "ann")
    await house.run("budget", "set", "user", "--limit", "0.01", "--soft", "0.008")
    await house.run("budget", "set", "team:delivery", "--limit", "250")
    await house.run("budget", "set", "organisation", "--limit", "1000", "--soft", "800")
    await house.run("key", "add", "openai", "--unchecked", typed="sk-" + "canary-0123456789-abcd")


async def _calls(house: Steward, model: ScriptedModel) -> None:
    """Calls of a program: answered, refused by the provider, refused by a budget."""
    token = await house.token("models")
    headers = {"Authorization": f"Bearer {token}"}
    wish = {"model": "steward", "messages": [{"role": "user", "content": "What is a parcel?"}]}
    async with house.serving() as url, httpx.AsyncClient(timeout=WITHIN_S) as client:

        async def ask() -> int:
            answer = await client.post(f"{url}/v1/chat/completions", json=wish, headers=headers)
            return answer.status_code

        assert [await ask() for _ in range(3)] == [200, 200, 200]
        model.script = always(_NO)
        assert await ask() >= 400
        model.script = play
        await house.run("budget", "set", f"user:{login_name()}", "--limit", "0.000001")
        assert await ask() == 402
        await house.run("budget", "set", f"user:{login_name()}", "--limit", "0.01")
        await _checked(client, f"{url}/api/v1/audit/checks", await house.token("manage", "reports"))


async def _checked(client: httpx.AsyncClient, checks: str, token: str) -> None:
    """The owner lets the whole trail be read, and waits until it was."""
    headers = {"Authorization": f"Bearer {token}"}
    begun = await client.post(checks, json={}, headers=headers)
    assert begun.status_code == 201, begun.text
    async with asyncio.timeout(WITHIN_S):
        while (await client.get(f"{checks}/{begun.json()['id']}", headers=headers)).json()[
            "state"
        ] == "working":
            pass


async def _extensions(house: Steward) -> None:
    """One that comes with Steward, with all that it wants but the model."""
    may = "files.read,git.read,storage,messages.show,panels.show"
    allowed = ("--without", "model.ask", "--yes", "--allow", may)
    await house.run("extension", "enable", "steward.git-workflow", *allowed)


async def _ghost_text(house: Steward, model: ScriptedModel, folder: Path) -> None:
    """Two suggestions: one is taken, one is typed over."""
    model.script = play
    window = await house.window(folder, Person(), OURS)
    document = window.open("shop/basket.py")
    for then in (_SUGGESTED, "x"):
        window.change(document, document.text + _TYPED)
        await window.client.text_document_inline_completion_async(inline_params(document))
        window.change(document, document.text + then)
    await window.close()


async def _finished_run(house: Steward, model: ScriptedModel, folder: Path) -> None:
    model.script = after_plan(EDIT, COMMIT)
    window = await house.window(folder, Person(), PLAIN)
    run = await window.until_ended(await window.run_agent("Deliver free from fifty pounds on."))
    assert run["state"] == "finished", run
    await house.run("feedback", "give", "run", run["id"], "good", f"Just so. {TAG}")
    await window.close()


async def _refused_and_failed_runs(house: Steward, model: ScriptedModel, folder: Path) -> None:
    window = await house.window(folder, Person(reject("plan")), PLAIN)
    run = await window.until_ended(await window.run_agent(HOSTILE))
    assert run["state"] == "cancelled", run
    model.script = _failing_after_plan
    window.person.decide = approve
    run = await window.until_ended(await window.run_agent("Weigh parcels."))
    assert run["state"] == "failed", run
    await window.close()


async def _waiting_run(house: Steward, model: ScriptedModel, folder: Path) -> Window:
    """A run that stands at a question, as its person has gone for coffee."""
    model.script = play
    window = await house.window(folder, Person(leave_open), PLAIN)
    await window.run_agent("Make the failing test pass.")
    await window.person.sees("plan")
    return window


def _failing_after_plan(request: JsonObject) -> Reply:
    told = json.dumps(request)
    if "[task: agent]" in told:
        return _NO
    return play(request)
