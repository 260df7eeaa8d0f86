"""Prices that somebody set for everybody, in place of what the catalogue's file says."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from steward.core import audit
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.money import PicoUsd
from steward.core.principal import Principal
from steward.gateway.catalogue.tables import ModelPriceRow
from steward.gateway.prices import Price
from steward.permissions.people import known, owners
from steward.permissions.roles import SetPrice, why_not

_FRESH = timedelta(seconds=5)
"""How long prices that were read are used; another process may have set one meanwhile."""


@dataclass(frozen=True, slots=True)
class DecidedPrice:
    """A price, and who set it."""

    price: Price
    set_by: str
    set_at: datetime


def set_price(
    session: Session, principal: Principal, model: str, price: Price | None, at: datetime
) -> str | None:
    """Let a price hold for a model of the principal's tenant; None takes it back.

    It is audited in the same transaction, and so is an attempt that the principal's role does not
    cover. Then nothing changes and the reason is given, not raised: the unit must commit.
    """
    tenant = principal.tenant_id
    act = SetPrice(model, owners(session, tenant))
    refusal = why_not(known(session, tenant, principal.user), act)
    before = session.get(ModelPriceRow, (tenant, model))
    audit.append(
        session,
        at=at,
        tenant_id=tenant,
        actor=principal.user,
        action="gateway.price_refused" if refusal else "gateway.price_set",
        subject=f"model {model}",
        detail={"before": _rates(before and _price(before)), "after": _rates(price)},
    )
    if refusal is None:
        if before is not None:
            session.delete(before)
            session.flush()
        if price is not None:
            session.add(_row(tenant, model, price, principal.user, at))
    return refusal


def decided_prices(session: Session, tenant_id: str) -> dict[str, DecidedPrice]:
    """Every price that was set in the tenant, by `provider/model`."""
    chosen = select(ModelPriceRow).where(col(ModelPriceRow.tenant_id) == tenant_id)
    return {
        row.model: DecidedPrice(_price(row), row.set_by, row.set_at) for row in session.exec(chosen)
    }


class DecidedPrices:
    """The prices that were set, as the gateway looks them up: read again when they are old."""

    def __init__(self, database: Database, clock: Clock, tenant_id: str) -> None:
        self._database = database
        self._clock = clock
        self._tenant_id = tenant_id
        self._read_at: datetime | None = None
        self._found: dict[str, Price] = {}

    @property
    def by_model(self) -> Mapping[str, Price]:
        """`provider/model` → price; the same mapping, whose content changes."""
        return self._found

    async def refresh(self) -> None:
        """Read them again, if that was some seconds ago."""
        now = self._clock.now()
        # A clock that was set back must not keep old prices in force.
        if self._read_at is not None and timedelta(0) <= now - self._read_at < _FRESH:
            return
        found = await self._database.read(lambda session: decided_prices(session, self._tenant_id))
        self._read_at = now
        self._found.clear()
        self._found.update({model: each.price for model, each in found.items()})


def _row(tenant: str, model: str, price: Price, by: str, at: datetime) -> ModelPriceRow:
    return ModelPriceRow(
        tenant_id=tenant,
        model=model,
        input_pico_usd=price.input,
        cached_input_pico_usd=price.cached_input,
        output_pico_usd=price.output,
        cache_write_pico_usd=price.input if price.cache_write is None else price.cache_write,
        set_by=by,
        set_at=at,
    )


def _price(row: ModelPriceRow) -> Price:
    return Price(
        PicoUsd(row.input_pico_usd),
        PicoUsd(row.cached_input_pico_usd),
        PicoUsd(row.output_pico_usd),
        f"{row.set_by} {row.set_at:%Y-%m-%d}",
        PicoUsd(row.cache_write_pico_usd),
    )


def _rates(price: Price | None) -> dict[str, int | None] | None:
    if price is None:
        return None
    return {
        "input_pico_usd": price.input,
        "cached_input_pico_usd": price.cached_input,
        "output_pico_usd": price.output,
        "cache_write_pico_usd": price.cache_write,
    }
