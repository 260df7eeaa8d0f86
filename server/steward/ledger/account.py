"""Which account pays: whose, and of which month."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

from steward.core.principal import Principal


@dataclass(frozen=True, slots=True)
class AccountKey:
    """One scope in one month of one tenant."""

    tenant_id: str
    scope: str
    period: str

    def parameters(self) -> dict[str, object]:
        """The key as a statement binds it."""
        return {"tenant_id": self.tenant_id, "scope": self.scope, "period": self.period}


def account_of(principal: Principal, now: datetime) -> AccountKey:
    """The account that pays for what this person does now."""
    return AccountKey(principal.tenant_id, f"user:{principal.user}", f"{now.astimezone(UTC):%Y-%m}")


def resets_on(now: datetime) -> date:
    """The first day of the next month, UTC."""
    today = now.astimezone(UTC).date()
    return date(today.year + today.month // 12, today.month % 12 + 1, 1)


def day_start(now: datetime) -> datetime:
    """Midnight before `now`, UTC."""
    return now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
