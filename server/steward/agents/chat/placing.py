"""Where the code of an answer belongs in a file: for certain, or nowhere.

A unified diff says it itself. Whole definitions take the place of those of the same name, and a
text that holds all that the file defines and imports is the file anew. Everything else is for a
person's own cursor. For large texts it takes a while: call it on a thread.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from steward.core.errors import InvalidInputError
from steward.syntax.language import language_of
from steward.syntax.symbols import Definition, Symbols, symbols_of
from steward.workspace.edits.apply import Patch, apply
from steward.workspace.edits.elision import check_is_whole
from steward.workspace.edits.text import Change, plain, plain_lines, rewrite
from steward.workspace.edits.whole import apply_whole

_ABOVE = ("@", "#", "//", "/*", "*")
"""How lines begin that belong to the definition below them: decorators, comments, attributes."""


@dataclass(frozen=True, slots=True)
class FileDiff:
    """The part of a diff that is about one file."""

    path: str
    """Empty where the diff does not say."""
    text: str
    is_new: bool
    is_deletion: bool


def is_diff(language: str, text: str) -> bool:
    """Whether a block is a unified diff."""
    return (
        language in ("diff", "patch") or re.match(r"(?:diff --git |--- \S|@@ )", text) is not None
    )


def file_diffs(diff: str) -> list[FileDiff]:
    """A diff, file by file."""
    starts: list[int] = []
    lines = plain(diff).split("\n")
    for at, line in enumerate(lines):
        if line.startswith("--- ") and lines[at + 1 : at + 2] and lines[at + 1].startswith("+++ "):
            starts.append(at)
    if not starts:
        return [FileDiff("", diff, is_new=False, is_deletion=False)]
    ends = [*starts[1:], len(lines)]
    return [_file_diff(lines[start:end]) for start, end in zip(starts, ends, strict=True)]


def _file_diff(lines: Sequence[str]) -> FileDiff:
    old, new = (line[4:].split("\t")[0].strip() for line in lines[:2])
    body = [line for line in lines if not line.startswith("diff --git ")]
    named = old if new == "/dev/null" else new
    return FileDiff(
        re.sub(r"\A[ab]/", "", named) if named != "/dev/null" else "",
        "\n".join(body),
        is_new=old == "/dev/null",
        is_deletion=new == "/dev/null",
    )


def patched(was: str | None, diff: FileDiff) -> str:
    """The file after the diff; `was` is None where there is no file.

    Raises:
        InvalidInputError: it does not fit for certain.
    """
    if diff.is_deletion:
        raise InvalidInputError("The diff deletes a file; delete it yourself if that is meant.")
    if not diff.is_new:
        if was is None:
            raise InvalidInputError(f"There is no file {diff.path!r} that the diff could change.")
        return apply(was, Patch(diff.text))
    if was is not None:
        raise InvalidInputError(f"The diff creates {diff.path!r}, which is there already.")
    added = [line[1:] for line in diff.text.split("\n")[2:] if line.startswith("+")]
    return "".join(f"{line}\n" for line in added)


def placed(path: str, was: str, code: str) -> str:
    """The file with the code in its place.

    Raises:
        InvalidInputError: there is no certain place, or nothing would change.
    """
    language, old = language_of(path), plain(was)
    there, given = symbols_of(language, old), symbols_of(language, plain(code))
    if there is None or given is None or not given.definitions:
        raise _no_place(path, "it holds no whole definition")
    check_is_whole(plain(code), old)
    problem, changes = _changes(old, plain(code), there, given)
    if not problem:
        after = rewrite(was, changes)
        if after == was:
            raise InvalidInputError(f"'{path}' holds that already, so nothing would change.")
        return after
    if _is_whole_file(there, given):
        return apply_whole(was, code)
    raise _no_place(path, problem)


def _changes(old: str, code: str, there: Symbols, given: Symbols) -> tuple[str, list[Change]]:
    """What replaces what; or why that cannot be said."""
    lines, news = plain_lines(old), plain_lines(code)
    standing = {line.strip() for line in lines}
    changes: list[Change] = []
    taken = 0
    for one in _outermost(given):
        target = _target(one, there)
        if target is None:
            return f"{one.name!r} is not there exactly once", []
        above = _first_above(news, one.line, taken)
        if any(line.strip() not in standing | {""} for line in news[taken:above]):
            return "it holds more than definitions", []
        taken = one.end_line + 1
        piece = _indented(news[above:taken], news[one.line], lines[target.line])
        if piece is None:
            return "its indentation cannot be told", []
        # What stands above a definition stays where the code has nothing to put there.
        first = target.line if above == one.line else _first_above(lines, target.line, 0)
        start, end = (sum(map(len, lines[:at])) for at in (first, target.end_line + 1))
        changes.append(Change(start, end, piece if old[:end].endswith("\n") else piece[:-1]))
    if any(line.strip() not in standing | {""} for line in news[taken:]):
        return "it holds more than definitions", []
    return "", changes


def _outermost(symbols: Symbols) -> list[Definition]:
    found: list[Definition] = []
    for one in sorted(symbols.definitions, key=lambda each: (each.line, -each.end_line)):
        if not found or one.line > found[-1].end_line:
            found.append(one)
    return found


def _target(one: Definition, there: Symbols) -> Definition | None:
    same = [each for each in there.definitions if each.name == one.name]
    if one.container:
        same = [each for each in same if each.container == one.container]
    return same[0] if len(same) == 1 else None


def _first_above(lines: Sequence[str], line: int, floor: int) -> int:
    while line > floor and lines[line - 1].strip().startswith(_ABOVE):
        line -= 1
    return line


def _indented(piece: Sequence[str], given: str, wanted: str) -> str | None:
    """The lines with the indentation of the place they come to."""
    was, becomes = (line[: len(line) - len(line.lstrip())] for line in (given, wanted))
    if any(line.strip() and not line.startswith(was) for line in piece):
        return None
    moved = [f"{becomes}{line[len(was) :]}" if line.strip() else "\n" for line in piece]
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in moved)


def _is_whole_file(there: Symbols, given: Symbols) -> bool:
    """Whether nothing that the file defines or imports would be gone."""
    names = {each.name for each in _outermost(there)}
    imports = {(each.module, each.names) for each in there.imports}
    return (
        bool(names)
        and names <= {each.name for each in _outermost(given)}
        and imports <= {(each.module, each.names) for each in given.imports}
    )


def _no_place(path: str, why: str) -> InvalidInputError:
    return InvalidInputError(
        f"No certain place for this code was found in '{path}': {why}. Put the cursor where it"
        " belongs and insert it there, or ask for a diff."
    )
