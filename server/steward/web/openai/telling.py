"""Answers as OpenAI's clients read them."""

from collections.abc import Mapping
from json.encoder import encode_basestring_ascii as quoted

from steward.gateway.call.answer import Answer
from steward.gateway.provider import CallPart
from steward.gateway.request import Usage
from steward.web.exchange import as_json
from steward.web.telling import facts

_DONE = b"data: [DONE]\n\n"


class ChatTelling:
    """A chat completion."""

    def __init__(self, id_: str, created: int, *, is_usage_wanted: bool) -> None:
        self._id = f"chatcmpl-{id_}"
        self._created = created
        self._is_usage_wanted = is_usage_wanted
        self._before = self._after = b""
        self._named: set[int] = set()

    def begin(self, answer: Answer) -> bytes:
        """Who speaks."""
        # Every piece of text stands between the same bytes, so they are written once.
        self._before = (
            b'data: {"id":%b,"object":"chat.completion.chunk","created":%d,"model":%b,'
            b'"choices":[{"index":0,"delta":'
            % (_quoted(self._id), self._created, _quoted(answer.trail.model))
        )
        self._after = b',"finish_reason":null}]}\n\n'
        return self._before + b'{"role":"assistant","content":""}' + self._after

    def text(self, text: str) -> bytes:
        """A piece of text."""
        return b'%b{"content":%b}%b' % (self._before, _quoted(text), self._after)

    def call(self, part: CallPart) -> bytes:
        """A piece of a tool call; the first of each call names it."""
        call: dict[str, object] = {"index": part.index}
        function: dict[str, object] = {"arguments": part.arguments}
        if part.index not in self._named:
            self._named.add(part.index)
            call |= {"id": part.id or f"call_{part.index}", "type": "function"}
            function["name"] = part.name
        delta = as_json({"tool_calls": [{**call, "function": function}]})
        return self._before + delta + self._after

    def end(self, answer: Answer) -> bytes:
        """Why it ended, and what it cost; the tokens where they were asked for."""
        head = {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": answer.trail.model,
        }
        last: dict[str, object] = {"index": 0, "delta": {}, "finish_reason": finish_reason(answer)}
        usage = usage_told(answer.usage)
        events = b"data: %b\n\n" % as_json(
            {**head, "choices": [last], "steward": facts(answer.trail)}
        )
        if self._is_usage_wanted:
            events += b"data: %b\n\n" % as_json({**head, "choices": [], "usage": usage})
        return events + _DONE

    def whole(self, text: str, answer: Answer) -> bytes:
        """The whole answer."""
        message: dict[str, object] = {"role": "assistant", "content": text or None}
        if answer.tool_calls:
            message["tool_calls"] = [
                {
                    "id": call.id,
                    "type": "function",
                    "function": {"name": call.name, "arguments": call.arguments},
                }
                for call in answer.tool_calls
            ]
        else:
            message["content"] = text
        choice = {"index": 0, "message": message, "finish_reason": finish_reason(answer)}
        return as_json(
            {
                "id": self._id,
                "object": "chat.completion",
                "created": self._created,
                "model": answer.trail.model,
                "choices": [choice],
                "usage": usage_told(answer.usage),
                "steward": facts(answer.trail),
            }
        )


class TextTelling:
    """A completion of a text."""

    def __init__(self, id_: str, created: int, *, is_usage_wanted: bool) -> None:
        self._id = f"cmpl-{id_}"
        self._created = created
        self._is_usage_wanted = is_usage_wanted
        self._model = ""

    def begin(self, answer: Answer) -> bytes:
        """Nothing: a text has no speaker."""
        self._model = answer.trail.model
        return b""

    def text(self, text: str) -> bytes:
        """A piece of text."""
        return self._event(choices=[_choice(text, None)])

    def call(self, part: CallPart) -> bytes:
        """Nothing: a text calls no tools."""
        del part
        return b""

    def end(self, answer: Answer) -> bytes:
        """Why it ended, and what it cost; the tokens where they were asked for."""
        last = self._event(
            choices=[_choice("", finish_reason(answer))], steward=facts(answer.trail)
        )
        if self._is_usage_wanted:
            last += self._event(choices=[], usage=usage_told(answer.usage))
        return last + _DONE

    def whole(self, text: str, answer: Answer) -> bytes:
        """The whole answer."""
        self._model = answer.trail.model
        return as_json(
            self._head()
            | {
                "choices": [_choice(text, finish_reason(answer))],
                "usage": usage_told(answer.usage),
                "steward": facts(answer.trail),
            }
        )

    def _head(self) -> dict[str, object]:
        return {
            "id": self._id,
            "object": "text_completion",
            "created": self._created,
            "model": self._model,
        }

    def _event(self, **more: object) -> bytes:
        return b"data: %b\n\n" % as_json(self._head() | more)


def finish_reason(answer: Answer) -> str:
    """Why the model stopped, in OpenAI's words, which are ours."""
    return answer.finish_reason or "stop"


def usage_told(usage: Usage | None) -> Mapping[str, object]:
    """The tokens."""
    found = usage or Usage(0, 0)
    return {
        "prompt_tokens": found.input_tokens,
        "completion_tokens": found.output_tokens,
        "total_tokens": found.input_tokens + found.output_tokens,
        "prompt_tokens_details": {"cached_tokens": found.cached_tokens},
        "completion_tokens_details": {"reasoning_tokens": found.reasoning_tokens},
    }


def _choice(text: str, reason: str | None) -> dict[str, object]:
    return {"index": 0, "text": text, "logprobs": None, "finish_reason": reason}


def _quoted(text: str) -> bytes:
    return quoted(text).encode("ascii")
