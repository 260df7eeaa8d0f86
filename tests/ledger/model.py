"""The ledger in thirty lines: what it must do, without a database, batches or other processes."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from steward.core.principal import Principal
from steward.ledger.account import AccountKey, accounts_of, owner_of, period_of


@dataclass
class Promise:
    """A reservation."""

    keys: tuple[AccountKey, ...]
    asked: tuple[int, int | None]
    worst: int
    expires_at: datetime
    state: str = "open"
    cost: int = 0


@dataclass
class Model:
    """Says what every operation must give, when they come one after the other."""

    limits: dict[str, int]
    """Kind of account → hard limit."""
    hold: timedelta
    spent: dict[AccountKey, int] = field(default_factory=dict[AccountKey, int])
    promises: dict[str, Promise] = field(default_factory=dict[str, Promise])

    def reserve(
        self, principal: Principal, name: str, worst: int, now: datetime, least: int | None = None
    ) -> str:
        asked = (worst, least)
        if name in self.promises:
            found = self.promises[name]
            return f"again {found.worst}" if found.asked == asked else "conflict"
        self.expire(now)
        keys = accounts_of(owner_of(principal), period_of(now))
        limited = [(key, self.limits[key.kind]) for key in keys if key.kind in self.limits]
        left = min((limit - self.standing(key) for key, limit in limited), default=worst)
        amount = worst if least is None else max(least, min(worst, left))
        if amount and amount > left:
            return "refused"
        self.promises[name] = Promise(keys, asked, amount, now + self.hold)
        return f"new {amount}"

    def end(self, name: str, state: str, cost: int) -> str:
        found = self.promises.get(name)
        if found is None:
            return "missing"
        if (found.state, found.cost) == (state, cost):
            return "done"
        if found.state not in ("open", "expired"):
            return "conflict"
        self._charge(found, state, cost)
        return "done"

    def expire(self, now: datetime) -> None:
        for found in self.promises.values():
            if found.state == "open" and found.expires_at <= now:
                self._charge(found, "expired", found.worst)

    def reserved(self, key: AccountKey) -> int:
        held = (each for each in self.promises.values() if each.state == "open")
        return sum(each.worst for each in held if key in each.keys)

    def standing(self, key: AccountKey) -> int:
        return self.spent.get(key, 0) + self.reserved(key)

    def _charge(self, found: Promise, state: str, cost: int) -> None:
        for key in found.keys:
            self.spent[key] = self.spent.get(key, 0) + cost - found.cost
        found.state, found.cost = state, cost
