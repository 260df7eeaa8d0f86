"""What was found for a model, and how it is brought into the room that there is."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from steward.context.block import Block
from steward.context.left_out import LeftOut
from steward.context.staging import Hide
from steward.context.tokens import count, cut_after
from steward.core.origin import Origin
from steward.workspace.lines import split_lines


@dataclass(frozen=True, slots=True)
class Piece:
    """Something found, with the room that it may take."""

    block: Block
    tokens_max: int


@dataclass(slots=True)
class Found:
    """What one source found, and what it left out."""

    pieces: list[Piece] = field(default_factory=list[Piece])
    left_out: list[LeftOut] = field(default_factory=list[LeftOut])

    def add(self, origin: Origin, title: str, text: str, tokens_max: int, path: str = "") -> None:
        """Take a text, unless there is nothing in it."""
        if text.strip():
            self.pieces.append(Piece(Block(origin, title, text, path), tokens_max))

    def leave_out(self, what: str, why: str) -> None:
        """Say what is not shown, and why."""
        self.left_out.append(LeftOut(what, why))


def fitted(
    found: Sequence[Found], hide: Hide, room_tokens: int
) -> tuple[tuple[Block, ...], tuple[LeftOut, ...]]:
    """One list of all, within the room, and what is left out. Counts: on a thread."""
    blocks: list[Block] = []
    left_out = [each for some in found for each in some.left_out]
    for piece in (piece for some in found for piece in some.pieces):
        block = _cut(piece, min(piece.tokens_max, room_tokens), hide, left_out)
        if block.text:
            blocks.append(block)
            room_tokens -= count(block.text)
    return tuple(blocks), tuple(left_out)


def each_cut(found: Sequence[Found], hide: Hide) -> tuple[tuple[Block, ...], list[LeftOut]]:
    """Every piece as it would be shown if there were room for all. Counts: on a thread."""
    left_out = [each for some in found for each in some.left_out]
    pieces = [piece for some in found for piece in some.pieces]
    blocks = (_cut(piece, piece.tokens_max, hide, left_out) for piece in pieces)
    return tuple(block for block in blocks if block.text), left_out


def _cut(piece: Piece, allowed: int, hide: Hide, left_out: list[LeftOut]) -> Block:
    """The piece within this room; its text is empty where there is none for it."""
    block = piece.block
    text = cut_after(block.text, allowed) if allowed > 0 else ""
    if text != block.text:
        gone = len(split_lines(block.text)) - len(split_lines(text))
        left_out.append(LeftOut(block.title, f"no room for {gone} of its lines"))
        text = f"{text}(left out {gone} lines)\n" if text else ""
    return replace(block, title=hide(block.title), text=text)
