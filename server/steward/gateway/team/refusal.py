"""What a refusal of a team's server means: its own words, as our own kinds of errors."""

from collections.abc import Mapping

from steward.core.errors import (
    NotPermittedError,
    OverBudgetError,
    ProviderRefusedError,
    RateLimitedError,
    StewardError,
    UnavailableError,
)
from steward.core.limits import TEAM_WORDS_CHARS_MAX
from steward.core.redact import redact
from steward.gateway.wire.refusal import Place, limited
from steward.gateway.wire.untrusted import JsonObject, as_object, as_text

TEAM_PLACE = Place("STEWARD_TEAM_URL", "STEWARD_TEAM_TOKEN")


def team_refusal(
    host: str,
    place: Place,
    status: int,
    body: JsonObject,
    retry_after: str | None,
) -> StewardError:
    """The error that fits what the server says; its words are bounded and without control signs."""
    error = as_object(body.get("error"))
    code = as_text(error.get("code"))
    if not code.startswith("steward."):
        return _foreign(host, place, status, retry_after)
    words = f"The team's server {host} says: {_words(error)}"
    match code:
        case "steward.over_budget":
            return OverBudgetError(words, _details(error))
        case "steward.unknown_token":
            return ProviderRefusedError(
                f"The team's server {host} does not accept your token: it was revoked, has run out,"
                f" or is of another server. Ask whoever runs it for a new one, set {place.key}, and"
                " start again."
            )
        case "steward.not_permitted" | "steward.unpriced":
            return NotPermittedError(words)
        case "steward.rate_limited" | "steward.too_many_failures" | "steward.unavailable":
            return limited(words.rstrip("."), retry_after)
        case "steward.internal":
            return UnavailableError(words)
        case _:
            return ProviderRefusedError(words)


def _foreign(host: str, place: Place, status: int, retry_after: str | None) -> StewardError:
    """What stands before the server, or in its place, has answered."""
    told = f"{host} answers {status}, and not as a team's server does"
    if status in (429, 502, 503, 504):
        return RateLimitedError(limited(told, retry_after).args[0], None)
    return ProviderRefusedError(f"{told}. Check {place.url}; it is the address of `steward serve`.")


def _details(error: JsonObject) -> Mapping[str, object]:
    return {
        name: value
        for name, value in error.items()
        if name not in ("message", "type", "param", "code")
        and (value is None or isinstance(value, int | str))
        and len(str(value)) <= TEAM_WORDS_CHARS_MAX
    }


def _words(error: JsonObject) -> str:
    said = as_text(error.get("message"))[:TEAM_WORDS_CHARS_MAX]
    plain = "".join(each if each.isprintable() else " " for each in said)
    return redact(plain) or "nothing more."
