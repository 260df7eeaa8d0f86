"""The pieces of a model's answer that may be the JSON that was asked for, likeliest first."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from steward.core.agent_limits import STRUCTURED_DEPTH_MAX
from steward.core.depth import is_deeper

Repair = Literal["surroundings", "fence", "double_encoding", "syntax", "coercion"]
"""What had to be done: words around the JSON left out; a fence taken off; JSON in a JSON string
opened; its syntax mended; a value taken for what the schema wants, such as `"3"` for 3."""

_THOUGHT = re.compile(r"<think(?:ing)?>.*?</think(?:ing)?>", re.DOTALL | re.IGNORECASE)
_FENCE = re.compile(r"```[\w+-]*[ \t]*\r?\n(.*?)```", re.DOTALL)
_BRACKETS_TRIED = 8
_ENCODED_MOST = 2
_DECODER = json.JSONDecoder(strict=False)  # A line end within a string is what models write.


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that stands in the answer."""

    value: Any
    repairs: tuple[Repair, ...]


def parsed(answer: str) -> Iterator[Candidate]:
    """Every value that can be read without mending anything."""
    for text, repairs in pieces(answer):
        yield from _read(text, repairs)


def mended(answer: str) -> Iterator[Candidate]:
    """Every value that can be read after its syntax is mended; where none is cut short."""
    # Imported on first use: few answers need it.
    from json_repair import loads

    for text, repairs in pieces(answer):
        for start in _brackets(text)[:1]:
            damaged = text[start:]
            if not _is_closed(damaged):
                continue
            try:
                # Without this flag it takes line ends off the end of strings that it mends.
                value: Any = loads(damaged, skip_json_loads=True, stream_stable=True)
            except (RecursionError, ValueError):
                continue
            if _is_said(value, damaged):
                yield from _opened(value, (*repairs, "syntax"))


def pieces(answer: str) -> Iterator[tuple[str, tuple[Repair, ...]]]:
    """The answer without thoughts, and what stands in its fences, the last one first."""
    text = _THOUGHT.sub("", answer).strip().removeprefix("\ufeff")
    yield text, ()
    for fenced in reversed(_FENCE.findall(text)):
        yield fenced.strip(), ("fence",)


def _read(text: str, repairs: tuple[Repair, ...]) -> Iterator[Candidate]:
    try:
        yield from _opened(_DECODER.decode(text), repairs)
    except (ValueError, RecursionError):  # A number may be too long to be one.
        for start in _brackets(text):
            try:
                value, _ = _DECODER.raw_decode(text, start)
            except (ValueError, RecursionError):
                continue
            yield from _opened(value, (*repairs, "surroundings"))


def _opened(value: Any, repairs: tuple[Repair, ...]) -> Iterator[Candidate]:
    """The value, and if it is a string that holds JSON, what it holds."""
    for _ in range(_ENCODED_MOST):
        if not isinstance(value, str):
            break
        try:
            value = _DECODER.decode(value)
        except (ValueError, RecursionError):
            return
        repairs = (*repairs, "double_encoding")
    if isinstance(value, (dict, list)) and not is_deeper(value, STRUCTURED_DEPTH_MAX):
        yield Candidate(value, repairs)


def _brackets(text: str) -> list[int]:
    return [found.start() for found in re.finditer(r"[{\[]", text)][:_BRACKETS_TRIED]


def _is_closed(text: str) -> bool:
    """Whether the first bracket is closed: half an answer must not be taken for a whole one.

    What stands in strings does not count. Where quotes are wrong the count is too, and then
    nothing is mended, which is the safe side.
    """
    depth, quote, at = 0, "", 0
    while at < len(text):
        character = text[at]
        if quote:
            if character == "\\":
                at += 1
            elif character == quote:
                quote = ""
        elif character == '"' or (character == "'" and _opens_string(text, at)):
            quote = character
        elif character in "{[":
            depth += 1
        elif character in "}]":
            depth -= 1
            if depth == 0:
                return True
        at += 1
    return False


def _opens_string(text: str, at: int) -> bool:
    """Whether this apostrophe stands where a value may begin, and not within a word."""
    before = text[:at].rstrip()
    return not before or before[-1] in "{[,:("


def _is_said(value: Any, source: str) -> bool:
    """Whether each string of the value stands in the text: mending must not make things up."""
    plain = _unescaped(source)
    left = [value]
    while left:
        each = left.pop()
        match each:
            case str():
                if each not in plain and each not in source:
                    return False
            case dict():
                left += [*each.keys(), *each.values()]
            case list():
                left += each
            case _:
                pass
    return True


_ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|(.))", re.DOTALL)
_MEANT = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f"}


def _unescaped(source: str) -> str:
    text = _ESCAPE.sub(
        lambda found: chr(int(found[1], 16)) if found[1] else _MEANT.get(found[2], found[2]), source
    )
    # Two escaped halves are one character.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
