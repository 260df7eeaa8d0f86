"""Pages of what models cost, and of the models themselves."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field

from steward.core.money import pico_usd, usd_per_million
from steward.core.money_limits import MODEL_NAME_CHARS_MAX
from steward.web.pages.shown import back, page
from steward.web.rest.caller import Managing, Opened, Reading
from steward.web.rest.models import ModelsPart, choices_of, models_of
from steward.web.rest.prices import (
    PricesPart,
    PriceWanted,
    history_of,
    price_of,
    priced_by,
    prices_of,
)

router = APIRouter()

_Sum = Annotated[str, Form(max_length=40)]
_Name = Annotated[str | None, Field(max_length=MODEL_NAME_CHARS_MAX)]


class PricesWanted(PricesPart):
    """Which prices, and which one of them."""

    model: _Name = None


@router.get("/prices")
async def prices_page(
    request: Request, caller: Reading, rooms: Opened, wanted: Annotated[PricesWanted, Query()]
) -> HTMLResponse:
    """What every model costs; of one of them who set it."""
    name = wanted.model
    values = {
        "wanted": wanted,
        "prices": await prices_of(caller, rooms, wanted),
        "chosen": None if name is None else await price_of(caller, rooms, name),
        "history": None if name is None else await history_of(caller, rooms, name),
        "a_million": usd_per_million,
    }
    return page(request, "prices", caller, values)


@router.post("/prices")
async def set_price(  # noqa: PLR0913  A form has these fields.
    request: Request,
    caller: Managing,
    rooms: Opened,
    model: Annotated[str, Form(max_length=MODEL_NAME_CHARS_MAX)],
    act: Annotated[Literal["set", "clear"], Form()],
    sent: _Sum = "",
    output: _Sum = "",
    cached: _Sum = "",
    kept: _Sum = "",
) -> Response:
    """Set what a model costs, or take it back."""
    if act == "clear":
        await priced_by(caller, rooms, model, None)
        return back(request, "/prices", caller, f"The price of {model} that was set here is gone.")
    wanted = PriceWanted(
        input_pico_usd=pico_usd(sent.strip()),
        output_pico_usd=pico_usd(output.strip()),
        cached_input_pico_usd=pico_usd(cached.strip()) if cached.strip() else None,
        cache_write_pico_usd=pico_usd(kept.strip()) if kept.strip() else None,
    )
    found = await priced_by(caller, rooms, model, wanted)
    if found.is_passed_over:
        said = f"It is kept, but the settings have a price for {found.model}, and theirs holds."
    else:
        said = f"{found.model} costs that within seconds in every running process."
    return back(request, "/prices", caller, said)


@router.get("/models")
async def models_page(
    request: Request, caller: Reading, rooms: Opened, wanted: Annotated[ModelsPart, Query()]
) -> HTMLResponse:
    """The models, how they stand, and which is asked for what."""
    values = {
        "which": wanted.which or "usable",
        "models": await models_of(caller, rooms, wanted),
        "choices": await choices_of(caller, rooms),
        "a_million": usd_per_million,
    }
    return page(request, "models", caller, values)
