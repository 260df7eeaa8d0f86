"""Agents in the editor: which there are, a new one, what is wrong with one, what may stand in one.

What reads definitions brings pydantic along, so it is imported where it is first needed.
"""

import asyncio
from typing import TYPE_CHECKING

from lsprotocol import types

from steward.core.errors import InvalidInputError, NotFoundError, StewardError
from steward.lsp.documents import Document
from steward.lsp.features.commands import Arguments
from steward.lsp.rooms import Rooms
from steward.lsp.session import Session

if TYPE_CHECKING:
    from steward.agents.definitions.agent_file import Problem

_FOLDER = (".steward", "agents")
_SUFFIX = ".md"
_SETTLED_S = 0.3
"""How long nobody types before a file is looked through."""
_LOOK_AGAIN_S = 3.0
"""How soon is seen that the folder was trusted, while a definition is open."""
_IDLE_S = 3600.0


async def list_agents(_session: Session, rooms: Rooms, _arguments: Arguments) -> object:
    """The agents that can be started here: `[{id, name, description, source, counts, may, …}]`."""
    from steward.agents.definitions.powers import in_words

    return [
        {
            "id": each.agent_id,
            "source": each.source,
            "counts": each.counts,
            "problem": each.problem,
            "name": each.agent.name if each.agent else each.agent_id,
            "description": each.agent.description if each.agent else "",
            "mode": each.agent.mode if each.agent else "",
            "may": in_words(each.agent) if each.agent else "",
            "tools": sorted(each.agent.allowed_tools) if each.agent else [],
            "agents": list(each.agent.agents) if each.agent else [],
            "replaces": list(each.agent.replaces) if each.agent else [],
        }
        for each in await rooms.roster.list(rooms.principal)
    ]


async def new_agent(session: Session, _rooms: Rooms, arguments: Arguments) -> object:
    """A definition to begin with: `{agent}` → `{uri, text}`; the client opens and saves it."""
    from steward.agents.definitions.agent_file import check_id
    from steward.agents.definitions.template import template

    agent_id = _agent(arguments)
    check_id(agent_id)
    if session.root is None:
        raise InvalidInputError("Open a folder first; its agents stand in `.steward/agents`.")
    place = session.root.joinpath(*_FOLDER, f"{agent_id}{_SUFFIX}")
    return {"uri": place.as_uri(), "text": template(agent_id)}


async def show_agent(session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """One definition as it was written: `{agent}` → `{markdown, source}`."""
    from steward.agents.definitions.roster import text_of
    from steward.agents.definitions.stored import one

    agent_id, tenant = _agent(arguments), rooms.principal.tenant_id
    listed = await rooms.roster.list(rooms.principal)
    found = next((each for each in listed if each.agent_id == agent_id), None)
    if found is None:
        raise NotFoundError(f"There is no agent {agent_id[:60]!r} for you here; list them.")
    kept = await rooms.database.read(lambda session: one(session, tenant, agent_id))
    text = await asyncio.to_thread(text_of, found, kept, session.root)
    return {"markdown": text, "source": found.source}


async def trust_workspace(_session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """Ask whether this folder is trusted, and wait for the answer: `{ask?, refuse?}` → `{trusted}`.

    With `ask: false` nobody is asked; `trusted` is `null` where nobody was asked before. With
    `refuse: true` nobody is asked either: it is the person's own no, and takes back a yes.
    """
    if arguments.get("refuse") is True:
        await rooms.trust.refuse(rooms.principal)
        return {"trusted": False}
    if arguments.get("ask") is False:
        return {"trusted": await rooms.trust.decided(rooms.principal)}
    return {"trusted": await rooms.trust.ask(rooms.principal, "the person's own wish")}


async def keep_agent_files(session: Session, rooms: Rooms) -> None:
    """Say what is wrong with the definitions that are open, until cancelled."""
    told: dict[str, tuple[int | None, bool]] = {}
    while True:
        open_now = {document.uri: document for document in _open_definitions(session)}
        for uri in [uri for uri in told if uri not in open_now]:
            del told[uri]
            _publish(session, uri, [])
        if open_now:
            listed = await rooms.roster.list(rooms.principal)
            session.agents_there = {
                each.agent_id: each.agent.description
                for each in listed
                if each.counts and each.agent
            }
            is_trusted = await rooms.trust.is_trusted(rooms.principal)
            for uri, document in open_now.items():
                seen = document.version, is_trusted
                if told.get(uri) != seen:
                    told[uri] = seen
                    await _look_through(session, document, is_trusted=is_trusted)
        await session.next_change(_LOOK_AGAIN_S if told else _IDLE_S)
        await asyncio.sleep(_SETTLED_S)


async def completion(session: Session, params: types.CompletionParams) -> types.CompletionList:
    """What may be written at this place of a definition."""
    found = offered(session, params.text_document.uri, params.position)
    return types.CompletionList(is_incomplete=False, items=found)


def register_completion(session: Session) -> None:
    """Have the editor ask for completion items in definitions, and nowhere else.

    For an editor with inline completion, which is offered no completion of all documents.
    """
    where = types.TextDocumentFilterPattern(pattern="/".join(("**", *_FOLDER, f"*{_SUFFIX}")))
    options = types.CompletionRegistrationOptions(document_selector=[where])
    wish = types.Registration("agents", types.TEXT_DOCUMENT_COMPLETION, options)
    answer = session.protocol.send_request_async(
        types.CLIENT_REGISTER_CAPABILITY, types.RegistrationParams([wish])
    )
    # An editor that refuses goes without; it is nothing that anybody could mend.
    answer.add_done_callback(lambda done: done.cancelled() or done.exception())


def offered(session: Session, uri: str, position: types.Position) -> list[types.CompletionItem]:
    """What may be written at a place of a definition; nothing in any other document."""
    document = session.protocol.documents.find(uri)
    if document is None or document.is_lost or agent_of(session, uri) is None:
        return []
    from steward.agents.definitions.offers import offers

    lines = [line.rstrip("\r\n") for line in document.lines]
    before = document.around(position, 1)[0].rpartition("\n")[2]
    return [
        types.CompletionItem(
            label=offer.word,
            kind=types.CompletionItemKind.Property
            if offer.is_key
            else types.CompletionItemKind.EnumMember,
            documentation=offer.meaning,
            insert_text=f"{offer.word}: " if offer.is_key else offer.word,
        )
        for offer in offers(lines, position.line, before, session.agents_there)
    ]


def agent_of(session: Session, uri: str) -> str | None:
    """The id of the agent that a document defines; None where it defines none."""
    if not uri.endswith(_SUFFIX):
        return None
    path = session.workspace_path(uri)
    if path is None or path.parts[:-1] != _FOLDER:
        return None
    return path.name.removesuffix(_SUFFIX)


def _open_definitions(session: Session) -> list[Document]:
    documents = session.protocol.documents.by_path().values()
    return [each for each in documents if not each.is_lost and agent_of(session, each.uri)]


async def _look_through(session: Session, document: Document, *, is_trusted: bool) -> None:
    agent_id, text, version = (
        agent_of(session, document.uri) or "",
        document.source,
        document.version,
    )
    there = frozenset(session.agents_there) - {agent_id}
    problems = await asyncio.to_thread(_problems, agent_id, text, there)
    lines = text.split("\n")
    note = (
        "You trust this folder, so this agent can be started."
        if is_trusted
        else "You do not trust this folder, so this agent is not there. The command"
        " `steward.workspace.trust` asks you."
    )
    shown = [_diagnostic(document, lines, 1, note, types.DiagnosticSeverity.Information)]
    for problem in problems:
        level = types.DiagnosticSeverity.Error
        if not problem.is_error:
            level = types.DiagnosticSeverity.Warning
        shown.append(_diagnostic(document, lines, problem.line, problem.message, level))
    _publish(session, document.uri, shown, version)


def _problems(agent_id: str, text: str, there: frozenset[str]) -> "tuple[Problem, ...]":
    from steward.agents.definitions.agent_file import Problem, check, check_id

    found = check(text, there).problems
    try:
        check_id(agent_id)
    except StewardError as error:
        return (Problem(1, str(error)), *found)
    return found


def _diagnostic(
    document: Document,
    lines: list[str],
    line: int,
    message: str,
    severity: types.DiagnosticSeverity,
) -> types.Diagnostic:
    number = min(max(line, 1), len(lines)) - 1
    end = document.position_codec.client_num_units(lines[number].rstrip("\r"))
    range_ = types.Range(types.Position(number, 0), types.Position(number, end))
    return types.Diagnostic(range_, message, severity=severity, source="steward")


def _publish(
    session: Session, uri: str, shown: list[types.Diagnostic], version: int | None = None
) -> None:
    session.remarks.put("agents", uri, shown, version)


def _agent(arguments: Arguments) -> str:
    value = arguments.get("agent")
    if not isinstance(value, str):
        raise InvalidInputError("`agent` must be given as text.")
    return value
