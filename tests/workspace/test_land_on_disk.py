"""Where the editor cannot make a change, an approved one is written to the disk, whole or not."""

import asyncio
import hashlib
from pathlib import Path

import pytest

from steward.workspace.land import Landed
from steward.workspace.proposal import EditProposal, FileChange
from tests.rooms import Rooms, answering, no, open_rooms, silent, yes

EDIT = EditProposal(
    "run.1",
    "run",
    "Change four files",
    (
        FileChange("a.py", "one\ntwo\nthree\n", "one\n2\nthree\n"),
        FileChange("new/c.py", None, "six\n"),
        FileChange("d.py", "four\n", "four\n", moved_from="b.py"),
    ),
)
OLD = {"a.py": "one\ntwo\nthree\n", "b.py": "four\n"}
NEW = {"a.py": "one\n2\nthree\n", "new/c.py": "six\n", "d.py": "four\n"}


@pytest.fixture
def unable(rooms: Rooms) -> Rooms:
    """Rooms whose editor takes no edits."""
    rooms.editor.takes_edits = False
    return rooms


def files(rooms: Rooms) -> dict[str, str]:
    root = rooms.workspace.root
    return {
        str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()
    }


async def land(rooms: Rooms) -> Landed:
    await rooms.proposals.keep(rooms.principal, EDIT)
    async with answering(rooms, rooms.principal, yes):
        return await rooms.lander.land(rooms.principal, EDIT.id)


async def test_an_approved_change_is_written_whole(unable: Rooms) -> None:
    landed = await land(unable)
    assert landed.state == "applied"
    assert files(unable) == NEW
    assert unable.editor.edits == []
    trail = await unable.trail()
    assert trail.count("approval.used") == 1
    assert await unable.proposals.landed_in("run") == {**NEW, "b.py": None}


async def test_a_refused_change_is_not_written(unable: Rooms) -> None:
    await unable.proposals.keep(unable.principal, EDIT)
    async with answering(unable, unable.principal, no):
        assert (await unable.lander.land(unable.principal, EDIT.id)).state == "refused"
    assert files(unable) == OLD


@pytest.mark.parametrize("name", ["a.py", "b.py", "d.py"])
async def test_a_document_with_other_text_than_the_disk_keeps_it(unable: Rooms, name: str) -> None:
    unable.editor.documents[unable.workspace.root / name] = "typing\n"
    landed = await land(unable)
    assert landed.state == "stale"
    assert name in landed.outcome
    assert files(unable) == OLD


async def test_a_document_that_is_as_on_the_disk_is_in_nobodys_way(unable: Rooms) -> None:
    unable.editor.documents[unable.workspace.root / "a.py"] = OLD["a.py"]
    assert (await land(unable)).state == "applied"
    assert files(unable) == NEW


async def test_what_cannot_be_written_leaves_everything_as_it_was(unable: Rooms) -> None:
    (unable.workspace.root / "new").write_text("in the way\n")
    landed = await land(unable)
    assert landed.state in ("refused", "stale")
    assert files(unable) == {**OLD, "new": "in the way\n"}


async def test_a_landing_that_is_cut_off_while_it_is_asked_is_asked_again(
    tmp_path: Path, unable: Rooms
) -> None:
    await unable.proposals.keep(unable.principal, EDIT)
    async with answering(unable, unable.principal, silent), asyncio.TaskGroup() as group:
        landing = group.create_task(unable.lander.land(unable.principal, EDIT.id))
        while not await unable.approvals.pending(unable.principal):
            await asyncio.sleep(0)
        landing.cancel()
    async with open_rooms(tmp_path / "data" / "steward.db", unable.workspace.root) as again:
        again.editor.takes_edits = False
        async with answering(again, again.principal, yes):
            assert (await again.lander.land(again.principal, EDIT.id)).state == "applied"
    assert files(unable) == NEW


@pytest.mark.parametrize("state", ["applying", "unfinished"])
async def test_a_landing_that_stopped_half_way_on_the_disk_is_ended(
    unable: Rooms, state: str
) -> None:
    """The first of two files has changed places with its new text, as a kill leaves it."""
    edit = EditProposal(
        "run.2",
        "run",
        "Two files",
        (FileChange("a.py", OLD["a.py"], NEW["a.py"]), FileChange("b.py", "four\n", "five\n")),
    )
    root = unable.workspace.root
    mark = hashlib.sha256(edit.id.encode()).hexdigest()[:12]
    (root / "a.py").rename(root / f".steward-{mark}-0")
    (root / "a.py").write_text(NEW["a.py"])
    (root / f".steward-{mark}-1").write_text("five\n")
    await unable.proposals.keep(unable.principal, edit)
    if state == "unfinished":
        await unable.proposals.mark(unable.principal, edit.id, "unfinished")
        await unable.lander.end_unfinished(unable.principal)
    else:
        await _begin(unable, edit)
        assert (await unable.lander.land(unable.principal, edit.id)).state == "applied"
    assert files(unable) == {"a.py": NEW["a.py"], "b.py": "five\n"}
    kept = await unable.proposals.find(edit.id)
    assert kept.state == "applied"
    assert "after a restart" in kept.outcome


async def _begin(rooms: Rooms, edit: EditProposal) -> None:
    """As far as the process came that was killed: approved, used, and begun."""
    from steward.workspace.shown import edit_question

    async with answering(rooms, rooms.principal, yes):
        answer = await rooms.approvals.ask(rooms.principal, edit_question(edit))
    await rooms.approvals.use(answer.approval_id, answer.digest)
    await rooms.proposals.mark(rooms.principal, edit.id, "applying", approval_id=answer.approval_id)
