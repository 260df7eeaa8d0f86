"""Figures in Prometheus' text format (version 0.0.4).

Counters and histograms are kept here, a number for each combination of label values; the names
that labels take are bounded, so that no caller can make the figures grow.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from steward.core.limits import METRIC_NAMES_MAX
from steward.core.money import NANO_PER_USD

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
OTHER = "other"
"""What a label says when it has had too many names."""

_Values = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """What a figure is called and what it says."""

    name: str
    help: str
    labels: tuple[str, ...] = ()

    def head(self, kind: str) -> Iterator[str]:
        """The lines before the figures."""
        yield f"# HELP {self.name} {_escaped(self.help)}"
        yield f"# TYPE {self.name} {kind}"

    def line(self, values: _Values, figure: float | str, more: str = "", suffix: str = "") -> str:
        """One figure; `more` is a further label, written out."""
        said = [
            f'{label}="{_quoted(value)}"' for label, value in zip(self.labels, values, strict=True)
        ]
        labels = ",".join([*said, more] if more else said)
        return (
            f"{self.name}{suffix}{{{labels}}} {figure}"
            if labels
            else (f"{self.name}{suffix} {figure}")
        )


class Names:
    """The names that one label takes: the first so many, and `other` for all after them."""

    def __init__(self, most: int = METRIC_NAMES_MAX) -> None:
        self._most = most
        self._known: set[str] = set()

    def of(self, name: str) -> str:
        """The name itself, or `other`."""
        if name in self._known:
            return name
        if len(self._known) >= self._most:
            return OTHER
        self._known.add(name)
        return name


@dataclass(slots=True)
class Counter:
    """A number that only rises; of dollars, it is added up in nano-dollars."""

    family: Family
    is_money: bool = False
    _counts: dict[_Values, int] = field(default_factory=dict[_Values, int])

    def add(self, amount: int, *values: str) -> None:
        """Add to the number of these label values."""
        self._counts[values] = self._counts.get(values, 0) + amount

    def lines(self) -> Iterator[str]:
        """As text."""
        yield from self.family.head("counter")
        for values, count in self._counts.items():
            yield self.family.line(values, as_dollars(count) if self.is_money else count)


@dataclass(slots=True)
class _Seen:
    counts: list[int]
    total: float = 0.0


@dataclass(slots=True)
class Histogram:
    """How often a figure lay below each of some bounds."""

    family: Family
    bounds: Sequence[float]
    """Rising."""
    _seen: dict[_Values, _Seen] = field(default_factory=dict[_Values, _Seen])

    def note(self, figure: float, *values: str) -> None:
        """One more."""
        seen = self._seen.get(values)
        if seen is None:
            seen = self._seen[values] = _Seen([0] * (len(self.bounds) + 1))
        seen.counts[bisect_left(self.bounds, figure)] += 1
        seen.total += figure

    def lines(self) -> Iterator[str]:
        """As text."""
        yield from self.family.head("histogram")
        for values, seen in self._seen.items():
            below = 0
            for bound, count in zip((*self.bounds, "+Inf"), seen.counts, strict=True):
                below += count
                yield self.family.line(values, below, f'le="{bound}"', "_bucket")
            yield self.family.line(values, seen.total, suffix="_sum")
            yield self.family.line(values, below, suffix="_count")


def standing(
    kind: Literal["gauge", "counter"], family: Family, *figures: tuple[_Values, float | str]
) -> Iterator[str]:
    """Figures that are kept elsewhere, as they stand now."""
    yield from family.head(kind)
    for values, figure in figures:
        yield family.line(values, figure)


def as_text(lines: Iterable[str]) -> bytes:
    """The whole answer."""
    return ("\n".join(lines) + "\n").encode("utf-8", "replace")


def as_dollars(nano_usd: int) -> str:
    """A sum in dollars, exactly."""
    return f"{nano_usd // NANO_PER_USD}.{nano_usd % NANO_PER_USD:09d}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")


def _quoted(text: str) -> str:
    return _escaped(text).replace('"', '\\"')
