"""What this person may ask and spend: the models and the budgets, as they stand now."""

from typing import TYPE_CHECKING

from steward.core.money import as_usd, limit_as_usd
from steward.ledger.account import renewed_on, whose
from steward.lsp.features.commands import Arguments
from steward.lsp.rooms import Rooms
from steward.lsp.session import Session

if TYPE_CHECKING:
    from steward.ledger.reading import AccountStanding


async def list_models(_session: Session, rooms: Rooms, _arguments: Arguments) -> object:
    """The models that you may ask: `[{id, provider, name, tasks, price, abilities, state, why}]`.

    `tasks` are those that it answers where nobody names a model. The state is `ready`, `resting`
    (its provider failed and is left alone), `no key`, `no price`, `not configured` or `off`; `why`
    says what is in the way, and is empty where nothing is.
    """
    return [
        {
            "id": each.model.id,
            "provider": each.model.provider,
            "name": each.model.name,
            "tasks": list(each.tasks),
            "price": each.model.price.in_words() if each.model.price else "",
            "abilities": sorted(each.model.abilities),
            "state": each.state,
            "why": each.why,
        }
        for each in await rooms.gateway.standings(rooms.principal)
    ]


async def list_budgets(_session: Session, rooms: Rooms, _arguments: Arguments) -> object:
    """Every budget that pays for your calls: `[{name, spent, reserved, limit, left, …}]`.

    And `account`, `usedPercent` of what is spent, `resetsOn`, and `state`: `ok`, `warned` from 80 %
    on, `nearly` from 95 % on, or `used up`. Sums come as text; `limit`, `left` and `usedPercent`
    are `null` where there is no limit, `resetsOn` for a session's.
    """
    return [_budget(each) for each in await rooms.ledger.accounts(rooms.principal)]


def _budget(account: "AccountStanding") -> dict[str, object]:
    day = renewed_on(account.key)
    return {
        "account": account.key.scope,
        "name": whose(account.key),
        "spent": as_usd(account.spent),
        "reserved": as_usd(account.reserved),
        "limit": None if account.limit is None else limit_as_usd(account.limit),
        "left": None if account.left is None else as_usd(account.left),
        "usedPercent": account.used_percent,
        "resetsOn": None if day is None else day.isoformat(),
        "state": state_of(account),
    }


def state_of(account: "AccountStanding") -> str:
    """How near a budget is to its end."""
    used = account.used_percent
    if used is None or used < 80:
        return "used up" if account.left == 0 else "ok"
    if account.left == 0:
        return "used up"
    return "nearly" if used >= 95 else "warned"
