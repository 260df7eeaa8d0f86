"""What became of suggestions, read from the sums, with the shares that people ask for."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from sqlalchemy import text
from sqlmodel import Session

from steward.completion.outcomes.tally import NAMES, WITHIN_MS, Counts

By = Literal["language", "model", "kind", "day", "user"]
"""What a report has a line for."""

_SUMS = ", ".join(f"SUM({name})" for name in NAMES)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a report."""

    name: str
    counts: Counts

    @property
    def acceptance(self) -> float | None:
        """Which share of those shown was accepted, whole or in part; None where none was."""
        return _share(self.counts.accepted + self.counts.partly, self.counts.shown)

    @property
    def usual_ms(self) -> int | None:
        """A bound that half of the answers kept; None where there is none such."""
        seen = 0
        for bound in WITHIN_MS:
            seen += getattr(self.counts, f"within_{bound}_ms")
            if 2 * seen >= self.counts.asked > 0:
                return bound
        return None

    def still_there(self, after_s: int) -> float | None:
        """Which share of those accepted was still there then; None where nobody looked."""
        counts = self.counts
        kept: int = getattr(counts, f"kept_{after_s}_s")
        return _share(kept, getattr(counts, f"looked_{after_s}_s"))


def report(
    session: Session, tenant_id: str, by: By, days: tuple[date, date], user: str | None
) -> Sequence[Line]:
    """Lines for the days from the first to the last, of one user or, for None, of everybody.

    The names with most suggestions stand first; days stand in order.
    """
    name = '"user"' if by == "user" else by
    order = name if by == "day" else f"SUM(offered) DESC, {name}"
    whose = "" if user is None else ' AND "user" = :user'
    statement = text(
        f"SELECT {name}, {_SUMS} FROM ghost_text_day"  # noqa: S608  Our own names.
        f" WHERE tenant_id = :tenant_id AND day BETWEEN :first AND :last{whose}"
        f" GROUP BY {name} ORDER BY {order}"
    )
    first, last = (day.isoformat() for day in days)
    values = {"tenant_id": tenant_id, "first": first, "last": last, "user": user}
    # PostgreSQL adds integers up to decimals.
    return [
        Line(row[0], Counts(*map(int, row[1:])))
        for row in session.connection().execute(statement, values)
    ]


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None
