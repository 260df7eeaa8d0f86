"""Questions on a terminal: shown whole, and answered by the person who sits there.

What was not shown is not approved: a long question is paged, and only behind its last page is an
answer taken. What was typed before a question stood there answers nothing, and neither does a bare
Enter. Hidden characters are spelled out. Whoever answers first decides: an open window may do it
as well.
"""

import asyncio
import os
import termios
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, TextIO

from steward.core.agent_limits import REASON_CHARS_MAX
from steward.core.errors import StewardError
from steward.core.events import QuestionChanged
from steward.permissions.question import NOTHING_MORE, Answer, OpenQuestion, Question, Reply
from steward.workspace.reveal import reveal

if TYPE_CHECKING:
    from steward.app.headless import Headless

_LOOK_AGAIN_S = 1.0
_LINE_BYTES_MAX = 4096
"""What a terminal gives at once, in its usual mode."""
_LINES_KEPT = 3
"""Rows of the screen that a page leaves free."""


class Terminal:
    """Lines that a person types, and the screen that they look at."""

    def __init__(self, file: int, screen: TextIO) -> None:
        self._file = file
        self._screen = screen

    def say(self, text: str) -> None:
        """Write it, at once."""
        self._screen.write(text)
        self._screen.flush()

    def size(self) -> os.terminal_size:
        """As the terminal says it, and not the environment, which a folder's tools may set."""
        found = os.get_terminal_size(self._screen.fileno())
        return os.terminal_size((found.columns or 80, found.lines or 24))

    async def line(self) -> str | None:
        """The next line; None at the end of the input."""
        loop = asyncio.get_running_loop()
        ready: asyncio.Future[None] = loop.create_future()
        loop.add_reader(self._file, lambda: ready.done() or ready.set_result(None))
        try:
            await ready
        finally:
            loop.remove_reader(self._file)
        typed = os.read(self._file, _LINE_BYTES_MAX)
        return typed.decode("utf-8", "replace").strip() if typed else None

    def forget(self) -> None:
        """Throw away what was typed and not read: it was no answer to what comes now."""
        termios.tcflush(self._file, termios.TCIFLUSH)


@dataclass(frozen=True, slots=True)
class Said:
    """An answer."""

    is_yes: bool
    reply: Reply = NOTHING_MORE


async def ask_at(terminal: Terminal, house: "Headless", run_id: str) -> None:
    """Put the run's questions before the person, one at a time, until cancelled."""
    with house.events.watch() as events:
        while True:
            for question in await house.approvals.pending(house.principal):
                if question.run_id == run_id:
                    await _ask(terminal, house, question)
            try:
                async with asyncio.timeout(_LOOK_AGAIN_S):
                    while not isinstance(await anext(events), QuestionChanged):
                        pass
            except TimeoutError:
                continue


async def _ask(terminal: Terminal, house: "Headless", question: OpenQuestion) -> None:
    """One question, until it is answered here or elsewhere."""
    async with asyncio.TaskGroup() as tasks:
        here = tasks.create_task(asked(terminal, question))
        elsewhere = tasks.create_task(house.approvals.ended(question.id))
        await asyncio.wait((here, elsewhere), return_when=asyncio.FIRST_COMPLETED)
        is_elsewhere = elsewhere.done()
        here.cancel()
        elsewhere.cancel()
    if is_elsewhere:
        ended: Answer = elsewhere.result()
        return terminal.say(f"\n(It was {ended.state} elsewhere.)\n")
    said = here.result()
    try:
        await house.approvals.answer(
            house.principal,
            question.id,
            question.digest,
            approve=said.is_yes,
            channel="terminal",
            reply=said.reply,
        )
    except StewardError as error:
        terminal.say(f"{error}\n")


async def asked(terminal: Terminal, question: OpenQuestion | Question) -> Said:
    """Show all of a question and take the answer."""
    if not await _shown(terminal, question):
        return Said(is_yes=False)
    choices = _choices(question)
    while True:
        terminal.forget()
        terminal.say(f"{', '.join(f'{key}: {what}' for key, what in choices.items())} > ")
        typed = await terminal.line()
        match typed if typed is None else typed.lower():
            case "y" | "yes":
                return Said(is_yes=True)
            case "a" if "a" in choices:
                return Said(is_yes=True, reply=Reply(is_for_run=True))
            case "s" if "s" in choices:
                return Said(is_yes=True, reply=Reply(is_step_by_step=True))
            case "r" if "r" in choices:
                return Said(is_yes=False, reply=Reply(reason=await _reason(terminal)))
            case "n" | "no" | None:
                return Said(is_yes=False)
            case _:
                continue


async def _shown(terminal: Terminal, question: OpenQuestion | Question) -> bool:
    """Write the whole question; False if the person did not want to see all of it."""
    size = terminal.size()
    text, _ = reveal(f"{question.title}\n\n{question.body}")
    granted = f"\n\na covers, until the run ends: {reveal(question.grant)[0]}"
    whole = text + (granted if "for_run" in question.takes else "")
    rows = list(_rows(whole, size.columns))
    terminal.say("\n" + "─" * min(size.columns - 1, 60) + "\n")
    page = max(1, size.lines - _LINES_KEPT)
    for first in range(0, len(rows), page):
        if first:
            terminal.forget()
            terminal.say(f"-- {first} of {len(rows)} rows; Enter: more, n: no -- ")
            typed = await terminal.line()
            if typed is None or typed.lower() in ("n", "no", "q"):
                return False
        terminal.say("\n".join(rows[first : first + page]) + "\n")
    return True


def _rows(text: str, columns: int) -> Iterator[str]:
    """The rows that a text takes on the screen, none wider than it."""
    width = max(20, columns - 1)
    for line in text.expandtabs(4).split("\n"):
        row, taken = "", 0
        for character in line:
            wide = 2 if unicodedata.east_asian_width(character) in "WF" else 1
            if taken + wide > width:
                yield row
                row, taken = "", 0
            row, taken = row + character, taken + wide
        yield row


def _choices(question: OpenQuestion | Question) -> dict[str, str]:
    """What may be typed, and what it means."""
    choices = {"y": "yes", "n": "no"}
    if "reason" in question.takes:
        choices["r"] = "no, and say why"
    if "for_run" in question.takes:
        choices["a"] = "yes, and for the rest of the run"
    if "step_by_step" in question.takes:
        choices["s"] = "yes, but ask about each step"
    return choices


async def _reason(terminal: Terminal) -> str:
    terminal.say("Why not? > ")
    return (await terminal.line() or "")[:REASON_CHARS_MAX]
