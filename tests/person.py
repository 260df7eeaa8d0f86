"""Whoever sits in front of a window in the tests: sees questions, and answers them or waits."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

DEADLINE_S = 20.0
"""How long anything may take before it counts as not happening."""

Choice = Literal["approve", "reject", "dismiss"]
Decide = Callable[["Shown"], Choice | None]


def approve(_shown: "Shown") -> Choice:
    """Yes to everything."""
    return "approve"


def leave_open(_shown: "Shown") -> None:
    """Let every question stand; the test answers."""


def reject(*kinds: str) -> Decide:
    """No to these kinds of question, yes to the rest."""
    return lambda shown: "reject" if shown.kind in kinds else "approve"


@dataclass(frozen=True)
class Shown:
    """A question as it stands on the screen."""

    kind: str
    title: str
    text: str
    id: str = ""
    digest: str = ""
    """Empty where the client is not told: message boxes and diffs."""
    plan: Mapping[str, Any] | None = None
    """The plan that is asked about, where another one may be sent back."""
    more: dict[str, Any] = field(default_factory=dict[str, Any])
    """What is said beside yes and no, as the protocol has it."""
    choice: "asyncio.Future[Choice]" = field(default_factory=asyncio.Future["Choice"])

    def answer(self, choice: Choice, **more: object) -> None:
        """Press a button, and say what else there is to say."""
        self.more.update(more)
        self.choice.set_result(choice)


class Person:
    """Whoever sits in front of the window. What `decide` leaves open is answered by the test."""

    def __init__(self, decide: Decide = approve, *, trusts: bool = True) -> None:
        self.decide = decide
        self.trusts = trusts
        """Whether they trust every folder without a word; else it is a question like any other."""
        self.shown: list[Shown] = []
        """Every question that was put, in order."""
        self.trusted: list[Shown] = []
        """The questions about a folder that were answered with yes without a word."""
        self._news = asyncio.Condition()

    @property
    def kinds(self) -> list[str]:
        """What was asked, in order."""
        return [shown.kind for shown in self.shown]

    async def ask(self, shown: Shown) -> Choice:
        """Read the question and give the answer."""
        if shown.kind == "trust" and self.trusts:
            self.trusted.append(shown)
            return "approve"
        async with self._news:
            self.shown.append(shown)
            self._news.notify_all()
        if (choice := self.decide(shown)) is not None:
            shown.answer(choice)
        return await shown.choice

    async def sees(self, kind: str, count: int = 1) -> Shown:
        """Wait for the question of this kind, the first or a later one."""

        def found() -> list[Shown]:
            return [shown for shown in self.shown if shown.kind == kind]

        async with asyncio.timeout(DEADLINE_S), self._news:
            await self._news.wait_for(lambda: len(found()) >= count)
        return found()[count - 1]
