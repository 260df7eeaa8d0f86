"""Changes of several files are one proposal, made of the files as they are, within the rules."""

from typing import Any

import pytest

from steward.tools.invoke import Result
from steward.workspace.proposal import EditProposal, FileChange
from tests.rooms import Rooms
from tests.tools.agent import use

Json = dict[str, Any]
TEXT = "one\ntwo\nthree\n"


async def change(rooms: Rooms, *changes: Json) -> Result:
    return await use(rooms, "change_files", changes=list(changes))


async def proposed(rooms: Rooms, *changes: Json) -> EditProposal:
    result = await change(rooms, *changes)
    assert result.ok, result.text
    kept = await rooms.proposals.find(result.proposal_id or "")
    assert isinstance(kept.proposal, EditProposal)
    return kept.proposal


async def test_all_kinds_of_change_are_one_proposal_that_changes_nothing(rooms: Rooms) -> None:
    root = rooms.workspace.root
    (root / "b.py").write_text("b\n")
    (root / "c.py").write_text("c\n")
    proposal = await proposed(
        rooms,
        {"do": "edit", "path": "a.py", "old_text": "two", "new_text": "2"},
        {"do": "create", "path": "new/d.py", "text": "d\n"},
        {"do": "rename", "path": "b.py", "new_path": "new/b.py"},
        {"do": "delete", "path": "c.py"},
        {"do": "edit", "path": "a.py", "old_text": "three", "new_text": "3"},
        {"do": "edit", "path": "new/d.py", "old_text": "d", "new_text": "D"},
        {"do": "edit", "path": "new/b.py", "old_text": "b", "new_text": "B"},
    )
    assert proposal.changes == (
        FileChange("a.py", TEXT, "one\n2\n3\n"),
        FileChange("new/d.py", None, "D\n"),
        FileChange("new/b.py", "b\n", "B\n", moved_from="b.py"),
        FileChange("c.py", "c\n", None),
    )
    assert sorted(path.name for path in root.iterdir()) == ["a.py", "b.py", "c.py"]
    assert rooms.editor.edits == []


async def test_the_unsaved_document_counts(rooms: Rooms) -> None:
    rooms.editor.documents[rooms.workspace.root / "a.py"] = "typed\n"
    proposal = await proposed(rooms, {"do": "delete", "path": "a.py"})
    assert proposal.changes == (FileChange("a.py", "typed\n", None),)


EDIT: Json = {"do": "edit", "path": "a.py", "old_text": "two", "new_text": "2"}


@pytest.mark.parametrize(
    "changes",
    [
        [],
        [{"do": "create", "path": "a.py", "text": "x"}],
        [{"do": "rename", "path": "a.py", "new_path": "a.py"}],
        [{"do": "rename", "path": "gone.py", "new_path": "b.py"}],
        [{"do": "delete", "path": "gone.py"}],
        [{"do": "delete", "path": "a.py"}, EDIT],
        [EDIT, {"do": "delete", "path": "a.py"}],
        [{"do": "rename", "path": "a.py", "new_path": "b.py"}, EDIT],
        [{"do": "delete", "path": "a.py"}, {"do": "create", "path": "a.py", "text": "x"}],
        [
            {"do": "create", "path": "b.py", "text": ""},
            {"do": "create", "path": "./b.py", "text": ""},
        ],
        [{"do": "overwrite", "path": "a.py", "text": "x"}],
        [{"do": "create", "path": "b.py", "text": "x" * (2 * 1024 * 1024 + 1)}],
        [{"do": "create", "path": f"{n}.py", "text": ""} for n in range(101)],
    ],
    ids=[
        "nothing",
        "create over a file",
        "rename onto itself",
        "rename nothing",
        "delete nothing",
        "edit what is deleted",
        "delete what is edited",
        "edit what is renamed away",
        "create what is deleted",
        "create twice",
        "an unknown kind",
        "too large",
        "too many",
    ],
)
async def test_what_cannot_be_meant_is_refused(rooms: Rooms, changes: list[Json]) -> None:
    result = await change(rooms, *changes)
    assert (result.ok, result.proposal_id) == (False, None)


@pytest.mark.parametrize(
    "name",
    [
        ".env",
        "id_rsa",
        "kept/x.py",
        ".vscode/tasks.json",
        ".git/hooks/pre-commit",
        "../out.py",
        "/etc/cron.d/x",
        ".gitignore",
        ".github/workflows/ci.yml",
        "sub/.envrc",
    ],
)
async def test_no_kind_of_change_reaches_what_agents_do_not_touch(rooms: Rooms, name: str) -> None:
    (rooms.workspace.root / ".stewardignore").write_text("kept/\n")
    for wanted in (
        {"do": "create", "path": name, "text": "x"},
        {"do": "rename", "path": "a.py", "new_path": name},
        {"do": "rename", "path": name, "new_path": "b.py"},
        {"do": "delete", "path": name},
    ):
        assert not (await change(rooms, wanted)).ok
