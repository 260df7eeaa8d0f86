"""The middle rooms joined for a test: all of them real but the clock, the ids and the model."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlmodel import Session

from steward.core import audit
from steward.core.clock import Clock, ManualClock
from steward.core.database import Database, open_database
from steward.core.errors import StaleError
from steward.core.events import Events, QuestionChanged
from steward.core.principal import Principal
from steward.gateway.call.pacing import Pacing
from steward.gateway.gateway import Gateway
from steward.gateway.reach.http import HttpClient
from steward.gateway.reach.keys import SettingsKeys
from steward.gateway.reach.providers import open_providers
from steward.gateway.settings import GatewaySettings
from steward.ledger.ledger import Ledger
from steward.ledger.settings import LedgerSettings
from steward.permissions.approvals import Approvals
from steward.permissions.question import OpenQuestion
from steward.sandbox.jail import BubblewrapJail
from steward.tools.change_files import ChangeFiles
from steward.tools.commit import Commit
from steward.tools.edit_file import EditFile
from steward.tools.invoke import Invoker
from steward.tools.read_file import ReadFile
from steward.tools.run_tests import RunTests
from steward.tools.search import Search
from steward.tools.tool import Tool
from steward.workspace.git import Git
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.land import Lander
from steward.workspace.proposals import Proposals
from steward.workspace.workspace import Workspace
from tests.ledger.bank import key_in
from tests.places import Place
from tests.text_editor import TextEditor

START = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
ANSWER_WITHIN = timedelta(hours=8)
_openings = itertools.count(1)
DEADLINE_S = 20.0
"""How long a test waits for something before it is a failure."""


@dataclass(frozen=True)
class Ground:
    """What the rooms of a test stand on."""

    database: Database
    clock: ManualClock
    events: Events
    approvals: Approvals

    async def trail(self) -> list[str]:
        """The actions of the audit trail, oldest first; fails if its chain is broken."""

        def work(session: Session) -> list[str]:
            assert audit.verify(session).is_intact
            return [entry.action for entry in audit.read(session)]

        return await self.database.read(work)


@dataclass(frozen=True)
class Rooms(Ground):
    """A workspace with an editor, tools, and the doors through which they act."""

    principal: Principal
    editor: TextEditor
    workspace: Workspace
    proposals: Proposals
    lander: Lander
    invoker: Invoker


@asynccontextmanager
async def open_ground(
    place: Place, answer_within: timedelta = ANSWER_WITHIN
) -> AsyncGenerator[Ground]:
    clock, events = ManualClock(START), Events()
    async with open_database(place) as database:
        approvals = Approvals(
            database, clock, numbered(f"question-{next(_openings)}"), events, answer_within
        )
        yield Ground(database, clock, events, approvals)


@asynccontextmanager
async def open_rooms(
    place: Place, root: Path, answer_within: timedelta = ANSWER_WITHIN
) -> AsyncGenerator[Rooms]:
    """`place` is for the data, `root` is the workspace."""
    editor = TextEditor()
    workspace = Workspace(root, editor, IgnoreOracle(root))
    git = Git(root)
    async with open_ground(place, answer_within) as ground:
        proposals = Proposals(ground.database, ground.clock)
        jail = BubblewrapJail(ground.clock)
        tools: list[Tool[Any]] = [
            ReadFile(),
            Search(),
            EditFile(),
            ChangeFiles(),
            RunTests(jail),
            Commit(git),
        ]
        by_name = {tool.name: tool for tool in tools}
        yield Rooms(
            ground.database,
            ground.clock,
            ground.events,
            ground.approvals,
            Principal("ann", "session-1", str(root)),
            editor,
            workspace,
            proposals,
            Lander(ground.approvals, proposals, workspace, git),
            Invoker(by_name, ground.approvals, proposals, ground.database, ground.clock),
        )


def steady(clock: Clock, pauses: list[float] | None = None) -> Pacing:
    """Pauses that are over at once, and noted; and dice that fall in the middle."""

    async def pause(seconds: float) -> None:
        if pauses is not None:
            pauses.append(seconds)
        if isinstance(clock, ManualClock):
            clock.advance(timedelta(seconds=seconds))

    return Pacing(clock, pause, lambda: 0.5)


@asynccontextmanager
async def open_gateway(
    url: str, folder: Path, database: Database, clock: Clock, events: Events
) -> AsyncGenerator[tuple[Gateway, Ledger]]:
    """A gateway whose every model costs 0.15 dollars a million tokens in and 0.60 out.

    The ledger's key is in `folder`. No answers are kept: the scripts say something else each time.
    """
    settings = GatewaySettings.model_validate(
        {
            "url": url,
            "models": {"completion": "small", "plan": "small", "agent": "small"},
            "prices": {"small": {"input": "0.15", "output": "0.60"}},
            "cache": {"enabled": False},
        }
    )
    ledger = Ledger(database, clock, events, LedgerSettings(), key_in(folder))
    client = HttpClient()
    providers = open_providers(settings, SettingsKeys(settings), client)
    gateway = Gateway(providers, ledger, settings, steady(clock))
    try:
        yield gateway, ledger
    finally:
        await gateway.close()
        await client.close()


@asynccontextmanager
async def answering(
    ground: Ground, principal: Principal, choose: Callable[[OpenQuestion], bool | None]
) -> AsyncGenerator[list[OpenQuestion]]:
    """A person who answers every question inside the block; gives the questions as they came.

    `choose` says yes, no, or nothing at all.
    """
    seen: list[OpenQuestion] = []

    async def sit() -> None:
        with ground.events.watch() as events:
            while True:
                await look()
                while not isinstance(await anext(events), QuestionChanged):
                    pass

    async def look() -> None:
        known = {question.id for question in seen}
        for question in await ground.approvals.pending(principal):
            if question.id in known:
                continue
            seen.append(question)
            choice = choose(question)
            if choice is not None:
                try:
                    await ground.approvals.answer(
                        principal, question.id, question.digest, approve=choice, channel="test"
                    )
                except StaleError:
                    continue  # Somebody else was quicker.

    async with asyncio.timeout(DEADLINE_S):
        person = asyncio.create_task(sit())
        try:
            yield seen
        finally:
            person.cancel()
            with suppress(asyncio.CancelledError):
                await person


def yes(_question: OpenQuestion) -> bool:
    return True


def no(_question: OpenQuestion) -> bool:
    return False


def silent(_question: OpenQuestion) -> None:
    return None


def numbered(name: str) -> Callable[[], str]:
    """Ids that say which they are: `name-1`, `name-2`…"""
    numbers = itertools.count(1)
    return lambda: f"{name}-{next(numbers)}"
