"""Where the next page of a list begins, as a word that clients pass on and do not read.

It is what the last row of a page is ordered by.
"""

import base64
import json
from collections.abc import Sequence
from datetime import datetime
from typing import cast

from steward.core.errors import InvalidInputError

CURSOR_CHARS_MAX = 8_000
_EARLIEST, _LATEST = 1900, 9000
"""Years that both databases keep, with room for a zone."""


def cursor(*parts: str | int | datetime) -> str:
    """The word that stands for these parts."""
    plain = [part.isoformat() if isinstance(part, datetime) else part for part in parts]
    written = json.dumps(plain, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    return base64.urlsafe_b64encode(written).decode("ascii").rstrip("=")


def name_after(after: str | None) -> str:
    """The name that a word stands for; empty, and so before every name, without one.

    Raises:
        InvalidInputError: as `parts_of`.
    """
    return "" if after is None else str(parts_of(after, (str,))[0])


def number_after(after: str | None) -> int | None:
    """The number that a word stands for; None without one.

    Raises:
        InvalidInputError: as `parts_of`.
    """
    return None if after is None else cast("int", parts_of(after, (int,))[0])


def moment_after(after: str | None) -> tuple[datetime, str] | None:
    """The time and the id that a word stands for; None without one.

    Raises:
        InvalidInputError: as `parts_of`.
    """
    if after is None:
        return None
    at, id_ = parts_of(after, (str, str))
    try:
        moment = datetime.fromisoformat(str(at))
    except ValueError:
        raise _refused() from None
    if moment.tzinfo is None or not _EARLIEST <= moment.year <= _LATEST:
        raise _refused()
    return moment, str(id_)


def parts_of(after: str, kinds: Sequence[type]) -> tuple[object, ...]:
    """The parts of a word that `cursor` made, each of its kind.

    Raises:
        InvalidInputError: it was made for another list, or by somebody else.
    """
    try:
        if len(after) > CURSOR_CHARS_MAX:
            raise _refused()
        padded = after.encode("ascii") + b"=" * (-len(after) % 4)
        found: object = json.loads(base64.b64decode(padded, b"-_", validate=True))
    except (ValueError, RecursionError):
        raise _refused() from None
    if not isinstance(found, list):
        raise _refused()
    parts = cast("list[object]", found)
    # Not `isinstance`: true is no number here.
    if [type(each) for each in parts] != list(kinds):
        raise _refused()
    if any(isinstance(each, int) and abs(each) >= 2**63 for each in parts):
        raise _refused()
    if any(isinstance(each, str) and ("\0" in each or not _is_text(each)) for each in parts):
        raise _refused()
    return tuple(parts)


def _is_text(part: str) -> bool:
    """Whether a database takes it; JSON can spell halves of characters."""
    return not any("\ud800" <= each <= "\udfff" for each in part)


def _refused() -> InvalidInputError:
    return InvalidInputError(
        "`after` is not what this list gave as `next`. Begin without it, and pass on what comes."
    )
