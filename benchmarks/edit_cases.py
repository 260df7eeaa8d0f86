"""What a case of an edit is, and the true change of a text that each is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Literal

from benchmarks.edit_sources import Source

Group = Literal["exact", "white space", "wrapping", "context", "refused"]
_TRIES = 60


@dataclass(frozen=True, slots=True)
class Case:
    """A call of a tool, and what has to come of it."""

    files: Mapping[str, bytes]
    arguments: Mapping[str, object]
    expected: Mapping[str, bytes] | None
    """Name → what is proposed for it; `None` where the call has to be refused."""
    tool: Literal["edit_file", "change_files"] = "edit_file"
    says: tuple[str, ...] = ()
    """What the refusal has to say."""


@dataclass(frozen=True, slots=True)
class Span:
    """Some lines of a text that stand nowhere else in it, and what becomes of them."""

    source: Source
    first: int
    olds: list[str]
    news: list[str]
    touched: set[int] = field(default_factory=set[int])
    """Which of the new lines the change wrote."""

    def after(self) -> str:
        """The whole text with the change made."""
        lines = self.source.lines
        lines[self.first : self.first + len(self.olds)] = self.news
        return "\n".join(lines) + "\n"


def bare(line: str) -> str:
    """The line without any white space, by which lines are told apart."""
    return "".join(line.split())


def span(random: Random, source: Source, size_min: int = 3, size_max: int = 7) -> Span:
    """Lines of one piece that can be meant only once, with one of them changed."""
    lines = source.lines
    for _ in range(_TRIES):
        size = random.randint(size_min, size_max)
        first = random.randrange(1, len(lines) - size)
        olds = lines[first : first + size]
        if bare(olds[0]) and bare(olds[-1]) and _places(lines, olds) == 1:
            made = changed(random, source, first, olds)
            if made is not None:
                return made
    raise AssertionError(f"no part of {source.text!r} stands only once")


def changed(random: Random, source: Source, first: int, olds: list[str]) -> Span | None:
    """The lines with one of them rewritten, doubled or taken away."""
    at = random.choice([number for number, line in enumerate(olds) if len(bare(line)) > 5])
    new = _rewritten(random, olds[at])
    how = random.choice(("rewrite", "rewrite", "insert", "delete"))
    if how == "delete" and len(olds) > 2 and 0 < at < len(olds) - 1:
        return Span(source, first, olds, olds[:at] + olds[at + 1 :])
    if how == "insert" and at + 1 < len(olds) and _indent(olds[at]) == _indent(olds[at + 1]):
        return Span(source, first, olds, [*olds[: at + 1], new, *olds[at + 1 :]], {at + 1})
    return Span(source, first, olds, [*olds[:at], new, *olds[at + 1 :]], {at})


def ended(text: str, end: str) -> bytes:
    """The text with other line ends."""
    return text.replace("\n", end).encode()


def edit(source: Source, old: str, new: str, **more: object) -> dict[str, object]:
    """The arguments of one replacement."""
    return {"path": source.name, "edits": [{"old_text": old, "new_text": new, **more}]}


def made(span: Span, arguments: Mapping[str, object]) -> Case:
    """A call that has to lead to the span's change."""
    name = span.source.name
    return Case({name: span.source.text.encode()}, arguments, {name: span.after().encode()})


def _rewritten(random: Random, line: str) -> str:
    mark = f"changed{random.randint(100, 999)}"
    words = [word for word in line.split() if word.isalpha() and len(word) > 2]
    if words:
        return line.replace(random.choice(words), mark, 1)
    body = line.strip()
    return line[: len(line) - len(line.lstrip())] + f"{mark} {body}"


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _places(lines: list[str], olds: list[str]) -> int:
    wanted = [bare(line) for line in olds if bare(line)]
    there = [bare(line) for line in lines if bare(line)]
    size = len(wanted)
    return sum(there[at : at + size] == wanted for at in range(len(there) - size + 1))
