"""What an operator may choose about models."""

from collections.abc import Collection
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    model_validator,
)

from steward.core.described import Described
from steward.gateway.ability import Ability, Refused
from steward.gateway.built_in import BUILT_IN, OPENAI_URL, WireName
from steward.gateway.fill_settings import FillName, FillSettings
from steward.gateway.request import Purpose
from steward.gateway.tiers import TierModels

_OPENAI_MODELS: dict[Purpose, str] = {
    "completion": "gpt-4.1-mini",
    "plan": "gpt-4.1",
    "agent": "gpt-4.1",
    "chat": "gpt-4.1",
    "embedding": "text-embedding-3-small",
    "extension": "gpt-4.1-mini",
}
"""What OpenAI's own endpoint is asked for where nobody chose."""
_GAP_MODELS = ("codestral/codestral-latest", "mistral/codestral-latest")
"""What ghost text is asked of before that, where there is a key."""
_GAP_MODELS_ELSE = ("deepseek/deepseek-v4-pro",)
"""What it is asked of after that: dearer and slower, and better than nothing."""
_LOOPBACK = ("127.0.0.1", "::1", "localhost")

IN_THE_CLEAR = "a key would travel unencrypted: `url` must begin with https:// when a key is set"
ProviderName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]

_UsdPerMillion = Annotated[Decimal, Field(ge=0, le=1_000_000, max_digits=13, decimal_places=6)]


def checked_url(url: str) -> str:
    """The URL without its last slashes, if a key can be bound to it and paths be put behind it."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it must be a http or https URL such as http://127.0.0.1:8080/v1")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError(
            "it must have no user, password, query or fragment; a key has its own setting"
        )
    if not url.isprintable() or "\\" in url or " " in url:
        raise ValueError("it must have no spaces, backslashes or control characters")
    return url.rstrip("/")


class _Rates(Described):
    model_config = ConfigDict(frozen=True, extra="forbid")

    input: _UsdPerMillion
    """What is sent."""
    output: _UsdPerMillion
    """What the model writes."""
    cached_input: _UsdPerMillion | None = None
    """What is sent and was seen by the provider before; as `input` where it is not set."""
    cache_write: _UsdPerMillion | None = None
    """What is sent and kept by the provider for the next time; as `input` where it is not set."""


class TierPrice(_Rates):
    """What it costs from a certain size of the request on; it holds for the whole call."""

    above_input_tokens: int = Field(ge=1)
    """For calls that send more than so many tokens."""


class ModelPrice(_Rates):
    """What a model costs, in US dollars for a million tokens."""

    tiers: tuple[TierPrice, ...] = ()
    """Other prices for larger calls."""


class ModelSettings(Described):
    """What is known of a model; what is not set is as the built-in catalogue says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    abilities: tuple[Ability, ...] | None = None
    """What it can do."""
    input_tokens_max: int | None = Field(default=None, ge=1)
    """The most that it reads."""
    output_tokens_max: int | None = Field(default=None, ge=1)
    """The most that it writes."""
    refuses: tuple[Refused, ...] | None = None
    """What it must not be sent."""
    fill: FillName | FillSettings | None = None
    """How it is asked to close a gap: the name of a usual way, a table, or `none` for a model that
    closes none. `suffix` has a field for what follows, and so have `ollama`, `mistral` and
    `deepseek`, as those hosts want it; the others are prompts with a family's marks. Where it is
    not set, the names of models behind Ollama, vLLM, llama.cpp and the like tell what is usual."""
    price: ModelPrice | None = None
    """What it costs."""


class ProviderSettings(Described, BaseModel):
    """One way to reach models."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[str, AfterValidator(checked_url)] | None = None
    """Its base URL; needed where the provider is not built in."""
    wire: WireName | None = None
    """What it speaks: `openai` (chat completions, which most do), `anthropic`, `mistral`, or
    `litellm` for those that only the worker reaches."""
    key: SecretStr | None = None
    """Its key. It is sent to the scheme, host and port of `url` and nowhere else."""
    route: str | None = None
    """litellm's name for it, such as `bedrock`; its own name where it is not set."""
    parameters: dict[str, str] = {}
    """What litellm must be told besides: `api_version`, `aws_region_name`, `vertex_location` or
    `vertex_project`."""

    @model_validator(mode="after")
    def _no_key_in_the_clear(self) -> Self:
        if self.url is not None and self.key is not None and not is_private(self.url):
            raise ValueError(IN_THE_CLEAR)
        return self


class TaskModels(Described):
    """The model for each kind of task."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    completion: str | None = None
    """The model for ghost text."""
    plan: str | None = None
    """The model that makes an agent's plan."""
    agent: str | None = None
    """The model that carries a plan out."""
    chat: str | None = None
    """The model for those who ask one directly; as `agent` where it is not set."""
    embedding: str | None = None
    """The model that turns texts into vectors."""
    next_edit: str | None = None
    """The model that says what you may want to change next; not set, nobody is asked for that."""
    extension: str | None = None
    """The model that extensions ask; as `chat` where it is not set."""

    def of(self, task: Purpose) -> str | None:
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
            case "embedding":
                return self.embedding
            case "next_edit":
                return self.next_edit
            case "extension":
                return self.extension or self.chat or self.agent


class BreakerSettings(Described):
    """When a provider that keeps failing is left alone."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    failures: int = Field(default=5, ge=1, le=1000)
    """Failures after which it is left alone."""
    window: timedelta = Field(default=timedelta(seconds=60), gt=timedelta(0))
    """The time within which they must happen."""
    rest: timedelta = Field(default=timedelta(seconds=20), gt=timedelta(0))
    """How long it is left alone; then one call is let through to see whether it is back."""


class RetrySettings(Described):
    """How often, and how long, a call is tried again."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    attempts: int = Field(default=5, ge=1, le=20)
    """The most attempts of one call, other models among them."""
    tries: int = Field(default=3, ge=1, le=20)
    """The most attempts with one model. Ghost text has one: by the second it is out of date."""
    pause: timedelta = Field(default=timedelta(seconds=0.5), gt=timedelta(0))
    """The pause before the second; it doubles, and varies by half. A provider that names a longer
    one is heeded."""
    within: timedelta = Field(default=timedelta(seconds=150), ge=timedelta(0))
    """No attempt begins later than this after the call began; it outlasts one provider's silence,
    so that another model can still be asked. For ghost text it is 3 seconds at most."""


class PolicyRule(Described):
    """What may be asked where the rule applies; where several apply, each must allow a model."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    models: tuple[str, ...]
    """`provider/model`; a name that ends in `*` allows everything that begins so."""
    team: str | None = None
    """The team that it applies to; everybody where it is not set."""
    task: Purpose | None = None
    """The task that it applies to; all of them where it is not set."""


class CacheSettings(Described):
    """How answers are kept that the model would give again: temperature 0 or a seed, no tools."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    enabled: bool = True
    """Whether any are kept. They stay in memory, and no organisation sees another's."""
    age: timedelta = Field(default=timedelta(minutes=10), gt=timedelta(0))
    """How long one is given again."""


class WorkerSettings(Described):
    """The process that runs litellm, for the providers whose format Steward does not speak."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    python: Path | None = None
    """The Python interpreter of an environment in which litellm is installed. Not set means
    Steward's own, with `pip install 'steward[litellm]'`. An environment apart keeps its packages
    away from Steward's."""
    idle: timedelta = Field(default=timedelta(minutes=10), gt=timedelta(0), le=timedelta(days=1))
    """How long the process is kept without a call. It takes some seconds to start and about
    250 MB of memory."""


class GatewaySettings(Described, BaseModel):
    """The `[gateway]` section."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[str, AfterValidator(checked_url)] | None = None
    """The base URL of an OpenAI-compatible endpoint, usually ending in `/v1`. Not set means
    OpenAI's own, if there is a key for it. Short: `STEWARD_MODEL_URL`."""
    key: SecretStr | None = None
    """The key for `url`. Short: `STEWARD_MODEL_KEY`."""
    openai_key: SecretStr | None = None
    """The key for OpenAI's own endpoint; it is sent to api.openai.com and to nobody else.
    Short: `OPENAI_API_KEY`."""
    models: TaskModels = TaskModels()
    """The model for each kind of task. `STEWARD_MODEL` is short for all. Where nothing is
    set, OpenAI's endpoint is asked for gpt-4.1-mini (completion) and gpt-4.1. Ghost text goes to
    Mistral's codestral-latest instead where there is a key of `codestral` or `mistral`, and to
    DeepSeek's deepseek-v4-pro where `deepseek` has the only key."""
    prices: dict[str, ModelPrice] = {}
    """Prices by model, before the built-in ones. A model without a price is not called.
    `STEWARD_MODEL_PRICE="0.15/0.60"` is short for the price of `STEWARD_MODEL`."""
    providers: dict[ProviderName, ProviderSettings] = {}
    """More providers by name, and keys for those that are built in. A model of theirs is named
    `provider/model`."""
    models_known: dict[str, ModelSettings] = {}
    """What is known of models, by `provider/model`, before what the built-in catalogue says."""

    preferred: dict[str, TaskModels] = {}
    """The models that people prefer, by the name of the user; within the policy."""
    workspaces: dict[str, TaskModels] = {}
    """The models preferred in a workspace, by its absolute path; before a person's own."""
    tiers: TierModels = TierModels()
    """The models that an extension means when it says how strong a model must be."""
    policy: tuple[PolicyRule, ...] = ()
    """Which models may be asked, by team and task; all of them where there is no rule."""
    fallbacks: dict[str, tuple[str, ...]] = {}
    """By model, those that are asked in its place when it fails, in this order."""
    retries: RetrySettings = RetrySettings()
    """When a call that failed is tried again. Nothing is once a piece of the answer was shown."""
    breaker: BreakerSettings = BreakerSettings()
    """When a provider counts as failing; meanwhile fallbacks are asked, where there are any."""
    calls_a_minute: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """How many calls one person may make of one model in a minute; not set, there is no rate."""
    calls_a_minute_of: dict[str, Annotated[int, Field(ge=1, le=1_000_000)]] = {}
    """The same for single models, by `provider/model`."""
    cache: CacheSettings = CacheSettings()
    """How answers are kept that the model would give again."""
    worker: WorkerSettings = WorkerSettings()
    """The process that runs litellm."""

    @property
    def base_url(self) -> str | None:
        """Where calls go; None if nothing is configured."""
        if self.url is not None:
            return self.url
        return OPENAI_URL if self.openai_key is not None else None

    def model_for(self, task: Purpose, providers: Collection[str] = ()) -> str | None:
        """The model for this task; None if nobody chose one and no key leads to a usual one.

        `providers` can be asked besides those that the settings speak of.
        """
        if (chosen := self.models.of(task)) is not None:
            return chosen
        is_openai = self.is_openai or (self.base_url is None and "openai" in providers)
        usual = (_OPENAI_MODELS[task],) if is_openai and task in _OPENAI_MODELS else ()
        if task == "completion":
            keyed = self.keyed | (set(providers) - self.providers.keys())
            first, last = (
                tuple(model for model in models if model.partition("/")[0] in keyed)
                for models in (_GAP_MODELS, _GAP_MODELS_ELSE)
            )
            usual = (*first, *usual, *last)
        return next(iter(usual), None)

    @property
    def provider(self) -> str:
        """The provider that is meant where a model's name says none."""
        return "openai" if self.is_openai or self.base_url is None else "custom"

    def split(self, name: str, providers: Collection[str] = ()) -> tuple[str, str]:
        """Provider and model of a name such as `anthropic/claude-sonnet-5` or `gpt-4.1`.

        Names of models may hold slashes. Where `url` is set and nobody speaks of a provider of
        that name, nor is it among `providers`, the whole is the name of a model behind `url`.
        """
        first, slash, rest = name.partition("/")
        is_named = first in (self.provider, "custom", *self.providers, *providers)
        if first == "openai" and self.openai_key is not None:
            is_named = True
        if not is_named and self.url is None:
            is_named = first in BUILT_IN
        return (first, rest) if slash and is_named else (self.provider, name)

    @property
    def is_openai(self) -> bool:
        """Whether calls go to OpenAI's own endpoint."""
        return is_openai(self.base_url or "")

    @property
    def bearer(self) -> SecretStr | None:
        """The key that calls carry."""
        return self.key or (self.openai_key if self.is_openai else None)

    @property
    def keyed(self) -> frozenset[str]:
        """The providers that have their key here; it comes before one that is kept elsewhere."""
        own = {name for name, said in self.providers.items() if said.key is not None}
        if self.bearer is not None:
            own.add(self.provider)
        return frozenset(own if self.openai_key is None else own | {"openai"})

    @model_validator(mode="after")
    def _no_key_in_the_clear(self) -> Self:
        if not is_private(self.base_url or OPENAI_URL) and self.bearer is not None:
            raise ValueError(IN_THE_CLEAR)
        return self

    @model_validator(mode="after")
    def _every_provider_is_somewhere(self) -> Self:
        for name, provider in self.providers.items():
            if provider.url is None and name not in BUILT_IN:
                raise ValueError(
                    f"the provider {name!r} is not built in: it needs a `url`. Built in are"
                    f" {', '.join(sorted(BUILT_IN))}"
                )
        return self


def is_private(url: str) -> bool:
    """Whether nobody on the way can read what is sent to this URL."""
    parts = urlsplit(url)
    return parts.scheme == "https" or parts.hostname in _LOOPBACK


def is_openai(url: str) -> bool:
    """Whether the URL is OpenAI's own endpoint, reached safely."""
    parts = urlsplit(url)
    return parts.scheme == "https" and parts.hostname == "api.openai.com"
