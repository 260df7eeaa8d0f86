"""`steward agent run`: a run without an editor, from a terminal or a job.

On a terminal its questions are shown there and answered by the person. Otherwise there is nobody
to ask: each question is answered at once, with no or by the administrator's policy.
"""

import argparse
import asyncio
import gc
import json
import os
import signal
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from steward.agents.agent import NO_CAPS, Agent, Caps
from steward.agents.asked import run_of
from steward.agents.assignment import Assigned
from steward.agents.progress import Progress, progress_of
from steward.agents.run import specification_from_json
from steward.app.headless import Headless, open_headless
from steward.cli.run_wishes import caps_of, nano
from steward.cli.shell import Shell
from steward.cli.teller import ForPeople, ForPrograms, Teller
from steward.cli.terminal import Terminal, ask_at
from steward.cli.watch import Screen
from steward.core.errors import InvalidInputError, OverBudgetError, StewardError
from steward.core.events import RUN_ENDED, RunChanged, StepTaken
from steward.core.limits import GOAL_BYTES_MAX
from steward.lsp.folder import choose_folder
from steward.permissions.question import POLICY
from steward.permissions.unattended import Acting

DONE, FAILED, REFUSED, DENIED, CAPPED, OVER_BUDGET, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130
"""The exit codes; docs/how-to/headless.md explains them."""
_TOGETHER_S = 0.05
"""What happens within so short a time is told at once: each look asks the database."""
_LOOK_S = 0.5
"""How soon is noticed what another process wrote: an answer, or that the run is to end."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be done, and how it is told."""

    root: Path
    begins: Assigned | None
    """A new run; None where one goes on."""
    goes_on: str = ""
    """The id of the run that goes on."""
    raised: Caps = NO_CAPS
    has_person: bool = False


def start(shell: Shell, arguments: argparse.Namespace) -> int:
    """Begin a run and follow it to its end; returns the exit code."""
    teller = _teller(arguments)
    try:
        job = Job(
            _root(arguments.workspace),
            Assigned(
                arguments.name,
                _task(arguments.task),
                mode=arguments.mode,
                mentions=tuple(arguments.mention),
                caps=Caps(cost_nano_usd=nano(arguments.max_cost)),
            ),
            has_person=_has_person(arguments),
        )
    except StewardError as error:
        teller.fail(error, REFUSED)
        return REFUSED
    return _played(shell, job, teller)


def resume(shell: Shell, arguments: argparse.Namespace) -> int:
    """Let a run go on here and follow it to its end; returns the exit code."""
    teller = _teller(arguments)
    try:
        row = shell.read(lambda session: run_of(session, shell.principal, arguments.run))
        root = _root(Path(row.workspace))
        has_person = _has_person(arguments)
        job = Job(root, None, arguments.run, caps_of(arguments), has_person)
    except StewardError as error:
        teller.fail(error, REFUSED)
        return REFUSED
    return _played(shell, job, teller)


def _played(shell: Shell, job: Job, teller: Teller) -> int:
    code = INTERRUPTED  # Unless it gets as far as to have another one.
    try:
        code = asyncio.run(_play(shell, job, teller))
    except* KeyboardInterrupt:
        pass
    except* StewardError as group:
        code = REFUSED
        teller.fail(_first(group), code)
    return code


def _first(group: BaseExceptionGroup[StewardError]) -> StewardError:
    """What went wrong first; what one task meets ends the others."""
    first = group.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


async def _play(shell: Shell, job: Job, teller: Teller) -> int:
    takes_up = job.begins is None
    with _interrupts() as interrupts:
        async with open_headless(
            shell.settings, job.root, has_person=job.has_person, takes_up=takes_up
        ) as house:
            # What is loaded stays, and is not searched for garbage again and again.
            gc.freeze()
            run_id = await _begun(house, job)
            following = _Following(house, run_id, teller, interrupts)
            async with asyncio.TaskGroup() as tasks:
                watching = [tasks.create_task(following.hear())]
                if job.has_person:
                    terminal = Terminal(sys.stdin.fileno(), sys.stdout)
                    watching.append(tasks.create_task(ask_at(terminal, house, run_id)))
                progress = await following.to_end()
                for each in watching:
                    each.cancel()
            code = following.exit_code(progress)
            teller.end(progress, code)
    return code


async def _begun(house: Headless, job: Job) -> str:
    principal = house.principal
    if job.begins is not None:
        agent = await house.roster.find(principal, job.begins.agent_id)
        assigned = _capped(house, job.begins)
        if house.deputy is not None:
            called = await house.roster.callable_by(principal, agent)
            house.deputy.acting = Acting(agent.agent_id, _are_of_folder(agent, *called))
        run_id = await house.runs.start(principal, assigned)
        # What was pinned counts, should the folder have brought another one meanwhile.
        await _acts(house, run_id)
        return run_id
    await _acts(house, job.goes_on)
    await house.runs.go_on(principal, job.goes_on, job.raised)
    return job.goes_on


async def _acts(house: Headless, run_id: str) -> None:
    """Have the policy answer for the agents of this run, as they are pinned for it."""
    row, _ = await house.runs.hands.log.find(house.principal, run_id)
    if house.deputy is not None:
        # Of a run that was begun before they were kept nobody can say whose its agents are.
        is_of_folder = True
        if row.specification:
            pinned = specification_from_json(json.loads(row.specification))
            is_of_folder = _are_of_folder(pinned.agent, *pinned.called)
        house.deputy.acting = Acting(row.agent_id, is_of_folder, row.id)


def _are_of_folder(*agents: Agent) -> bool:
    """Whether the folder brings one of them: what it is called for, it does in the words of it."""
    return any(each.source == "workspace" for each in agents)


def _capped(house: Headless, assigned: Assigned) -> Assigned:
    """With the policy's caps, where they are narrower than what was asked for."""
    policy = None if house.deputy is None else house.deputy.policy
    if policy is None:
        return assigned
    caps = policy.written.caps
    cost = [assigned.caps.cost_nano_usd, caps.cost_nano_usd]
    return Assigned(
        assigned.agent_id,
        assigned.goal,
        mode=assigned.mode,
        mentions=assigned.mentions,
        caps=Caps(
            tokens=caps.tokens,
            cost_nano_usd=min((each for each in cost if each is not None), default=None),
            steps=caps.steps,
            wall_s=None if caps.minutes is None else caps.minutes * 60.0,
        ),
    )


@dataclass(slots=True)
class _Interrupts:
    """Signals that ask to stop: the first ends the run in order, the second everything at once."""

    wake: asyncio.Event
    has_come: bool = False

    def note(self) -> None:
        if self.has_come:
            os._exit(INTERRUPTED)
        self.has_come = True
        self.wake.set()


@contextmanager
def _interrupts() -> Generator[_Interrupts]:
    noted, loop = _Interrupts(asyncio.Event()), asyncio.get_running_loop()
    signals: Sequence[signal.Signals] = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    for each in signals:
        loop.add_signal_handler(each, noted.note)
    try:
        yield noted
    finally:
        for each in signals:
            loop.remove_signal_handler(each)


@dataclass(slots=True)
class _Following:
    """One run, followed to its end."""

    house: Headless
    run_id: str
    teller: Teller
    interrupts: _Interrupts
    is_over_budget: bool = False
    has_ended: bool = False

    async def hear(self) -> None:
        """Look as soon as something happens, until cancelled."""
        with self.house.events.watch() as events:
            async for event in events:
                self.has_ended |= isinstance(event, RunChanged) and event.has_ended
                if isinstance(event, StepTaken):
                    self.is_over_budget |= event.outcome == OverBudgetError.code
                self.interrupts.wake.set()

    async def to_end(self) -> Progress:
        """Tell what happens until the run has ended; gives how it stands then."""
        while (progress := await self._look()).trace.seen.run.state not in RUN_ENDED:
            if self.interrupts.has_come:
                await self.house.runs.cancel(self.house.principal, self.run_id)
            elif progress.trace.seen.asked == "cancel":
                await self.house.runs.end_if_asked(self.house.principal, self.run_id)
            else:
                await self._wait()
        # The engine writes its last step behind the run's own row.
        await self.house.runs.settled(self.run_id)
        return await self._look()

    async def _wait(self) -> None:
        wake = self.interrupts.wake
        with suppress(TimeoutError):
            async with asyncio.timeout(_LOOK_S):
                await wake.wait()
        if not self.has_ended:
            await asyncio.sleep(_TOGETHER_S)
        wake.clear()

    async def _look(self) -> Progress:
        principal, run_id = self.house.principal, self.run_id
        progress = await self.house.database.read(
            lambda session: progress_of(session, principal, run_id)
        )
        self.teller.show(progress)
        return progress

    def exit_code(self, progress: Progress) -> int:
        """What the process leaves with."""
        run = progress.trace.seen.run
        no = [each for each in progress.asked if each.state in ("rejected", "expired")]
        if self.interrupts.has_come and run.state == "cancelled":
            return INTERRUPTED
        if run.state == "failed":
            return OVER_BUDGET if self.is_over_budget else FAILED
        if run.capped:
            return CAPPED
        if any(each.channel == POLICY for each in no) or (run.state == "cancelled" and no):
            return DENIED
        return DONE if run.state == "finished" else FAILED


def _teller(arguments: argparse.Namespace) -> Teller:
    if arguments.json:
        return ForPrograms()
    hint = None if _has_person(arguments) else "answer in an editor"
    return ForPeople(Screen(as_json=False, hint=hint))


def _has_person(arguments: argparse.Namespace) -> bool:
    """Whether somebody sits at a terminal who can be shown a question and can answer it."""
    if arguments.json or arguments.no_input:
        return False
    return sys.stdin.isatty() and sys.stdout.isatty()


def _root(folder: Path) -> Path:
    root = folder.resolve()
    if not root.is_dir():
        raise InvalidInputError(f"{str(root)!r} is no folder; name a project's, or go there.")
    chosen, why_none = choose_folder([root], Path("~").expanduser())
    if chosen is None:
        raise InvalidInputError(why_none)
    return chosen


def _task(written: str) -> str:
    """The goal, from the command line or standard input."""
    if written != "-":
        return written
    content = sys.stdin.buffer.read(GOAL_BYTES_MAX + 1)
    if len(content) > GOAL_BYTES_MAX:
        raise InvalidInputError(f"A task has at most {GOAL_BYTES_MAX} bytes; shorten it.")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInputError("The task is not text in UTF-8; convert it.") from error
