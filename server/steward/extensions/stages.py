"""Stages of extensions in the pipeline that puts a model's context together."""

from collections.abc import Sequence
from dataclasses import dataclass

from steward.context.stage import Added, Position, Stage, Staged, StageWish
from steward.extensions import manifest
from steward.extensions.current import Current
from steward.extensions.payloads import ModelHint, Piece, StageRequest, StageResponse
from steward.extensions.telling import event
from steward.gateway.request import Hint
from steward.workspace.markdown import one_line


@dataclass(frozen=True, slots=True)
class ExtensionStage:
    """One stage of one extension; it sees pieces without secrets and says what it wishes."""

    current: Current
    extension: str
    stage: manifest.Stage
    config: object

    @property
    def name(self) -> str:
        """Whose it is."""
        return f"the extension {self.extension}"

    @property
    def position(self) -> Position:
        """When it looks."""
        return self.stage.position

    @property
    def order(self) -> int:
        """Lower looks first."""
        return self.stage.order

    async def look(self, staged: Staged) -> StageWish:
        """What the extension answers, with its words for pieces made into their places."""
        extensions = self.current.extensions
        if extensions is None:
            return StageWish()
        request = event(
            StageRequest,
            task=staged.task,
            goal=staged.goal,
            pieces=_pieces(staged),
            config=self.config,
        )
        answer = await extensions.call(
            self.extension, f"context:{self.stage.id}", request, StageResponse
        )
        return StageWish(
            None if answer.keep is None else tuple(map(_place, answer.keep)),
            {_place(name): text for name, text in answer.replace.items()},
            tuple(Added(each.title, each.text, each.path or "") for each in answer.add),
            None if answer.hint is None else _hint(answer.hint, self.name),
        )


def stages_of(current: Current) -> Sequence[Stage]:
    """Every stage of the extensions that may change what is sent to models."""
    return [
        ExtensionStage(current, each.manifest.id, stage, dict(each.config))
        for each in current.granted("context.change")
        for stage in each.manifest.context_stages
    ]


def _pieces(staged: Staged) -> tuple[Piece, ...]:
    return tuple(
        event(
            Piece,
            id=str(place),
            kind=block.origin,
            path=block.path or None,
            text=block.text,
            tokens=n,
        )
        for place, (block, n) in enumerate(zip(staged.pieces, staged.tokens, strict=True))
    )


def _place(name: str) -> int:
    """The place of a piece that an extension names; what it made up is nowhere."""
    return int(name) if name.isascii() and name.isdigit() and len(name) <= 6 else -1


def _hint(hint: ModelHint, whose: str) -> Hint:
    return Hint(hint.tier, one_line(hint.reason), whose)
