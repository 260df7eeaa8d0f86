"""`steward cost`: what a call would cost and who would pay, before anything is sent."""

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, timedelta
from pathlib import Path
from typing import cast, get_args

from sqlmodel import Session

from steward.cli.shell import Shell, limit, say
from steward.cli.table import table
from steward.core.errors import InvalidInputError, LimitError, UnavailableError
from steward.core.limits import REQUEST_BYTES_MAX, TOKENS_MAX
from steward.core.money import NOTHING, as_usd
from steward.gateway.call.estimate import Estimate, asked_of, body_bytes, estimate, shortened
from steward.gateway.catalogue.catalogue import Catalogue
from steward.gateway.catalogue.decided import decided_prices
from steward.gateway.catalogue.model import Model
from steward.gateway.prices import Price
from steward.gateway.request import ModelRequest, Written
from steward.gateway.vault.stored import keyed_providers
from steward.ledger.account import accounts_of, owner_of, period_of
from steward.ledger.reading import AccountStanding, accounts
from steward.ledger.report import UsageLine, usage_by
from steward.permissions.people import identified
from steward.permissions.roles import why_no_call

_HISTORY = timedelta(days=30)
"""How far back we look for how much the models write."""


@dataclass(frozen=True, slots=True)
class _Asked:
    request: ModelRequest
    model: Model
    price: Price
    sent_bytes: int


@dataclass(frozen=True, slots=True)
class _Books:
    """What the database says of a call like this."""

    accounts: Sequence[AccountStanding]
    usual: UsageLine | None
    refusal: str | None
    """Why this person may call no model."""


@dataclass(frozen=True, slots=True)
class _Verdict:
    """Whether the call would be made: None in both, whole; and if not, why not."""

    refusal: str | None = None
    shortened_to: int | None = None


def estimate_cost(shell: Shell, arguments: argparse.Namespace) -> int:
    """Write the estimate; gives 1 if the call would be refused."""
    asked = _asked(shell, arguments)
    books = shell.read(lambda session: _books(session, shell, asked, arguments.workspace))
    calls = books.usual.calls if books.usual else 0
    usual = -(-books.usual.output_tokens // calls) if books.usual and calls else None
    found = estimate(asked.price, asked.sent_bytes, asked.request.output_tokens_max, usual)
    verdict = _verdict(asked, found, books)
    show = _as_json if arguments.json else _as_text
    say(show(asked, found, books, verdict))
    return 0 if verdict.refusal is None else 1


def _verdict(asked: _Asked, found: Estimate, books: _Books) -> _Verdict:
    if books.refusal is not None:
        return _Verdict(books.refusal)
    short = [each for each in books.accounts if not each.covers(found.worst_nano_usd)]
    if not short:
        return _Verdict()
    left = min(each.left or NOTHING for each in short)
    most = shortened(asked.price, asked.sent_bytes, asked.request, left)
    if most is not None:
        return _Verdict(shortened_to=most)
    names = ", ".join(each.key.scope for each in short)
    return _Verdict(f"{as_usd(found.worst_nano_usd)} is more than is left of {names}.")


def _asked(shell: Shell, arguments: argparse.Namespace) -> _Asked:
    settings = shell.settings
    task = _task(arguments.task)
    tenant = shell.principal.tenant_id
    keyed = shell.read(lambda session: keyed_providers(session, tenant))
    model = arguments.model or settings.gateway.model_for(task, keyed)
    if model is None:
        raise UnavailableError(
            f"No model is chosen for the task {task!r}. Name one with --model, or set"
            " STEWARD_MODEL."
        )
    own = settings.completion if task == "completion" else settings.agents
    most = own.output_tokens_max if arguments.output_tokens is None else arguments.output_tokens
    if not 1 <= most <= TOKENS_MAX:
        raise InvalidInputError(
            f"A model cannot be asked for {most} tokens; name a number from 1 to {TOKENS_MAX}."
        )
    request = asked_of(task, _text(arguments.file), most)
    decided = shell.read(lambda session: decided_prices(session, tenant))
    prices = {name: each.price for name, each in decided.items()}
    chosen = Catalogue(settings.gateway, prices, keyed).find(model)
    return _Asked(request, chosen, chosen.priced(), body_bytes(chosen, request))


def _task(written: str) -> Written:
    if written not in get_args(Written):
        raise InvalidInputError(
            f"There is no task {written!r}; name one of {', '.join(get_args(Written))}."
        )
    return cast("Written", written)


def _text(file: str) -> str:
    """What would be sent, from a file or standard input."""
    try:
        if file == "-":
            content = sys.stdin.buffer.read(REQUEST_BYTES_MAX + 1)
        else:
            with Path(file).open("rb") as opened:
                content = opened.read(REQUEST_BYTES_MAX + 1)
    except OSError as error:
        raise UnavailableError(
            f"{file!r} cannot be read: {error.strerror}. Name a file that you can read, or `-`."
        ) from error
    if len(content) > REQUEST_BYTES_MAX:
        raise LimitError(
            f"No call takes more than {REQUEST_BYTES_MAX} bytes, so this one would not be made."
            " Send less."
        )
    return content.decode("utf-8", "replace")


def _books(session: Session, shell: Shell, asked: _Asked, workspace: Path | None) -> _Books:
    where = str(workspace.resolve()) if workspace else ""
    principal = identified(session, replace(shell.principal, workspace=where))
    today = shell.now.astimezone(UTC).date()
    lines = usage_by(session, principal.tenant_id, "task", today - _HISTORY, today)
    keys = accounts_of(owner_of(principal), period_of(shell.now))
    return _Books(
        accounts=tuple(accounts(session, keys, shell.settings.ledger.limits()).values()),
        usual=next((line for line in lines if line.name == asked.request.task), None),
        refusal=why_no_call(principal),
    )


def _as_text(asked: _Asked, found: Estimate, books: _Books, verdict: _Verdict) -> str:
    if books.usual is None:
        why = "nobody knows, so all that it may write"
    else:
        why = f"the mean of {books.usual.calls} calls of this task in {_HISTORY.days} days"
    price = asked.price
    lines = [
        f"model   {asked.model.id}, for the task {asked.request.task}",
        f"price   ${price.input / 1e6:g} in and ${price.output / 1e6:g} out for a million tokens"
        f" ({price.version})",
        f"input   at most {found.input_tokens_max:,} tokens, one for each byte; probably"
        f" {found.input_tokens:,}",
        f"output  at most {found.output_tokens_max:,} tokens; probably {found.output_tokens:,}"
        f" ({why})",
        f"cost    at most {as_usd(found.worst_nano_usd)}; probably"
        f" {as_usd(found.probable_nano_usd)}",
    ]
    rows = [(each.key.scope, limit(each.limit), limit(each.left)) for each in books.accounts]
    paying = table((("pays", "limit", "left"), *rows))
    return "\n".join(lines) + f"\n\n{paying}\n{_in_words(verdict)} Nothing was sent.\n"


def _in_words(verdict: _Verdict) -> str:
    if verdict.refusal is not None:
        return f"It would be refused: {verdict.refusal}"
    if verdict.shortened_to is not None:
        return (
            "It would be admitted with a shorter answer, of at most"
            f" {verdict.shortened_to:,} tokens: more is not left."
        )
    return "It would be admitted."


def _as_json(asked: _Asked, found: Estimate, books: _Books, verdict: _Verdict) -> str:
    values: dict[str, object] = {
        "model": asked.model.id,
        "task": asked.request.task,
        "price_version": asked.price.version,
        "input_pico_usd_per_token": asked.price.input,
        "output_pico_usd_per_token": asked.price.output,
        **asdict(found),
        "calls_seen": books.usual.calls if books.usual else 0,
        "accounts": [
            {
                "scope": each.key.scope,
                "period": each.key.period,
                "limit_nano_usd": each.limit,
                "left_nano_usd": each.left,
                "covers": each.covers(found.worst_nano_usd),
            }
            for each in books.accounts
        ],
        "admitted": verdict.refusal is None,
        **asdict(verdict),
    }
    return json.dumps(values, indent=2) + "\n"
