"""`steward run watch`: a run as it goes on, line by line, until it ends."""

import asyncio
import json
import sys
from dataclasses import dataclass, field

from sqlmodel import Session

from steward.agents.reading import Trace, Whose, runs_of, trace_of
from steward.agents.tables import RunStepRow
from steward.agents.trace_page import took_as_text
from steward.cli.run_told import run_as_json, state_of, step_as_json
from steward.cli.shell import Shell, say
from steward.context.meter import meter_from
from steward.core.database import Database, open_database
from steward.core.errors import NotFoundError
from steward.core.events import RUN_ENDED
from steward.core.money import as_usd
from steward.core.store import Mark

_LOOK_S = 0.5


def watch(shell: Shell, run_id: str | None, *, as_json: bool) -> int:
    """Follow a run to its end, by default the newest that has not ended.

    Leaves with 0 when it finished, else with 1; stopping to watch stops nothing else.
    """
    try:
        return asyncio.run(_watch(shell, run_id, Screen(as_json)))
    except KeyboardInterrupt:
        return 130


async def _watch(shell: Shell, run_id: str | None, screen: "Screen") -> int:
    async with open_database(shell.settings.database_place) as database:
        run_id = run_id or await database.read(lambda session: _newest(session, shell))
        seen: Mark | None = None
        while True:
            mark = await database.mark()
            if mark is None or mark != seen:
                trace = await _trace(database, shell, run_id)
                screen.show(trace)
                if trace.seen.run.state in RUN_ENDED and not trace.seen.asked:
                    return 0 if trace.seen.run.state == "finished" else 1
            seen = mark
            await asyncio.sleep(_LOOK_S)


async def _trace(database: Database, shell: Shell, run_id: str) -> Trace:
    return await database.read(lambda session: trace_of(session, shell.principal, run_id))


def _newest(session: Session, shell: Shell) -> str:
    whose = Whose(shell.principal.user)
    found = runs_of(session, shell.principal, whose, 1, is_open=True)
    if not found:
        raise NotFoundError("None of your runs is under way; `steward run list` shows them all.")
    return found[0].run.id


@dataclass(slots=True)
class Screen:
    """What is new since the last look, written out."""

    as_json: bool
    hint: str | None = "answer in the editor"
    """Where its questions are answered; None where whoever reads this is shown them otherwise."""
    _steps: dict[tuple[int, str], str] = field(default_factory=dict[tuple[int, str], str])
    _said: str = ""
    _questions: tuple[str, ...] = ()
    _has_begun: bool = False

    def show(self, trace: Trace) -> None:
        """Write what has changed; nothing where nothing has."""
        seen = trace.seen
        if not self._has_begun:
            self._has_begun = True
            self._line(
                f"{seen.run.agent_name or seen.run.agent_id}: {' '.join(seen.run.goal.split())}",
                {"run": run_as_json(seen)},
            )
        for step in trace.steps:
            self._step(step)
        for title in seen.questions:
            if title not in self._questions and self.hint is not None:
                self._line(f"? {title} ({self.hint})", {"question": title})
        self._questions = seen.questions
        self._state(trace)

    def _step(self, step: RunStepRow) -> None:
        place, shown = (step.attempt, step.name), f"{step.ok} {step.title} {step.detail}"
        # What it took is measured a moment after it was written down.
        if step.duration_ms is None or self._steps.get(place) == shown:
            return
        self._steps[place] = shown
        cost = f", {as_usd(step.cost_nano_usd)}" if step.cost_nano_usd else ""
        sign = "+" if step.ok else "x"
        meter = meter_from(step.context)
        detail = step.detail or ("" if meter is None else meter.in_words())
        told = f"{step.title}: {detail}" if detail else step.title
        inside = "  " * step.name.count("/")  # It is a step of an agent that another one called.
        line = f"{inside}{sign} {step.name}  {' '.join(told.split())}"
        self._line(
            f"{line}  ({took_as_text(step.duration_ms)}{cost})", {"step": step_as_json(step)}
        )

    def _state(self, trace: Trace) -> None:
        seen = trace.seen
        said = f"{state_of(seen)}: {' '.join(seen.run.message.split())}".rstrip(": ")
        if said == self._said:
            return
        self._said = said
        is_over = seen.run.state in RUN_ENDED
        cost = f"  ({as_usd(seen.totals.cost_nano_usd)} in all)" if is_over else ""
        self._line(f"= {said}{cost}", {"state": run_as_json(seen)})

    def _line(self, text: str, value: dict[str, object]) -> None:
        say(f"{json.dumps(value) if self.as_json else visible(text)}\n")
        sys.stdout.flush()  # Another program may be reading, and it wants to know now.


def visible(text: str) -> str:
    """A line for a terminal, without anything that would steer it."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
