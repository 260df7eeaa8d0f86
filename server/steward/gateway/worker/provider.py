"""The providers whose format we do not speak: reached through litellm."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from urllib.parse import urlsplit

from pydantic import SecretStr

from steward.core.errors import (
    InvalidInputError,
    ProviderRefusedError,
    RateLimitedError,
    StewardError,
    UnavailableError,
)
from steward.core.limits import PROVIDER_IDLE_S, PROVIDER_WALL_S
from steward.gateway.catalogue.model import Model
from steward.gateway.provider import KeySource, Piece, Prepared
from steward.gateway.request import EmbeddingRequest, ModelRequest
from steward.gateway.wire.openai import OpenAIChat
from steward.gateway.wire.untrusted import written
from steward.gateway.worker.process import Line
from steward.gateway.worker.reading import Outcome
from steward.gateway.worker.worker import Worker

_PARAMETERS = ("api_version", "aws_region_name", "vertex_location", "vertex_project")
"""What litellm may be told besides. Others choose files, commands or hosts, or pass keys."""
_KEY_PARAMETERS = ("api_key", "vertex_credentials")
_RETRY_AFTER_S_MAX = 3600.0
_CHAT = OpenAIChat()


@dataclass(frozen=True, slots=True)
class Route:
    """How litellm reaches a provider."""

    prefix: str
    """litellm's name for it: `bedrock`, `cohere_chat`, `groq`, `vertex_ai`."""
    key_parameter: str = "api_key"
    """As what litellm takes the key: `api_key` or `vertex_credentials`."""
    parameters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """What is not secret and has to be said: a region, a project, a version."""
    homes: tuple[str, ...] = ()
    """Where litellm goes where no base URL is said; the key belongs to the first. None: anywhere,
    and there is no key."""

    def __post_init__(self) -> None:
        """Refuse what nobody needs.

        Raises:
            InvalidInputError: litellm must not be told this.
        """
        unknown = [name for name in self.parameters if name not in _PARAMETERS]
        if self.key_parameter not in _KEY_PARAMETERS:
            unknown.append(self.key_parameter)
        if unknown:
            raise InvalidInputError(
                f"litellm is not told {unknown[0]!r}: only {', '.join(_PARAMETERS)} may be set for"
                f" it, and the key as {' or '.join(_KEY_PARAMETERS)}."
            )


class LitellmProvider:
    """One provider behind litellm."""

    def __init__(
        self, name: str, base_url: str | None, keys: KeySource, worker: Worker, route: Route
    ) -> None:
        self._name = name
        self._base_url = base_url
        self._keys = keys
        self._worker = worker
        self._route = route
        self._homes = route.homes if base_url is None else (base_url,)
        host = urlsplit(base_url).netloc if base_url else ""
        self._called = f"{name!r} at {host}" if host else repr(name)
        self._host = host

    @property
    def address(self) -> str:
        """Where it is; see `Provider.address`."""
        return self._host.rpartition("@")[2]

    def encode(self, model: Model, request: ModelRequest | EmbeddingRequest) -> Prepared:
        """What would be handed to litellm, but for the key; see `Provider.encode`."""
        name = f"{self._route.prefix}/{model.name}"
        if isinstance(request, EmbeddingRequest):
            body: dict[str, object] = {"model": name, "input": list(request.texts)}
            if request.dimensions is not None:
                body["dimensions"] = request.dimensions
            return Prepared(written(body), "embedding")
        if request.fill is not None:
            # What litellm makes of a suffix is a chat, with most providers.
            raise InvalidInputError(
                f"The provider {self._name!r} is not known to fill in the middle, so nothing was"
                " sent. Choose a model of another provider for this."
            )
        return _CHAT.prepare(replace(model, name=name), request)

    async def stream(
        self, prepared: Prepared, on_sent: Callable[[], None]
    ) -> AsyncGenerator[Piece]:
        """Hand over what was prepared and read the answer; see `Provider.stream`.

        What litellm does with it is out of our hands: the provider may bill unless we are told
        that nothing left. So `on_sent` is called with the first piece, or on whatever other way
        the call ends.
        """
        key = await self._key()
        process, line = await self._worker.call(key, self._order(prepared, key))
        is_unsent = has_answer = False
        try:
            deadline_s = asyncio.get_running_loop().time() + PROVIDER_WALL_S
            while True:
                match await self._heard(line, deadline_s):
                    case Outcome() as outcome:
                        believed = _believed(outcome, has_answer=has_answer)
                        is_unsent = believed.kind in ("unfit", "unreachable")
                        self._check(believed)
                        return
                    case StewardError() as error:
                        raise error
                    case piece:
                        if not has_answer:
                            has_answer = True
                            on_sent()
                        yield piece
        finally:
            if not (is_unsent or has_answer):
                on_sent()
            process.hang_up(line)

    async def has_key(self) -> bool:
        """Whether there is a key for it; see `Provider.has_key`."""
        return await self._key() is not None

    async def close(self) -> None:
        """End the process."""
        await self._worker.close()

    async def _key(self) -> SecretStr | None:
        return await self._keys.key(self._name, self._homes[0]) if self._homes else None

    def _order(self, prepared: Prepared, key: SecretStr | None) -> bytes:
        """The rest of the JSON object whose first member is the call's number."""
        envelope = {
            "form": prepared.form,
            "url": self._base_url,
            "homes": self._homes,
            "key": None if key is None else key.get_secret_value(),
            "key_parameter": self._route.key_parameter,
            "parameters": dict(self._route.parameters),
        }
        return json.dumps(envelope).encode()[1:-1] + b',"request":' + prepared.body + b"}"

    async def _heard(self, line: Line, deadline_s: float) -> "Piece | Outcome | StewardError":
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(min(deadline_s, loop.time() + PROVIDER_IDLE_S)):
                return await line.heard.get()
        except TimeoutError as error:
            raise UnavailableError(
                f"The provider {self._called} was silent for {PROVIDER_IDLE_S:.0f} seconds, or took"
                f" more than {PROVIDER_WALL_S:.0f} in all. Try again, or choose a faster model."
            ) from error

    def _check(self, outcome: Outcome) -> None:
        """Return if the answer is whole.

        Raises:
            UnavailableError: of the kind that fits.
        """
        word = f" ({outcome.word})" if outcome.word else ""
        match outcome.kind:
            case "done":
                return
            case "unfit":
                raise ProviderRefusedError(
                    f"litellm cannot send this request to {self._called}{word}, so nothing was"
                    " sent. Choose another model for this."
                )
            case "unreachable":
                raise UnavailableError(
                    f"The provider {self._called} cannot be reached, so nothing was sent. Check the"
                    " network, and the provider's address in settings.toml."
                )
            case "refused":
                raise self._refusal(outcome, f"{self._called} answers {outcome.status}{word}")
            case "broke" if outcome.status >= 500:
                raise UnavailableError(
                    f"{self._called} answers {outcome.status}{word}: it has a fault of its own."
                    " Try again later."
                )
            case "broke" | "cancelled":
                raise UnavailableError(
                    f"The provider {self._called} broke off in the middle of its answer{word}."
                    " Try again."
                )

    def _refusal(self, outcome: Outcome, said: str) -> UnavailableError:
        if outcome.word == "insufficient_quota":
            return ProviderRefusedError(f"{said}: the account there has no credit left. Top it up.")
        match outcome.status:
            case 401 | 403:
                return ProviderRefusedError(
                    f"{said}: it does not accept the key. Set another one for {self._name!r} in"
                    f" settings.toml, or with `steward key rotate {self._name}` if it is kept."
                )
            case 404:
                return ProviderRefusedError(
                    f"{said}: it knows no such model or address. Check the model's name, and `url`"
                    f" of {self._name!r} in settings.toml."
                )
            case 429 | 503 | 529:
                return _limited(said, outcome.retry_after_s)
            case status if status < 400:
                return ProviderRefusedError(
                    f"{said}: it sends us elsewhere, and redirects are not followed, because they"
                    f" could carry your code to another host. Set `url` of {self._name!r} in"
                    " settings.toml to the final address."
                )
            case _:
                return ProviderRefusedError(
                    f"{said}: it does not take this request. Choose another model for this."
                )


def _believed(outcome: Outcome, *, has_answer: bool) -> Outcome:
    """What can have become of the call: once it was answered, even in part, it is billed."""
    is_refusal = 300 <= outcome.status < 500 or outcome.status in (503, 529)
    if has_answer or (outcome.kind == "refused" and not is_refusal):
        return outcome if outcome.kind == "done" else replace(outcome, kind="broke")
    return outcome


def _limited(said: str, retry_after_s: float | None) -> RateLimitedError:
    if retry_after_s is None:
        return RateLimitedError(f"{said}: it takes no more calls now. Try again in a minute.")
    seconds = min(retry_after_s, _RETRY_AFTER_S_MAX)
    return RateLimitedError(
        f"{said}: it takes no more calls now. Try again in {seconds:.0f} seconds.", seconds
    )
