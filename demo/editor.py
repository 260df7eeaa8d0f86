"""An editor without a window: it opens, edits and saves files, and asks when it is asked to."""

import asyncio
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

from demo.jsonrpc import Connection, Json, UnknownMethodError

GOODBYE_S = 20.0
"""How long the server may take to end."""

STEWARD = (sys.executable, "-m", "steward", "lsp")
"""The command that an editor starts."""

CAPABILITIES: Json = {
    "general": {"positionEncodings": ["utf-16"]},
    "workspace": {
        "applyEdit": True,
        "workspaceEdit": {
            "documentChanges": True,
            "failureHandling": "abort",
            "changeAnnotationSupport": {"groupsOnLabel": False},
        },
        "executeCommand": {"dynamicRegistration": False},
        "configuration": False,
        "workspaceFolders": True,
    },
    "textDocument": {
        "synchronization": {"didSave": True},
        "inlineCompletion": {"dynamicRegistration": False},
    },
    "window": {"workDoneProgress": True, "showMessage": {}},
    "experimental": {"steward": {"asks": True, "status": True}},
}
"""What this editor can do. It does not confirm edits by itself, so the server has to ask."""


class Person(Protocol):
    """Whoever sits in front of the editor."""

    async def answer(self, question: Json) -> Json:
        """The answer to a `steward/ask`; None when the question was put away."""
        ...

    def hear(self, method: str, params: Json) -> None:
        """Something that the server tells: progress, states, messages."""
        ...


@dataclass
class Document:
    """An open file, as the editor has it."""

    path: Path
    text: str
    version: int = 1

    @property
    def uri(self) -> str:
        """Its name in the protocol."""
        return self.path.as_uri()

    def offset(self, position: Json) -> int:
        """Where a position is in the text. Columns count UTF-16 units (LSP 3.18, Position)."""
        lines = self.text.split("\n")
        line: int = position["line"]
        units = lines[line].encode("utf-16-le")[: 2 * position["character"]]
        return sum(len(before) + 1 for before in lines[:line]) + len(units.decode("utf-16-le"))

    def end(self) -> Json:
        """The position after the last character."""
        *before, last = self.text.split("\n")
        return {"line": len(before), "character": len(last.encode("utf-16-le")) // 2}

    def with_edits(self, edits: list[Json]) -> str:
        """The text after these edits, which all refer to the text as it is."""
        text = self.text
        places = [(self.offset(e["range"]["start"]), self.offset(e["range"]["end"])) for e in edits]
        for (start, end), edit in sorted(
            zip(places, edits, strict=True), key=lambda pair: pair[0], reverse=True
        ):
            text = text[:start] + edit["newText"] + text[end:]
        return text


class Editor:
    """One window on one folder."""

    def __init__(self, folder: Path, person: Person) -> None:
        self.folder = folder
        self.documents: dict[str, Document] = {}
        self.capabilities: Json = {}
        """What the server said it can do."""
        self._person = person
        self._connection: Connection | None = None

    @property
    def connection(self) -> Connection:
        """The conversation with the server."""
        assert self._connection is not None, "the editor has not been started"
        return self._connection

    async def start(self, connection: Connection) -> None:
        """Introduce the editor to the server."""
        self._connection = connection
        uri = self.folder.as_uri()
        answer = await connection.request(
            "initialize",
            {
                "processId": None,
                "clientInfo": {"name": "Steward's play"},
                "rootUri": uri,
                "workspaceFolders": [{"uri": uri, "name": self.folder.name}],
                "capabilities": CAPABILITIES,
            },
        )
        self.capabilities = answer["capabilities"]
        await connection.notify("initialized", {})

    async def open(self, path: str) -> Document:
        """Open a file of the folder."""
        document = Document(self.folder / path, _read(self.folder / path))
        self.documents[document.uri] = document
        item = {"uri": document.uri, "languageId": "python", "version": 1, "text": document.text}
        await self.connection.notify("textDocument/didOpen", {"textDocument": item})
        return document

    async def change(self, document: Document, text: str) -> None:
        """Type: the document has this text now."""
        document.version += 1
        change = {"range": {"start": _START, "end": document.end()}, "text": text}
        document.text = text
        await self.connection.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": document.uri, "version": document.version},
                "contentChanges": [change],
            },
        )

    async def save(self, document: Document) -> None:
        """Write the document to disk."""
        document.path.write_text(document.text, encoding="utf-8", newline="")
        await self.connection.notify(
            "textDocument/didSave", {"textDocument": {"uri": document.uri}}
        )

    async def ghost_text(self, document: Document, *, is_automatic: bool = False) -> list[Json]:
        """What the server suggests at the end of the document, by hand or to somebody who types."""
        answer = await self.connection.request(
            "textDocument/inlineCompletion",
            {
                "textDocument": {"uri": document.uri},
                "position": document.end(),
                "context": {"triggerKind": 2 if is_automatic else 1},
            },
        )
        # A bare list, a list in an object, and nothing at all: the protocol allows all three.
        items: Json = answer["items"] if answer and "items" in answer else answer
        return items or []

    async def command(self, name: str, *arguments: Json) -> Json:
        """Run one of the server's commands."""
        return await self.connection.request(
            "workspace/executeCommand", {"command": name, "arguments": list(arguments)}
        )

    async def answer(self, method: str, params: Json) -> Json:
        """What the server asks of an editor."""
        match method:
            case "steward/ask":
                return await self._person.answer(params)
            case "workspace/applyEdit":
                return await self._apply(params["edit"])
            case "window/workDoneProgress/create" | "client/registerCapability":
                return None
            case _:
                raise UnknownMethodError(f"this editor knows nothing of {method!r}")

    async def _apply(self, edit: Json) -> Json:
        """Apply everything or nothing; an edit for another version of a document is refused."""
        planned: list[tuple[Document, list[Json]]] = []
        for change in edit["documentChanges"]:
            identifier = change["textDocument"]
            document = self.documents.get(identifier["uri"])
            if document is None:
                document = await self.open(self._inside(identifier["uri"]))
            elif identifier.get("version") not in (None, document.version):
                return {"applied": False, "failureReason": f"{document.path.name} has changed"}
            planned.append((document, change["edits"]))
        for document, edits in planned:
            await self.change(document, document.with_edits(edits))
            await self.save(document)
        return {"applied": True}

    def _inside(self, uri: str) -> str:
        path = Path(unquote(urlsplit(uri).path))
        return str(path.relative_to(self.folder))


_START: Json = {"line": 0, "character": 0}


def _read(path: Path) -> str:
    """The file as it is: nothing translates its line ends."""
    return path.read_bytes().decode("utf-8")


@dataclass(frozen=True, slots=True)
class Server:
    """A running server and the conversation with it."""

    connection: Connection
    pid: int


Hear = Callable[[str, Json], None]
Answer = Callable[[str, Json], Awaitable[Json]]


@asynccontextmanager
async def server_process(
    environment: Mapping[str, str],
    log: Path,
    answer: Answer,
    hear: Hear,
    command: Sequence[str] = STEWARD,
) -> AsyncGenerator[Server]:
    """A real server as a child, spoken to over its standard input and output."""
    with log.open("ab") as errors:
        child = await asyncio.create_subprocess_exec(
            *command,
            env=dict(environment),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=errors,
            limit=16 * 1024 * 1024,
        )
    assert child.stdout is not None
    assert child.stdin is not None
    connection = Connection(child.stdout, child.stdin, answer, hear)
    try:
        async with asyncio.TaskGroup() as group:
            reading = group.create_task(connection.run())
            yield Server(connection, child.pid)
            await _say_goodbye(connection, child)
            reading.cancel()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


async def _say_goodbye(connection: Connection, child: asyncio.subprocess.Process) -> None:
    await connection.request("shutdown", None, answer_s=GOODBYE_S)
    await connection.notify("exit", None)
    async with asyncio.timeout(GOODBYE_S):
        await child.wait()
