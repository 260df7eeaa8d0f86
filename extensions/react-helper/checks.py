"""All remarks on one file, as they go to the editor."""

import re
from collections.abc import Iterable

from effects import wrong_dependencies
from hooks import broken_rules
from keys import Remark, missing_keys
from structure import Source, source_of
from tokens import tokens_of

import steward
from places import Places

LINE_CHARS_MAX = 5000
"""A file with a longer line was made by a program."""
REMARKS_MAX = 200
_ESLINT = re.compile(r"eslint-(disable-next-line|disable-line|disable|enable)\b([^\n]*)")


def structure_of(path: str, text: str) -> Source | None:
    """The structure of a file; None where it is too large, made by a program, or not whole."""
    if any(len(line) > LINE_CHARS_MAX for line in text.split("\n")):
        return None
    source = source_of(tokens_of(text, has_jsx=not path.endswith((".ts", ".mts", ".cts"))), text)
    return source if source.is_whole else None


def remarks_on(path: str, text: str, wanted: Iterable[str]) -> list[dict[str, object]]:
    """The remarks on a file, in its order.

    Args:
        path: Of the file; its ending says whether there can be elements in it.
        text: What stands in it.
        wanted: Which checks: `keys`, `hooks`, `effects`.
    """
    source = structure_of(path, text)
    if source is None:
        return []
    chosen = set(wanted)
    remarks: list[Remark] = []
    if "keys" in chosen:
        remarks += missing_keys(source)
    if "hooks" in chosen:
        remarks += broken_rules(source)
    if "effects" in chosen:
        remarks += wrong_dependencies(source)
    remarks.sort(key=lambda remark: (remark.first, remark.code))
    quiet = _quiet_lines(text)
    heard = [remark for remark in remarks if source.lines[remark.first] not in quiet]
    places = Places(text)
    return [_diagnostic(source, places, remark) for remark in heard[:REMARKS_MAX]]


def _quiet_lines(text: str) -> set[int]:
    """Lines on which somebody decided already, and said so to ESLint's rules of React."""
    quiet: set[int] = set()
    off = False
    for number, line in enumerate(text.split("\n") if "eslint-" in text else ()):
        found = _ESLINT.search(line)
        if found is not None and (not found[2].strip(" */") or "react" in found[2]):
            match found[1]:
                case "disable-line":
                    quiet.add(number)
                case "disable-next-line":
                    quiet.add(number + 1)
                case word:
                    off = word == "disable"
        if off:
            quiet.add(number)
    return quiet


def _diagnostic(source: Source, places: Places, remark: Remark) -> dict[str, object]:
    line, start = places.place(source.tokens[remark.first].start)
    last_line, end = places.place(source.tokens[remark.last].end)
    made = steward.diagnostic(line, start, end, remark.message, remark.severity, remark.code)
    if last_line != line:
        made["range"]["end"]["line"] = last_line
    return made
