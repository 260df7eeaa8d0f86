"""A run as it goes on, told on standard output: for people, or a JSON object a line."""

import json
import sys
from dataclasses import asdict, dataclass, field
from typing import Protocol

from steward.agents.progress import Asked, Progress
from steward.cli.run_lines import (
    ErrorLine,
    Line,
    StateLine,
    cost_line,
    plan_line,
    proposal_line,
    question_line,
    result_line,
    run_line,
    step_line,
)
from steward.cli.shell import say
from steward.cli.watch import Screen, visible
from steward.core.errors import StewardError
from steward.permissions.question import POLICY


class Teller(Protocol):
    """Who tells."""

    def show(self, progress: Progress) -> None:
        """Tell what is new."""
        ...

    def end(self, progress: Progress, exit_code: int) -> None:
        """Tell how it ended."""
        ...

    def fail(self, error: StewardError, exit_code: int) -> None:
        """Tell why nothing was begun."""
        ...


@dataclass(slots=True)
class ForPeople:
    """Lines to read, as `steward run watch` writes them, and what was denied."""

    screen: Screen
    _told: set[str] = field(default_factory=set[str])

    def show(self, progress: Progress) -> None:
        """Write what is new."""
        for each in progress.asked:
            if each.channel == POLICY and each.approval_id not in self._told:
                self._told.add(each.approval_id)
                say(visible(f"! {each.state}: {each.title} ({each.answered_by})") + "\n")
        self.screen.show(progress.trace)

    def end(self, progress: Progress, exit_code: int) -> None:
        """Nothing more: the last line has the state already."""

    def fail(self, error: StewardError, exit_code: int) -> None:
        """On standard error."""
        del exit_code
        sys.stderr.write(f"{error}\n")


@dataclass(slots=True)
class ForPrograms:
    """Lines as `steward.cli.run_lines` has them, each written once for each change."""

    _told: dict[str, Line] = field(default_factory=dict[str, Line])

    def show(self, progress: Progress) -> None:
        """Write what is new or has changed."""
        self._tell("run", run_line(progress))
        for asked in progress.asked:
            self._question(asked)
        for step in progress.trace.steps:
            # What it took is measured a moment after it was written down.
            if step.duration_ms is not None:
                self._tell(f"step {step.attempt} {step.name}", step_line(step))
        for proposed in progress.proposed:
            line = proposal_line(proposed, progress.asked)
            self._tell(f"proposal {proposed.proposal_id}", line)
        self._tell("cost", cost_line(progress))
        run = progress.trace.seen.run
        self._tell("state", StateLine(state=run.state, message=run.message))

    def end(self, progress: Progress, exit_code: int) -> None:
        """The last line."""
        self._tell("result", result_line(progress, exit_code))

    def fail(self, error: StewardError, exit_code: int) -> None:
        """The only line."""
        self._tell("error", ErrorLine(code=error.code, message=str(error), exit_code=exit_code))

    def _question(self, asked: Asked) -> None:
        if (plan := plan_line(asked)) is not None:
            self._tell(f"plan {asked.approval_id}", plan)
        if asked.state != "pending":
            self._tell(f"question {asked.approval_id}", question_line(asked))

    def _tell(self, key: str, line: Line) -> None:
        if self._told.get(key) == line:
            return
        self._told[key] = line
        say(json.dumps(asdict(line), ensure_ascii=True) + "\n")
        sys.stdout.flush()  # Another program may be reading, and it wants to know now.
