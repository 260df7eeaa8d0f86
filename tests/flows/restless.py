"""An editor that types, jumps about, takes back, cancels and accepts without ever waiting.

Its model says another thing for each text, so that a suggestion tells which text it was made for.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal
from zlib import crc32

from demo.replies import JsonObject, Reply

Json = Any
Encoding = Literal["utf-8", "utf-16", "utf-32"]

_UNIT_BYTES: dict[Encoding, int] = {"utf-8": 1, "utf-16": 2, "utf-32": 4}
_CODECS: dict[Encoding, str] = {"utf-8": "utf-8", "utf-16": "utf-16-le", "utf-32": "utf-32-le"}
_BEFORE, _AFTER = 200, 60
"""How much of the text an answer depends on: less than any prompt shows."""
_CLOSING = ")]}>\"'`"
_PIECES = ("a", "x = ", "f(", ")", "\t", " ", "é", "漢", "\N{GRINNING FACE}", "😀y", "# ", "\n")


def around(before: str, after: str) -> tuple[str, str]:
    """What an answer depends on."""
    return before.replace("\r", "")[-_BEFORE:], after.replace("\r", "")[:_AFTER]


def answer_for(before: str, after: str) -> str:
    """What the model says for a text."""
    seen = "¦".join(around(before, after))
    return f"so_{crc32(seen.encode()):08x}"


def answers(before: str, after: str) -> set[str]:
    """Every rest of an answer that may be offered at a place: somebody may have typed along it."""
    found: set[str] = set()
    closed = len(after) - len(after.lstrip(_CLOSING))
    for over in range(closed + 1):  # An editor may have closed these since.
        for typed in range(len(answer_for("", "")) + 1):
            start = len(before) - typed
            answer = answer_for(before[:start], after[over:]) if start >= 0 else ""
            if answer.startswith(before[start:]) and answer[typed:]:
                found.add(answer[typed:])
    return found


def parts(body: JsonObject) -> tuple[str, str]:
    """What stands before and after the cursor in a request."""
    said = str(body["messages"][-1]["content"])
    before = said.partition("<before>")[2].rpartition("</before>")[0]
    return before, said.rpartition("<after>")[2].rpartition("</after>")[0]


def script(body: JsonObject) -> Reply:
    """The model: slower for some texts than for others."""
    answer = answer_for(*parts(body))
    pieces = tuple(answer[at : at + 3] for at in range(0, len(answer), 3))
    return Reply(pieces=pieces, piece_delay_s=crc32(answer.encode()) % 4 / 100)


@dataclass
class Document:
    """An open document, and where its cursor stands."""

    uri: str
    text: str
    newline: str = "\n"
    cursor: int = 0
    version: int = 1

    @property
    def sides(self) -> tuple[str, str]:
        """What stands before and after the cursor."""
        return self.text[: self.cursor], self.text[self.cursor :]


@dataclass(frozen=True)
class Asked:
    """A request, and the text that it was made for."""

    document: Document
    version: int
    cursor: int
    before: str
    after: str


@dataclass
class Editor:
    """Makes messages; `outstanding` and `shown` are for whoever carries them."""

    documents: list[Document]
    encoding: Encoding
    chance: Random
    asked: dict[int, Asked] = field(default_factory=dict[int, Asked])
    stale: set[int] = field(default_factory=set[int])
    """Requests of which the server knew, before it answered, that the text is another one."""
    faults: list[str] = field(default_factory=list[str])
    offered: int = 0

    def opening(self) -> Iterator[Json]:
        """The notifications that open all documents."""
        for document in self.documents:
            item = {"uri": document.uri, "languageId": "python", "version": 1}
            yield _message("didOpen", {"textDocument": {**item, "text": document.text}})

    def act(self, document: Document) -> Json:
        """Whatever is done next to a document's text."""
        match self.chance.randrange(8):
            case 0 if document.cursor > 0:
                start = document.cursor - (2 if self._is_behind_crlf(document) else 1)
                return self.edited(document, start, document.cursor, "")
            case 1 if (changed := self._changed_below(document)) is not None:
                return changed
            case 2:
                self._jump(document)
                return self.edited(document, document.cursor, document.cursor, "x")
            case 3 | 4 | 5:
                piece = self.chance.choice(sorted(answers(*document.sides)) or ["so"])[:1]
            case _:
                piece = self.chance.choice(_PIECES).replace("\n", document.newline)
        return self.edited(document, document.cursor, document.cursor, piece)

    def edited(self, document: Document, start: int, end: int, text: str) -> Json:
        """The notification for an edit; the cursor stands behind it."""
        range_ = {
            "start": self.position(document.text, start),
            "end": self.position(document.text, end),
        }
        document.text = document.text[:start] + text + document.text[end:]
        document.cursor, document.version = start + len(text), document.version + 1
        identifier = {"uri": document.uri, "version": document.version}
        change = {"range": range_, "text": text}
        return _message("didChange", {"textDocument": identifier, "contentChanges": [change]})

    def ask(self, id_: int, document: Document) -> Json:
        """A request at the document's cursor."""
        before, after = document.sides
        self.asked[id_] = Asked(document, document.version, document.cursor, before, after)
        return {
            "textDocument": {"uri": document.uri},
            "position": self.position(document.text, document.cursor),
            "context": {"triggerKind": self.chance.choice((1, 2))},
        }

    def taken(self, id_: int, answer: Json) -> Json | None:
        """Look at an answer; gives the notification where it is accepted."""
        result: Json = answer.get("result")
        if not result or not result["items"]:
            return None
        asked, item = self.asked[id_], result["items"][0]
        self.offered += 1
        position = self.position(asked.before + asked.after, asked.cursor)
        if id_ in self.stale:
            self.faults.append(f"{id_} was answered after the text had changed")
        if item["range"] != {"start": position, "end": position}:
            self.faults.append(f"{id_} takes the place of {item['range']}, and was at {position}")
        if item["insertText"] not in answers(asked.before, asked.after):
            self.faults.append(f"{item['insertText']} behind {asked.before[-40:]!r}")
        document = asked.document
        if document.version != asked.version or document.cursor != asked.cursor:
            return None
        if self.chance.random() < 0.5:
            return None
        return self.edited(document, asked.cursor, asked.cursor, item["insertText"])

    def places(self) -> set[tuple[str, str]]:
        """All places that the model may have been asked about, those behind a suggestion too."""
        found: set[tuple[str, str]] = set()
        for one in self.asked.values():
            found.add(around(one.before, one.after))
            found |= {
                around(one.before + rest, one.after) for rest in answers(one.before, one.after)
            }
        return found

    def position(self, text: str, offset: int) -> Json:
        """A position in the units that were agreed on."""
        line = text.rfind("\n", 0, offset) + 1
        units = len(text[line:offset].encode(_CODECS[self.encoding]))
        return {
            "line": text.count("\n", 0, offset),
            "character": units // _UNIT_BYTES[self.encoding],
        }

    def _jump(self, document: Document) -> None:
        """To the end of some line."""
        end = document.text.find(document.newline, self.chance.randrange(len(document.text) + 1))
        document.cursor = len(document.text) if end < 0 else end

    def _changed_below(self, document: Document) -> Json | None:
        """Another character on the next line; the cursor stays where it is."""
        cursor = document.cursor
        at = document.text.find("\n", cursor) + 1
        if not at or document.text[at : at + 1] in ("", "\r", "\n"):
            return None
        change = self.edited(document, at, at + 1, self.chance.choice("uvw"))
        document.cursor = cursor
        return change

    @staticmethod
    def _is_behind_crlf(document: Document) -> bool:
        return document.text[: document.cursor].endswith("\r\n")


def _message(method: str, params: Json) -> Json:
    return {"method": f"textDocument/{method}", "params": params}
