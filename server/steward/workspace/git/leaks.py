"""Secrets that a commit would carry away, found before anybody is asked about it."""

import re
from collections import Counter

from steward.core.errors import NotPermittedError
from steward.core.redact import redact

_PLACEHOLDER = re.compile(r"<redacted ([a-z ]+)>", re.IGNORECASE)


def check_holds_no_secret(name: str, before: bytes, after: bytes) -> None:
    """Raise if the new content of a file holds a secret that the old one did not.

    Args:
        name: what to call it in the message.
        before: the content as it is committed already; what stands there is no news.
        after: the content as it would be committed.

    Raises:
        NotPermittedError: it does; says of which kind, and never which.
    """
    old, new = _text(before), _text(after)
    known = set(old.splitlines())
    # A key that replaces another one is as new as one where there was none.
    kinds = _kinds("\n".join(line for line in new.splitlines() if line not in known))
    kinds |= _kinds(new) - _kinds(old)
    if kinds:
        raise NotPermittedError(
            f"{name} would hold what looks like a secret ({', '.join(sorted(kinds))}), and history"
            " keeps what is committed. Take it out, or commit it yourself if it is none."
        )


def _kinds(text: str) -> Counter[str]:
    return Counter(_PLACEHOLDER.findall(redact(text))) - Counter(_PLACEHOLDER.findall(text))


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")
