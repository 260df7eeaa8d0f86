"""The three ways in which a model writes a change of one text, and what the text becomes."""

from dataclasses import dataclass

from steward.workspace.edits.block import Block
from steward.workspace.edits.blocks import apply_blocks
from steward.workspace.edits.hunks import apply_diff
from steward.workspace.edits.whole import apply_whole


@dataclass(frozen=True, slots=True)
class Blocks:
    """Texts that are looked for in the file, and what stands there instead."""

    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Whole:
    """The whole new text."""

    text: str


@dataclass(frozen=True, slots=True)
class Patch:
    """A unified diff."""

    diff: str


Edits = Blocks | Whole | Patch


def apply(text: str, edits: Edits) -> str:
    """The text after all the edits; nothing that they do not name changes, line ends included.

    For large texts it takes a while: call it on a thread.

    Raises:
        InvalidInputError: the edits cannot be placed for certain. The message says what stands
            there instead, so that one more attempt is enough.
    """
    match edits:
        case Blocks(blocks):
            return apply_blocks(text, blocks)
        case Whole(new):
            return apply_whole(text, new)
        case Patch(diff):
            return apply_diff(text, diff)
