"""Agents: their tools, the person who is asked, and the runs of an open folder."""

import secrets
from collections import ChainMap
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from pydantic import SecretStr

from steward.agents.chat.applying import Applying
from steward.agents.chat.conversations import Conversations
from steward.agents.definitions.roster import Roster
from steward.agents.drafting import Drafting
from steward.agents.execute import interpreter
from steward.agents.run import RunLog
from steward.agents.runs import Runs
from steward.agents.sent import Sent
from steward.agents.talk.log import ChatLog
from steward.agents.trial import Trial
from steward.agents.undoing import Undoing
from steward.agents.work import Hands
from steward.agents.workflows.durable import DurableEngine
from steward.agents.workflows.owner import Owner
from steward.app.asked import Asked
from steward.app.extensions import Guests
from steward.app.folder import Folder
from steward.app.ground import Ground
from steward.app.models import Models, vault_keys
from steward.app.undoing import presence_of
from steward.context.agent_context import AgentGatherer
from steward.context.git_state import state_of
from steward.context.instructions.reader import InstructionReader
from steward.context.map.sources import Imported
from steward.core.clock import Clock
from steward.core.limits import EDITOR_REPLY_S
from steward.forge.forge import Forge
from steward.forge.http import ForgeHttp
from steward.forge.settings import FORGE
from steward.gateway.vault.known_keys import KnownKeys
from steward.ledger.key import KEY_BYTES
from steward.sandbox.ladder import Ladder
from steward.settings import Settings, inherited, own_instructions, secrets_in
from steward.tools.ask_agent import AskAgent
from steward.tools.ask_model import AskModel
from steward.tools.change_files import ChangeFiles
from steward.tools.edit_file import EditFile
from steward.tools.git_tools import git_tools
from steward.tools.invoke import Invoker, specs_of
from steward.tools.list_files import ListFiles
from steward.tools.mcp.offers import Offers
from steward.tools.mcp.servers import IsOver, Servers
from steward.tools.open_pull_request import OpenPullRequest
from steward.tools.placeholders import Placeholders, kept_placeholders
from steward.tools.read_file import ReadFile
from steward.tools.run_command import RunCommand
from steward.tools.run_tests import RunTests
from steward.tools.search import Search
from steward.tools.tool import Tool
from steward.workspace.failed_tests import FailedTests
from steward.workspace.git.git import Git
from steward.workspace.git.process import GitProcess
from steward.workspace.git.reading import GitReader
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.land import Lander
from steward.workspace.proposals import Proposals
from steward.workspace.push.pull_requests import PullRequests
from steward.workspace.workspace import Workspace


def runs(
    ground: Ground, hands: Hands, roster: Roster, owner: Owner, *, takes_up: bool = True
) -> Runs:
    """The runs of an open folder. `takes_up`: those that others left there, too."""
    interpret = interpreter(hands, owner.name)
    root = str(hands.workspace.root)
    # Nobody puts anything into a queue that has this process's name.
    queue = root if takes_up else f"{root}\0{owner.name}"
    engine = DurableEngine(ground.settings.data_dir, queue, owner, interpret)
    keep = timedelta(days=ground.settings.agents.keep_days)
    return Runs(hands, roster, engine, owner, keep)


def conversations(ground: Ground, runs: Runs, roster: Roster, owner: Owner) -> Conversations:
    """What the person of a window says to models and agents in an open folder."""
    log = ChatLog(ground.database, ground.clock)
    keep = timedelta(days=ground.settings.agents.keep_conversations_days)
    placeholders = runs.hands.invoker.placeholders
    applying = Applying(_own_door(runs.hands), placeholders, log, owner, ground.new_id)
    return Conversations(applying, runs, roster, keep)


def undoing(ground: Ground, hands: Hands, owner: Owner) -> Undoing:
    """Undo and redo in an open folder."""
    presence = presence_of(ground.settings, str(hands.workspace.root))
    return Undoing(_own_door(hands), ground.new_id, owner, presence)


def _own_door(hands: Hands) -> Lander:
    """Where other changes than those of runs land: at theirs a question may be open for hours."""
    doors = hands.lander
    return Lander(
        doors.approvals, doors.proposals, doors.workspace, doors.git, doors.reply_within_s
    )


def drafting(ground: Ground, models: Models, workspace: Workspace) -> Drafting:
    """Who writes commit messages and pull requests' texts about an open folder."""
    reader = GitReader(GitProcess(workspace.root))
    most = ground.settings.agents.output_tokens_max
    return Drafting(models.gateway, reader, workspace, ground.new_id, most)


@dataclass(frozen=True, slots=True)
class AtWork:
    """What acts in a workspace; nothing of it where none is open."""

    runs: Runs | None = None
    mcp: Offers | None = None
    undoing: Undoing | None = None
    conversations: Conversations | None = None
    drafting: Drafting | None = None


NOBODY = AtWork()
"""No workspace is open."""


def at_work(
    ground: Ground, shared: Hands, models: Models, folder: Folder, owner: Owner, roster: Roster
) -> AtWork:
    """All of them for one window, which share these hands."""
    own_runs = runs(ground, shared, roster, owner)
    return AtWork(
        own_runs,
        shared.mcp,
        undoing(ground, shared, owner),
        conversations(ground, own_runs, roster, owner),
        drafting(ground, models, folder.workspace),
    )


def open_launcher(settings: Settings, clock: Clock) -> Ladder:
    """Where commands run that nobody vouches for."""
    return Ladder(clock, settings.sandbox.levels)


def hands(
    ground: Ground,
    models: Models,
    asked: Asked,
    looking: AgentGatherer,
    failed_tests: FailedTests,
    guests: Guests,
) -> Hands:
    """What every run of an open folder works with."""
    chosen, workspace = ground.settings.agents, looking.workspace
    approvals, git, database = asked.approvals, Git(workspace.root), ground.database
    launcher = open_launcher(ground.settings, ground.clock)
    proposals, log = (
        Proposals(database, ground.clock),
        RunLog(database, ground.clock, ground.events),
    )
    known, policy = known_secrets(ground), ground.settings.permissions.policy()
    pull_requests = PullRequests(
        GitProcess(workspace.root),
        workspace.oracle,
        forge(ground),
        known.values,
        policy.protected_branches,
    )
    running_tests = RunTests(launcher, failed_tests, chosen.test_command)
    tools = _tools(ground, models, launcher, git, running_tests, pull_requests)
    servers = open_servers(ground.settings, ground.clock, launcher, log.is_over)
    mcp = Offers(servers, database, ground.clock, approvals, tuple(tools))
    reply_s = min(EDITOR_REPLY_S, approvals.answer_within.total_seconds())
    return Hands(
        gateway=models.gateway,
        ledger=models.ledger,
        approvals=approvals,
        trust=asked.trust,
        invoker=Invoker(
            # Ours first: whatever a server or an extension calls its tools, it takes the place of
            # none of them.
            ChainMap[str, Tool[Any]](tools, mcp.tools, guests.tools.tools),
            approvals,
            proposals,
            database,
            ground.clock,
            _placeholders(ground, known),
            policy,
        ),
        lander=Lander(approvals, proposals, workspace, git, reply_s, pull_requests=pull_requests),
        workspace=workspace,
        context=looking,
        log=log,
        sent=Sent(ground.database, ground.clock),
        new_id=ground.new_id,
        caps=chosen.caps(),
        output_tokens_max=chosen.output_tokens_max,
        mcp=mcp,
        extension_tools=guests.tools,
        engine_hooks=guests.hooks,
    )


def _tools(
    ground: Ground,
    models: Models,
    launcher: Ladder,
    git: Git,
    running_tests: RunTests,
    pull_requests: PullRequests,
) -> dict[str, Tool[Any]]:
    """The tools that come with the product, by name."""
    chosen = ground.settings.agents
    tools: list[Tool[Any]] = [
        ReadFile(),
        ListFiles(),
        Search(),
        EditFile(),
        ChangeFiles(),
        RunCommand(launcher),
        running_tests,
        AskAgent(),
        AskModel(models.gateway, models.ledger, ground.new_id, chosen.output_tokens_max),
        *git_tools(git),
        OpenPullRequest(pull_requests),
    ]
    return {tool.name: tool for tool in tools}


def trial(ground: Ground, models: Models) -> Trial:
    """What tries agents out at a page: it knows what is said of each tool, and can use none."""
    chosen, here = ground.settings.agents, ground.settings.data_dir
    launcher, git = open_launcher(ground.settings, ground.clock), GitProcess(here)
    policy, known = ground.settings.permissions.policy(), known_secrets(ground)
    sending = PullRequests(
        git, IgnoreOracle(here), forge(ground), known.values, policy.protected_branches
    )
    running = RunTests(launcher, FailedTests(here), chosen.test_command)
    tools = _tools(ground, models, launcher, Git(here), running, sending)
    return Trial(
        models.gateway,
        models.ledger,
        ground.new_id,
        specs_of(tools),
        policy.rules,
        chosen.output_tokens_max,
    )


def open_servers(settings: Settings, clock: Clock, launcher: Ladder, is_over: IsOver) -> Servers:
    """The MCP servers of the settings, none of them started."""
    configured = settings.mcp.servers
    names = {name for server in configured.values() for name in server.inherits}
    return Servers(configured, inherited(names), launcher, clock, is_over)


def forge(ground: Ground) -> Forge:
    """Where pull requests are opened; its token stands in the settings or lies in the vault."""
    chosen, vault = ground.settings.forge, vault_keys(ground)

    async def token() -> SecretStr | None:
        return chosen.token or await vault.key(FORGE, chosen.api)

    return Forge(chosen, token, ForgeHttp())


def known_secrets(ground: Ground) -> KnownKeys:
    """Every value that is secret here whatever it looks like."""
    servers = ground.settings.mcp.servers.values()
    passed_on = inherited({name for server in servers for name in server.inherits}).values()
    given = (*secrets_in(ground.settings), *map(SecretStr, passed_on))
    vault = vault_keys(ground)
    return KnownKeys(given, vault.keys, vault.tenant_id)


def _placeholders(ground: Ground, known: KnownKeys) -> Placeholders:
    fresh = partial(secrets.token_hex, KEY_BYTES)
    return kept_placeholders(ground.settings.placeholder_key, fresh, known.values)


def looking(ground: Ground, folder: Folder, guests: Guests) -> AgentGatherer:
    """What a run looks at before it plans."""
    git = state_of(GitReader(GitProcess(folder.workspace.root)))
    imported = Imported(folder.symbols, folder.verdicts)
    workspace = folder.workspace
    instructions = InstructionReader(workspace.root, workspace.oracle, own_instructions())
    return AgentGatherer(workspace, ground.clock, imported, git, instructions, guests.stages)
