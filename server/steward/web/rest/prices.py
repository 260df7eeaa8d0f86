"""What models cost, by whose word and since when.

A price is the settings' first, then the one that was set here, then the catalogue's. Everybody
among the organisation's people reads them; owners and admins set them.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal, cast

from fastapi import APIRouter, Query, Response
from pydantic import Field
from sqlmodel import Session

from steward.core import audit
from steward.core.audit import AuditEntry
from steward.core.errors import InvalidInputError, NotFoundError, NotPermittedError
from steward.core.money import PicoUsd
from steward.core.money_limits import MODEL_NAME_CHARS_MAX
from steward.gateway.catalogue.book import VERSION
from steward.gateway.catalogue.catalogue import Catalogue
from steward.gateway.catalogue.decided import DecidedPrice, decided_prices, set_price
from steward.gateway.catalogue.model import Model
from steward.gateway.prices import Price
from steward.gateway.vault.stored import keyed_providers
from steward.permissions.roles import why_no_report
from steward.web.rest.answer import Answer, Paged, Wanted
from steward.web.rest.caller import Caller, Managing, Opened, Reading
from steward.web.rest.cursor import cursor, name_after
from steward.web.rest.query import LIMIT, Part
from steward.web.rooms import Rooms

router = APIRouter(prefix="/prices", tags=["prices"])

Source = Literal["settings", "set here", "catalogue", "nobody"]
"""Whose word it is."""
PICO_USD_MAX = 10**12
"""The highest price of a token: a million dollars for a million of them."""
_HISTORY_MAX = 200
_Pico = Annotated[int, Field(ge=0, le=PICO_USD_MAX)]


class Rates(Answer):
    """Pico-dollars a token: a million of them are one dollar for a million tokens."""

    input_pico_usd: int
    cached_input_pico_usd: int
    """For input that the provider had kept."""
    output_pico_usd: int
    cache_write_pico_usd: int
    """For input that the provider keeps for the next time."""


class TierRates(Rates):
    """Other rates for larger calls; they hold for the whole call."""

    above_input_tokens: int


class ModelPrice(Answer):
    """What one model costs."""

    model: str
    """`provider/model`."""
    source: Source
    """`nobody` has said: it is not called, since its bill could not be limited."""
    rates: Rates | None
    tiers: tuple[TierRates, ...]
    version: str | None
    """Kept with every call that it priced."""
    set_by: str | None
    set_at: datetime | None
    is_passed_over: bool
    """Whether a price was set here that does not hold, because the settings have one."""


class PriceWanted(Wanted):
    """A price, in pico-dollars a token: $0.15 for a million tokens are 150,000."""

    input_pico_usd: _Pico
    output_pico_usd: _Pico
    cached_input_pico_usd: _Pico | None = None
    """As other input where it is null."""
    cache_write_pico_usd: _Pico | None = None
    """As other input where it is null."""


class PriceChange(Answer):
    """A price that somebody set, or was not let to."""

    at: datetime
    actor: str
    is_refused: bool
    before: Rates | None
    after: Rates | None
    """Null where it was taken back."""


class PricesPart(Part):
    """Which prices, and which part of them."""

    source: Source | None = None
    provider: Annotated[str | None, Field(max_length=MODEL_NAME_CHARS_MAX)] = None


ModelName = Annotated[str, Query(max_length=MODEL_NAME_CHARS_MAX)]


@router.get("")
async def read_prices(
    caller: Reading, rooms: Opened, wanted: Annotated[PricesPart, Query()]
) -> Paged[ModelPrice]:
    """What every model costs that is known here, by its name."""
    return await prices_of(caller, rooms, wanted)


@router.get("/history")
async def read_history(caller: Reading, rooms: Opened, model: ModelName) -> Paged[PriceChange]:
    """Who set the price of one model, the newest 200, newest first."""
    return await history_of(caller, rooms, model)


@router.get("/one")
async def read_price(caller: Reading, rooms: Opened, model: ModelName) -> ModelPrice:
    """What one model costs."""
    return await price_of(caller, rooms, model)


@router.put("/one")
async def put_price(
    wanted: PriceWanted, caller: Managing, rooms: Opened, model: ModelName
) -> ModelPrice:
    """Let a price hold for a model, within seconds in every running process."""
    return await priced_by(caller, rooms, model, wanted)


@router.delete("/one", status_code=204)
async def take_price_back(caller: Managing, rooms: Opened, model: ModelName) -> Response:
    """Take back the price that was set here."""
    await priced_by(caller, rooms, model, None)
    return Response(status_code=204)


async def prices_of(caller: Caller, rooms: Rooms, wanted: PricesPart) -> Paged[ModelPrice]:
    """The prices that a caller may see.

    Raises:
        NotPermittedError: they are not among the organisation's people.
    """
    _check(caller)
    limit, last = wanted.limit or LIMIT, name_after(wanted.after)
    provider, tenant = wanted.provider, caller.principal.tenant_id

    def work(session: Session) -> list[ModelPrice]:
        decided = decided_prices(session, tenant)
        shown = (_shown(each, decided) for each in _catalogue(session, rooms, tenant, decided))
        return [
            each
            for each in shown
            if each.model > last
            and wanted.source in (None, each.source)
            and (provider is None or each.model.startswith(f"{provider}/"))
        ]

    found = await rooms.database.read(work)
    more = len(found) > limit
    return Paged(items=tuple(found[:limit]), next=cursor(found[limit - 1].model) if more else None)


async def price_of(caller: Caller, rooms: Rooms, name: str) -> ModelPrice:
    """What one model costs, known or not; raises as `prices_of`."""
    _check(caller)
    _check_name(name)
    tenant = caller.principal.tenant_id

    def work(session: Session) -> ModelPrice:
        decided = decided_prices(session, tenant)
        catalogue = _catalogue(session, rooms, tenant, decided)
        # A whole name that is known means that model, whoever else could be meant by it.
        known = (each for each in catalogue if each.id == name)
        return _shown(next(known, None) or catalogue.find(name), decided)

    return await rooms.database.read(work)


async def history_of(caller: Caller, rooms: Rooms, name: str) -> Paged[PriceChange]:
    """Who set a model's price; raises as `prices_of`."""
    found = await price_of(caller, rooms, name)
    tenant, subject = caller.principal.tenant_id, f"model {found.model}"
    entries = await rooms.database.read(
        lambda session: audit.read(session, subject, _HISTORY_MAX, tenant_id=tenant)
    )
    changes = [_change(each) for each in reversed(entries) if each.action in _CHANGES]
    return Paged(items=tuple(changes), next=None)


async def priced_by(
    caller: Caller, rooms: Rooms, name: str, wanted: PriceWanted | None
) -> ModelPrice:
    """Set a price, or take it back with None; gives what holds then.

    Raises:
        NotPermittedError: the caller's role does not include it. That is audited by then.
        InvalidInputError: it is no name of a model.
        NotFoundError: no price was set here that could be taken back.
    """
    # The name is made whole: `gpt-4.1` is a model of the default provider.
    model = (await price_of(caller, rooms, name)).model
    price, now = None if wanted is None else _price(wanted), rooms.clock.now()
    principal = caller.principal

    def work(session: Session) -> str | None:
        if price is None and model not in decided_prices(session, principal.tenant_id):
            raise NotFoundError(
                f"No price was set here for {model!r}, so none is taken back. What holds comes"
                " from the settings or the catalogue."
            )
        return set_price(session, principal, model, price, now)

    if (refusal := await rooms.database.run(work)) is not None:
        raise NotPermittedError(refusal)
    return await price_of(caller, rooms, model)


def _check(caller: Caller) -> None:
    if (refusal := why_no_report(caller.principal)) is not None:
        raise NotPermittedError(refusal)


def _check_name(name: str) -> None:
    if not name.strip() or not name.isprintable():
        raise InvalidInputError(
            f"{name!r} is no name of a model. Name one as `provider/model`, in printable"
            " characters."
        )


def _catalogue(
    session: Session, rooms: Rooms, tenant: str, decided: Mapping[str, DecidedPrice]
) -> Catalogue:
    prices = {model: each.price for model, each in decided.items()}
    return Catalogue(rooms.models, prices, keyed_providers(session, tenant))


def _shown(model: Model, decided: Mapping[str, DecidedPrice]) -> ModelPrice:
    price, own = model.price, decided.get(model.id)
    holds = own is not None and price is own.price
    return ModelPrice(
        model=model.id,
        source=_source(price, is_own=holds),
        rates=None if price is None else rates_of(price),
        tiers=() if price is None else _tiers(price),
        version=None if price is None else price.version,
        set_by=own.set_by if own is not None and holds else None,
        set_at=own.set_at if own is not None and holds else None,
        is_passed_over=own is not None and not holds,
    )


def _source(price: Price | None, *, is_own: bool) -> Source:
    if price is None:
        return "nobody"
    if is_own:
        return "set here"
    return "catalogue" if price.version == VERSION else "settings"


def rates_of(price: Price) -> Rates:
    """The rates of a price, as they are sent."""
    kept = price.input if price.cache_write is None else price.cache_write
    return Rates(
        input_pico_usd=price.input,
        cached_input_pico_usd=price.cached_input,
        output_pico_usd=price.output,
        cache_write_pico_usd=kept,
    )


def _tiers(price: Price) -> tuple[TierRates, ...]:
    return tuple(
        TierRates(
            above_input_tokens=tier.above_input_tokens,
            input_pico_usd=tier.input,
            cached_input_pico_usd=tier.cached_input,
            output_pico_usd=tier.output,
            cache_write_pico_usd=tier.cache_write,
        )
        for tier in price.tiers
    )


def _price(wanted: PriceWanted) -> Price:
    sent = wanted.input_pico_usd
    cached, kept = wanted.cached_input_pico_usd, wanted.cache_write_pico_usd
    return Price(
        PicoUsd(sent),
        PicoUsd(sent if cached is None else cached),
        PicoUsd(wanted.output_pico_usd),
        "set",
        PicoUsd(sent if kept is None else kept),
    )


_CHANGES = ("gateway.price_set", "gateway.price_refused")


def _change(entry: AuditEntry) -> PriceChange:
    def rates(name: str) -> Rates | None:
        found = entry.detail.get(name)
        if not isinstance(found, dict):
            return None
        written = cast("dict[str, int | None]", found)
        sent = written["input_pico_usd"] or 0
        kept = written["cache_write_pico_usd"]
        return Rates(
            input_pico_usd=sent,
            cached_input_pico_usd=written["cached_input_pico_usd"] or 0,
            output_pico_usd=written["output_pico_usd"] or 0,
            cache_write_pico_usd=sent if kept is None else kept,
        )

    return PriceChange(
        at=entry.at,
        actor=entry.actor,
        is_refused=entry.action == "gateway.price_refused",
        before=rates("before"),
        after=rates("after"),
    )
