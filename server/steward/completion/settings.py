"""What an operator may choose about ghost text."""

from datetime import timedelta
from pathlib import PurePath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from steward.core.described import Described


def _absolute(path: str) -> str:
    if not PurePath(path).is_absolute():
        raise ValueError("it must be an absolute path")
    return str(PurePath(path))


class CompletionSettings(Described, BaseModel):
    """The `[completion]` section."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = True
    """Whether ghost text is offered at all. Where it is not, nobody switches it on in an editor."""
    languages: dict[str, bool] = {}
    """Whether ghost text is offered in a language, by the protocol's name for it, such as `python`
    or `markdown`. It is in all but `plaintext` and `git-commit`."""
    workspaces: dict[Annotated[str, AfterValidator(_absolute)], bool] = {}
    """Whether ghost text is offered in a workspace, by its absolute path, and in those below it."""
    wait: timedelta = Field(
        default=timedelta(milliseconds=75), ge=timedelta(0), le=timedelta(seconds=5)
    )
    """How long typing must pause before an automatic suggestion asks the model. Whose keys follow
    each other more slowly is waited for longer, up to 400 ms; on an empty line nobody is."""
    prompt_tokens_max: int = Field(default=8000, ge=1000, le=100_000)
    """The most tokens that one request has, with 500 for the answer. A model with a small window
    gets less; behind Ollama that is 4096, unless `input_tokens_max` of the model says more."""
    output_tokens_max: int = Field(default=160, ge=8, le=500)
    """Tokens of one suggestion."""
    next_edit: bool | None = None
    """Whether you are told what you may want to change next, after an edit. Not set, you are if the
    model that `next_edit` under `[gateway.models]` names is known to be able to say it; `true` asks
    that model whatever is known of it. Where none is named nobody is asked."""
    speculative: bool = True
    """Whether it is asked what comes behind a suggestion that stays on the screen, as if it had
    been taken. It costs calls that may never be wanted, and is left out when money runs short."""
