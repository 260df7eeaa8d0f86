"""The page of budgets: how every account stands, and what a change would come to."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import Field

from steward.core.money import NANO_PER_USD, nano_usd
from steward.core.money_limits import SCOPE_CHARS_MAX
from steward.web.pages.shown import back, page
from steward.web.rest.budgets import (
    AccountsWanted,
    Limiting,
    budget_of,
    budgets_of,
    history_of,
    limited_by,
    preview_of,
)
from steward.web.rest.caller import Managing, Opened, Reading

router = APIRouter()

_Sum = Annotated[str | None, Field(max_length=40)]
_Act = Literal["set", "clear"]


class BudgetsWanted(AccountsWanted):
    """Which accounts, which one of them, and what is thought of for it."""

    scope: Annotated[str | None, Field(max_length=SCOPE_CHARS_MAX)] = None
    act: _Act | None = None
    """What is thought of; nothing where only the account is looked at."""
    hard: _Sum = None
    """In dollars; empty for no limit."""
    soft: _Sum = None


@router.get("/budgets")
async def budgets_page(
    request: Request, caller: Reading, rooms: Opened, wanted: Annotated[BudgetsWanted, Query()]
) -> HTMLResponse:
    """The accounts; of one of them who limited it, and what a change would come to."""
    scope = wanted.scope
    values: dict[str, object] = {
        "wanted": wanted,
        "budgets": await budgets_of(caller, rooms, wanted),
        "chosen": None if scope is None else await budget_of(caller, rooms, scope),
        "history": None if scope is None else await history_of(caller, rooms, scope),
        "preview": None,
        "in_dollars": _in_dollars,
    }
    if scope is not None and wanted.act is not None:
        limiting = _limiting(wanted.act, wanted.hard, wanted.soft)
        values["preview"] = await preview_of(caller, rooms, scope, limiting)
    return page(request, "budgets", caller, values)


@router.post("/budgets")
async def set_budget(  # noqa: PLR0913  A form has these fields.
    request: Request,
    caller: Managing,
    rooms: Opened,
    scope: Annotated[str, Form(max_length=SCOPE_CHARS_MAX)],
    act: Annotated[_Act, Form()],
    hard: Annotated[str, Form(max_length=40)] = "",
    soft: Annotated[str, Form(max_length=40)] = "",
) -> Response:
    """Set the limits of an account, or take them back."""
    await limited_by(caller, rooms, scope, _limiting(act, hard, soft))
    told = "The settings hold again for" if act == "clear" else "From the next call on limits hold"
    return back(request, "/budgets", caller, f"{told}{' for' if act == 'set' else ''} {scope}.")


def _limiting(act: _Act, hard: str | None, soft: str | None) -> Limiting | None:
    if act == "clear":
        return None
    return Limiting(
        hard_nano_usd=nano_usd(hard.strip()) if hard and hard.strip() else None,
        soft_nano_usd=nano_usd(soft.strip()) if soft and soft.strip() else None,
    )


def _in_dollars(sum_nano_usd: int | None) -> str:
    """A sum as somebody would write it into the form."""
    if sum_nano_usd is None:
        return ""
    whole, rest = divmod(sum_nano_usd, NANO_PER_USD)
    return f"{whole}.{f'{rest:09}'.rstrip('0'):0<2}"
