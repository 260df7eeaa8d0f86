"""Finds lines that are the same but for white space, wherever in them it differs.

Blank lines may be missing or too many, too. Lines that the model left alone stay as the file has
them. For those that it wrote, the indentation has to be certain: it is shifted as the lines around
it are, or is that of the line which it takes the place of, or of both its neighbours. Otherwise
nothing is found, because a line one step off means something else in many languages.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from steward.workspace.edits.indent import Shift, indent_of, shift_between, shifted
from steward.workspace.edits.merge import merge
from steward.workspace.edits.typography import in_plain_signs, without_the_models_signs

_OPENERS = (":", "{", "(", "[", "do", "then", "else", "=>", "->", ",", "\\")


@dataclass(frozen=True, slots=True)
class Place:
    """Lines of a file, from one that is not blank to another."""

    first: int
    reals: tuple[str, ...]

    @property
    def count(self) -> int:
        """How many lines there are, blank ones included."""
        return len(self.reals)


def places(lines: Sequence[str], olds: Sequence[str]) -> list[Place]:
    """Where the old lines stand, white space and blank lines aside."""
    there = [(number, _key(line)) for number, line in enumerate(lines)]
    there = [(number, key) for number, key in there if key]
    keys = [key for _, key in there]
    wanted = [key for key in map(_key, olds) if key]
    size = len(wanted)
    if not size:
        return []
    found: list[Place] = []
    for at in range(len(keys) - size + 1):
        if keys[at] == wanted[0] and keys[at : at + size] == wanted:
            first, last = there[at][0], there[at + size - 1][0]
            found.append(Place(first, tuple(lines[first : last + 1])))
    return found


def carried_over(olds: Sequence[str], news: Sequence[str], place: Place) -> tuple[str, ...] | None:
    """What the place becomes when the old lines become the new ones; `None` if that is unclear."""
    written = without_the_models_signs("\n".join(news), "\n".join(olds), "\n".join(place.reals))
    old, real = _Text.of(olds), _Text.of(place.reals)
    new = _Text.of(written.split("\n") if news else ())
    plain_old = [in_plain_signs(line) for line in old.lines]
    plain_new = [in_plain_signs(line) for line in new.lines]
    aligned = _aligned(plain_old, plain_new)
    indents = _Indents.between(old.lines, real.lines)
    made: list[str] = []
    for number, line in enumerate(new.lines):
        at = aligned.get(number)
        if at is not None and plain_old[at] == plain_new[number]:
            made.append(real.lines[at])
            continue
        around = _Around.of(aligned, number, old, real)
        indent = indents.of(line, around)
        if indent is None:
            return None
        body = line[len(indent_of(line)) :]
        made.append(indent + (_body(body, at, old, real) if at is not None else body))
    return _with_blanks(made, aligned, old, new, real)


@dataclass(frozen=True, slots=True)
class _Text:
    """Lines that are not blank, and how many blank ones follow each."""

    lines: list[str]
    blanks: list[int]

    @classmethod
    def of(cls, lines: Sequence[str]) -> "_Text":
        kept: list[str] = []
        blanks: list[int] = []
        for line in lines:
            if line.strip():
                kept.append(line.rstrip())
                blanks.append(0)
            elif blanks:
                blanks[-1] += 1
        return cls(kept, blanks)


@dataclass(frozen=True, slots=True)
class _Around:
    """The line that another takes the place of, and its neighbours, as (model's, file's)."""

    instead_of: tuple[str, str] | None
    before: tuple[str, str] | None
    behind: tuple[str, str] | None

    @classmethod
    def of(cls, aligned: dict[int, int], number: int, old: _Text, real: _Text) -> "_Around":
        def pair(at: int | None) -> tuple[str, str] | None:
            return None if at is None else (indent_of(old.lines[at]), indent_of(real.lines[at]))

        return cls(
            pair(aligned.get(number)), pair(aligned.get(number - 1)), pair(aligned.get(number + 1))
        )


@dataclass(frozen=True, slots=True)
class _Indents:
    """How the model's indentation has to be changed into the file's."""

    shift: Shift | None
    known: dict[str, set[str]]
    """The model's → what the file has for it."""

    @classmethod
    def between(cls, olds: Sequence[str], reals: Sequence[str]) -> "_Indents":
        known: dict[str, set[str]] = {}
        for old, real in zip(olds, reals, strict=True):
            known.setdefault(indent_of(old), set()).add(indent_of(real))
        return cls(shift_between(olds, reals), known)

    def of(self, line: str, around: _Around) -> str | None:
        """The indentation of a line that the model wrote; `None` if it is not certain."""
        indent = indent_of(line)
        if self.shift is not None:
            moved = shifted(line, self.shift)
            return None if moved is None else indent_of(moved)
        meant = self.known.get(indent, set())
        if len(meant) == 1:
            return next(iter(meant))
        if around.instead_of is not None and around.instead_of[0] == indent:
            return around.instead_of[1]
        neighbours = (around.before, around.behind)
        if not meant:  # Perhaps it is right as it is: the file's own beside it.
            return indent if any(pair and pair[1] == indent for pair in neighbours) else None
        if around.before is None or around.before != around.behind or line.endswith(_OPENERS):
            return None
        return around.before[1] if around.before[0] == indent else None


def _key(line: str) -> str:
    return "".join(in_plain_signs(line).split())


def _aligned(olds: Sequence[str], news: Sequence[str]) -> dict[int, int]:
    """New line → the old one that it is, or takes the place of."""
    found: dict[int, int] = {}
    matcher = SequenceMatcher(None, olds, news, autojunk=False)
    for kind, first, last, low, high in matcher.get_opcodes():
        if kind != "delete" and last - first == high - low:
            found.update(zip(range(low, high), range(first, last), strict=True))
    return found


def _body(body: str, at: int, old: _Text, real: _Text) -> str:
    was, there = old.lines[at].lstrip(), real.lines[at].lstrip()
    merged = body if was == there else merge(was, body, there)
    return body if merged is None else merged


def _with_blanks(
    made: Sequence[str], aligned: dict[int, int], old: _Text, new: _Text, real: _Text
) -> tuple[str, ...] | None:
    """The lines with the blank ones that the file has, or that the model changed."""
    if any(_is_unclear(at, aligned, old, real) for at in range(len(old.lines) - 1)):
        return None
    written: list[str] = []
    for number, line in enumerate(made):
        at, following = aligned.get(number), aligned.get(number + 1)
        blanks = new.blanks[number]
        if number == len(made) - 1:
            blanks = 0
        elif at is not None and following == at + 1 and old.blanks[at] == blanks:
            blanks = real.blanks[at]
        written += (line, *[""] * blanks)
    return tuple(written)


def _is_unclear(at: int, aligned: dict[int, int], old: _Text, real: _Text) -> bool:
    """Whether blank lines differ where the change is: nobody can say what becomes of them."""
    if old.blanks[at] == real.blanks[at]:
        return False
    stay = {
        before
        for (number, before), (_, after) in pairwise(sorted(aligned.items()))
        if after == before + 1 and aligned.get(number + 1) == after
    }
    return at not in stay
