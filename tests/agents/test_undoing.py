"""Undo is a proposal that a person approves; it is computed from what is there at that moment."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from steward.agents.changes import changes_of, undone_of
from steward.agents.presence import Presence
from steward.agents.run import RunLog
from steward.agents.undo import Wanted
from steward.agents.undo_told import Ended
from steward.agents.undoing import Undoing
from steward.agents.workflows.owner import Owner
from steward.cli.undo import land_answered
from steward.core.errors import InvalidInputError, NotFoundError, NotPermittedError
from steward.workspace.land import Lander
from steward.workspace.proposal import EditProposal, FileChange
from steward.workspace.shown import edit_question
from tests.agents.test_run import run
from tests.places import Place
from tests.rooms import Rooms, answering, no, numbered, open_rooms, yes

A, B = "one\ntwo\nthree\nfour\nfive\n", "x\r\ny"


class Desk:
    """A finished run's folder, and whoever undoes what it did."""

    def __init__(self, rooms: Rooms, folder: Path) -> None:
        self.rooms = rooms
        self.root = rooms.workspace.root
        self.folder = folder
        self.undoing = self.another("windowone")
        self.number = 0

    def another(self, name: str) -> Undoing:
        """The same in another process."""
        rooms = self.rooms
        lander = Lander(rooms.approvals, rooms.proposals, rooms.workspace, rooms.lander.git)
        owner = Owner(self.folder / "executors", name)
        presence = Presence(self.folder / "windows", str(self.root))
        return Undoing(lander, numbered(f"undo-{name}"), owner, presence)

    async def ran(self, *steps: tuple[FileChange, ...], state: str = "finished") -> str:
        """A run that changed this, a step after the other; its id."""
        self.number += 1
        rooms, run_id = self.rooms, f"run{self.number}"
        log = RunLog(rooms.database, rooms.clock, rooms.events)
        await log.begin(run(run_id, rooms.principal), "window1")
        for number, changes in enumerate(steps):
            edit = EditProposal(f"{run_id}.tool-{number}-0", run_id, f"Change {number}", changes)
            await rooms.proposals.keep(rooms.principal, edit)
            async with answering(rooms, rooms.principal, yes):
                landed = await rooms.lander.land(rooms.principal, edit.id)
            assert landed.state == "applied", landed
            rooms.clock.advance(timedelta(seconds=1))
        if state == "finished":
            await log.enter(run_id, "finished", "end", "Done.")
        return run_id

    async def undo(self, **wanted: Any) -> Ended:
        """Undo it, and say yes."""
        async with answering(self.rooms, self.rooms.principal, yes):
            ended = await self.undoing.undo(self.rooms.principal, wanted_of(**wanted))
        self.rooms.clock.advance(timedelta(seconds=1))
        return ended

    async def share(self, run_id: str) -> str:
        """How much of the run is undone."""
        return (
            await self.rooms.database.read(lambda session: undone_of(session, "local", [run_id]))
        ).get(run_id, "no")

    async def changes(self) -> list[dict[str, object]]:
        """What is listed."""

        def work(session: Session) -> list[dict[str, object]]:
            return changes_of(session, self.rooms.principal, workspace=str(self.root))

        return await self.rooms.database.read(work)

    def files(self) -> dict[str, str]:
        """What is on the disk."""
        return {
            str(path.relative_to(self.root)): path.read_bytes().decode()
            for path in self.root.rglob("*")
            if path.is_file()
        }


def wanted_of(
    run_id: str = "", step: str = "", change_id: str = "", *, is_redo: bool = False
) -> Wanted:
    return Wanted(run_id, step, change_id, is_redo)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncGenerator[Desk]:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        yield desk


@pytest.fixture
async def either(place: Place, tmp_path: Path) -> AsyncGenerator[Desk]:
    """On SQLite and on PostgreSQL."""
    async with open_desk(place, tmp_path) as desk:
        yield desk


@asynccontextmanager
async def open_desk(place: Place, tmp_path: Path) -> AsyncGenerator[Desk]:
    root = tmp_path / "project"
    root.mkdir()
    (root / "a.py").write_bytes(A.encode())
    (root / "b.py").write_bytes(B.encode())
    async with open_rooms(place, root) as rooms:
        rooms.editor.takes_edits = False
        yield Desk(rooms, tmp_path)


FIRST = (FileChange("a.py", A, A.replace("two", "TWO")), FileChange("new/c.py", None, "c\n"))
SECOND = (
    FileChange("a.py", A.replace("two", "TWO"), A.replace("two", "TWO").replace("five", "FIVE")),
    FileChange("d.py", B, B, moved_from="b.py"),
)


async def test_a_run_a_step_and_a_change_are_undone_and_done_again(either: Desk) -> None:
    desk = either
    run_id = await desk.ran(FIRST, SECOND)
    done = desk.files()
    ended = await desk.undo(run_id=run_id, step="land-1-0")
    assert ended.landed.state == "applied", ended
    assert desk.files() == {"a.py": A.replace("two", "TWO"), "new/c.py": "c\n", "b.py": B}
    assert await desk.share(run_id) == "partly"
    (desk.root / "a.py").write_bytes(("mine\n" + A.replace("two", "TWO")).encode())
    await desk.undo(run_id=run_id)
    assert desk.files() == {"a.py": "mine\n" + A, "b.py": B}
    assert await desk.share(run_id) == "yes"
    with pytest.raises(InvalidInputError, match="undone already"):
        await desk.undo(run_id=run_id)
    ended = await desk.undo(run_id=run_id, is_redo=True)
    assert ended.landed.state == "applied", ended
    assert desk.files() == {**done, "a.py": "mine\n" + done["a.py"]}
    assert await desk.share(run_id) == "no"
    told = await desk.changes()
    assert [(each["kind"], each["undone"]) for each in told] == [
        ("redo", "no"),
        ("undo", "no"),
        ("undo", "no"),
        ("change", "no"),
        ("change", "no"),
    ]
    # The redo is a change like any other: it can be taken back, too.
    await desk.undo(change_id=str(told[0]["id"]))
    assert desk.files() == {"a.py": "mine\n" + A, "b.py": B}
    assert await desk.share(run_id) == "yes"
    trail = await desk.rooms.trail()
    assert trail.count("approval.used") == trail.count("proposal.applied") == 6


async def test_without_a_yes_nothing_is_undone(desk: Desk) -> None:
    await desk.ran(FIRST)
    done = desk.files()
    async with answering(desk.rooms, desk.rooms.principal, no) as asked:
        ended = await desk.undoing.undo(desk.rooms.principal, Wanted())
    assert (ended.landed.state, desk.files()) == ("refused", done)
    assert "Undo: Change 0" in asked[0].title
    assert "-TWO" in asked[0].body


async def test_what_was_edited_or_became_a_link_is_left_and_the_rest_is_undone(desk: Desk) -> None:
    run_id = await desk.ran(FIRST, SECOND)
    outside = desk.folder / "outside"
    outside.write_bytes(b"c\n")
    (desk.root / "new" / "c.py").unlink()
    (desk.root / "new" / "c.py").symlink_to(outside)
    mine = (desk.root / "a.py").read_bytes().replace(b"TWO", b"2")
    (desk.root / "a.py").write_bytes(mine)
    ended = await desk.undo(run_id=run_id)
    assert ended.landed.state == "applied", ended
    left = {each.path: each for each in ended.prepared.left}
    assert sorted(left) == ["a.py", "new/c.py"]
    assert left["a.py"].lines == ((2, 2),)
    assert "link" in left["new/c.py"].reason
    assert (desk.root / "a.py").read_bytes() == mine
    assert outside.read_bytes() == b"c\n"
    assert (desk.root / "new" / "c.py").is_symlink()
    assert (desk.root / "b.py").read_bytes() == B.encode()
    assert await desk.share(run_id) == "partly"
    assert ended.prepared.proposal is not None
    assert "(2 files are left as they are)" in ended.prepared.proposal.title


async def test_a_file_edited_while_the_undo_is_asked_about_keeps_the_edit(desk: Desk) -> None:
    run_id = await desk.ran(FIRST)
    prepared = await desk.undoing.prepare(desk.rooms.principal, Wanted(run_id))
    (desk.root / "a.py").write_bytes(b"mine\n")
    ended = await land_answered(desk.undoing, desk.rooms.principal, prepared, is_yes=True)
    assert ended.landed.state == "stale"
    assert (desk.root / "a.py").read_bytes() == b"mine\n"
    assert (desk.root / "new" / "c.py").exists()


async def test_an_undo_is_made_whole_and_worked_out_anew_where_its_file_was_edited(
    desk: Desk,
) -> None:
    run_id = await desk.ran(FIRST)
    prepared = await desk.undoing.prepare(desk.rooms.principal, Wanted(run_id))
    assert prepared.proposal is not None
    assert "choice" not in edit_question(prepared.proposal).takes
    (desk.root / "a.py").write_bytes((A.replace("two", "TWO") + "mine\n").encode())
    # Nobody is asked about a merge, which would not know what it undoes.
    async with asyncio.timeout(5):
        ended = await land_answered(desk.undoing, desk.rooms.principal, prepared, is_yes=True)
    assert ended.landed.state == "stale"
    assert "Ask for it again" in ended.landed.outcome
    assert (await desk.undo(run_id=run_id)).landed.state == "applied"
    assert (desk.root / "a.py").read_bytes() == (A + "mine\n").encode()
    assert await desk.share(run_id) == "yes"


async def test_text_that_nobody_has_saved_is_what_the_undo_starts_from(desk: Desk) -> None:
    desk.rooms.editor.takes_edits = True
    run_id = await desk.ran(FIRST)
    typed = "unsaved\n" + A.replace("two", "TWO")
    desk.rooms.editor.documents[desk.root / "a.py"] = typed
    await desk.undo(run_id=run_id)
    assert desk.rooms.editor.documents[desk.root / "a.py"] == "unsaved\n" + A
    assert (desk.root / "a.py").read_bytes() == A.replace("two", "TWO").encode()


async def test_what_is_not_theirs_or_not_over_is_refused_with_what_to_do(desk: Desk) -> None:
    run_id = await desk.ran(FIRST, state="working")
    with pytest.raises(InvalidInputError, match="Cancel it first"):
        await desk.undo(run_id=run_id)
    with pytest.raises(NotFoundError):
        await desk.undo(run_id="another")
    with pytest.raises(NotFoundError):
        await desk.undo(run_id=run_id, step="tool-9-0")
    with pytest.raises(NotFoundError):
        await desk.undo(change_id="nothing")
    with pytest.raises(InvalidInputError, match="Nothing of that is undone"):
        await desk.undo(run_id=run_id, is_redo=True)
    assert (await desk.undo(run_id=run_id, step="think-0")).landed.state == "applied"
    foreign = await desk.ran((FileChange("e.py", None, "e\n"),))
    await _give_to(desk, foreign, "user", "bob")
    with pytest.raises((NotFoundError, NotPermittedError)):
        await desk.undo(run_id=foreign)
    await _give_to(desk, foreign, "user", desk.rooms.principal.user)
    await _give_to(desk, foreign, "workspace", "/elsewhere")
    with pytest.raises(NotPermittedError, match="open that folder"):
        await desk.undo(run_id=foreign)


async def _give_to(desk: Desk, run_id: str, column: str, value: str) -> None:
    from steward.agents.tables import RunRow

    def work(session: Session) -> None:
        row = session.get_one(RunRow, run_id)
        setattr(row, column, value)
        session.add(row)

    await desk.rooms.database.run(work)


async def test_what_a_killed_process_left_is_ended_by_the_next_and_not_what_lives(
    desk: Desk,
) -> None:
    run_id = await desk.ran(FIRST)
    principal, proposals = desk.rooms.principal, desk.rooms.proposals
    for state in ("proposed", "applying"):
        prepared = await desk.undoing.prepare(principal, Wanted(run_id))
        assert prepared.proposal is not None
        await proposals.keep(principal, prepared.proposal)
        if state == "applying":
            await proposals.mark(principal, prepared.proposal.id, "applying")
        await asyncio.to_thread(desk.undoing.owner.claim)
        await desk.another("windowtwo").recover(principal)
        assert (await proposals.find(prepared.proposal.id)).state == state
        await asyncio.to_thread(desk.undoing.owner.release)
        await desk.another("windowtwo").recover(principal)
        assert (await proposals.find(prepared.proposal.id)).state == "refused"
    assert "TWO" in (desk.root / "a.py").read_text()
    assert (await desk.undo(run_id=run_id)).landed.state == "applied"
