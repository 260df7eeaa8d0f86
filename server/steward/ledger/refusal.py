"""How a call is refused that an account does not cover: in words, and as figures."""

from steward.core.errors import OverBudgetError
from steward.core.money import NanoUsd, as_usd
from steward.ledger.account import SESSION_PERIOD, AccountKey, resets_on, whose
from steward.ledger.booking import Balances, Reserve
from steward.ledger.charge import Charge
from steward.ledger.settings import SETTING_OF


def over_budget(wanted: Reserve, found: Balances) -> OverBudgetError:
    """What is told: whose budget it is, how it stands, and what to do."""
    return OverBudgetError(_refusal(wanted, found), _shortfall(wanted, found))


def _refusal(wanted: Reserve, found: Balances) -> str:
    left = max(0, found.limit - found.spent - found.reserved)
    needed = _needed(wanted.charge)
    is_least = needed < wanted.charge.worst_nano_usd
    needs = f"{'With the shortest useful answer it' if is_least else 'It'} may cost up to"
    return (
        f"The {whose(found.account)} does not cover this call. {needs} {as_usd(needed)};"
        f" of {as_usd(found.limit, places=2)}, {as_usd(found.spent)} is spent and"
        f" {as_usd(found.reserved)} is set aside for calls under way, so {as_usd(left)} is left."
        f" {_renewal(wanted, found.account)}"
    )


def _shortfall(wanted: Reserve, found: Balances) -> dict[str, object]:
    """What a refusal says, for programs; sums in nano-dollars."""
    is_session = found.account.period == SESSION_PERIOD
    return {
        "scope": found.account.scope,
        "limit_nano_usd": found.limit,
        "spent_nano_usd": found.spent,
        "reserved_nano_usd": found.reserved,
        "needed_nano_usd": _needed(wanted.charge),
        "resets_on": None if is_session else resets_on(wanted.at).isoformat(),
    }


def _needed(charge: Charge) -> NanoUsd:
    least = charge.least_nano_usd
    return charge.worst_nano_usd if least is None else least


def _renewal(wanted: Reserve, account: AccountKey) -> str:
    setting = SETTING_OF[account.kind]
    if account.period == SESSION_PERIOD:
        renewed = "The next session has its own"
    else:
        renewed = f"The budget is renewed on {resets_on(wanted.at).isoformat()}"
    return (
        f"{renewed}; to raise it now, use `steward budget set`, or set `{setting}` in the"
        f" [ledger] section of settings.toml, or STEWARD_LEDGER__{setting.upper()}."
    )
