"""An answer that is a run: what it says and does is told as it goes, and how it ended."""

import asyncio
from dataclasses import dataclass, field

from steward.agents.chat.telling import Telling
from steward.agents.tables import RunRow
from steward.agents.talk.message import State
from steward.agents.work import Hands
from steward.core.events import RUN_ENDED, RunChanged, TextCame, Watcher
from steward.core.store import Mark

_LOOK_S = 1.0
"""How soon is seen that a run ended which another window works on."""
_STATES: dict[str, State] = {"finished": "finished", "failed": "failed", "cancelled": "stopped"}


@dataclass(slots=True)
class _Heard:
    """What the run's model has said in the step that came last."""

    step: str = ""
    pieces: list[str] = field(default_factory=list[str])
    chars: int = 0
    is_whole: bool = True

    @property
    def text(self) -> str:
        """All of it; nothing where some of it was lost."""
        return "".join(self.pieces) if self.is_whole else ""


async def follow(hands: Hands, run_id: str, telling: Telling) -> None:
    """Tell what a run does until it has ended; ends the answer, unless this is cancelled.

    The run goes on without anybody who follows it.
    """
    heard = _Heard()
    mark: Mark | None = None
    with hands.log.events.watch() as events:
        while True:
            seen = await hands.log.database.mark()
            if seen is None or seen != mark:
                row = await hands.log.database.read(lambda session: session.get(RunRow, run_id))
                if row is None or row.state in RUN_ENDED:
                    break
                telling.show_step(row.message)
                mark = seen
            await _hear(events, run_id, heard, telling)
    if row is None:
        await telling.end("failed", "The run was removed.")
        return
    await _end(hands, row, heard, telling)


async def _hear(events: Watcher, run_id: str, heard: _Heard, telling: Telling) -> None:
    """Pass on what the run says, until something happens that is worth a look at its row."""
    try:
        async with asyncio.timeout(_LOOK_S):
            while True:
                match await anext(events):
                    case TextCame(run_id=whose) as came if whose == run_id:
                        _say(came, heard, telling)
                    case RunChanged(run_id=whose) as changed if whose == run_id:
                        if changed.has_ended:
                            return
                        telling.show_step(changed.message)
                    case _:
                        pass
    except TimeoutError:
        return


def _say(came: TextCame, heard: _Heard, telling: Telling) -> None:
    if "/" in came.step:  # Another agent's, which speaks to this one and not to the person.
        return
    if came.step != heard.step:
        if heard.chars:
            telling.add("\n\n")
        heard.step, heard.pieces, heard.chars, heard.is_whole = came.step, [], 0, True
    heard.is_whole = heard.is_whole and came.at == heard.chars
    heard.pieces.append(came.text)
    heard.chars += len(came.text)
    telling.add(came.text)


async def _end(hands: Hands, row: RunRow, heard: _Heard, telling: Telling) -> None:
    cost = await hands.ledger.run_cost(row.id)
    if row.state != "finished" or row.capped:
        await telling.end(_STATES[row.state], row.message, cost=cost)
        return
    # Of a run that was followed on, the end may have been written down before.
    is_said = telling.text.rstrip().endswith(row.message.strip())
    if not is_said and (rest := _rest(row.message, heard.text)):
        telling.settle()
        telling.add(f"\n\n{rest}" if telling.text else rest)
    await telling.end("finished", cost=cost)


def _rest(message: str, said: str) -> str:
    """What a run says at its end beside what was told of it already."""
    message, said = message.strip(), said.strip()
    if not said:
        return message
    if message.endswith(said):
        return message[: -len(said)].rstrip()
    # A long one is cut where it is written down.
    return "" if said.startswith(message.removesuffix("…").rstrip()) else message
