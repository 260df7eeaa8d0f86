"""Proposals are kept from the step that makes them to the step that lands them."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from pathlib import Path

import pytest

from steward.core.errors import NotFoundError
from steward.workspace.proposal import EditProposal, FileChange
from tests.places import Place
from tests.rooms import Rooms, open_rooms


@pytest.fixture
async def rooms(place: Place, tmp_path: Path) -> AsyncGenerator[Rooms]:
    async with open_rooms(place, tmp_path) as rooms:
        yield rooms


def edit(number: int, path: str, after: str, run_id: str = "run") -> EditProposal:
    change = FileChange(path, "before", after)
    return EditProposal(f"{run_id}.{number}", run_id, f"Edit {path}", (change,))


async def test_a_proposal_is_found_as_it_was_kept(rooms: Rooms) -> None:
    proposal = edit(1, "a.py", "after\ud800")
    await rooms.proposals.keep(rooms.principal, proposal)
    kept = await rooms.proposals.find(proposal.id)
    assert (kept.proposal, kept.state, kept.approval_id) == (proposal, "proposed", None)


async def test_a_step_that_runs_again_does_not_replace_what_was_shown(rooms: Rooms) -> None:
    first = edit(1, "a.py", "first")
    await rooms.proposals.keep(rooms.principal, first)
    await rooms.proposals.mark(rooms.principal, first.id, "applied", outcome="done")
    await rooms.proposals.keep(rooms.principal, edit(1, "a.py", "second"))
    kept = await rooms.proposals.find(first.id)
    assert (kept.proposal, kept.state, kept.outcome) == (first, "applied", "done")
    assert await rooms.trail() == ["proposal.proposed", "proposal.applied"]


async def test_a_proposal_that_is_none_is_named(rooms: Rooms) -> None:
    with pytest.raises(NotFoundError, match="'nothing'"):
        await rooms.proposals.find("nothing")


async def test_a_run_has_landed_what_was_applied_the_newest_text_of_each_file(
    rooms: Rooms,
) -> None:
    edits = [
        (edit(1, "a.py", "first"), "applied"),
        (edit(2, "b.py", "only"), "applied"),
        (edit(3, "a.py", "second"), "applied"),
        (edit(4, "c.py", "no"), "refused"),
        (edit(5, "d.py", "half"), "partial"),
        (edit(6, "e.py", "old"), "stale"),
        (edit(1, "f.py", "another run's", "other"), "applied"),
    ]
    for proposal, state in edits:
        await rooms.proposals.keep(rooms.principal, proposal)
        rooms.clock.advance(timedelta(seconds=1))
        await rooms.proposals.mark(rooms.principal, proposal.id, state)  # pyright: ignore[reportArgumentType]
    assert await rooms.proposals.landed_in("run") == {"a.py": "second", "b.py": "only"}


async def test_every_turn_of_a_proposal_is_in_the_audit_trail(rooms: Rooms) -> None:
    proposal = edit(1, "a.py", "after")
    await rooms.proposals.keep(rooms.principal, proposal)
    await rooms.proposals.mark(rooms.principal, proposal.id, "applying", approval_id="question-1")
    assert (await rooms.proposals.find(proposal.id)).approval_id == "question-1"
    await rooms.proposals.mark(rooms.principal, proposal.id, "partial", outcome="half of it")
    kept = await rooms.proposals.find(proposal.id)
    assert (kept.state, kept.outcome, kept.approval_id) == ("partial", "half of it", "question-1")
    assert await rooms.trail() == ["proposal.proposed", "proposal.applying", "proposal.partial"]
