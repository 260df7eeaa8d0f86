"""What an operator may say of how models close gaps."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, JsonValue

from steward.core.described import Described


def _template(written: str) -> str:
    if any(written.count(place) != 1 for place in ("{prefix}", "{suffix}")):
        raise ValueError("it must hold {prefix} and {suffix}, each once")
    if written.count("{files}") > 1:
        raise ValueError("it must not hold {files} more than once")
    return written


def _file(written: str) -> str:
    if any(written.count(place) != 1 for place in ("{path}", "{text}")):
        raise ValueError("it must hold {path} and {text}, each once")
    return written


_Mark = Annotated[str, Field(min_length=2, max_length=64)]

_DEAR = ("n", "best_of", "service_tier", "n_predict")
_DEAR_BEGINNING = "max_"


def _cheap(parameters: dict[str, JsonValue]) -> dict[str, JsonValue]:
    for name in parameters:
        if name in _DEAR or name.startswith(_DEAR_BEGINNING):
            raise ValueError(f"{name!r} decides what a call may cost, which budgets must know")
    return parameters


class FillSettings(Described, BaseModel):
    """How a model is asked to close a gap."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    path: Annotated[str, Field(pattern=r"^/[A-Za-z0-9/_.-]*$")] = "/completions"
    """Below the provider's base URL."""
    template: Annotated[str, AfterValidator(_template)] | None = None
    """The prompt, with `{prefix}`, `{suffix}` and, where other files stand apart from both,
    `{files}`; where it is not set, prefix and suffix have fields of their own."""
    output_tokens_max: int | None = Field(default=None, ge=1)
    """The most that the model writes into a gap."""
    parameters: Annotated[dict[str, JsonValue], AfterValidator(_cheap)] = {}
    """What has to be said besides; nothing that makes a call dearer."""
    marks: Annotated[tuple[_Mark, ...], Field(max_length=64)] = ()
    """The model's special tokens, which no file's text may hold: a space is put into them."""
    stops: Annotated[tuple[_Mark, ...], Field(max_length=16)] = ()
    """Where it stops, besides what a request says."""
    repository: str = ""
    """How the repository's name stands before other files, with `{name}`."""
    file: Annotated[str, AfterValidator(_file)] | None = None
    """How another file is written, with `{path}` and `{text}`; where it is not set, as comments."""
    files_end: str = ""
    """What follows the last of other files; it may hold the own file's `{path}`."""
    heading: str = ""
    """What begins the prefix where there are other files; it may hold the own file's `{path}`."""
    empty_suffix: str = ""
    """What is sent for an empty suffix, where an empty one asks for something else."""


FillName = Literal[
    "none",
    "suffix",
    "ollama",
    "deepseek",
    "mistral",
    "qwen",
    "starcoder",
    "starcoder2",
    "codestral",
    "codellama",
    "deepseek-coder",
    "codegemma",
    "granite",
    "granite4",
    "seed-coder",
]
