"""The person in front of the editor: reads, answers, and remembers what was said."""

import asyncio
from dataclasses import dataclass, field

from demo.jsonrpc import Json
from demo.screen import Screen

RUN_S = 300.0
"""How long a run may go on without a word before it counts as stuck."""

_THINKING = "Thinking"
"""What a run says between any two steps: too often to be told every time."""
_ENDINGS = ("finished", "failed", "cancelled")


class SilentRunError(Exception):
    """A run said nothing for a long time."""


@dataclass
class PersonAtTerminal:
    """Answers questions by keyboard, or approves by itself and says so."""

    screen: Screen
    is_automatic: bool
    answers: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """Every question's kind and the choice that was made; `dismissed` when none was."""
    run: Json = None
    """The last that was heard of a run."""
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    _is_asked: bool = False

    async def answer(self, question: Json) -> Json:
        """Show the question; give the choice with the digest of what was shown."""
        self._is_asked = True
        self.screen.title(f"A question: {question['title']}")
        self.screen.quote(question["markdown"])
        choice = await self._choose(question["choices"])
        self.answers.append((question["kind"], choice or "dismissed"))
        self._is_asked = False
        self._news.set()
        return {"choice": choice, "digest": question["digest"]} if choice else None

    def hear(self, method: str, params: Json) -> None:
        """Tell what the run does; keep its last state."""
        match method:
            case "steward/run":
                self._hear_run(params)
            case "window/showMessage" if "the run " not in params["message"]:
                self.screen.note(params["message"])
            case _:
                pass

    async def until_ended(self, run_id: str) -> Json:
        """The run's last word. Raises `SilentRunError` when nothing is heard for too long."""
        while not (self.run and self.run["runId"] == run_id and self.run["state"] in _ENDINGS):
            self._news.clear()
            try:
                async with asyncio.timeout(RUN_S):
                    await self._news.wait()
            except TimeoutError:
                # A person may think for as long as the question lives.
                if not self._is_asked:
                    raise SilentRunError from None
        return self.run

    @property
    def has_approved_all(self) -> bool:
        """Whether no question was answered with anything but yes."""
        return all(choice == "approve" for _, choice in self.answers)

    async def _choose(self, choices: list[Json]) -> str | None:
        if self.is_automatic:
            self.screen.say("Answered by the play itself: approve.")
            return "approve"
        keys = {choice["id"][0]: choice["id"] for choice in choices}
        prompt = " / ".join(f"[{choice['id'][0]}] {choice['title']}" for choice in choices)
        for _ in range(3):
            typed = (await self.screen.ask(prompt + " ?")).lower()
            if typed[:1] in keys:
                return keys[typed[:1]]
        return None

    def _hear_run(self, params: Json) -> None:
        before = self.run["message"] if self.run else ""
        if params["state"] == "working" and params["message"] not in (_THINKING, before):
            self.screen.note(f"working: {params['message']}")
        self.run = params
        self._news.set()
