"""What the doctor says of one thing."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Verdict = Literal["ok", "warning", "fault"]
"""In order; works, but somebody should look; does not work."""

VERDICTS: tuple[Verdict, ...] = ("ok", "warning", "fault")
"""The best first; the place is the exit code."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. No word of it is a secret."""

    area: str
    """Such as `database`."""
    verdict: Verdict
    what: str
    """A sentence."""
    why: str = ""
    """What follows from it; empty where it is in order."""
    mend: str = ""
    """A command, or what to do; empty where nothing is to be done."""


def ok(area: str, what: str) -> Finding:
    """Something in order."""
    return Finding(area, "ok", what)


def warning(area: str, what: str, why: str, mend: str) -> Finding:
    """Something that somebody should look at."""
    return Finding(area, "warning", what, why, mend)


def fault(area: str, what: str, why: str, mend: str) -> Finding:
    """Something that does not work."""
    return Finding(area, "fault", what, why, mend)


def code_of(findings: Iterable[Finding]) -> int:
    """The exit code: 0 where all is in order, 1 with warnings, 2 with a fault."""
    return max((VERDICTS.index(each.verdict) for each in findings), default=0)
