"""What happened on each day, in counts: kept by day and hour of UTC, and no text."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import steward

_DAYS = "days"
_WAITING_MAX = 25
"""So many changes may wait to be kept; a crash loses no more."""
_NAMES_MAX = 100
"""Different agents, models or tools of a day; more are added up as `others`."""


def fresh_day() -> dict[str, Any]:
    """A day on which nothing happened."""
    return {
        "hours": {},
        "saves": 0,
        "runs": 0,
        "runs_failed": 0,
        "tool_calls": 0,
        "model_calls": 0,
        "refused": 0,
        "failed": 0,
        "tokens": 0,
        "cost_nano_usd": 0,
        "agents": {},
        "models": {},
        "tools": {},
    }


class Counts:
    """Counts of today, and of the days before."""

    def __init__(self) -> None:
        self._day = ""
        self._today = fresh_day()
        self._waiting = 0

    def add(self, what: str, *, outcome: str = "ok") -> None:
        """One more of `saves`, `runs`, `tool_calls` or `model_calls`."""
        now = self._turn_to_today()
        self._today[what] += 1
        hour = self._today["hours"].setdefault(str(now.hour), {})
        hour[what] = hour.get(what, 0) + 1
        if outcome != "ok":
            self._today[outcome] += 1
            if what == "runs":
                self._today["runs_failed"] += 1
        self._later()

    def of(self, group: str, name: str, tokens: int = 0, cost_nano_usd: int = 0) -> None:
        """One more of an agent, a model or a tool, and what it took."""
        self._turn_to_today()
        names = self._today[group]
        if name not in names and len(names) >= _NAMES_MAX:
            name = "others"
        calls, had, spent = names.get(name, (0, 0, 0))
        names[name] = [calls + 1, had + tokens, spent + cost_nano_usd]
        if group == "models":
            self._today["tokens"] += tokens
            self._today["cost_nano_usd"] += cost_nano_usd
        self._later()

    def keep(self) -> None:
        """Keep what waits."""
        if self._day and self._waiting:
            self._waiting = 0
            steward.storage_set(f"day:{self._day}", self._today)

    def week(self) -> list[tuple[str, dict[str, Any]]]:
        """The last seven days up to today, oldest first."""
        today = self._turn_to_today().date()
        days = [today - timedelta(days=back) for back in range(6, 0, -1)]
        before = [(day.isoformat(), _kept(day.isoformat())) for day in days]
        return [*before, (self._day, self._today)]

    def forget(self) -> None:
        """Forget every day."""
        for day in _days():
            steward.storage_set(f"day:{day}", None)
        steward.storage_set(_DAYS, None)
        self._day, self._waiting = "", 0

    def _later(self) -> None:
        self._waiting += 1
        if self._waiting >= _WAITING_MAX:
            self.keep()

    def _turn_to_today(self) -> datetime:
        now = datetime.now(UTC)  # noqa: TID251  Here the sandbox is the clock.
        day = now.date().isoformat()
        if day != self._day:
            self.keep()
            self._day, self._today = day, _kept(day)
            _note_day(day)
        return now


def _kept(day: str) -> dict[str, Any]:
    kept = steward.storage_get(f"day:{day}")
    return fresh_day() | (kept or {})


def _days() -> list[str]:
    kept = steward.storage_get(_DAYS)
    return kept or []


def _note_day(day: str) -> None:
    """Remember that there is this day, and forget those that are too old."""
    days = _days()
    if day in days:
        return
    first = date.fromisoformat(day) - timedelta(days=steward.config("days_kept"))
    for old in days:
        if old < first.isoformat():
            steward.storage_set(f"day:{old}", None)
    stay = [each for each in days if each >= first.isoformat()]
    steward.storage_set(_DAYS, [*stay, day])
