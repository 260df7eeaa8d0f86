"""What a call would cost and who would pay it, found out without making it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlmodel import Session

from steward.core.errors import InvalidInputError, UnavailableError
from steward.core.limits import TOKENS_MAX
from steward.core.money import NOTHING, as_usd
from steward.core.principal import Principal
from steward.gateway.call.estimate import Estimate, asked_of, body_bytes, estimate, shortened
from steward.gateway.catalogue.catalogue import Catalogue
from steward.gateway.catalogue.decided import decided_prices
from steward.gateway.catalogue.model import Model
from steward.gateway.prices import Price
from steward.gateway.request import ModelRequest, Written
from steward.gateway.settings import GatewaySettings
from steward.gateway.vault.stored import keyed_providers
from steward.ledger.account import Kind, Limits, accounts_of, owner_of, period_of
from steward.ledger.reading import AccountStanding, accounts
from steward.ledger.report import UsageLine, usage_by
from steward.permissions.people import identified
from steward.permissions.roles import why_no_call

HISTORY = timedelta(days=30)
"""How far back we look for how much the models write."""


@dataclass(frozen=True, slots=True)
class Question:
    """A call that somebody thinks of."""

    task: Written
    text: str
    """What would be sent."""
    output_tokens_max: int
    model: str | None = None
    """None for the one that is chosen for the task."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The call, as it would be made."""

    request: ModelRequest
    model: Model
    price: Price
    sent_bytes: int


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would come of a call."""

    asked: Asked
    cost: Estimate
    accounts: Sequence[AccountStanding]
    """Those that would pay together."""
    usual: UsageLine | None
    """The calls of this task, lately; None where there were none."""
    refusal: str | None = None
    """Why it would be refused; None where it would be made."""
    shortened_to: int | None = None
    """To how many tokens its answer would be limited; None where it would not be."""


@dataclass(frozen=True, slots=True)
class Rules:
    """Under which settings."""

    models: GatewaySettings
    limits: Mapping[Kind, Limits]


def foresee(
    session: Session, principal: Principal, question: Question, rules: Rules, now: datetime
) -> Foreseen:
    """What a call of this person's would come to; nothing is sent or set aside.

    Raises:
        UnavailableError: no model is chosen for the task.
        UnpricedError: nobody has said what the model costs.
        InvalidInputError: no call has such an answer.
    """
    person = identified(session, principal)
    asked = _asked(session, person.tenant_id, question, rules.models)
    today = now.astimezone(UTC).date()
    lines = usage_by(session, person.tenant_id, "task", today - HISTORY, today)
    usual = next((line for line in lines if line.name == question.task), None)
    mean = -(-usual.output_tokens // usual.calls) if usual and usual.calls else None
    cost = estimate(asked.price, asked.sent_bytes, question.output_tokens_max, mean)
    keys = accounts_of(owner_of(person), period_of(now))
    paying = tuple(accounts(session, keys, rules.limits).values())
    refusal, shorter = _verdict(asked, cost, paying, why_no_call(person))
    return Foreseen(asked, cost, paying, usual, refusal, shorter)


def _asked(session: Session, tenant: str, question: Question, models: GatewaySettings) -> Asked:
    if not 1 <= question.output_tokens_max <= TOKENS_MAX:
        raise InvalidInputError(
            f"A model cannot be asked for {question.output_tokens_max} tokens; name a number from 1"
            f" to {TOKENS_MAX}."
        )
    keyed = keyed_providers(session, tenant)
    name = question.model or models.model_for(question.task, keyed)
    if name is None:
        raise UnavailableError(
            f"No model is chosen for the task {question.task!r}. Name one, or set STEWARD_MODEL."
        )
    prices = {name: each.price for name, each in decided_prices(session, tenant).items()}
    chosen = Catalogue(models, prices, keyed).find(name)
    request = asked_of(question.task, question.text, question.output_tokens_max)
    return Asked(request, chosen, chosen.priced(), body_bytes(chosen, request))


def _verdict(
    asked: Asked, cost: Estimate, paying: Sequence[AccountStanding], refusal: str | None
) -> tuple[str | None, int | None]:
    """Why it would be refused, and to what it would be shortened."""
    short = [each for each in paying if not each.covers(cost.worst_nano_usd)]
    if refusal is not None or not short:
        return refusal, None
    left = min(each.left or NOTHING for each in short)
    most = shortened(asked.price, asked.sent_bytes, asked.request, left)
    if most is not None:
        return None, most
    names = ", ".join(each.key.scope for each in short)
    return f"{as_usd(cost.worst_nano_usd)} is more than is left of {names}.", None
