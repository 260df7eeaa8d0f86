"""What a list is asked with: how much of it, which of it, and where it goes on.

Where it goes on is what a page's last row is ordered by, in letters that mean nothing.
"""

import base64
import json
from datetime import datetime
from typing import Annotated

from fastapi import Query
from pydantic import StringConstraints

from steward.core.errors import InvalidInputError

Limit = Annotated[int, Query(ge=1, le=200)]
"""How many of a list one page has at the most."""
Name = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")]
"""A name or an id to look for; what no database takes is refused."""
_CHARS_MAX = 400


def bookmark(*values: object) -> str:
    """What a client sends as `after`; times as `datetime`."""
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    written = json.dumps(plain, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(written).decode().rstrip("=")


def number_after(after: str | None) -> int | None:
    """The number that a bookmark holds; None without one.

    Raises:
        InvalidInputError: it is none of ours.
    """
    match _read(after):
        case None:
            return None
        case [int(number)] if 0 <= number < 2**63:
            return number
        case _:
            raise _strange()


def moment_after(after: str | None) -> tuple[datetime, str] | None:
    """The time and the id that a bookmark holds; None without one.

    Raises:
        InvalidInputError: it is none of ours.
    """
    match _read(after):
        case None:
            return None
        case [str(at), str(id_)] if id_.isascii() and id_.isprintable():
            return _time(at), id_
        case _:
            raise _strange()


def _read(after: str | None) -> object:
    if after is None:
        return None
    try:
        if len(after) > _CHARS_MAX:
            raise _strange()
        padded = after.encode("ascii") + b"=" * (-len(after) % 4)
        return json.loads(base64.b64decode(padded, b"-_", validate=True)) or ()
    except (ValueError, RecursionError):
        raise _strange() from None


def _time(written: str) -> datetime:
    try:
        at = datetime.fromisoformat(written)
    except ValueError:
        raise _strange() from None
    if at.tzinfo is None:
        raise _strange()
    return at


def _strange() -> InvalidInputError:
    return InvalidInputError("`after` is not what this list gave as `next`. Ask without it.")
