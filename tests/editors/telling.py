"""What a failing story in VS Code tells beside its own words: the screen, the books, the log."""

import functools
import sqlite3
from collections.abc import Awaitable, Callable
from typing import ParamSpec

from playwright.async_api import Error as PlaywrightError

from tests.editors.desk import Desk
from tests.editors.vscode import Window
from tests.flows.books import Books

P = ParamSpec("P")

_BOOKS = (
    "SELECT agent_id, state, message FROM run",
    "SELECT kind, state, asked_at FROM approval ORDER BY asked_at",
    "SELECT kind, state, outcome FROM proposal ORDER BY created_at",
    "SELECT name, ok, detail, at FROM run_step ORDER BY id",
)
_LINES = 12
"""So much of a log's end."""


def telling(story: Callable[P, Awaitable[None]], desk: Desk) -> Callable[P, Awaitable[None]]:
    """The story, whose failure also says what was to be seen when it failed."""

    @functools.wraps(story)
    async def told(*given: P.args, **named: P.kwargs) -> None:
        try:
            await story(*given, **named)
        except BaseException as error:
            error.add_note("\n".join([await _screen(), *_books(desk), *_log(desk)]))
            raise

    return told


async def _screen() -> str:
    window = Window.playing
    if window is None:
        return "no window is open"
    try:
        return await window.described("that was it")
    except PlaywrightError as error:
        return f"the screen cannot be read: {error}"


def _books(desk: Desk) -> list[str]:
    if desk.data is None:
        return []
    books = Books(desk.data)
    told: list[str] = []
    for statement in _BOOKS:
        try:
            told += [f"{statement.split(' FROM ')[1]}:", *map(str, books.rows(statement))]
        except sqlite3.Error as error:
            told.append(f"{statement}: {error}")
    return told


def _log(desk: Desk) -> list[str]:
    lines = (desk.folder / "code-server.log").read_text("utf-8", "replace").splitlines()
    return ["VS Code's own log:", *lines[-_LINES:]]
