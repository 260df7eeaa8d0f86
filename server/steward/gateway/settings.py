"""What an operator may choose about models."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from steward.gateway.request import Task

OPENAI_URL = "https://api.openai.com/v1"
_OPENAI_MODELS: dict[Task, str] = {
    "completion": "gpt-4.1-mini",
    "plan": "gpt-4.1",
    "agent": "gpt-4.1",
    "chat": "gpt-4.1",
}
"""What OpenAI's own endpoint is asked for where nobody chose."""
_LOOPBACK = ("127.0.0.1", "::1", "localhost")

_UsdPerMillion = Annotated[Decimal, Field(ge=0, le=1_000_000, max_digits=13, decimal_places=6)]


def _base_url(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it must be a http or https URL such as http://127.0.0.1:8080/v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(
            "it must have no user, password, query or fragment; a key has its own setting"
        )
    return url.rstrip("/")


class ModelPrice(BaseModel):
    """What a model costs, in US dollars for a million tokens."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    input: _UsdPerMillion
    """What is sent."""
    output: _UsdPerMillion
    """What the model writes."""
    cached_input: _UsdPerMillion | None = None
    """What is sent and was seen by the provider before; as `input` where it is not set."""


class TaskModels(BaseModel):
    """The model for each kind of task."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    completion: str | None = None
    """The model for ghost text."""
    plan: str | None = None
    """The model that makes an agent's plan."""
    agent: str | None = None
    """The model that carries a plan out."""
    chat: str | None = None
    """The model for those who ask one directly; as `agent` where it is not set."""

    def of(self, task: Task) -> str | None:
        """The model chosen for this task; None if nobody chose one."""
        match task:
            case "completion":
                return self.completion
            case "plan":
                return self.plan
            case "agent":
                return self.agent
            case "chat":
                return self.chat or self.agent


class WorkerSettings(BaseModel):
    """The process that runs litellm, for the providers whose format Steward does not speak."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    python: Path | None = None
    """The Python interpreter of an environment in which litellm is installed. Not set means
    Steward's own, with `pip install 'steward[litellm]'`. An environment apart keeps its packages
    away from Steward's."""
    idle: timedelta = Field(default=timedelta(minutes=10), gt=timedelta(0), le=timedelta(days=1))
    """How long the process is kept without a call. It takes some seconds to start and about
    250 MB of memory."""


class GatewaySettings(BaseModel):
    """The `[gateway]` section."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    url: Annotated[str, AfterValidator(_base_url)] | None = None
    """The base URL of an OpenAI-compatible endpoint, usually ending in `/v1`. Not set means
    OpenAI's own, if there is a key for it. Short: `STEWARD_MODEL_URL`."""
    key: SecretStr | None = None
    """The key for `url`. Short: `STEWARD_MODEL_KEY`."""
    openai_key: SecretStr | None = None
    """The key for OpenAI's own endpoint; it is sent to api.openai.com and to nobody else.
    Short: `OPENAI_API_KEY`."""
    models: TaskModels = TaskModels()
    """The model for each kind of task. `STEWARD_MODEL` is short for all. Where nothing is
    set, OpenAI's endpoint is asked for gpt-4.1-mini (completion) and gpt-4.1."""
    prices: dict[str, ModelPrice] = {}
    """Prices by model, before the built-in ones. A model without a price is not called.
    `STEWARD_MODEL_PRICE="0.15/0.60"` is short for the price of `STEWARD_MODEL`."""
    worker: WorkerSettings = WorkerSettings()
    """The process that runs litellm."""

    @property
    def base_url(self) -> str | None:
        """Where calls go; None if nothing is configured."""
        if self.url is not None:
            return self.url
        return OPENAI_URL if self.openai_key is not None else None

    def model_for(self, task: Task) -> str | None:
        """The model for this task; None if nobody chose one and the endpoint is not OpenAI's."""
        return self.models.of(task) or (_OPENAI_MODELS[task] if self.is_openai else None)

    @property
    def provider(self) -> str:
        """The provider that is meant where a model's name says none."""
        return "openai" if self.is_openai else "custom"

    @property
    def is_openai(self) -> bool:
        """Whether calls go to OpenAI's own endpoint."""
        return is_openai(self.base_url or "")

    @property
    def bearer(self) -> SecretStr | None:
        """The key that calls carry."""
        return self.key or (self.openai_key if self.is_openai else None)

    @model_validator(mode="after")
    def _no_key_in_the_clear(self) -> Self:
        parts = urlsplit(self.base_url or OPENAI_URL)
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK and self.bearer is not None:
            raise ValueError(
                "a key would travel unencrypted: `url` must begin with https:// when a key is set"
            )
        return self


def is_openai(url: str) -> bool:
    """Whether the URL is OpenAI's own endpoint, reached safely."""
    parts = urlsplit(url)
    return parts.scheme == "https" and parts.hostname == "api.openai.com"
