"""Where the part of a Markdown text ends in which the cursor stands (CommonMark 0.31)."""

import re

_FENCE = re.compile(r"[ ]{0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r"[ ]{0,3}(#{1,6})(?:\s|$)")
_MARKED = re.compile(r"^[ ]{0,3}(?:`{3}|~{3}|#)[^\n]*", re.MULTILINE)
_LOOKED_CHARS = 40_000
"""How far fences and headings are looked for."""
_ITEM = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+")


def prose_end(before: str, answer: str, after: str) -> int:
    """How much of an answer belongs to the fence, the list or the section of the cursor."""
    fence, level = _surroundings(before)
    if fence is not None:
        return _fence_end(fence, before, answer, after)
    line_before = before[before.rfind("\n") + 1 :]
    is_list = _ITEM.match(line_before) is not None or line_before.startswith((" ", "\t"))
    inner: str | None = None
    was_blank = False
    start = 0
    for raw in answer.splitlines(keepends=True):
        line = line_before + raw if start == 0 else raw
        inner, is_fence = _fence_after(line, inner)
        heading = None if inner or is_fence else _HEADING.match(line)
        if heading and 0 < len(heading[1]) <= level:
            return len(answer[:start].rstrip())
        if is_list and start and was_blank and line.strip() and not _is_in_list(line):
            return len(answer[:start].rstrip())
        was_blank = not line.strip()
        start += len(raw)
    return len(answer)


def _surroundings(before: str) -> tuple[str | None, int]:
    """The fence that is open, and the level of the last heading (0: none)."""
    fence: str | None = None
    level = 0
    start, end = max(0, len(before) - _LOOKED_CHARS), before.rfind("\n") + 1
    for marked in _MARKED.finditer(before, start, end):
        line = marked[0]
        fence, is_fence = _fence_after(line, fence)
        heading = None if fence or is_fence else _HEADING.match(line)
        level = len(heading[1]) if heading else level
    # The line of the cursor may open one.
    return _fence_after(before[before.rfind("\n") + 1 :], fence)[0], level


def _fence_after(line: str, fence: str | None) -> tuple[str | None, bool]:
    """The fence that is open after a line, and whether the line is one."""
    found = _FENCE.match(line)
    if found is None:
        return fence, False
    if fence is None:
        return found[1], True
    closes = found[1].startswith(fence) and not line[found.end() :].strip()
    return (None, True) if closes else (fence, False)


def _fence_end(fence: str, before: str, answer: str, after: str) -> int:
    line_before = before[before.rfind("\n") + 1 :]
    start = 0
    for raw in answer.splitlines(keepends=True):
        line = line_before + raw if start == 0 else raw
        if (start or not line_before.strip()) and _fence_after(line, fence)[0] is None:
            below = _MARKED.finditer(after, after.find("\n") + 1 or len(after), _LOOKED_CHARS)
            is_closed = any(_fence_after(each[0], fence)[0] is None for each in below)
            return len(answer[:start].rstrip()) if is_closed else start + len(raw.rstrip())
        start += len(raw)
    return len(answer)


def _is_in_list(line: str) -> bool:
    return line.startswith((" ", "\t")) or _ITEM.match(line) is not None
