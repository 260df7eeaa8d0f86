"""Our own Markdown taken apart for a template: what is shown is text, and none of it is HTML.

Questions and proposals are written in a few forms only: paragraphs, lists, fenced blocks, code and
bold. Whatever is something else stands there as it was written, so nothing is left out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from steward.workspace.reveal import reveal

_FENCE = re.compile(r"(`{3,})([\w-]*)\s*\Z")
_ITEM = re.compile(r"(?:[-*]|(\d{1,9})[.)]) ")
_HEADING = re.compile(r"#{1,6} +")
_PIECE = re.compile(r"\\([!-/:-@\[-`{-~])|(\*\*)|(`)([^`]*)`")

Kind = Literal["text", "code", "strong"]


@dataclass(frozen=True, slots=True)
class Span:
    """A piece of a line."""

    kind: Kind
    text: str


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a fenced block."""

    tone: Literal["", "add", "del", "hunk"]
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a text that stands by itself."""

    kind: Literal["paragraph", "heading", "item", "code"]
    spans: tuple[Span, ...] = ()
    number: str = ""
    """Of an item of a numbered list."""
    lines: tuple[Line, ...] = ()
    """Of a fenced block."""


def blocks_of(text: str) -> tuple[Block, ...]:
    """The text's blocks, in order, with hidden characters spelled out."""
    return tuple(_blocks(reveal(text)[0].split("\n")))


def diff_lines(text: str) -> tuple[Line, ...]:
    """The lines of a diff, each with its tone."""
    return tuple(Line(_tone(line), line) for line in reveal(text)[0].split("\n"))


def _blocks(lines: list[str]) -> Iterator[Block]:
    at = 0
    while at < len(lines):
        line = lines[at]
        if (fence := _FENCE.match(line)) is not None:
            ends = (n for n in range(at + 1, len(lines)) if lines[n] == fence[1])
            end = next(ends, len(lines))
            yield _code(lines[at + 1 : end], fence[2])
            at = end + 1
        elif not line.strip():
            at += 1
        else:
            taken = _taken(lines, at)
            yield _prose(lines[at : at + taken])
            at += taken


def _taken(lines: list[str], at: int) -> int:
    """How many lines belong to what begins here."""
    end = at + 1
    while end < len(lines) and lines[end].strip():
        if _ITEM.match(lines[end]) or _FENCE.match(lines[end]) or _HEADING.match(lines[end]):
            break
        end += 1
    return end - at


def _prose(lines: list[str]) -> Block:
    first, text = lines[0], "\n".join(line.strip() for line in lines)
    if (item := _ITEM.match(first)) is not None:
        return Block("item", _spans(text[item.end() :]), number=item[1] or "")
    if (heading := _HEADING.match(first)) is not None:
        return Block("heading", _spans(text[heading.end() :]))
    return Block("paragraph", _spans(text))


def _spans(text: str) -> tuple[Span, ...]:
    found: list[Span] = []
    plain, is_strong, at = "", False, 0

    def say() -> None:
        nonlocal plain
        if plain:
            found.append(Span("strong" if is_strong else "text", plain))
            plain = ""

    for piece in _PIECE.finditer(text):
        plain += text[at : piece.start()]
        at = piece.end()
        if piece[1] is not None:
            plain += piece[1]
            continue
        say()
        if piece[2] is not None:
            is_strong = not is_strong
        else:
            found.append(Span("code", piece[4]))
    plain += text[at:]
    say()
    return tuple(found)


def _code(lines: list[str], language: str) -> Block:
    if language != "diff":
        return Block("code", lines=tuple(Line("", line) for line in lines))
    return Block("code", lines=tuple(Line(_tone(line), line) for line in lines))


def _tone(line: str) -> Literal["", "add", "del", "hunk"]:
    if line.startswith(("@@", "+++", "---", "diff ")):
        return "hunk"
    return "add" if line.startswith("+") else "del" if line.startswith("-") else ""
