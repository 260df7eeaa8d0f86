"""The errors Steward raises on purpose.

    StewardError             the base; `code` is stable and safe to show
    |- InvalidInputError         an argument, a setting or a model's answer is wrong
    |  `- RepeatedError              a request under this id was made before
    |- NotPermittedError         the policy or a person said no
    |- NotFoundError             no such file, run, question or model
    |- OverBudgetError           the account cannot cover the call
    |- UnpricedError             nobody has said what this model costs
    |- StaleError                the files moved on while we worked
    |- LimitError                something from outside is larger than we take
    |- StepFailedError           a run's step ended with one of these; agents/workflows/durable.py
    `- UnavailableError          a provider, a sandbox or a disk failed us; retrying may help
       |- UnfinishedError            some files are changed, others not; a restart ends it
       |- ProviderRefusedError       the provider will refuse again: key, model or request
       |- RateLimitedError           the provider refuses for now; `retry_after_s` may say how long
       `- SandboxUnavailableError    no jail can be had here, so the code does not run

Anything else that escapes is a bug, and front ends report it as one.
"""

from collections.abc import Mapping


class StewardError(Exception):
    """Something the user can act on. The message says what happened, why, and what to do."""

    code = "steward.error"


class InvalidInputError(StewardError):
    """An argument, a setting or a model's answer is wrong."""

    code = "steward.invalid_input"


class RepeatedError(InvalidInputError):
    """A request under this id was made before, and may have been billed."""

    code = "steward.repeated"


class NotPermittedError(StewardError):
    """The policy or a person said no."""

    code = "steward.not_permitted"


class NotFoundError(StewardError):
    """No such file, run, question or model."""

    code = "steward.not_found"


class OverBudgetError(StewardError):
    """The account cannot cover the call. `details` says for programs what the message says."""

    code = "steward.over_budget"

    def __init__(self, message: str, details: Mapping[str, object] | None = None) -> None:
        super().__init__(message)
        self.details = details or {}


class UnpricedError(StewardError):
    """Nobody has said what this model costs, so it is not called."""

    code = "steward.unpriced"


class StaleError(StewardError):
    """The files moved on while we worked."""

    code = "steward.stale"


class LimitError(StewardError):
    """Something from outside is larger than we take."""

    code = "steward.limit"


class UnavailableError(StewardError):
    """Something outside failed; retrying may help."""

    code = "steward.unavailable"


class UnfinishedError(UnavailableError):
    """Some files are changed and others not, and the disk let us neither go on nor back."""

    code = "steward.unfinished"


class ProviderRefusedError(UnavailableError):
    """The provider will refuse again: key, model or request."""

    code = "steward.provider_refused"


class RateLimitedError(UnavailableError):
    """The provider refuses for now."""

    code = "steward.rate_limited"

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class SandboxUnavailableError(UnavailableError):
    """No jail can be had here, so the code does not run."""

    code = "steward.sandbox_unavailable"
