"""A model's rewritten region, which is not believed before it has been looked at."""

import re
from difflib import SequenceMatcher

from steward.completion.next_edit.limits import LINES_MAX
from steward.workspace.lines import split_lines
from steward.workspace.reveal import reveal

_ALIKE_MIN = 0.5
"""The share of lines that must be as they were: who rewrites more has not seen what is next."""
_FEW_LINES = 6
"""A region of so few lines may be rewritten more freely."""
_FENCED = re.compile(r"\s*```[^\n]*\n(.*?)\n?```\s*", re.DOTALL)
_TAGGED = re.compile(r"\s*<region>\n?(.*?)\n?</region>\s*", re.DOTALL)
_THOUGHT = re.compile(r"\A\s*<think>.*?</think>\s*", re.DOTALL)
_MARKS = ("```", "<region>", "</region>")


def rewritten(raw: str, region: str, *, is_whole: bool) -> str | None:
    """The region as the model would have it; `None` where the answer is none, or changes nothing.

    Args:
        raw: All that the model said.
        region: Whole lines, as they were shown to it.
        is_whole: Whether the answer came to its own end.
    """
    if not is_whole:
        return None  # Where it ends everything below would be taken away.
    bare = _bare(raw, region)
    if bare is None or not bare.strip():
        return None
    new = _ended_alike(bare, region)
    if new == region or _hidden(new) > _hidden(region) or not _is_alike(region, new):
        return None
    return new


def _bare(raw: str, region: str) -> str | None:
    """The answer without what models put around it; `None` where it says something besides."""
    text = _THOUGHT.sub("", raw)
    for around in (_FENCED, _TAGGED):
        if (found := around.fullmatch(text)) is not None:
            text = found[1]
    if any(mark in text and mark not in region for mark in _MARKS):
        return None
    return text


def _ended_alike(text: str, region: str) -> str:
    """The text with the region's own ends of lines, and its blank lines before and behind."""
    end = "\r\n" if "\r\n" in region else "\n"
    lines = [line.rstrip("\r\n") for line in split_lines(text)]
    olds = [line.rstrip("\r\n") for line in split_lines(region)]
    while lines and not lines[0].strip():
        del lines[0]
    while lines and not lines[-1].strip():
        del lines[-1]
    first = next((n for n, line in enumerate(olds) if line.strip()), len(olds))
    last = next((n for n in range(len(olds), first, -1) if olds[n - 1].strip()), len(olds))
    whole = [*olds[:first], *lines, *olds[last:]]
    return end.join(whole) + (end if region.endswith(("\n", "\r")) else "")


def _is_alike(old: str, new: str) -> bool:
    olds, news = split_lines(old), split_lines(new)
    matcher = SequenceMatcher(None, olds, news, autojunk=False)
    same = sum(block.size for block in matcher.get_matching_blocks())
    most = max(len(olds), len(news))
    if most - same > LINES_MAX:
        return False
    return most <= _FEW_LINES or same >= _ALIKE_MIN * most


def _hidden(text: str) -> int:
    return reveal(text)[1]
