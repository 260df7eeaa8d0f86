"""Lets stages look at what a model will see, and makes of their wishes what may be made of them.

A stage may leave pieces out, put them into another order, shorten them and add some. What it wrote
itself is shown as an extension's words, and counts as a stranger's; what it left out stands in the
run's trace with its name. One that fails, or takes too long, changes nothing.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from steward.context.block import Block
from steward.context.left_out import LeftOut
from steward.context.stage import Position, Stage, Staged, StageWish
from steward.context.tokens import count, cut_after
from steward.core.agent_limits import STAGE_ADDED_TOKENS_MAX, STAGE_S, STAGES_S
from steward.core.errors import StewardError
from steward.gateway.request import Hint

Hide = Callable[[str], str]
"""Puts placeholders where secrets stand, on as many lines as there were."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of the pieces."""

    blocks: tuple[Block, ...]
    left_out: tuple[LeftOut, ...] = ()
    hint: Hint | None = None
    """Of several stages' hints the last one's."""


@dataclass(frozen=True, slots=True)
class Stages:
    """The stages that are there at a moment."""

    now: Callable[[], Sequence[Stage]]

    def at(self, position: Position) -> list[Stage]:
        """Those that look at this position, the first first."""
        found = [stage for stage in self.now() if stage.position == position]
        return sorted(found, key=lambda stage: (stage.order, stage.name))

    async def look(
        self, position: Position, staged: Staged, room_tokens: int | None, hide: Hide
    ) -> Outcome:
        """What becomes of the pieces; `hide` is asked about all that is new.

        `room_tokens`: what all of them may take; None where those that are there have theirs.
        """
        outcome = Outcome(staged.pieces)
        stages = self.at(position)
        if not stages:
            return outcome
        try:
            async with asyncio.timeout(STAGES_S):
                for stage in stages:
                    outcome = await _looked(stage, staged, outcome, room_tokens, hide)
        except TimeoutError:
            why = f"all of them together took longer than {STAGES_S:g} s"
            late = LeftOut("what more stages wished", why)
            outcome = replace(outcome, left_out=(*outcome.left_out, late))
        return outcome


async def _looked(
    stage: Stage, staged: Staged, before: Outcome, room_tokens: int | None, hide: Hide
) -> Outcome:
    tokens = await asyncio.to_thread(_counted, before.blocks)
    shown = replace(staged, pieces=before.blocks, tokens=tokens)
    try:
        async with asyncio.timeout(STAGE_S):
            wish = await stage.look(shown)
    except (StewardError, TimeoutError) as error:
        why = str(error) or f"it took longer than {STAGE_S:g} s"
        nothing = LeftOut(f"what {stage.name} wished", why)
        return replace(before, left_out=(*before.left_out, nothing))
    made = await asyncio.to_thread(granted, stage.name, before.blocks, wish, room_tokens, hide)
    return Outcome(made.blocks, (*before.left_out, *made.left_out), wish.hint or before.hint)


def granted(
    name: str, pieces: Sequence[Block], wish: StageWish, room_tokens: int | None, hide: Hide
) -> Outcome:
    """What is made of a wish. Counts: on a thread."""
    order = range(len(pieces)) if wish.keep is None else dict.fromkeys(wish.keep)
    kept = [place for place in order if 0 <= place < len(pieces)]
    left_out = [
        LeftOut(block.title, f"{name} left it out")
        for place, block in enumerate(pieces)
        if place not in kept
    ]
    blocks = [_shortened(name, pieces[place], wish.shorter.get(place), hide) for place in kept]
    allowed = STAGE_ADDED_TOKENS_MAX
    if room_tokens is not None:
        allowed = min(allowed, room_tokens - sum(_counted(blocks)))
    for each in wish.add:
        title = hide(f"{name}: {each.title}")
        text = cut_after(hide(each.text), allowed) if allowed > 0 else ""
        if text != hide(each.text):
            left_out.append(LeftOut(title, "no room for all of it"))
        if text.strip():
            blocks.append(Block("extension", title, text, each.path))
            allowed -= count(text)
    return Outcome(tuple(blocks), tuple(left_out))


def _shortened(name: str, block: Block, text: str | None, hide: Hide) -> Block:
    """The block with a shorter text, which is the stage's own from then on."""
    if text is None or text == block.text or len(text) > len(block.text):
        return block
    title = f"{block.title}, as {name} shortened it"
    return Block("extension", title, hide(text), block.path)


def _counted(blocks: Sequence[Block]) -> tuple[int, ...]:
    return tuple(count(block.text) for block in blocks)
