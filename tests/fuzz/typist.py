"""Somebody who types in a few documents, and knows their text without asking anybody."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

Json = Any

_PIECES = (
    *("a", "b ", "\n", "\r", "\r\n", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "é", "漢", "😀"),
    *("\0", "\ud83d", "\ude00", "def f():\n", "word", ""),
)
_CHARS_MAX = 1_200
"""So much of a document is before a model's eyes as a whole."""
_HALF = "\ufffd"
"""What half a surrogate pair becomes wherever it is stored."""


@dataclass
class Document:
    """An open document, as its editor has it."""

    uri: str
    name: str
    text: str = ""
    version: int = 0
    is_open: bool = False


class Typist:
    """Edits documents by offsets into their text; lines and units are worked out from those."""

    def __init__(self, folder: Path, count: int = 4) -> None:
        names = [f"typed_{number}.py" for number in range(count)]
        self.documents = [Document((folder / name).as_uri(), name) for name in names]

    def act(self, chance: Random) -> Json:
        """The notification for the next thing that is done."""
        document = chance.choice(self.documents)
        if not document.is_open:
            return self._opened(document, chance)
        if chance.random() < 0.05:
            document.is_open = False
            return _message("didClose", {"textDocument": {"uri": document.uri}})
        document.version += chance.choice((1, 1, 1, 2, 7))
        changes = [self._changed(document, chance) for _ in range(chance.randrange(1, 4))]
        identifier = {"uri": document.uri, "version": document.version}
        return _message("didChange", {"textDocument": identifier, "contentChanges": changes})

    def reopen_all(self, chance: Random) -> Iterator[Json]:
        """Open what is closed, so that all of it can be looked at."""
        for document in self.documents:
            if not document.is_open:
                yield self._opened(document, chance)

    def _opened(self, document: Document, chance: Random) -> Json:
        written = _some(chance, 12)
        document.is_open, document.version = True, chance.randrange(100)
        document.text = _stored(written)
        item = {"uri": document.uri, "languageId": "python", "version": document.version}
        return _message("didOpen", {"textDocument": {**item, "text": written}})

    def _changed(self, document: Document, chance: Random) -> Json:
        written = _some(chance, 4)
        if chance.random() < 0.05 or len(document.text) > _CHARS_MAX:
            document.text = _stored(written)
            return {"text": written}
        text = document.text
        start, end = sorted(chance.choice(_offsets(text)) for _ in range(2))
        document.text = text[:start] + _stored(written) + text[end:]
        range_ = {"start": position(text, start), "end": position(text, end)}
        return {"range": range_, "text": written}


def position(text: str, offset: int) -> Json:
    """A position as the protocol counts: lines end at LF, CRLF and CR, columns are UTF-16 units."""
    before = text[:offset].replace("\r\n", "\n").replace("\r", "\n")
    line = before[before.rfind("\n") + 1 :]
    return {"line": before.count("\n"), "character": len(line.encode("utf-16-le")) // 2}


def _offsets(text: str) -> list[int]:
    """Where a cursor can stand: not in the middle of CRLF."""
    return [at for at in range(len(text) + 1) if text[at - 1 : at + 1] != "\r\n" or not at]


def _some(chance: Random, pieces_max: int) -> str:
    return "".join(chance.choice(_PIECES) for _ in range(chance.randrange(pieces_max)))


def _stored(written: str) -> str:
    return written.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _message(method: str, params: Json) -> Json:
    return {"jsonrpc": "2.0", "method": f"textDocument/{method}", "params": params}
