"""The code blocks of an answer, and the file that each says it belongs into.

CommonMark 0.31, 4.5: a fence is closed by one of the same sign that is at least as long.
"""

import re
from dataclasses import dataclass

from steward.core.agent_limits import CHAT_BLOCKS_MAX

_FENCE = re.compile(r"^(?P<indent>[ \t]*)(?P<fence>`{3,}|~{3,})[ \t]*(?P<info>[^\n]*)$")
_FIELD = re.compile(r"""\b(?:title|file|filename|path)=["']?([^"'\s}]+)""")
_AROUND = "*`_#:()[]<>\"' "
_LABEL = re.compile(r"^(?:file|in|path)\b:?\s*", re.IGNORECASE)
_MARKED = re.compile(r"`([^`]+)`")
_PATH = re.compile(r"(?:[\w.@+-]+/)*[\w.@+-]*\w\.\w{1,12}|(?:[\w.@+-]+/)+[\w.@+-]+")


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """One fenced block."""

    language: str
    """The first word behind the fence; empty where there is none."""
    path: str
    """The file that it names, in its info string or on the line before; empty where none."""
    text: str
    is_closed: bool
    """Whether it was closed; an answer that was cut off may end inside of one."""


def blocks_in(markdown: str) -> list[CodeBlock]:
    """The fenced blocks of a text, in order; no more than we look at."""
    found: list[CodeBlock] = []
    lines = markdown.replace("\r\n", "\n").split("\n")
    at = 0
    while at < len(lines) and len(found) < CHAT_BLOCKS_MAX:
        opening = _FENCE.match(lines[at])
        if opening is None or ("`" in opening["fence"] and "`" in opening["info"]):
            at += 1
            continue
        end = _closing(lines, at + 1, opening["fence"])
        before = next((line for line in reversed(lines[:at]) if line.strip()), "")
        found.append(_block(opening, lines[at + 1 : end], before, is_closed=end < len(lines)))
        at = end + 1
    return found


def _closing(lines: list[str], start: int, fence: str) -> int:
    """The number of the line that closes the block; of all lines where none does."""
    for at in range(start, len(lines)):
        said = lines[at].strip()
        if len(said) >= len(fence) and set(said) == {fence[0]}:
            return at
    return len(lines)


def _block(opening: re.Match[str], lines: list[str], before: str, *, is_closed: bool) -> CodeBlock:
    indent = len(opening["indent"])
    body = [line[min(indent, len(line) - len(line.lstrip())) :] for line in lines]
    language, path = _info(opening["info"])
    return CodeBlock(
        language, path or _named(before), "".join(f"{line}\n" for line in body), is_closed
    )


def _info(info: str) -> tuple[str, str]:
    """The language and the path of an info string."""
    if (said := _FIELD.search(info)) is not None:
        return info.split()[0].strip("{}"), said[1]
    first, _, rest = info.strip().partition(" ")
    name, colon, after = first.partition(":")
    if colon and _is_path(after):
        return name, after
    if "/" in first or (not rest and "." in first.strip(".") and _is_path(first)):
        return "", first if _is_path(first) else ""
    word = rest.strip().strip(_AROUND)
    return first, word if _is_path(word) else ""


def _named(line: str) -> str:
    """The path that a line holds and nothing else, or the one that it has between backticks."""
    said = _LABEL.sub("", line.strip().strip(_AROUND)).strip(_AROUND)
    if _is_path(said):
        return said
    marked = [each for each in _MARKED.findall(line) if _is_path(each)]
    return marked[0] if len(marked) == 1 else ""


def _is_path(text: str) -> bool:
    return _PATH.fullmatch(text) is not None
