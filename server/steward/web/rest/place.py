"""Where a page of a list ends, as a client sends it back: opaque, and checked when it comes."""

import base64
import binascii
import json
from datetime import datetime
from typing import cast

from steward.core.errors import InvalidInputError

_CHARS_MAX = 400


def written(at: datetime, id_: str) -> str:
    """What to send as `after` for what is older than this."""
    return base64.urlsafe_b64encode(json.dumps([at.isoformat(), id_]).encode()).decode().rstrip("=")


def read(after: str) -> tuple[datetime, str]:
    """The inverse of `written`.

    Raises:
        InvalidInputError: it was not made here.
    """
    try:
        padded = after[:_CHARS_MAX] + "=" * (-len(after) % 4)
        value: object = json.loads(base64.urlsafe_b64decode(padded.encode("ascii")))
        at, id_ = cast("list[object]", value)
        moment = datetime.fromisoformat(cast(str, at))
    except (binascii.Error, ValueError, TypeError) as error:
        raise InvalidInputError(
            "`after` is what an answer gave as `next`; leave it out to begin with the newest."
        ) from error
    if not isinstance(id_, str) or moment.tzinfo is None or len(after) > _CHARS_MAX:
        raise InvalidInputError("`after` is what an answer gave as `next`, unchanged.")
    return moment, id_
