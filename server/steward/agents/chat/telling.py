"""An answer while it comes: what its readers have on the screen, and what is written down of it."""

import asyncio
from contextlib import suppress
from dataclasses import replace

from steward.agents.pieces import Pieces
from steward.agents.talk.log import ChatLog, Message
from steward.agents.talk.message import State
from steward.core.errors import UnavailableError
from steward.core.events import ChatChanged, Events
from steward.core.money import as_usd

_KEPT_EVERY_S = 1.0
"""How much of an answer a kill can take away, at most."""


_CLOSED = "Steward was closed while it answered."


class Telling:
    """Passes an answer on as it comes. The loop's thread only."""

    def __init__(self, answer: Message, log: ChatLog, events: Events) -> None:
        self._answer = answer
        self._log = log
        self._events = events
        self.sequence = 0
        """The number of what was told last."""
        self._text: list[str] = [answer.text] if answer.text else []
        self._pieces = Pieces(self._pass_on)
        self._keeping: asyncio.TimerHandle | None = None
        """Set while something was told that is not written down yet."""
        self._step = ""
        self.why_stopped = _CLOSED
        """What is said where it is cancelled."""

    @property
    def now(self) -> Message:
        """The answer as far as it has come."""
        return replace(self._answer, text=self.text)

    @property
    def text(self) -> str:
        """What was passed on."""
        return "".join(self._text)

    def add(self, text: str) -> None:
        """Some more of it."""
        self._pieces.add(text)

    def begin_run(self, run_id: str) -> None:
        """A run answers."""
        self._answer = replace(self._answer, run_id=run_id)

    def show_step(self, step: str) -> None:
        """What the run does now."""
        if step != self._step:
            self._pieces.close()
            self._step = step
            self._send("")

    def settle(self) -> None:
        """Pass on what still waits for its turn."""
        self._pieces.close()

    async def end(self, state: State, note: str = "", *, cost: int = 0, model: str = "") -> None:
        """It has ended, one way or the other."""
        self._pieces.close()
        self.leave()
        self._step = ""
        self._answer = replace(
            self._answer,
            state=state,
            note=note,
            cost_nano_usd=cost,
            model=model or self._answer.model,
        )
        try:
            await self._log.end(self.now)
        finally:
            # Also where it could not be written down: nobody waits for more of it.
            self._send("")

    def leave(self) -> None:
        """Nobody tells more of it here; what is left to be written down is the end."""
        if self._keeping is not None:
            self._keeping.cancel()

    def _pass_on(self, text: str) -> None:
        self._text.append(text)
        self._send(text)
        # By a timer and not by the next piece: a provider that stalls sends none for minutes.
        if self._keeping is None:
            self._keeping = asyncio.get_running_loop().call_later(_KEPT_EVERY_S, self._keep)

    def _keep(self) -> None:
        self._keeping = None
        with suppress(
            UnavailableError
        ):  # Too much waits to be written: the next piece tries again.
            self._log.keep_text_soon(self._answer.id, self.text)

    def _send(self, add: str) -> None:
        self.sequence += 1
        answer = self._answer
        self._events.send(
            ChatChanged(
                answer.conversation_id,
                answer.id,
                self.sequence,
                add,
                answer.state,
                answer.note,
                answer.run_id,
                self._step,
                as_usd(answer.cost_nano_usd) if answer.cost_nano_usd else "",
            )
        )
