"""Where the next page of a list begins, as a word that clients pass on and do not read."""

import base64
import binascii
import json
from collections.abc import Sequence
from typing import cast

from steward.core.errors import InvalidInputError

CURSOR_CHARS_MAX = 8_000


def cursor(*parts: str | int) -> str:
    """The word that stands for these parts."""
    written = json.dumps(parts, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    return base64.urlsafe_b64encode(written).decode("ascii").rstrip("=")


def parts_of(after: str, kinds: Sequence[type]) -> tuple[object, ...]:
    """The parts of a word that `cursor` made, each of its kind.

    Raises:
        InvalidInputError: it was made for another list, or by somebody else.
    """
    try:
        padded = after[:CURSOR_CHARS_MAX] + "=" * (-len(after) % 4)
        found: object = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
    except (binascii.Error, ValueError, RecursionError):
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
