"""`steward token`: personal tokens, made for oneself or by the owner for somebody else."""

import argparse
import json
import secrets
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

from steward.cli.table import table
from steward.core.clock import SystemClock
from steward.core.database import Database
from steward.core.ids import random_id
from steward.core.principal import Principal
from steward.permissions.people import permit_tokens
from steward.permissions.tokens import TOKEN_BYTES, Token, Tokens, Wish, scopes_of
from steward.settings import Settings


async def act(
    arguments: argparse.Namespace, settings: Settings, database: Database, principal: Principal
) -> tuple[int, str]:
    """The exit code, and what is said."""
    del settings
    clock = SystemClock()
    tokens = Tokens(database, clock, random_id, partial(secrets.token_urlsafe, TOKEN_BYTES))
    match arguments.action:
        case "create":
            return 0, await _created(tokens, principal, arguments)
        case "revoke":
            gone = await tokens.revoke(principal, arguments.id, permit_tokens)
            return 0, f"The token {gone.name!r} of {gone.user} opens nothing any more.\n"
        case _:
            found = await tokens.of(principal, arguments.user or principal.user, permit_tokens)
            shown = [each for each in found if arguments.all or each.is_in_force(clock.now())]
            told = _as_json if arguments.json else _listed
            return 0, told(shown, clock.now())


async def _created(tokens: Tokens, principal: Principal, arguments: argparse.Namespace) -> str:
    lives_for = None if arguments.days is None else timedelta(days=arguments.days)
    wish = Wish(arguments.name, scopes_of(arguments.scope or ["models"]), lives_for)
    written, token = await tokens.create(
        principal, arguments.user or principal.user, wish, permit_tokens
    )
    # Beside standard output, so that the token can be taken from there as it is.
    sys.stderr.write(
        f"The token {token.name!r} of {token.user} is shown this once, and stored nowhere.\n"
    )
    return f"{written}\n"


def _as_json(tokens: Sequence[Token], now: datetime) -> str:
    told = [
        {
            "id": token.id,
            "name": token.name,
            "user": token.user,
            "scopes": sorted(token.scopes),
            "created_at": token.created_at.isoformat(),
            "expires_at": token.expires_at and token.expires_at.isoformat(),
            "last_used_at": token.last_used_at and token.last_used_at.isoformat(),
            "state": _state(token, now),
        }
        for token in tokens
    ]
    return json.dumps(told, indent=2) + "\n"


def _listed(shown: Sequence[Token], now: datetime) -> str:
    if not shown:
        return "No token is in force. `steward token create` makes one.\n"
    head = ("id", "name", "scopes", "made", "until", "last used", "state")
    return table(
        (
            head,
            *(
                (
                    token.id,
                    token.name,
                    " ".join(sorted(token.scopes)),
                    f"{token.created_at:%Y-%m-%d}",
                    "it is revoked" if token.expires_at is None else f"{token.expires_at:%Y-%m-%d}",
                    "never"
                    if token.last_used_at is None
                    else f"{token.last_used_at:%Y-%m-%d %H:%M}",
                    _state(token, now),
                )
                for token in shown
            ),
        ),
        are_numbers=False,
    )


def _state(token: Token, now: datetime) -> str:
    if token.is_in_force(now):
        return "in force"
    return "revoked" if token.revoked_at is not None else "expired"
