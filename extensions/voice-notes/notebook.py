"""The notes, kept by file."""

import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

from anchors import Anchor, Text

import steward

TEXT_CHARS_MAX = 4000
NOTES_MAX = 100
"""Notes of one file."""
FILES_MAX = 500
_FILES = "files"


@dataclass(frozen=True, slots=True)
class Note:
    """What was said of a place."""

    id: int
    text: str
    anchor: Anchor
    source: str = ""
    """The transcript that it comes from."""
    is_resolved: bool = False


class NotebookFull(Exception):  # noqa: N818
    """There is no room for another note; says what to do."""


def of_file(path: str) -> list[Note]:
    """The notes of a file, by line."""
    kept = steward.storage_get(_key(path))
    notes = [_note(each) for each in kept or []]
    return sorted(notes, key=lambda note: note.anchor.line)


def files() -> list[str]:
    """The files that have notes."""
    kept = steward.storage_get(_FILES)
    return kept or []


def every() -> Iterator[tuple[str, Note]]:
    """All notes, by file and line."""
    for path in sorted(files()):
        for note in of_file(path):
            yield path, note


def add(path: str, lines: list[str], line: int, text: str, source: str = "") -> Note:
    """Attach a note to a line.

    Raises:
        NotebookFull: there are too many already.
    """
    notes = of_file(path)
    if len(notes) >= NOTES_MAX:
        raise NotebookFull(f"{path} has {NOTES_MAX} notes already: remove some first.")
    if path not in (known := files()):
        if len(known) >= FILES_MAX:
            raise NotebookFull(f"{FILES_MAX} files have notes already: remove some first.")
        steward.storage_set(_FILES, [*known, path])
    number = 1 + max((note.id for note in notes), default=0)
    note = Note(number, text[:TEXT_CHARS_MAX], Text(lines).anchored(line), source)
    try:
        _keep(path, [*notes, note])
    except steward.Limit:
        raise NotebookFull("There is no room for more notes: remove some first.") from None
    return note


def follow(path: str, lines: list[str]) -> list[Note]:
    """The notes of a file where they are now."""
    notes = of_file(path)
    now = Text(lines)
    moved = [replace(note, anchor=now.found_again(note.anchor)) for note in notes]
    if moved != notes:
        with suppress(steward.Limit):  # They are found from where they were, next time too.
            _keep(path, moved)
    return sorted(moved, key=lambda note: note.anchor.line)


def resolve(path: str, ids: set[int]) -> None:
    """Note that what was said is done."""
    _keep(
        path,
        [replace(note, is_resolved=note.is_resolved or note.id in ids) for note in of_file(path)],
    )


def remove(path: str, ids: set[int]) -> None:
    """Forget notes."""
    _keep(path, [note for note in of_file(path) if note.id not in ids])


def move(before: str, after: str) -> None:
    """A file has another name now."""
    notes = of_file(before)
    _keep(before, [])
    if after not in (known := files()):
        steward.storage_set(_FILES, [*known, after])
    _keep(after, [*of_file(after), *notes][:NOTES_MAX])


def _key(path: str) -> str:
    """Where the notes of a file are kept; a key is shorter than a path can be."""
    if len(path) <= 150:
        return f"notes:{path}"
    return f"notes:{path[-100:]}:{zlib.crc32(path.encode()):x}"


def _keep(path: str, notes: list[Note]) -> None:
    if notes:
        steward.storage_set(_key(path), [asdict(note) for note in notes])
        return
    steward.storage_set(_key(path), None)
    steward.storage_set(_FILES, [known for known in files() if known != path])


def _note(kept: dict[str, Any]) -> Note:
    anchor = kept["anchor"]
    return Note(
        kept["id"],
        kept["text"],
        Anchor(
            anchor["line"],
            anchor["text"],
            tuple(anchor["before"]),
            tuple(anchor["after"]),
            anchor["is_lost"],
        ),
        kept["source"],
        kept["is_resolved"],
    )
