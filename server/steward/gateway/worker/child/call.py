"""One call of litellm's, from the order to its end."""

import asyncio
from collections.abc import Iterator
from typing import Any, cast

from .frames import TEXT_CHARS_MAX, Json, written
from .guard import Traffic, timeouts, traffic

_NEEDED = ("tools", "tool_choice", "parallel_tool_calls", "response_format", "dimensions")
"""What would change the meaning of a request if it were left out."""
_OURS = ("temperature", "top_p", "stop", "seed", "stream_options")
"""What is left out where the provider does not know it."""
_LIMITS = ("max_tokens", "max_completion_tokens")
"""Without one of them the bill could not be limited."""
_REFUSED = ("AuthenticationError", "BadRequestError", "NotFoundError", "UnprocessableEntityError")
"""Errors of litellm's that may come before anything was sent."""


class UnfitError(Exception):
    """The provider takes no limit for the output, or not what the request needs."""


class Call:
    """One call. It is made once."""

    def __init__(self, litellm: Any, order: Json, writer: asyncio.StreamWriter) -> None:
        self._litellm = litellm
        self._order = order
        self._writer = writer
        self._traffic = Traffic()
        self._has_output = False
        self._outcome: Json = {"kind": "cancelled"}
        self.number: int = order["id"]

    async def make(self) -> None:
        """Make the call and pass its pieces on. Cancelling hangs up."""
        traffic.set(self._traffic)
        try:
            if self._order["form"] == "embedding":
                await self._embed()
            else:
                await self._chat()
        except Exception as error:
            self._outcome = _failure(error, self._traffic)

    def end(self) -> None:
        """Say how it ended; nothing of this call comes after it."""
        self._write({"end": self._outcome})

    async def _chat(self) -> None:
        arguments = self._arguments(self._fitted())
        # Otherwise it loads a handler for tools that needs a package which it does not bring.
        stream = await self._litellm.acompletion(**arguments, _skip_mcp_handler=True)
        usage: Any = None
        async for chunk in stream:
            for piece in self._pieces(chunk):
                self._write(piece)
            await self._writer.drain()
            # Where a provider knows no `stream_options`, litellm keeps its usage there.
            given = getattr(chunk, "usage", None) or getattr(chunk, "_hidden_params", {}).get(
                "usage"
            )
            usage = given or usage
        if (counts := self._usage(usage)) is not None:
            self._write({"usage": counts})
        # litellm makes up a reason where the provider gave none.
        reason = stream.received_finish_reason or stream.intermittent_finish_reason
        if reason is None:
            self._outcome = {"kind": "broke"}
            return
        self._write({"finished": str(reason)[:64]})
        self._outcome = {"kind": "done"}

    async def _embed(self) -> None:
        answer = await self._litellm.aembedding(**self._arguments(self._order["request"]))
        for place, item in enumerate(answer.data):
            self._write({"vector": [item.get("index", place), item["embedding"]]})
            await self._writer.drain()
        if sent := _count(getattr(answer.usage, "prompt_tokens", None)):
            self._write({"usage": [sent, 0, 0, 0, 0]})
        self._write({"finished": "stop"})
        self._outcome = {"kind": "done"}

    def _write(self, said: Json) -> None:
        if not self._writer.is_closing():
            self._writer.write(written({"id": self.number, **said}))

    def _arguments(self, request: Json) -> Json:
        order = self._order
        arguments = {
            **order["parameters"],
            **request,
            # We decide about retries, because each may cost.
            "num_retries": 0,
            "max_retries": 0,
            "timeout": timeouts(),
        }
        if order["key"] is not None:
            arguments[order["key_parameter"]] = order["key"]
        if order["url"] is not None:
            arguments["api_base"] = order["url"]
        return arguments

    def _fitted(self) -> Json:
        """The request as this provider takes it."""
        request = dict(self._order["request"])
        name, provider, _, _ = self._litellm.get_llm_provider(
            model=request["model"], api_base=self._order["url"]
        )
        supported: list[str] = (
            self._litellm.get_supported_openai_params(model=name, custom_llm_provider=provider)
            or []
        )
        for name in _OURS:
            if name not in supported:
                request.pop(name, None)
        if "max_tokens" not in supported:
            request["max_completion_tokens"] = request.pop("max_tokens")
        if any(name in request and name not in supported for name in (*_NEEDED, *_LIMITS)):
            raise UnfitError
        return request

    def _pieces(self, chunk: Any) -> Iterator[Json]:
        for choice in chunk.choices:
            # We ask for one choice; a second one would only mix two answers.
            if choice.index:
                continue
            delta = choice.delta
            yield from self._texts("thought", getattr(delta, "reasoning_content", None))
            yield from self._texts("text", getattr(delta, "content", None))
            for part in getattr(delta, "tool_calls", None) or ():
                yield from self._call_parts(part)

    def _texts(self, kind: str, text: object) -> Iterator[Json]:
        for part in _cut(text):
            self._has_output = True
            yield {kind: part}

    def _call_parts(self, part: Any) -> Iterator[Json]:
        self._has_output = True
        index = part.index if isinstance(part.index, int) else 0
        name = part.function.name
        if part.id or name:
            yield {"call": [index, str(part.id or "")[:256], str(name or "")[:256], ""]}
        for arguments in _cut(part.function.arguments):
            yield {"call": [index, "", "", arguments]}

    def _usage(self, usage: Any) -> list[int] | None:
        """Input, output; of the input what a cache had and what it took; of the output thoughts."""
        if usage is None:
            return None
        sent, answered = _count(usage.prompt_tokens), _count(usage.completion_tokens)
        # Noughts are what litellm says when the provider said nothing.
        if sent == 0 or (answered == 0 and self._has_output):
            return None
        of_input = getattr(usage, "prompt_tokens_details", None)
        of_output = getattr(usage, "completion_tokens_details", None)
        return [
            sent,
            answered,
            _count(getattr(of_input, "cached_tokens", None)),
            _count(getattr(of_input, "cache_creation_tokens", None)),
            _count(getattr(of_output, "reasoning_tokens", None)),
        ]


def _cut(text: object) -> Iterator[str]:
    if isinstance(text, str):
        for start in range(0, len(text), TEXT_CHARS_MAX):
            yield text[start : start + TEXT_CHARS_MAX]


def _count(value: object) -> int:
    return value if isinstance(value, int) else 0


def _failure(error: Exception, seen: Traffic) -> Json:
    """What became of the call: what came over the wire counts, not what litellm calls it."""
    outcome: Json = {"kind": "broke", "status": seen.status, "word": _word(error)}
    if seen.is_unreachable:
        return {**outcome, "kind": "unreachable"}
    if not seen.is_sent:
        return {**outcome, "kind": "unfit"} if _is_unfit(error) else outcome
    if 300 <= seen.status < 500 or seen.status in (503, 529):
        return {**outcome, "kind": "refused", "retry_after": seen.retry_after}
    return outcome


def _is_unfit(error: BaseException | None) -> bool:
    """Whether litellm refused it by itself, or lacks a package for this provider."""
    if error is None:
        return False
    names = [kind.__name__ for kind in type(error).__mro__]
    is_refused = isinstance(error, UnfitError | ImportError) or any(n in names for n in _REFUSED)
    return is_refused or _is_unfit(error.__context__)


def _word(error: Exception) -> str:
    """The provider's code for the error, or the name of litellm's class; nothing of its prose."""
    body = getattr(error, "body", None)
    fields = cast("Json", body) if isinstance(body, dict) else {}
    for word in (fields.get("code"), fields.get("type")):
        if isinstance(word, str) and word.isidentifier() and len(word) <= 64:
            return word
    return type(error).__name__[:64]
