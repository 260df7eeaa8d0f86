"""Finds text and names in the files that a model may see, as the person has them.

Blocks: call it on a thread.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from steward.core.errors import StewardError
from steward.core.limits import FILES_LISTED_MAX
from steward.core.redact import redact_private_keys
from steward.syntax.language import language_of
from steward.syntax.symbols import Definition, symbols_of
from steward.workspace.edits.text import plain
from steward.workspace.encoding import decode
from steward.workspace.files import read_bytes
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.listing import list_files
from steward.workspace.paths import WorkspacePath
from steward.workspace.patterns import Finder, literal


@dataclass(frozen=True, slots=True)
class Match:
    """A line in which something was found."""

    path: str
    line: int
    """From 0."""
    text: str
    """The line, or how a definition begins."""
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()

    @property
    def first(self) -> int:
        """The number of the first line before it."""
        return self.line - len(self.before)


@dataclass(frozen=True, slots=True)
class Found:
    """What a search found, and whether it saw everything."""

    matches: tuple[Match, ...]
    files: int
    """So many were searched."""
    has_more: bool
    """There is more than was asked for."""
    is_complete: bool
    """Every file that a model may see was searched, or so many matches were found."""


class Look(Protocol):
    """Finds what is wanted in one text, at most so many lines."""

    def __call__(self, path: WorkspacePath, text: str, /) -> list[tuple[int, str]]:
        """The lines' numbers, from 0, each with what to show of it; of a text with LF."""
        ...


@dataclass(frozen=True, slots=True)
class Where:
    """The files that are searched."""

    root: Path
    oracle: IgnoreOracle
    opened: Mapping[Path, str]
    """The text that an editor has, which counts and not the disk's."""
    is_wanted: Callable[[WorkspacePath], bool]


def search(
    where: Where, look: Look, *, most: int, context: int, goes_on: Callable[[], bool]
) -> Found:
    """The first matches by path and line. `goes_on` is asked before each file."""
    listing = list_files(where.root, where.oracle, FILES_LISTED_MAX, goes_on)
    paths = sorted({*listing.files, *_only_open(where)}, key=str)
    matches: list[Match] = []
    files = 0
    for path in paths:
        if not where.is_wanted(path):
            continue
        if not goes_on():
            return Found(tuple(matches), files, has_more=False, is_complete=False)
        files += 1
        matches += _matches(where, look, path, context)
        if len(matches) > most:
            return Found(tuple(matches[:most]), files, has_more=True, is_complete=True)
    return Found(tuple(matches), files, has_more=False, is_complete=listing.is_complete)


def in_text(find: Finder) -> Look:
    """Looks for the lines that a pattern finds."""

    def look(_path: WorkspacePath, text: str) -> list[tuple[int, str]]:
        numbers = find(text)
        lines = text.split("\n") if numbers else []
        return [(number, lines[number]) for number in numbers]

    return look


def definitions_of(name: str, *, ignores_case: bool) -> Look:
    """Looks for where the name is given to something."""
    same = _same(name, ignores_case=ignores_case)
    contains = literal(name, ignores_case=ignores_case, most=1)

    def look(path: WorkspacePath, text: str) -> list[tuple[int, str]]:
        symbols = symbols_of(language_of(str(path)), text) if contains(text) else None
        if symbols is None:
            return []
        return [
            (one.line, f"{one.signature} ({one.kind}{_of(one)})")
            for one in symbols.definitions
            if same(one.name)
        ]

    return look


def references_of(name: str, find: Finder, *, ignores_case: bool) -> Look:
    """Looks for the lines in which `find` sees the name, in texts that use it as one."""
    same = _same(name, ignores_case=ignores_case)
    lines_of = in_text(find)

    def look(path: WorkspacePath, text: str) -> list[tuple[int, str]]:
        found = lines_of(path, text)
        symbols = symbols_of(language_of(str(path)), text) if found else None
        # Of a language that cannot be read, the words are all there is.
        is_used = symbols is None or any(map(same, symbols.references))
        return found if is_used else []

    return look


def _of(one: Definition) -> str:
    return f" of {one.container}" if one.container else ""


def _same(name: str, *, ignores_case: bool) -> Callable[[str], bool]:
    wanted = name.casefold() if ignores_case else name
    return lambda other: (other.casefold() if ignores_case else other) == wanted


def _matches(where: Where, look: Look, path: WorkspacePath, context: int) -> Iterator[Match]:
    text = _text(where, path)
    found = look(path, text) if text is not None else []
    lines = text.split("\n") if found and text is not None and context else []
    for number, said in found:
        before = tuple(lines[max(0, number - context) : number])
        after = tuple(lines[number + 1 : number + 1 + context])
        yield Match(str(path), number, said, before, after)


def _text(where: Where, path: WorkspacePath) -> str | None:
    """The text with LF and without private keys; `None` where there is none to look in."""
    text = where.opened.get(path.under(where.root))
    if text is None:
        try:
            text = decode(read_bytes(where.root, path), str(path))[0]
        except StewardError:
            return None  # Binary, too large, or gone meanwhile.
    # Before anything is found in it: a line out of the middle of a key does not look like one.
    return redact_private_keys(plain(text))


def _only_open(where: Where) -> list[WorkspacePath]:
    """Open documents that may be on no disk yet."""
    found: list[WorkspacePath] = []
    for place in where.opened:
        try:
            path = WorkspacePath.parse(str(place), where.root)
        except StewardError:
            continue
        if where.oracle.why_not(path) is None:
            found.append(path)
    return found
