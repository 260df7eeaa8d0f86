"""Where the code of an answer begins: behind thoughts, a preamble, a fence and an echo."""

import re

from steward.completion.shape.hole import Hole, key_of, lines_of

_THOUGHT, _THOUGHT_ENDS = "<think>", "</think>"
_FENCE = re.compile(r"\s*(?:`{3,}|~{3,})[^\n`]*(?:\n|\Z)")
_FENCE_BELOW = re.compile(r"^[ \t]*(?:`{3,}|~{3,})[^\n`]*\n", re.MULTILINE)
_MARKDOWN_FENCE = re.compile(r"\s*(?:`{3,}|~{3,})(?:markdown|md)[ \t]*\n")
_PREAMBLE = re.compile(
    r"\s*(?:(?:sure|certainly|of course|okay|ok|yes)\b[^\n]*[:.!]"
    r"|(?:here(?:['\u2019]s| is| are)|below is|the (?:following|completed?|missing|code))\b"
    r"[^\n]*[:.]"
    r"|(?:to|this|i|i'll|you|we|it)\s[^\n(){}=;]*[:.])[ \t]*\n",
    re.IGNORECASE,
)
_ANNOUNCEMENT = re.compile(
    r"\s*(?:sure|here(?:['\u2019]s| is))\b[^\n(){}=;]*:[ \t]*\n", re.IGNORECASE
)
_PREAMBLE_LINES_MAX = 6
_ECHO_LINES_MAX = 10
_ECHO_CHARS_MIN = 4
_ECHO_OF_LINE_CHARS_MIN = 2


def begin(text: str, hole: Hole, *, is_all: bool) -> int | None:
    """Where in `text` the code begins; None while more of the stream must be seen to say.

    `is_all`: no more will come.
    """
    if not is_all and "\n" not in text.lstrip():
        return None  # The first line decides.
    at = _after_thoughts(text, is_all=is_all)
    if at is None:
        return None
    at = _after_preamble(text, at, hole, is_all=is_all)
    if at is None:
        return None
    at = _after_echo(text, at, hole, is_all=is_all)
    if at is None:
        return None
    return _after_echo_of_line(text, at, hole, is_all=is_all)


def _after_thoughts(text: str, *, is_all: bool) -> int | None:
    start = text.lstrip()[: len(_THOUGHT)]
    if start == _THOUGHT:
        end = text.find(_THOUGHT_ENDS)
        if end < 0:
            return len(text) if is_all else None
        return end + len(_THOUGHT_ENDS)
    if not is_all and start and _THOUGHT.startswith(start):
        return None
    # Some templates open the thought themselves, so that only its end is written.
    end = text.find(_THOUGHT_ENDS) if is_all else -1
    return end + len(_THOUGHT_ENDS) if end >= 0 else 0


def _after_preamble(text: str, at: int, hole: Hole, *, is_all: bool) -> int | None:
    is_markdown = hole.language.name == "markdown"
    rest = text[at:]
    fence = (_MARKDOWN_FENCE if is_markdown else _FENCE).match(rest)
    if not is_all and "\n" not in rest.lstrip():
        return None
    if fence:
        return at + fence.end() - _is_line_wanted(rest[fence.end() :], hole)
    if hole.is_text or is_markdown or not _PREAMBLE.match(rest):
        return at
    below = _FENCE_BELOW.search(rest)
    if below and rest.count("\n", 0, below.start()) <= _PREAMBLE_LINES_MAX:
        return at + below.end()
    if not is_all and rest.count("\n") <= _PREAMBLE_LINES_MAX:
        return None
    announced = _ANNOUNCEMENT.match(rest)
    return at + announced.end() if announced else at


def _is_line_wanted(code: str, hole: Hole) -> bool:
    """Whether a fence's line end is that of the line which opens a block as well."""
    opens = hole.takes_several_lines and bool(hole.line_before.strip())
    return opens and not hole.line_before[-1].isspace() and code[:1].isspace()


def _after_echo(text: str, at: int, hole: Hole, *, is_all: bool) -> int | None:
    """Behind lines that stand right above the cursor and are written once more."""
    if hole.is_text or not hole.above:
        return at
    lines = lines_of(text[at:])[: _ECHO_LINES_MAX + 2]
    keys = [key for line in lines[: None if is_all else -1] if (key := key_of(line))]
    if not is_all and (not keys or _may_become_echo(keys, hole)):
        return None
    echoed = _echoed(keys, hole)
    if not echoed:
        return at
    for line in text[at:].splitlines(keepends=True):
        at += len(line)
        echoed -= bool(line.strip())
        if not echoed:
            break
    return at


def _may_become_echo(keys: list[str], hole: Hole) -> bool:
    """Whether these first lines are lines above, and the next one decides."""
    counts = range(len(keys), min(len(hole.above), _ECHO_LINES_MAX) + 1)
    return any(list(hole.above[-count:][: len(keys)]) == keys for count in counts)


def _echoed(keys: list[str], hole: Hole) -> int:
    """How many of the lines repeat the ones above, up to the last."""
    before = key_of(hole.line_before)
    for count in range(min(len(keys) - 1, len(hole.above), _ECHO_LINES_MAX), 0, -1):
        if hole.above[-count:] != tuple(keys[:count]) or not keys[count].startswith(before):
            continue
        is_telling = count > 1 or len(keys[0]) >= _ECHO_CHARS_MIN
        has_words = any(any(map(str.isalnum, key)) for key in keys[:count])
        # A document that repeats its lines may well go on with one more.
        is_habit = len(hole.above) > count and hole.above[-count - 1] == keys[0]
        if is_telling and has_words and not is_habit:
            return count
    return 0


def _after_echo_of_line(text: str, at: int, hole: Hole, *, is_all: bool) -> int | None:
    """Behind what stands before the cursor on its line and is written once more."""
    echoed = hole.line_before.strip()
    is_telling = echoed.endswith(("{", ":")) or any(map(str.isidentifier, echoed))
    if len(echoed) < (_ECHO_OF_LINE_CHARS_MIN if is_telling else _ECHO_CHARS_MIN):
        return at
    rest = text[at:].lstrip()
    if not rest.startswith(echoed):
        return None if not is_all and echoed.startswith(rest) else at
    following = rest[len(echoed) : len(echoed) + 1]
    if not following and not is_all:
        return None
    # After `throw `, `thrown` is a word of its own.
    is_word = hole.line_before[-1].isspace() and following.isidentifier() and echoed[-1].isalnum()
    return at if is_word else len(text) - len(rest) + len(echoed)


def is_fenced(text: str, at: int) -> bool:
    """Whether what begins at `at` stands in a fence."""
    return _FENCE_BELOW.search(text, 0, at) is not None
