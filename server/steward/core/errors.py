"""The errors Steward raises on purpose.

    StewardError             the base; `code` is stable and safe to show
    |- InvalidInputError         an argument, a setting or a model's answer is wrong
    |  |- PackageRefusedError        a package or a registry is not what its publisher signed
    |  |- RepeatedError              a request under this id was made before
    |  `- UnstructuredError          a model's answer has not the shape that was asked for
    |- NotPermittedError         the policy or a person said no
    |- NotFoundError             no such file, run, question or model
    |- OverBudgetError           the account cannot cover the call
    |- UnpricedError             nobody has said what this model costs
    |- StaleError                the files moved on while we worked
    |- LimitError                something from outside is larger than we take
    |- ExtensionRaisedError      an extension's own code failed; what it said of it
    |- StepFailedError           a run's step ended with one of these; agents/workflows/durable.py
    `- UnavailableError          a provider, a sandbox or a disk failed us; retrying may help
       |- UnfinishedError            some files are changed, others not; a restart ends it
       |- ProviderRefusedError       the provider will refuse again: key, model or request
       |- RateLimitedError           the provider refuses for now; `retry_after_s` may say how long
       |- ExtensionKilledError       an extension was stopped: time, memory, a quota or a crash
       |- ExtensionBusyError         too many events wait for an extension already
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


class PackageRefusedError(InvalidInputError):
    """A package of an extension, or a registry's index, is not what its publisher signed."""

    code = "steward.package_refused"


class RepeatedError(InvalidInputError):
    """A request under this id was made before, and may have been billed."""

    code = "steward.repeated"


class UnstructuredError(InvalidInputError):
    """A model's answer has not the shape that was asked for; the message is for the model, too."""

    code = "steward.unstructured"

    def __init__(self, category: str, message: str) -> None:
        super().__init__(message)
        self.category = category
        """JSON_SYNTAX_ERROR, JSON_SCHEMA_MINOR_MISMATCH or JSON_SCHEMA_MAJOR_MISMATCH."""


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


class ExtensionRaisedError(StewardError):
    """An extension's own code failed. The message is the extension's account of it."""

    code = "steward.extension_raised"


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


class ExtensionKilledError(UnavailableError):
    """An extension was stopped, and its memory is gone; the next event finds a fresh one."""

    code = "steward.extension_killed"

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        """`deadline`, `memory`, `stack`, `quota`, `answer`, `trap`, `cancelled` or `gone` (with
        its whole worker)."""


class ExtensionBusyError(UnavailableError):
    """Too many events wait for an extension already; this one was not given to it."""

    code = "steward.extension_busy"


class SandboxUnavailableError(UnavailableError):
    """No jail can be had here, so the code does not run."""

    code = "steward.sandbox_unavailable"
