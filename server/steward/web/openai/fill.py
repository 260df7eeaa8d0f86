"""`POST /v1/completions`: a text to go on with, or a gap in it to close."""

from collections.abc import Mapping
from typing import Any

from steward.core.limits import WEB_INPUTS_MAX
from steward.gateway.request import Fill, ModelRequest
from steward.web.fields import Fields
from steward.web.json_body import Json
from steward.web.openai.chat import streamed
from steward.web.wish import Wish, sampling, stops, wished_model

_REFUSED: Mapping[str, tuple[Any, ...]] = {
    "best_of": (1,),
    "echo": (False,),
    "frequency_penalty": (0,),
    "logit_bias": ({},),
    "logprobs": (0, False),
    "n": (1,),
    "presence_penalty": (0,),
}


def fill_wish(body: Json, request_id: str, output_tokens_max: int) -> Wish:
    """The call that a request for a completion asks for.

    Raises:
        InvalidInputError: it is not well formed, or asks for what we do not do.
    """
    fields = Fields(body)
    fields.refuse(_REFUSED)
    request = ModelRequest(
        request_id=request_id,
        task="completion",
        messages=(),
        output_tokens_max=fields.whole("max_tokens", 1) or output_tokens_max,
        stop=stops(fields, "stop"),
        model=wished_model(fields),
        sampling=sampling(fields, warmest=2),
        fill=Fill(_prompt(fields), fields.text("suffix") or ""),
    )
    return streamed(fields, request)


def _prompt(fields: Fields) -> str:
    match fields.one_or_many("prompt", WEB_INPUTS_MAX):
        case [str(prompt)] if prompt:
            return prompt
        case _:
            raise fields.wrong("prompt", "must be one text, and not empty")
