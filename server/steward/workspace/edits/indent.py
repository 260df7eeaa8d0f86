"""Indentation that is shifted as a whole, or written with tabs instead of spaces."""

import re
from collections.abc import Callable, Sequence

_INDENT = re.compile(r"[ \t]*")
Shift = Callable[[str], str | None]
"""Gives the indentation in the file for one in the model's text; `None` where there is none."""


def indent_of(line: str) -> str:
    """The spaces and tabs that a line begins with."""
    found = _INDENT.match(line)
    return found[0] if found else ""


def shift_between(olds: Sequence[str], reals: Sequence[str]) -> Shift | None:
    """How the indentation of lines that are the same otherwise has to be changed, all alike.

    `None` if no one way fits all of them. Blank lines do not count.
    """
    pairs = [
        (indent_of(old), indent_of(real))
        for old, real in zip(olds, reals, strict=True)
        if old.strip()
    ]
    for shift in _candidates(pairs):
        if all(shift(old) == real for old, real in pairs):
            return shift
    return None


def shifted(line: str, shift: Shift) -> str | None:
    """A line with its indentation changed; `None` where that cannot be."""
    if not line.strip():
        return line
    indent = indent_of(line)
    new = shift(indent)
    return None if new is None else new + line[len(indent) :]


def _candidates(pairs: Sequence[tuple[str, str]]) -> list[Shift]:
    if not pairs:
        return []
    old, real = min(pairs, key=lambda pair: len(pair[0]))
    shifts: list[Shift] = []
    if real.endswith(old):
        shifts.append(_adding(real[: len(real) - len(old)]))
    if old.endswith(real):
        shifts.append(_removing(old[: len(old) - len(real)]))
    for width in (4, 2, 8, 3):
        shifts += _respelling(old, real, width)
    return shifts


def _adding(more: str) -> Shift:
    return lambda indent: more + indent


def _removing(less: str) -> Shift:
    return lambda indent: indent[len(less) :] if indent.startswith(less) else None


def _respelling(old: str, real: str, width: int) -> list[Shift]:
    """Spaces for tabs and tabs for spaces, with the steps that lie between the first lines."""
    spaces, tab = " " * width, "\t"
    found: list[Shift] = []
    for of, to in ((spaces, tab), (tab, spaces)):
        deep, real_deep = _steps(old, of), _steps(real, to)
        if deep is not None and real_deep is not None:
            found.append(_stepping(of, to, real_deep - deep))
    return found


def _stepping(of: str, to: str, more: int) -> Shift:
    def shift(indent: str) -> str | None:
        steps = _steps(indent, of)
        return None if steps is None or steps + more < 0 else to * (steps + more)

    return shift


def _steps(indent: str, unit: str) -> int | None:
    count, rest = divmod(len(indent), len(unit))
    return count if not rest and unit * count == indent else None
