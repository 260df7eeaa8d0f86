"""An editor window for tests: a real server as a child, driven over pytest-lsp's client.

The window does what an editor does (reports changes, applies edits, saves), a `Person` answers,
and everything that came over standard output is kept and checked when the window is closed.
"""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from lsprotocol import converters, types
from pygls.uris import to_fs_path
from pytest_lsp.client import DEFAULT_CLIENT_FEATURES, register_lsp_features

from demo.editor import Document
from tests.applying import apply_whole
from tests.asked import asked, asked_plainly, registered
from tests.connection import ServerConnection
from tests.forked import Zygote
from tests.person import DEADLINE_S, Person, Shown

ENDED = ("finished", "failed", "cancelled")

Json = Any
Apply = Callable[["Window", types.ApplyWorkspaceEditParams], Awaitable[bool]]
_WHOLE_FILES = ["create", "rename", "delete"]


def _abilities(ours: Json, *, inline: bool = True, applies: bool = True) -> Json:
    return {
        "general": {"positionEncodings": ["utf-16"]},
        "workspace": {
            "applyEdit": applies,
            "workspaceEdit": {
                "documentChanges": True,
                "resourceOperations": _WHOLE_FILES,
                "failureHandling": "abort",
                "changeAnnotationSupport": {"groupsOnLabel": False},
            },
            "workspaceFolders": True,
        },
        "textDocument": {"inlineCompletion": {}} if inline else {"completion": {}},
        "window": {"workDoneProgress": True, "showMessage": {}},
        "experimental": {"steward": ours} if ours else {},
    }


OURS: Json = _abilities({"asks": True, "confirmsEdits": True, "status": True})
"""Our own client: shows questions, and a proposal's diff when it is told to apply it."""
CHATTING: Json = _abilities({"asks": True, "status": True, "chat": True})
"""Shows our questions, and answers of conversations as they come."""
ASKING: Json = _abilities({"asks": True, "status": True})
"""Shows our questions, and applies what it is told to."""
PLAIN: Json = _abilities(None, inline=False)
"""Any LSP client: message boxes, and an edit is applied at once, whatever its annotations say."""
READING: Json = _abilities({"asks": True}, applies=False)
"""A client that cannot apply edits."""


class Window:
    """One editor window on one folder, with its own server."""

    def __init__(
        self, folder: Path, environment: Mapping[str, str], abilities: Json, person: Person
    ) -> None:
        self.folder = folder
        self.person = person
        self.abilities = abilities
        self.apply: Apply = apply_whole
        """What the editor does with `workspace/applyEdit`."""
        self.picks = ""
        """What is picked from a message with buttons that is no question of ours."""
        self.documents: dict[str, Document] = {}
        self.edits: list[types.ApplyWorkspaceEditParams] = []
        """Every edit that the server sent."""
        self.steps: list[Json] = []
        """Every `steward/run` notification."""
        self.chat: list[Json] = []
        """Every `steward/chat` notification."""
        self.panels: list[Json] = []
        """Every `steward/extension/panel` notification."""
        self.status: Json = None
        """The last `steward/status`."""
        self.closed: list[str] = []
        """The ids of questions that were taken off the screen."""
        self.offered: types.ServerCapabilities | None = None
        self.client = ServerConnection()
        self.zygote: Zygote | None = None
        """What forks the server; without it one is started."""
        self._environment = environment
        self.news = 0
        """How many notifications have come. Look at it before you look at anything else."""
        self._news = asyncio.Condition()
        self._is_open = False

    @property
    def pid(self) -> int:
        """The server's process id."""
        return self.client.process.pid

    @property
    def log(self) -> str:
        """What the server has written to standard error."""
        return self.client.log.decode()

    async def start(self, *, has_folder: bool = True) -> None:
        """Start the server and introduce the editor, which may have no folder open."""
        self._listen()
        await self._start_server()
        self._is_open = True
        uri = self.folder.as_uri()
        params = types.InitializeParams(
            capabilities=converters.get_converter().structure(
                self.abilities, types.ClientCapabilities
            ),
            root_uri=uri if has_folder else None,
            workspace_folders=[types.WorkspaceFolder(uri, self.folder.name)]
            if has_folder
            else None,
        )
        async with asyncio.timeout(DEADLINE_S):
            self.offered = (await self.client.initialize_session(params)).capabilities

    async def _start_server(self) -> None:
        environment, folder = dict(self._environment), self.folder
        if self.zygote is not None and self.zygote.forks(environment):
            process = await self.zygote.start(
                "steward", "lsp", environment=environment, folder=folder
            )
            await self.client.drive(process)
            return
        await self.client.start_io(
            sys.executable, "-m", "steward", "lsp", env=environment, cwd=folder
        )

    def place(self, uri: str) -> Path:
        """The file of the folder that a URI names."""
        path = Path(to_fs_path(uri) or "")
        assert path.is_relative_to(self.folder), f"the server names a file outside: {uri}"
        return path

    def open(self, path: str, text: str | None = None) -> Document:
        """Open a file of the folder, with unsaved text if some is given."""
        place = self.folder / path
        document = Document(place, place.read_bytes().decode() if text is None else text)
        self.documents[document.uri] = document
        self.client.text_document_did_open(
            types.DidOpenTextDocumentParams(
                types.TextDocumentItem(document.uri, "python", document.version, document.text)
            )
        )
        return document

    def change(self, document: Document, text: str) -> None:
        """Type: the document has this text now."""
        end = document.end()
        range_ = types.Range(types.Position(0, 0), types.Position(end["line"], end["character"]))
        document.version, document.text = document.version + 1, text
        if not self._is_open:
            return  # The server has died; an editor goes on without it.
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(document.version, document.uri),
                [types.TextDocumentContentChangePartial(range_, text)],
            )
        )

    def close_document(self, document: Document) -> None:
        """Close a document, saved or not."""
        del self.documents[document.uri]
        if self._is_open:
            self.client.text_document_did_close(
                types.DidCloseTextDocumentParams(types.TextDocumentIdentifier(document.uri))
            )

    def save(self, document: Document) -> None:
        """Write the document to disk."""
        document.path.write_bytes(document.text.encode())
        if not self._is_open:
            return
        self.client.text_document_did_save(
            types.DidSaveTextDocumentParams(types.TextDocumentIdentifier(document.uri))
        )

    async def ghost_text(self, document: Document) -> str:
        """What is suggested at the end of the document; nothing is an empty string."""
        async with asyncio.timeout(DEADLINE_S):
            found = await self.client.text_document_inline_completion_async(inline_params(document))
        assert isinstance(found, types.InlineCompletionList)
        return str(found.items[0].insert_text) if found.items else ""

    async def command(self, name: str, **argument: Json) -> Json:
        """Run one of the server's commands with one object."""
        return await self.execute(name, [argument] if argument else [])

    async def execute(self, name: str, arguments: list[Json]) -> Json:
        """Run a command with whatever arguments."""
        async with asyncio.timeout(DEADLINE_S):
            return await self.client.workspace_execute_command_async(
                types.ExecuteCommandParams(name, arguments)
            )

    async def run_agent(self, goal: str = "Make the failing test pass.") -> str:
        """Start the agent; gives the run's id."""
        return (await self.command("steward.agent.run", agent="fix", goal=goal))["runId"]

    async def until_ended(self, run_id: str) -> Json:
        """Wait for the run's end; gives it as `steward.runs` lists it."""
        while True:
            known = self.news
            runs = await self.command("steward.runs")
            run = next(run for run in runs if run["id"] == run_id)
            if run["state"] in ENDED:
                return run
            await self.until_news(known)

    async def until_step(self, count: int) -> Json:
        """Wait until so many `steward/run` notifications have come; gives the last of them."""
        async with asyncio.timeout(DEADLINE_S), self._news:
            await self._news.wait_for(lambda: len(self.steps) >= count)
        return self.steps[count - 1]

    async def until_news(self, known: int) -> None:
        """Wait until more notifications have come than the caller knew of: see `news`."""
        async with asyncio.timeout(DEADLINE_S), self._news:
            await self._news.wait_for(lambda: self.news > known)

    async def kill(self) -> None:
        """End the server as a power cut would."""
        with suppress(ProcessLookupError):
            self.client.process.kill()
        self._is_open = False
        await self.client.until_gone()

    async def terminate(self) -> None:
        """End the server as a session manager does."""
        self._is_open = False
        self.client.process.terminate()
        async with asyncio.timeout(DEADLINE_S):
            await self.client.until_gone()

    async def stop_listening(self) -> None:
        """Close what the server writes to; what it reads from stays open."""
        self._is_open = False
        self.client.stop_listening()
        async with asyncio.timeout(DEADLINE_S):
            await self.client.until_gone()

    async def hang_up(self) -> None:
        """Go without a word, as an editor that crashed."""
        assert self.client.process.stdin is not None
        self._is_open = False
        self.client.process.stdin.close()
        async with asyncio.timeout(DEADLINE_S):
            await self.client.until_gone()

    async def close(self) -> None:
        """Leave in order. Standard output must have carried the protocol and nothing else."""
        if not self._is_open:
            return
        self._is_open = False
        try:
            async with asyncio.timeout(DEADLINE_S):
                await self.client.shutdown_session()
                await self.client.until_gone()
        except BaseException:
            self.client.process.kill()
            await self.client.until_gone()
            raise
        assert self.client.process.returncode == 0, self.log
        assert "Traceback" not in self.log, self.log
        answered = Counter(message["id"] for message in self.messages() if "method" not in message)
        assert set(answered.values()) <= {1}, "a request was answered more than once"

    def messages(self) -> list[Json]:
        """Every message from the server. Fails where standard output held anything else."""
        rest, found = bytes(self.client.heard), list[Json]()
        while rest:
            head, _, rest = rest.partition(b"\r\n\r\n")
            names = {line.partition(b":")[0].lower() for line in head.split(b"\r\n")}
            assert names <= {b"content-length", b"content-type"}, f"not the protocol: {head!r}"
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
            found.append(json.loads(rest[:length]))
            rest = rest[length:]
        return found

    def _listen(self) -> None:
        register_lsp_features(
            self.client,
            {
                **DEFAULT_CLIENT_FEATURES,
                types.WORKSPACE_APPLY_EDIT: partial(_applied, self),
                types.WINDOW_SHOW_MESSAGE_REQUEST: partial(asked_plainly, self),
                types.CLIENT_REGISTER_CAPABILITY: registered,
                types.CLIENT_UNREGISTER_CAPABILITY: registered,
                "steward/ask": partial(asked, self),
                "steward/askClosed": partial(_note, self, "closed"),
                "steward/run": partial(_note, self, "run"),
                "steward/status": partial(_note, self, "status"),
                "steward/chat": partial(_note, self, "chat"),
                "steward/extensions": partial(_note, self, "extensions"),
                "steward/extension/panel": partial(_note, self, "panel"),
                types.WINDOW_SHOW_MESSAGE: partial(_note, self, "message"),
            },
        )

    async def _take(self, what: str, params: Json) -> None:
        async with self._news:
            match what:
                case "run":
                    self.steps.append(params)
                case "status":
                    self.status = params
                case "chat":
                    self.chat.append(params)
                case "panel":
                    self.panels.append(params)
                case "extensions":
                    pass
                case "closed":
                    self.closed.append(params["id"])
                case _:
                    self.client.messages.append(params)
            self.news += 1
            self._news.notify_all()


def inline_params(document: Document) -> types.InlineCompletionParams:
    """Ask for ghost text at the end of the document."""
    end = document.end()
    return types.InlineCompletionParams(
        context=types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic),
        text_document=types.TextDocumentIdentifier(document.uri),
        position=types.Position(end["line"], end["character"]),
    )


async def _applied(
    window: Window, params: types.ApplyWorkspaceEditParams
) -> types.ApplyWorkspaceEditResult:
    window.edits.append(params)
    ours: Json = window.abilities["experimental"].get("steward", {})
    annotations = (params.edit.change_annotations or {}).values()
    if ours.get("confirmsEdits") and any(one.needs_confirmation for one in annotations):
        choice = await window.person.ask(Shown("edit", params.label or "", str(params.edit)))
        if choice != "approve":
            reason = {"reject": "discarded by the user"}.get(
                choice, "closed before it was answered"
            )
            return types.ApplyWorkspaceEditResult(applied=False, failure_reason=reason)
    return types.ApplyWorkspaceEditResult(applied=await window.apply(window, params))


async def _note(window: Window, what: str, params: Json) -> None:
    await window._take(what, params)
