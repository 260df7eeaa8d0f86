"""Why an account did not cover a call, in words for people and in fields for programs."""

from steward.core.errors import OverBudgetError
from steward.core.money import as_usd
from steward.ledger.account import SESSION_PERIOD, AccountKey, resets_on, whose
from steward.ledger.booking import Balances, Reserve
from steward.ledger.settings import SETTING_OF


def refused(wanted: Reserve, found: Balances) -> OverBudgetError:
    """The error that says which account it was, what it stands at, and until when."""
    return OverBudgetError(_said(wanted, found), _shortfall(wanted, found))


def _said(wanted: Reserve, found: Balances) -> str:
    left = max(0, found.limit - found.spent - found.reserved)
    charge = wanted.charge
    if charge.least_nano_usd is None or charge.least_nano_usd == charge.worst_nano_usd:
        needs = f"It may cost up to {as_usd(charge.worst_nano_usd)}"
    else:
        needs = f"With the shortest useful answer it may cost up to {as_usd(charge.least_nano_usd)}"
    return (
        f"The {whose(found.account)} does not cover this call. {needs};"
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
        "needed_nano_usd": wanted.charge.worst_nano_usd,
        "resets_on": None if is_session else resets_on(wanted.at).isoformat(),
    }


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
