"""The middle rooms joined for a test: all of them real but the clock, the ids and the model."""

import asyncio
import itertools
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlmodel import Session

from steward.core import audit
from steward.core.clock import Clock, ManualClock
from steward.core.database import Database, open_database
from steward.core.errors import StaleError
from steward.core.events import Events, QuestionChanged
from steward.core.key_file import KEY_BYTES
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
from steward.permissions.grants import Grants
from steward.permissions.policy import NO_POLICY, Policy
from steward.permissions.question import NOTHING_MORE, OpenQuestion, Reply
from steward.permissions.seal import approval_seal
from steward.tools.ask_agent import AskAgent
from steward.tools.change_files import ChangeFiles
from steward.tools.edit_file import EditFile
from steward.tools.git_tools import git_tools
from steward.tools.invoke import Invoker
from steward.tools.list_files import ListFiles
from steward.tools.placeholders import Placeholders
from steward.tools.read_file import ReadFile
from steward.tools.run_command import RunCommand
from steward.tools.run_tests import RunTests
from steward.tools.search import Search
from steward.tools.tool import Tool
from steward.workspace.failed_tests import FailedTests
from steward.workspace.git.git import Git
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.land import Lander
from steward.workspace.proposals import Proposals
from steward.workspace.workspace import Workspace
from tests.jailed import proven
from tests.ledger.bank import key_in
from tests.places import Place
from tests.template import up_to_date
from tests.text_editor import TextEditor

START = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
ANSWER_WITHIN = timedelta(hours=8)
_openings = itertools.count(1)
DEADLINE_S = 20.0
"""How long a test waits for something before it is a failure."""


Said = bool | Reply | None
"""What a person says to a question; nothing where they let it stand."""


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
    async with open_database(up_to_date(place)) as database:
        new_id = numbered(f"question-{next(_openings)}")
        with TemporaryDirectory() as folder:
            key = place.parent if isinstance(place, Path) else Path(folder)
            seal = approval_seal(key, lambda: "5e" * KEY_BYTES)
            # As an executor's name: another one after each start.
            grants = Grants(database, clock, new_id, seal, new_id(), answer_within)
            approvals = Approvals(database, clock, new_id, events, answer_within, seal, grants)
            yield Ground(database, clock, events, approvals)


@asynccontextmanager
async def open_rooms(
    place: Place, root: Path, answer_within: timedelta = ANSWER_WITHIN, policy: Policy = NO_POLICY
) -> AsyncGenerator[Rooms]:
    """`place` is for the data, `root` is the workspace."""
    editor = TextEditor()
    workspace = Workspace(root, editor, IgnoreOracle(root))
    git = Git(root)
    async with open_ground(place, answer_within) as ground:
        proposals = Proposals(ground.database, ground.clock)
        jail = proven(ground.clock)
        tools: list[Tool[Any]] = [
            ReadFile(),
            ListFiles(),
            Search(),
            EditFile(),
            ChangeFiles(),
            RunCommand(jail),
            RunTests(jail, FailedTests(root)),
            AskAgent(),
            *git_tools(git),
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
            Invoker(
                by_name,
                ground.approvals,
                proposals,
                ground.database,
                ground.clock,
                Placeholders(lambda: b"k" * 32),
                policy,
            ),
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
    url: str, folder: Path, database: Database, clock: Clock, events: Events, **more: object
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
            **more,
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
    ground: Ground, principal: Principal, choose: Callable[[OpenQuestion], Said]
) -> AsyncGenerator[list[OpenQuestion]]:
    """A person who answers every question inside the block; gives the questions as they came.

    `choose` says yes, no, nothing at all, or what goes with one of them: a reply that reaches
    further, or keeps a part, is a yes, any other with a reason or another plan is a no.
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
            said = choose(question)
            if said is None:
                continue
            reply = said if isinstance(said, Reply) else NOTHING_MORE
            is_wide = reply.is_for_run or reply.is_step_by_step
            is_yes = said is True or is_wide or reply.kept is not None
            with suppress(StaleError):  # Somebody else was quicker.
                await ground.approvals.answer(
                    principal,
                    question.id,
                    question.digest,
                    approve=is_yes,
                    channel="test",
                    reply=reply,
                )

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
