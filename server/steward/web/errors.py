"""Errors that only a web server can have."""

from steward.core.errors import InvalidInputError, NotPermittedError


class UnknownTokenError(NotPermittedError):
    """The request shows no token, or none that holds."""

    code = "steward.unknown_token"


class TooManyFailuresError(NotPermittedError):
    """So many sign-ins from this address failed that its failures are no longer looked into."""

    code = "steward.too_many_failures"

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class ForeignError(NotPermittedError):
    """The request comes from a page of somebody else's, or means another server."""

    code = "steward.foreign"


class MethodError(InvalidInputError):
    """The address is right and the method is not."""

    code = "steward.method"

    def __init__(self, message: str, allowed: str) -> None:
        super().__init__(message)
        self.allowed = allowed


class UnsupportedMediaError(InvalidInputError):
    """The body is said to be something other than JSON."""

    code = "steward.unsupported_media"
