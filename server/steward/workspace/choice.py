"""What of a proposal a person can keep, and the narrower proposal that follows from it.

A change of a file's text can be chosen run by run of changed lines. A file that is made, deleted
or renamed is chosen whole: half of that is something that nobody proposed. Ids follow from what a
hunk holds and not from its place, so they are the same in every process.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass

from steward.core.agent_limits import HUNKS_CHARS_MAX, HUNKS_MAX, HUNKS_NAMED_MAX
from steward.core.errors import InvalidInputError
from steward.workspace.diff import Region, changed_regions, hunk_header, hunk_lines
from steward.workspace.lines import split_lines
from steward.workspace.marks import Mark
from steward.workspace.proposal import EditProposal, FileChange

_ID_CHARS = 32


@dataclass(frozen=True, slots=True)
class Hunk:
    """The smallest piece of a proposal that can be kept or not."""

    id: str
    """Differs from all others of the proposal; 32 hexadecimal digits."""
    file: str
    """Where the text is afterwards; of a deletion, where it was."""
    header: str
    """`@@ -first,count +first,count @@`, or what happens to the whole file."""
    lines: str
    """What is taken away and what is added, without what stands around it, each line after its
    sign and hidden characters spelled out."""

    def named(self) -> str:
        """The hunk in a sentence."""
        return f"{self.file} {self.header}"


def hunks_of(proposal: EditProposal) -> tuple[Hunk, ...]:
    """All of the proposal, in its order; together they are the whole of it."""
    return tuple(hunk for hunk, _, _ in _pieces(proposal))


def listed(proposal: EditProposal) -> tuple[Hunk, ...]:
    """All hunks, for whoever goes through them; nothing where there are more than can be read."""
    hunks = hunks_of(proposal)
    is_much = len(hunks) > HUNKS_MAX or sum(len(one.lines) for one in hunks) > HUNKS_CHARS_MAX
    return () if is_much else hunks


def is_choice(proposal: EditProposal, hunks: Sequence[Hunk]) -> bool:
    """Whether some of these hunks, all that are listed, may be kept without the others.

    An undo is made whole: of a part nobody could say what is undone by it.
    """
    return len(hunks) > 1 and proposal.undo is None


def draft_of(
    proposal: EditProposal, hunks: Sequence[Hunk], marks: Sequence[Mark]
) -> dict[str, object]:
    """What the proposal's question carries for whoever goes through it piece by piece."""
    return {
        "proposal": proposal.id,
        "hunks": list(map(asdict, hunks)),
        "marks": list(map(asdict, marks)),
    }


def kept_part(proposal: EditProposal, kept: Collection[str], part_id: str) -> EditProposal:
    """The proposal that makes exactly the hunks with these ids, under an id of its own.

    Raises:
        InvalidInputError: an id is given twice or is none of this proposal's; or there is none.
    """
    pieces = list(_pieces(proposal))
    known = {hunk.id for hunk, _, _ in pieces}
    if not kept or len(kept) > len(set(kept)) or not known.issuperset(kept):
        raise InvalidInputError(
            "What is kept of a proposal is named by the ids of its hunks, each once and one at"
            " least. Read the question again and choose from what it lists."
        )
    wanted = set(kept)
    changes = (
        _kept_of(change, _regions(pieces, number, wanted))
        for number, change in enumerate(proposal.changes)
    )
    left = tuple(change for change in changes if change is not None)
    return EditProposal(part_id, proposal.run_id, f"{proposal.title} (in part)", left)


def names(hunks: Sequence[Hunk]) -> str:
    """The hunks for a sentence; of many, the first."""
    named = [hunk.named() for hunk in hunks[:HUNKS_NAMED_MAX]]
    more = len(hunks) - len(named)
    return "; ".join([*named, f"and {more} more"] if more else named)


_Piece = tuple[Hunk, int, Region | None]
"""A hunk, the number of the change that it belongs to, and the lines; `None` for a whole file."""


def _pieces(proposal: EditProposal) -> Iterator[_Piece]:
    for number, change in enumerate(proposal.changes):
        if change.kind == "edit":
            yield from ((hunk, number, region) for hunk, region in _hunks_of_text(change))
        else:
            yield _whole(change), number, None


def _hunks_of_text(change: FileChange) -> Iterator[tuple[Hunk, Region]]:
    old = split_lines(change.before or "")
    seen: Counter[tuple[str, ...]] = Counter()
    shift = 0
    for region in changed_regions(change.before or "", change.after or ""):
        content = ("\0".join(old[region.start : region.end]), "\0".join(region.new))
        # Two hunks of a file may say the same; they are told apart by which comes first.
        id_ = _id((change.path, "edit", *content, seen[content]))
        seen[content] += 1
        header, lines = hunk_header(region, shift), hunk_lines(old, region)
        yield Hunk(id_, change.path, header, lines), region
        shift += len(region.new) - (region.end - region.start)


def _whole(change: FileChange) -> Hunk:
    id_ = _id((change.path, change.kind, change.moved_from, change.before, change.after))
    header = {"create": "new file", "delete": "deleted file"}.get(change.kind)
    old = split_lines(change.before or "")
    regions = changed_regions(change.before or "", change.after or "")
    lines = "".join(hunk_lines(old, region) for region in regions)
    return Hunk(id_, change.path, header or f"renamed from {change.moved_from}", lines)


def _id(content: Iterable[object]) -> str:
    written = json.dumps(list(content), ensure_ascii=True).encode("ascii")
    return hashlib.sha256(written).hexdigest()[:_ID_CHARS]


def _regions(pieces: list[_Piece], number: int, wanted: set[str]) -> list[Region | None]:
    return [region for hunk, of, region in pieces if of == number and hunk.id in wanted]


def _kept_of(change: FileChange, regions: list[Region | None]) -> FileChange | None:
    """The change with these regions only; `None` where nothing of it is kept."""
    if not regions:
        return None
    chosen = [region for region in regions if region is not None]
    if not chosen:  # The file as a whole.
        return change
    old = split_lines(change.before or "")
    text: list[str] = []
    at = 0
    for region in chosen:
        text += (*old[at : region.start], *region.new)
        at = region.end
    return FileChange(change.path, change.before, "".join((*text, *old[at:])))
