"""Whether what came of an event is what a recorded test wants: the differences, in words."""

import json
from collections.abc import Iterator, Sequence

from pydantic import JsonValue, ValidationError

from steward.core.errors import InvalidInputError
from steward.extensions.authoring.recorded import WantedCall
from steward.extensions.authoring.stand_in import Call
from steward.extensions.authoring.topics import models_of

_SHOWN_CHARS = 200


def answer_differs(topic: str, wanted: JsonValue, found: dict[str, JsonValue]) -> Iterator[str]:
    """Where the answer is not the one that is wanted.

    Raises:
        InvalidInputError: what is wanted is no answer to this topic.
    """
    try:
        whole = models_of(topic)[1].model_validate(wanted).model_dump(mode="json")
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the whole"
        raise InvalidInputError(
            f"`expect` is no answer to {topic!r}: {where}: {first['msg']}."
        ) from None
    yield from _differences(whole, found, "the answer")


def calls_differ(wanted: Sequence[WantedCall], found: Sequence[Call]) -> Iterator[str]:
    """Where the host calls are not those that are wanted."""
    names = [call.name for call in found]
    if names != [each.call for each in wanted]:
        yield f"the calls are {names} and not {[each.call for each in wanted]}"
        return
    for number, (want, call) in enumerate(zip(wanted, found, strict=True), 1):
        if want.given is not None:
            yield from _differences(
                want.given, call.given, f"call {number} ({call.name})", part=True
            )


def _differences(
    wanted: JsonValue, found: JsonValue, where: str, *, part: bool = False
) -> Iterator[str]:
    """With `part`, an object may have fields that are not asked for."""
    match wanted, found:
        case dict(), dict():
            for key in sorted(wanted.keys() | (set[str]() if part else found.keys())):
                if key not in wanted or key not in found:
                    yield f"{where}.{key} is {'missing' if key in wanted else 'too much'}"
                else:
                    yield from _differences(wanted[key], found[key], f"{where}.{key}", part=part)
        case list(), list() if len(wanted) == len(found):
            for at, (one, other) in enumerate(zip(wanted, found, strict=True)):
                yield from _differences(one, other, f"{where}[{at}]", part=part)
        case _ if wanted != found:
            yield f"{where} is {_shown(found)} and not {_shown(wanted)}"
        case _:
            pass


def _shown(value: JsonValue) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _SHOWN_CHARS else f"{text[:_SHOWN_CHARS]}…"
