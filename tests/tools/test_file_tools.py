"""Tools see the files as the person has them, and nothing that is kept from models."""

import pytest

from steward.workspace.proposal import EditProposal
from tests.rooms import Rooms, answering, yes
from tests.tools.agent import use

CANARY = "canary-51c7"
KEPT_BACK = (".env", "secrets/key.txt", "build/out.txt", "private.txt", "id_rsa")


@pytest.fixture
def guarded(rooms: Rooms) -> Rooms:
    """Files that each hold a canary, and rules that keep them from models."""
    root = rooms.workspace.root
    for name in KEPT_BACK:
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(f"{CANARY}\n")
    (root / ".gitignore").write_text("build/\n")
    (root / ".stewardignore").write_text("secrets/\nprivate.txt\n")
    (root / "link.txt").symlink_to("private.txt")
    return rooms


@pytest.mark.parametrize("name", [*KEPT_BACK, "link.txt", "../project/private.txt", "./.env"])
async def test_a_file_kept_from_models_is_not_read(guarded: Rooms, name: str) -> None:
    result = await use(guarded, "read_file", path=name)
    assert not result.ok
    assert CANARY not in result.text


@pytest.mark.parametrize("name", [*KEPT_BACK, "link.txt"])
async def test_a_file_kept_from_models_is_not_read_from_the_editor_either(
    guarded: Rooms, name: str
) -> None:
    guarded.editor.documents[guarded.workspace.root / name] = f"{CANARY} unsaved\n"
    result = await use(guarded, "read_file", path=name)
    assert not result.ok
    assert CANARY not in result.text


async def test_a_search_finds_nothing_in_files_kept_from_models(guarded: Rooms) -> None:
    (guarded.workspace.root / "open.txt").write_text(f"{CANARY} may be seen\n")
    result = await use(guarded, "search", query=CANARY)
    assert result.text == f"open.txt:1: {CANARY} may be seen"


async def test_a_file_kept_from_models_is_not_edited(guarded: Rooms) -> None:
    for name in KEPT_BACK:
        result = await use(guarded, "edit_file", path=name, old_text=CANARY, new_text="x")
        assert (result.ok, result.proposal_id) == (False, None)


@pytest.mark.parametrize(
    "name",
    [".vscode/settings.json", ".github/workflows/ci.yml", ".gitignore", "conf/.envrc", ".Vscode/x"],
)
async def test_a_file_that_steers_tools_is_not_edited(rooms: Rooms, name: str) -> None:
    path = rooms.workspace.root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("old\n")
    result = await use(rooms, "edit_file", path=name, old_text="old", new_text="new")
    assert (result.ok, result.proposal_id) == (False, None)
    assert "steers tools" in result.text


@pytest.mark.parametrize("name", ["gone.py", "../a.py", "/etc/passwd", ".git/config", "a.py\u200b"])
async def test_what_is_no_file_of_the_workspace_is_refused(rooms: Rooms, name: str) -> None:
    for tool, more in (("read_file", {}), ("edit_file", {"old_text": "a", "new_text": "b"})):
        assert not (await use(rooms, tool, path=name, **more)).ok


async def test_an_edit_is_a_proposal_and_changes_nothing(rooms: Rooms) -> None:
    result = await use(rooms, "edit_file", path="a.py", old_text="two", new_text="2")
    assert (result.ok, result.text) == (True, "Edit a.py")
    assert result.proposal_id is not None
    kept = await rooms.proposals.find(result.proposal_id)
    assert isinstance(kept.proposal, EditProposal)
    assert kept.proposal.changes[0].after == "one\n2\nthree\n"
    assert (rooms.workspace.root / "a.py").read_text() == "one\ntwo\nthree\n"
    assert rooms.editor.edits == []


async def test_an_edit_is_made_of_the_document_as_the_editor_has_it(rooms: Rooms) -> None:
    rooms.editor.documents[rooms.workspace.root / "a.py"] = "one\ntwo and a half\n"
    result = await use(rooms, "edit_file", path="a.py", old_text="two and a half", new_text="2.5")
    kept = await rooms.proposals.find(result.proposal_id or "")
    assert isinstance(kept.proposal, EditProposal)
    assert kept.proposal.changes[0].before == "one\ntwo and a half\n"


async def test_reading_shows_the_unsaved_document_and_the_lines_asked_for(rooms: Rooms) -> None:
    rooms.editor.documents[rooms.workspace.root / "a.py"] = "1\n2\x0c\n3\n4"
    whole = await use(rooms, "read_file", path="a.py")
    assert whole.text == "a.py, lines 1 to 4 of 4\n1\n2\x0c\n3\n4"
    some = await use(rooms, "read_file", path="a.py", first_line=2, last_line=3)
    assert some.text == "a.py, lines 2 to 3 of 4\n2\x0c\n3\n"


async def test_a_search_sees_unsaved_documents_and_says_where(rooms: Rooms) -> None:
    rooms.editor.documents[rooms.workspace.root / "a.py"] = "x\n    Needle here\n"
    (rooms.workspace.root / "b.bin").write_bytes(b"\xff\0needle")
    assert (await use(rooms, "search", query="needle")).text == "a.py:2: Needle here"
    assert (await use(rooms, "search", query="nowhere")).text == "Nothing contains 'nowhere'."


async def test_a_search_ends_after_a_hundred_matches(rooms: Rooms) -> None:
    (rooms.workspace.root / "many.txt").write_text("needle\n" * 500)
    lines = (await use(rooms, "search", query="needle")).text.split("\n")
    assert len(lines) == 101
    assert lines[-1] == "… and more; search for something longer."


async def test_a_commit_needs_something_that_this_run_landed(rooms: Rooms) -> None:
    async with answering(rooms, rooms.principal, yes):
        result = await use(rooms, "commit", message="Fix it", branch="steward/fix")
    assert not result.ok
    assert "nothing to commit" in result.text
