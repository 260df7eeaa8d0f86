"""`POST /v1/completions`: a text to go on with, or a gap in it to close."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from steward.context.prompts import gap_messages
from steward.core.limits import WEB_FILES_MAX, WEB_INPUTS_MAX
from steward.gateway.request import Fill, ModelRequest, OtherFile
from steward.web.fields import Fields
from steward.web.json_body import Json
from steward.web.openai.chat import streamed
from steward.web.wish import Wish, sampling, stops, wished_model

_COMMENT_CHARS_MAX = 16
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
    fill, is_from_member = _fill(fields)
    request = ModelRequest(
        request_id=request_id,
        task="completion",
        messages=gap_messages(fill) if is_from_member else (),
        output_tokens_max=fields.whole("max_tokens", 1) or output_tokens_max,
        stop=stops(fields, "stop"),
        model=wished_model(fields),
        sampling=sampling(fields, warmest=2),
        fill=fill,
    )
    return streamed(fields, request)


def _fill(fields: Fields) -> tuple[Fill, bool]:
    """The gap, and whether an editor of the team sent it, which tells the parts of its prompt.

    Such a gap is also asked of models that close none. Another program's prompt may hold marks
    of a certain model, and means nothing to others.
    """
    told = fields.below("steward")
    fill = Fill(_prompt(fields, may_be_empty=told is not None), fields.text("suffix") or "")
    if told is None:
        return fill, False
    files = [
        Fields(each, told.at(f"files[{index}]"))
        for index, each in enumerate(told.many("files", WEB_FILES_MAX))
    ]
    return replace(
        fill,
        path=told.text("path") or "",
        repository=told.text("repository") or "",
        files=tuple(OtherFile(each.needed_text("path"), each.text("text") or "") for each in files),
        comment=_comment(told),
    ), True


def _comment(told: Fields) -> tuple[str, str] | None:
    match told.many("comment", 2):
        case []:
            return None
        case [str(begin), str(end)] if max(len(begin), len(end)) <= _COMMENT_CHARS_MAX:
            return begin, end
        case _:
            raise told.wrong("comment", "must be what begins and what ends a comment of one line")


def _prompt(fields: Fields, *, may_be_empty: bool) -> str:
    match fields.one_or_many("prompt", WEB_INPUTS_MAX):
        case [str(prompt)] if prompt or may_be_empty:
            return prompt
        case _:
            raise fields.wrong("prompt", "must be one text, and not empty")
