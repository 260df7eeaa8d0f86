"""A change that an extension proposes lands as an agent's does: asked about, exact, and known."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from steward.agents.changes import changes_of
from steward.agents.presence import Presence
from steward.agents.undo import Wanted
from steward.agents.undoing import Undoing
from steward.agents.workflows.owner import Owner
from steward.core.errors import StaleError
from steward.extensions.payloads import EditDecided, FileSaved, WorkspaceChanged
from steward.extensions.run_id import extension_of_run
from steward.extensions.sifting import for_extension
from steward.workspace.proposal import EditProposal
from tests.extensions.host.desk import ID, OTHER, Desk, open_desk
from tests.rooms import DEADLINE_S, answering, no, numbered, silent, yes

TWO = {"do": "edit", "path": "src/a.py", "old_text": "two", "new_text": "2"}


class Told:
    """What was told of decided proposals."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[tuple[str, EditDecided]] = asyncio.Queue()

    async def note(self, extension: str, decided: EditDecided) -> None:
        self.queue.put_nowait((extension, decided))

    async def next(self) -> tuple[str, EditDecided]:
        async with asyncio.timeout(DEADLINE_S):
            return await self.queue.get()


@asynccontextmanager
async def landing(desk: Desk) -> AsyncGenerator[Told]:
    """While this is open, what is proposed lands."""
    told = Told()
    keep = desk.extensions.host.edits.keep(desk.rooms.principal, told.note)
    task = asyncio.create_task(keep)
    try:
        yield told
    finally:
        task.cancel()
        await asyncio.wait([task])


async def propose(desk: Desk, *changes: dict[str, Any], extension: str = ID) -> tuple[str, Any]:
    wanted = {"title": "Paint\nit\u202e", "changes": list(changes)}
    return await desk.ask("propose-edit", wanted, extension=extension)


async def test_a_person_sees_whose_it_is_and_decides_and_the_extension_is_told(
    tmp_path: Path,
) -> None:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install()
        async with landing(desk) as told, answering(desk.rooms, desk.rooms.principal, yes) as seen:
            how, said = await propose(desk, TWO)
            assert how == "ok", said
            assert await told.next() == (
                ID,
                EditDecided(proposal=said["proposal"], state="applied"),
            )
        assert [each.title for each in seen] == ["Extension acme.painter 1.0.0: Paint it⟨U+202E⟩"]
        assert (desk.root / "src/a.py").read_text() == "one\n2\nthree\n"
        assert extension_of_run(seen[0].run_id) == ID
        kinds = [each.kind for each in (await desk.extensions.activity.of(ID)).happened]
        assert kinds == ["landed", "proposed"]


async def test_a_no_changes_nothing_and_the_extension_is_told(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install()
        async with landing(desk) as told, answering(desk.rooms, desk.rooms.principal, no):
            await propose(desk, TWO)
            assert (await told.next())[1].state == "refused"
        assert (desk.root / "src/a.py").read_text() == "one\ntwo\nthree\n"


async def test_files_are_written_deleted_and_renamed_as_one(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install()
        desk.write("src/old.py", "old\n")
        desk.write("src/gone.py", "gone\n")
        desk.rooms.editor.takes_edits = False
        async with landing(desk) as told, answering(desk.rooms, desk.rooms.principal, yes):
            how, said = await propose(
                desk,
                {"do": "write", "path": "src/new.py", "new_text": "new\n"},
                {"do": "rename", "path": "src/old.py", "to": "src/other.py"},
                {"do": "delete", "path": "src/gone.py"},
                TWO,
                {"do": "edit", "path": "src/a.py", "old_text": "three", "new_text": "3"},
            )
            assert how == "ok", said
            assert (await told.next())[1].state == "applied"
        files = {path.name: path.read_text() for path in (desk.root / "src").iterdir()}
        assert files == {"a.py": "one\n2\n3\n", "new.py": "new\n", "other.py": "old\n"}


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({**TWO, "path": "notes.txt"}, "denied"),
    ({**TWO, "path": "../a.py"}, "denied"),
    ({**TWO, "old_text": "seven"}, "invalid"),
    ({**TWO, "old_text": "e"}, "invalid"),
    ({**TWO, "old_text": ""}, "invalid"),
    ({**TWO, "new_text": "two"}, "invalid"),
    ({**TWO, "new_text": None}, "invalid"),
    ({**TWO, "path": "src/none.py"}, "not-found"),
    ({"do": "write", "path": ".github/ci.yml", "new_text": "x"}, "denied"),
    ({"do": "rename", "path": "src/a.py", "to": "notes.txt"}, "denied"),
    ({"do": "rename", "path": "src/a.py", "to": "README.md"}, "invalid"),
    ({"do": "rename", "path": "src/a.py"}, "invalid"),
    ({"do": "write", "path": "src/big.py", "new_text": "x" * 900_000}, "ok"),
]


async def test_whoever_may_not_read_a_file_cannot_guess_what_it_holds(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install()
        await desk.grant("files.propose")
        for guess in ("two", "seven"):  # A right one and a wrong one are told the same.
            how, said = await propose(desk, {**TWO, "old_text": guess})
            assert (how, "may not read files" in said) == ("denied", True)


async def test_what_may_not_be_changed_is_refused_before_anybody_is_asked(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install()
        found = [(change, (await propose(desk, change))[0]) for change, _ in REFUSED]
        assert found == REFUSED
        assert (await propose(desk, TWO, {"do": "delete", "path": "src/a.py"}))[0] == "invalid"


async def test_only_a_few_proposals_of_an_extension_wait_for_the_person(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install()
        await desk.install(extension=OTHER)
        async with landing(desk), answering(desk.rooms, desk.rooms.principal, silent):
            hows = [(await propose(desk, TWO))[0] for _ in range(4)]
            assert hows == ["ok", "ok", "ok", "limit"]
            # Another one's are counted by themselves, and asked about beside them.
            assert (await propose(desk, TWO, extension=OTHER))[0] == "ok"


async def test_who_goes_takes_its_questions_along(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install()
        rooms = desk.rooms
        async with landing(desk), answering(rooms, rooms.principal, silent) as seen:
            _, said = await propose(desk, TWO)
            async with asyncio.timeout(DEADLINE_S):
                while not seen:
                    await asyncio.sleep(0)
            desk.extensions.host.cancel(ID)
            async with asyncio.timeout(DEADLINE_S):
                while await rooms.approvals.pending(rooms.principal):
                    await asyncio.sleep(0)
                while (await rooms.proposals.find(said["proposal"])).state == "proposed":
                    await asyncio.sleep(0)
        assert (await rooms.proposals.find(said["proposal"])).state == "refused"


async def test_a_proposal_of_a_window_that_died_is_ended_by_the_next(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install()
        change = desk.rooms.proposals
        proposal = EditProposal(
            "extension:acme.painter:deadone:1.edit",
            "extension:acme.painter:deadone:1",
            "Paint it",
            (),
        )
        await change.keep(desk.rooms.principal, proposal)
        async with landing(desk), asyncio.timeout(DEADLINE_S):
            while (await change.find(proposal.id)).state == "proposed":
                await asyncio.sleep(0)
        assert (await change.find(proposal.id)).state == "refused"


async def test_an_extension_is_not_told_of_its_own_edit_and_others_are(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install()
        own, workspace = desk.extensions.host.own, desk.rooms.workspace
        saved = FileSaved(path="src/a.py", language="python", text="one\n2\nthree\n", version=2)
        changed = WorkspaceChanged(changed=("src/a.py", "README.md"))

        async def told(extension: str, event: Any) -> Any:
            return await for_extension(extension, event, own, workspace)

        assert await told(ID, saved) == saved
        async with landing(desk) as decided, answering(desk.rooms, desk.rooms.principal, yes):
            await propose(desk, TWO)
            assert (await decided.next())[1].state == "applied"
        assert await told(ID, saved) is None
        assert await told(ID, changed) == WorkspaceChanged(changed=("README.md",))
        assert await told(ID, WorkspaceChanged(changed=("src/a.py",))) is None
        assert await told(OTHER, saved) == saved
        assert await told(OTHER, changed) == changed
        # The person went on: that is their doing.
        theirs = saved.model_copy(update={"text": "one\n2\nthree\nfour\n"})
        assert await told(ID, theirs) == theirs
        desk.write("src/a.py", "theirs\n")
        assert await told(ID, changed) == changed


async def test_of_saves_that_wait_the_last_one_alone_is_given(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        turns = desk.extensions._turns
        given: list[int] = []
        first_runs, first_may_end = asyncio.Event(), asyncio.Event()

        async def save(version: int, path: str = "src/a.py") -> None:
            event = FileSaved(path=path, language="python", text="", version=version)
            async with turns.taken(ID, event):
                given.append(version)
                first_runs.set()
                if version == 1:
                    await first_may_end.wait()

        async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as tasks:
            tasks.create_task(save(1))
            await first_runs.wait()
            overtaken = asyncio.create_task(save(2))
            await asyncio.sleep(0)
            tasks.create_task(save(3))
            await save(4, "src/b.py")  # Another file waits for nobody.
            with pytest.raises(StaleError):
                await overtaken
            first_may_end.set()
        assert given == [1, 4, 3]


async def test_what_it_changed_is_listed_told_why_and_undone_as_an_agents_is(
    tmp_path: Path,
) -> None:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install()
        rooms = desk.rooms
        async with landing(desk) as told, answering(rooms, rooms.principal, yes):
            await propose(desk, TWO)
            assert (await told.next())[1].state == "applied"
            (change,) = await rooms.database.read(
                lambda session: changes_of(session, rooms.principal, workspace=str(desk.root))
            )
            assert str(change["title"]).startswith("Extension acme.painter 1.0.0: ")
            owner = Owner(tmp_path / "executors", "windowtwo")
            presence = Presence(tmp_path / "windows", str(desk.root))
            undoing = Undoing(desk.parts.edits.door(), numbered("undo"), owner, presence)
            ended = await undoing.undo(rooms.principal, Wanted("", "", str(change["id"])))
            assert ended.landed.state == "applied", ended.landed
            await asyncio.to_thread(owner.release)
        assert (desk.root / "src/a.py").read_text() == "one\ntwo\nthree\n"
