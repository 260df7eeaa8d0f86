"""The part of a file that is worth its room."""

import re

_COLUMN_ZERO = re.compile(r"\n\n+(?=\S)")
_MARK = "…"


def excerpt(text: str, about: str, chars_max: int) -> str:
    """A text that fits: its beginning, then the blocks that speak most of something.

    Args:
        text: The whole.
        about: Words that matter; those of a goal, names of a file.
        chars_max: The room.
    """
    if len(text) <= chars_max:
        return text
    blocks = _COLUMN_ZERO.split(text)
    words = {word.lower() for word in re.findall(r"[A-Za-z_]\w{2,}", about)}
    kept = {0} if len(blocks[0]) <= chars_max // 2 else set[int]()
    room = chars_max - sum(len(blocks[at]) + 4 for at in kept)
    ranked = sorted(
        range(len(blocks)),
        key=lambda at: (-len(words.intersection(_words(blocks[at]))), at),
    )
    for at in ranked:
        if at not in kept and len(blocks[at]) + 4 <= room:
            kept.add(at)
            room -= len(blocks[at]) + 4
    if not kept:
        cut = text[: chars_max - 2]
        return cut[: cut.rfind("\n") + 1] + _MARK if "\n" in cut else cut + _MARK
    pieces: list[str] = []
    last = -1
    for at in sorted(kept):
        if at != last + 1:
            pieces.append(_MARK)
        pieces.append(blocks[at])
        last = at
    return "\n\n".join(pieces)


def _words(block: str) -> set[str]:
    found = re.findall(r"[A-Za-z_]\w{2,}", block)
    return {part for word in found for part in (word.lower(), *word.lower().split("_"))}
