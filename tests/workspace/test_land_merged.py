"""What somebody writes while a proposal waits is merged with it and asked about, or never lost."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from steward.core.agent_limits import SUCCESSORS_MAX
from steward.permissions.question import OpenQuestion, Reply
from steward.workspace.choice import hunks_of
from steward.workspace.land import Landed
from steward.workspace.proposal import EditProposal, FileChange
from tests.rooms import DEADLINE_S, Rooms, Said, answering, open_rooms, yes

BEFORE = "one\ntwo\nthree\nfour\nfive\n"
AFTER = "1\ntwo\nthree\nfour\n5\n"
MINE = "one\ntwo\nthree, as I say\nfour\nfive\n"
BOTH = "1\ntwo\nthree, as I say\nfour\n5\n"
EDIT = EditProposal("run.1", "run", "Count", (FileChange("a.py", BEFORE, AFTER),))
TITLES = ["Count", "Count (merged with your edits)"]


@pytest.fixture(params=[False, True], ids=["on disk", "in the editor"])
def write(rooms: Rooms, request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Give the file this text, where the person has it."""
    path = rooms.workspace.root / "a.py"

    def write(text: str) -> None:
        if request.param:
            rooms.editor.documents[path] = text
        else:
            path.write_text(text)

    write(BEFORE)
    return write


def text(rooms: Rooms) -> str:
    path = rooms.workspace.root / "a.py"
    return rooms.editor.documents.get(path, path.read_text())


async def land(
    rooms: Rooms, choose: Callable[[OpenQuestion], Said], edit: EditProposal = EDIT
) -> tuple[Landed, list[OpenQuestion]]:
    await rooms.proposals.keep(rooms.principal, edit)
    async with answering(rooms, rooms.principal, choose) as asked:
        return await rooms.lander.land(rooms.principal, edit.id), asked


async def test_what_was_written_before_the_answer_is_merged_and_asked_about_in_its_turn(
    rooms: Rooms, write: Callable[[str], None]
) -> None:
    def choose(question: OpenQuestion) -> bool:
        if question.title == TITLES[0]:
            write(MINE)
        return True

    landed, asked = await land(rooms, choose)
    assert [question.title for question in asked] == TITLES
    assert asked[0].digest != asked[1].digest
    assert "three, as I say" in asked[1].body
    assert landed.state == "applied"
    assert "had changed 'a.py' meanwhile" in landed.outcome
    assert text(rooms) == BOTH
    # The yes to the bytes of before was given and is worth nothing.
    trail = await rooms.trail()
    assert (trail.count("approval.approved"), trail.count("approval.used")) == (2, 1)
    first, second = [await rooms.proposals.find(one) for one in ("run.1", "run.1~1")]
    assert (first.state, second.state) == ("stale", "applied")
    assert second.approval_id == asked[1].id


async def test_a_no_to_the_merge_leaves_what_the_person_wrote(rooms: Rooms) -> None:
    path = rooms.workspace.root / "a.py"
    path.write_text(MINE)
    landed, asked = await land(rooms, lambda _question: False)
    # It had changed before anybody was asked, so only the merge is asked about.
    assert [question.title for question in asked] == TITLES[1:]
    assert landed.state == "refused"
    assert text(rooms) == MINE


@pytest.mark.parametrize(
    ("theirs", "said"),
    [
        ("one\ntwo\nthree\nfour\nfive!\nsix\n", "both change 'a.py' in lines 5-6"),
        ("uno\ntwo\nthree\nfour\nfive\n", "both change 'a.py' in line 1"),
        (AFTER, "hold all of this change already"),
        (None, "'a.py' is gone"),
    ],
)
async def test_where_both_change_the_same_lines_nothing_is_written_and_it_says_which(
    rooms: Rooms, theirs: str | None, said: str
) -> None:
    path = rooms.workspace.root / "a.py"
    path.write_text(BEFORE)

    def choose(_question: OpenQuestion) -> bool:
        path.unlink() if theirs is None else path.write_text(theirs)
        return True

    landed, asked = await land(rooms, choose)
    assert len(asked) == 1
    assert landed.state == "stale"
    assert said in landed.outcome
    assert (path.read_text() if path.exists() else None) == theirs
    assert "approval.used" not in await rooms.trail()


@pytest.mark.parametrize("shows_diff", [False, True], ids=["we ask", "the editor asks"])
async def test_a_question_is_asked_anew_once_the_person_pauses_in_typing(
    rooms: Rooms, shows_diff: bool
) -> None:
    path = rooms.workspace.root / "a.py"
    path.write_text(BEFORE)
    rooms.editor.shows_diff, rooms.editor.hold = shows_diff, asyncio.Event()
    lander = replace(rooms.lander, looks_every_s=0.01)
    await rooms.proposals.keep(rooms.principal, EDIT)

    async def asked(title: str) -> OpenQuestion:
        while True:
            for question in await rooms.approvals.pending(rooms.principal):
                if question.title == title:
                    return question
            await asyncio.sleep(0.005)

    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
        landing = group.create_task(lander.land(rooms.principal, EDIT.id))
        first = await asked(TITLES[0])
        # In the very line that the proposal changes: nothing is asked anew, and nothing is lost.
        path.write_text(BEFORE.replace("one", "uno"))
        for _ in range(5):
            await asyncio.sleep(lander.looks_every_s)
        assert (await rooms.approvals.look(first.id)).state == "pending"
        path.write_text(MINE)
        second = await asked(TITLES[1])
        assert (await rooms.approvals.look(first.id)).state == "withdrawn"
        rooms.editor.hold.set()
        rooms.editor.hold = None
        if not shows_diff:
            await rooms.approvals.answer(
                rooms.principal, second.id, second.digest, approve=True, channel="test"
            )
    assert landing.result().state == "applied"
    assert text(rooms) == BOTH
    assert (await rooms.trail()).count("approval.used") == 1


async def test_a_part_of_what_changed_meanwhile_is_merged_and_asked_about_too(
    rooms: Rooms,
) -> None:
    path = rooms.workspace.root / "a.py"
    path.write_text(BEFORE)

    def choose(question: OpenQuestion) -> Said:
        if question.title != TITLES[0]:
            return True
        path.write_text(MINE)
        return Reply(kept=(hunks_of(EDIT)[1].id,))

    landed, asked = await land(rooms, choose)
    assert [question.title for question in asked] == [
        "Count",
        "Count (in part) (merged with your edits)",
    ]
    assert landed.state == "applied"
    assert "kept 1 of 2 hunks" in landed.outcome
    assert text(rooms) == MINE.replace("five", "5")


async def test_a_file_that_never_rests_is_given_up_after_some_merges(rooms: Rooms) -> None:
    path = rooms.workspace.root / "a.py"
    path.write_text(BEFORE)
    written = BEFORE

    def choose(_question: OpenQuestion) -> bool:
        nonlocal written
        written = written.replace("three", "three!")
        path.write_text(written)
        return True

    landed, asked = await land(rooms, choose)
    assert len(asked) == SUCCESSORS_MAX + 1
    assert landed.state == "stale"
    assert "again and again" in landed.outcome
    assert path.read_text() == written


async def test_who_types_on_and_pauses_time_and_again_still_lands_it_in_the_end(
    rooms: Rooms,
) -> None:
    path = rooms.workspace.root / "a.py"
    path.write_text(BEFORE)
    lander = replace(rooms.lander, looks_every_s=0.001)
    await rooms.proposals.keep(rooms.principal, EDIT)
    written = BEFORE

    async def pauses(before: tuple[OpenQuestion, ...]) -> None:
        """Until it is asked anew, or for some looks more than the first merges need."""
        for _ in range(12):
            await asyncio.sleep(lander.looks_every_s)
            if await rooms.approvals.pending(rooms.principal) != before:
                return

    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
        landing = group.create_task(lander.land(rooms.principal, EDIT.id))
        for _ in range(2 * SUCCESSORS_MAX):
            while not (asked := await rooms.approvals.pending(rooms.principal)):
                await asyncio.sleep(lander.looks_every_s)
            written = written.replace("three", "three!")
            path.write_text(written)
            await pauses(tuple(asked))
        async with answering(rooms, rooms.principal, yes):
            await landing
    assert landing.result().state == "applied"
    assert path.read_text() == written.replace("one", "1").replace("five", "5")


async def test_a_merge_that_a_kill_cut_short_is_asked_about_by_the_next_start(
    tmp_path: Path, rooms: Rooms
) -> None:
    path = rooms.workspace.root / "a.py"
    path.write_text(MINE)
    await rooms.proposals.keep(rooms.principal, EDIT)
    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
        landing = group.create_task(rooms.lander.land(rooms.principal, EDIT.id))
        while not await rooms.approvals.pending(rooms.principal):
            await asyncio.sleep(0)
        landing.cancel()
    async with open_rooms(tmp_path / "data" / "steward.db", rooms.workspace.root) as again:
        async with answering(again, again.principal, yes) as asked:
            landed = await again.lander.land(again.principal, EDIT.id)
        assert [question.title for question in asked] == TITLES[1:]
        assert landed.state == "applied"
        assert text(again) == BOTH
