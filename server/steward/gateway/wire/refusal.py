"""What a provider's refusal means, in words that say what to do."""

from dataclasses import dataclass

from steward.core.errors import ProviderRefusedError, RateLimitedError, UnavailableError
from steward.gateway.wire.untrusted import JsonObject, said

_RETRY_AFTER_S_MAX = 3600.0
_WITHOUT_CREDIT = ("insufficient_quota", "insufficient_balance", "billing_error")


@dataclass(frozen=True, slots=True)
class Place:
    """Where an operator says what a provider is: the words for messages."""

    url: str
    """The setting of its address."""
    key: str
    """The setting of its key."""
    kept_as: str | None = None
    """The name under which the vault has its key; None where that is not known."""

    @property
    def another_key(self) -> str:
        """How another key gets in the place of one that is not accepted."""
        if self.kept_as is None:
            return f"Check {self.key}, then restart."
        return f"Put another in its place with `steward key rotate {self.kept_as}`."


def refusal(
    host: str, place: Place, status: int, body: JsonObject, retry_after: str | None
) -> UnavailableError:
    """The error that fits a status and what was said with it. Nothing of its prose is repeated."""
    words = f"{host} answers {status}{said(body)}"
    if status == 402 or any(sign in words.lower() for sign in _WITHOUT_CREDIT):
        return ProviderRefusedError(f"{words}: the account there has no credit left. Top it up.")
    match status:
        case 401 | 403:
            return ProviderRefusedError(f"{words}: it does not accept the key. {place.another_key}")
        case 404:
            return ProviderRefusedError(
                f"{words}: it knows no such model or address. Check the model's name"
                f" (STEWARD_MODEL) and {place.url}, which usually ends in /v1."
            )
        case 429 | 503 | 529:
            return limited(words, retry_after)
        case _ if status >= 500:
            return UnavailableError(f"{words}: it has a fault of its own. Try again later.")
        case _ if status < 400:
            return ProviderRefusedError(
                f"{words}: it sends us elsewhere, and redirects are not followed, because they"
                f" could carry your code to another host. Set {place.url} to the final address."
            )
        case _:
            return ProviderRefusedError(
                f"{words}: it does not take this request. Another model may; see STEWARD_MODEL."
            )


def limited(words: str, retry_after: str | None) -> RateLimitedError:
    """The error for a provider that takes no more for now, with the seconds it asked for."""
    seconds = float(retry_after) if retry_after and retry_after.isdecimal() else None
    if seconds is None:
        return RateLimitedError(f"{words}: it takes no more calls now. Try again in a minute.")
    seconds = min(seconds, _RETRY_AFTER_S_MAX)
    return RateLimitedError(
        f"{words}: it takes no more calls now. Try again in {seconds:.0f} seconds.", seconds
    )
