"""`steward token`: personal tokens, made for oneself or by the owner for somebody else."""

import argparse
import json
import secrets
import sys
from collections.abc import Sequence
from dataclasses import asdict
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
            now = clock.now()
            shown = [token for token in found if arguments.all or token.is_in_force(now)]
            return 0, _as_json(shown, now) if arguments.json else _listed(shown, now)


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


def _as_json(shown: Sequence[Token], now: datetime) -> str:
    values = [
        asdict(token) | {"scopes": sorted(token.scopes), "state": _state(token, now)}
        for token in shown
    ]
    return json.dumps(values, indent=2, default=datetime.isoformat) + "\n"


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
