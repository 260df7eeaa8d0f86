"""The editor shows the money: who is told what, once, and AI that goes off and comes back."""

import asyncio
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import Session

from demo.scripted_model import ScriptedModel
from steward.core.database import open_database
from steward.core.login import login_name
from steward.core.principal import Principal
from steward.permissions import people
from steward.permissions.roles import Person
from tests.client import Json, Window
from tests.environment import steward_environment
from tests.flows.books import Books
from tests.flows.conftest import OpenWindow
from tests.person import DEADLINE_S

COUNT = "\n    def item_count(self) -> int:\n        "
COUNTED = "return sum(line.quantity for line in self.lines)"
EMPTY = "\n    def is_empty(self) -> bool:\n        "
EMPTIED = "return not self.lines"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> dict[str, str]:
    """The setting that names the database, if it takes one."""
    if request.param == "sqlite":
        return {}
    return {"STEWARD_DATABASE": request.getfixturevalue("postgresql")}


async def set_budget(data_folder: Path, database: dict[str, str], limit: str) -> None:
    await steward(data_folder, database, "budget", "set", "user", "--limit", limit)


async def steward(data_folder: Path, database: dict[str, str], *arguments: str) -> None:
    """A command in a process of its own, as from a terminal."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "steward", *arguments),
        env=steward_environment(data_folder, "http://127.0.0.1:9/v1", database),
        stdout=asyncio.subprocess.PIPE,
    )
    await process.communicate()
    assert process.returncode == 0


def told(*windows: Window) -> list[str]:
    """Every message about budgets, in all of these windows."""
    return [
        message.message
        for window in windows
        for message in window.client.messages
        if "budget" in message.message and not message.message.startswith("Steward: the run")
    ]


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not is_so():
            await asyncio.sleep(0.01)


async def spend(window: Window, typed: str = COUNT) -> str:
    """What is suggested for this; it costs something where there is money."""
    document = window.open("shop/basket.py")
    window.change(document, document.text + typed)
    text = await window.ghost_text(document)
    window.close_document(document)
    return text


def is_off(window: Window) -> bool:
    return window.status is not None and window.status["ai"] == "off"


async def test_a_passed_mark_is_told_once_in_the_window_that_spent(
    open_window: OpenWindow,
) -> None:
    soft = {"STEWARD_LEDGER__SOFT_LIMIT_USD": "0.000000001"}
    first, second = await open_window(**soft), await open_window(**soft)
    await until(lambda: second.status is not None)
    assert await spend(first) == COUNTED
    await until(lambda: bool(told(first)))
    (message,) = told(first)
    assert "beyond its soft limit" in message
    assert "Nothing is stopped" in message
    assert "the next begins on 20" in message
    # What another window spent is seen in this one, and what it told is not told again.
    await until(lambda: first.status["spent"] != "$0.000000")
    spent = first.status["spent"]
    await until(lambda: second.status is not None and second.status["spent"] == spent)
    assert await spend(second) == COUNTED
    await until(lambda: second.status["spent"] > spent)
    for window in (first, second):
        await window.close()
    assert len(told(first, second)) == 1


async def test_a_budget_that_is_used_up_is_told_once_and_so_is_its_return(
    open_window: OpenWindow,
    scripted_model: ScriptedModel,
    data_folder: Path,
    database: dict[str, str],
) -> None:
    window, other = await open_window(**database), await open_window(**database)
    assert await spend(window) == COUNTED
    if database:  # What is shared has to be somebody's before budgets can be set.
        await steward(data_folder, database, "people", "add", login_name(), "--role", "owner")
    await set_budget(data_folder, database, "0.0000001")
    await until(lambda: is_off(window) and is_off(other) and bool(told(window, other)))
    assert "used up" in window.status["reason"]
    assert window.status["left"] == "$0.000000"
    for _ in range(5):
        assert await spend(window, EMPTY) == ""
    failed = await window.until_ended(await window.run_agent())
    assert failed["state"] == "failed"
    assert "does not cover this call" in failed["message"]
    assert len(scripted_model.exchanges) == 1
    (message,) = told(window, other)
    assert "AI is off until 20" in message
    assert "Everything else goes on" in message

    await set_budget(data_folder, database, "none")
    await until(lambda: not is_off(window) and not is_off(other))
    await until(lambda: len(told(window, other)) == 2)
    assert (window.status["limit"], window.status["left"]) == (None, None)
    assert await spend(other, EMPTY) == EMPTIED
    for each in (window, other):
        await each.close()
    # Whichever window saw it first has said so, and only that one.
    (back,) = [text for text in told(window, other) if text != message]
    assert "AI is back" in back
    assert "has no limit now" in back


async def test_who_only_reads_is_told_why_no_model_is_called(
    open_window: OpenWindow, scripted_model: ScriptedModel, data_folder: Path
) -> None:
    olga, now = Principal("olga", "", ""), datetime.now(UTC)

    def work(session: Session) -> list[str | None]:
        them = (Person("olga", "owner"), Person(login_name(), "viewer"))
        return [people.add(session, olga, person, now) for person in them]

    async with open_database(data_folder / "steward.db") as books:
        assert await books.run(work) == [None, None]
    # Whatever an editor says of itself, the tables are asked.
    window = await open_window(LOGNAME="olga", USER="olga")
    assert await spend(window) == ""
    await until(lambda: is_off(window))
    assert "the role 'viewer', which calls no model" in window.status["reason"]
    assert scripted_model.exchanges == []
    await window.close()


async def test_models_that_cost_nothing_need_no_budget(
    open_window: OpenWindow, books: Books
) -> None:
    free = {"STEWARD_MODEL_PRICE": "0/0", "STEWARD_LEDGER__LIMIT_USD": "0"}
    window = await open_window(**free)
    assert await spend(window) == COUNTED
    await books.until(lambda now: now.reservations("completion")[0]["state"] == "settled")
    status: Json = await window.command("steward.status")
    assert (status["ai"], status["reason"]) == ("ready", None)
    await window.close()
    assert told(window) == []
