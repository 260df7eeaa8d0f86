"""The lines of an answer, indented as the document is."""

import re
from collections.abc import Callable, Sequence
from math import gcd

from steward.completion.shape.hole import Hole, columns, key_of

_WIDTHS = (2, 3, 4, 8)
_DEFAULT_WIDTH = 4
_LEAVES = re.compile(r"\s*(?:return|raise|break|continue|pass|throw|goto|yield)\b")
_DEFINES = re.compile(
    r"(?:(?:export|public|private|protected|static|async|abstract|default|pub)\s+)*"
    r"(?:def|class|func|function|fn|impl|struct|enum|trait|interface|type|const|let|var|import"
    r"|from|case|default|package|namespace|module|if __name__|end|fi|done|esac|else|elif)\b"
    r"|[@#)\]}]|/[/*]"
)


def indented(lines: Sequence[str], hole: Hole) -> list[str]:
    """The lines with the document's tabs or spaces, its width, and at the depth of the cursor.

    Lines within strings and comments stay as they are.
    """
    first, *rest = lines
    if not rest:
        return [first]
    is_code = _are_code(lines, hole)[1:]
    rest = _in_units(rest, is_code, hole)
    rest = _in_width(first, rest, is_code, hole)
    return [first, *_at_depth(first, rest, is_code, hole)]


def _are_code(lines: Sequence[str], hole: Hole) -> list[bool]:
    nesting = hole.nesting()
    found: list[bool] = []
    for line in lines:
        found.append(not nesting.is_text)
        nesting.read(line + "\n")
    return found


def _in_units(rest: list[str], is_code: Sequence[bool], hole: Hole) -> list[str]:
    """Tabs where the document has tabs, spaces where it has spaces."""
    blanks = [_blank(line) for line, code in zip(rest, is_code, strict=True) if code]
    if hole.unit == "\t" and not any("\t" in blank for blank in blanks):
        width = _width([len(blank) for blank in blanks])
        return _each(
            rest, is_code, lambda blank: "\t" * (len(blank) // width) + " " * (len(blank) % width)
        )
    if hole.unit.startswith(" ") and any(blank.startswith("\t") for blank in blanks):
        return _each(rest, is_code, lambda blank: blank.replace("\t", hole.unit))
    return rest


def _in_width(first: str, rest: list[str], is_code: Sequence[bool], hole: Hole) -> list[str]:
    """Two spaces a level where the document has two and the answer four, and the other way."""
    base, width = hole.base, len(hole.unit)
    if base is None or not hole.unit.startswith(" ") or not _opens_block(first, hole):
        return rest
    base = base if not hole.line_before.strip() else columns(hole.line_before)
    steps = [
        columns(line) - base
        for line, code in zip(rest, is_code, strict=True)
        if code and line.strip()
    ]
    theirs = _width([step for step in steps if step > 0], width)
    is_regular = all(step >= 0 and step % theirs == 0 for step in steps)
    if not steps or theirs == width or steps[0] != theirs or not is_regular:
        return rest
    return _each(rest, is_code, lambda blank: " " * (base + (len(blank) - base) // theirs * width))


def _at_depth(first: str, rest: list[str], is_code: Sequence[bool], hole: Hole) -> list[str]:
    """At the cursor's depth when the answer was written as if the cursor stood further left."""
    if hole.base is None or hole.line_before.strip() or not rest[0].strip() or not is_code[0]:
        return rest
    missing = hole.base - _written_base(first, rest, hole)
    if missing <= 0:
        return rest
    step = _blank(hole.line_before)
    if "\t" in step:
        missing //= _DEFAULT_WIDTH
    return [
        step[:missing] + line if code and line.strip() else line
        for line, code in zip(rest, is_code, strict=True)
    ]


def _written_base(first: str, rest: list[str], hole: Hole) -> int:
    """The depth that the answer seems to have been written for; the cursor's when in doubt."""
    base, second = hole.base or 0, rest[0]
    indent = columns(second)
    if indent > base or _DEFINES.match(second.lstrip()):
        return base
    if _opens_block(first, hole):
        # A block that is not deeper than what opens it: the whole is too far left.
        width = _width([columns(line) for line in rest if line.strip()])
        return max(0, indent - width)
    below = hole.below[0].key if hole.below else ""
    if indent or _LEAVES.match(first) or key_of(second)[:8] == below[:8]:
        return base
    return 0


def _opens_block(line: str, hole: Hole) -> bool:
    return line.rstrip().endswith(":" if hole.language.is_indented else "{")


def _each(rest: list[str], is_code: Sequence[bool], change: Callable[[str], str]) -> list[str]:
    return [
        change(_blank(line)) + line.lstrip(" \t") if code and line.strip() else line
        for line, code in zip(rest, is_code, strict=True)
    ]


def _blank(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]


def _width(indents: Sequence[int], otherwise: int = _DEFAULT_WIDTH) -> int:
    width = gcd(*indents) if indents else 0
    return width if width in _WIDTHS else otherwise
