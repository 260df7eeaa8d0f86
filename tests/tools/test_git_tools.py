"""What an agent reads of a repository, and the branches that it proposes."""

import json
import subprocess
from collections.abc import AsyncGenerator
from dataclasses import replace
from pathlib import Path

import pytest

from steward.core.limits import TOOL_OUTPUT_CHARS_MAX
from steward.gateway.request import ToolCall
from steward.workspace.git.branch import BranchProposal
from tests.attacks.traps import new_repository
from tests.environment import git
from tests.rooms import Rooms, answering, no, open_rooms, silent, yes
from tests.tools.agent import UNLIMITED, surroundings, use


@pytest.fixture
async def rooms(tmp_path: Path) -> AsyncGenerator[Rooms]:
    root = new_repository(tmp_path / "repository")
    async with open_rooms(tmp_path / "data" / "steward.db", root) as rooms:
        yield rooms


async def test_the_state_is_told_by_name(rooms: Rooms) -> None:
    root = rooms.workspace.root
    clean = await use(rooms, "git_status")
    assert clean.text == "On the branch 'main'.\nNothing is changed."
    assert clean.origin == "git"
    (root / "b.py").write_text("b\n")
    (root / "d").mkdir()
    (root / "d" / "c d.py").write_text("c\n")
    git(root, "add", "b.py")
    (root / "b.py").write_text("b2\n")
    (root / "a.py").unlink()
    git(root, "checkout", "--quiet", "--detach")
    changed = await use(rooms, "git_status")
    assert changed.text == (
        "On no branch.\nStaged:\n  added: b.py\nNot staged:\n  deleted: a.py\n  modified: b.py\n"
        "New to git:\n  d/"
    )


async def test_the_distance_to_the_upstream_is_told(rooms: Rooms, tmp_path: Path) -> None:
    root = rooms.workspace.root
    git(tmp_path, "clone", "--quiet", str(root), "far")
    git(root, "remote", "add", "far", str(tmp_path / "far"))
    git(root, "fetch", "--quiet", "far")
    git(root, "branch", "--quiet", "--set-upstream-to=far/main")
    git(root, "commit", "--quiet", "--allow-empty", "--message=Second")
    told = await use(rooms, "git_status")
    assert "'main'; 1 ahead of 'far/main' and 0 behind it" in told.text


async def test_a_conflict_is_told(rooms: Rooms) -> None:
    root = rooms.workspace.root
    for branch, text in (("one", "1\n"), ("two", "2\n")):
        git(root, "checkout", "--quiet", "-b", branch, "main")
        (root / "a.py").write_text(text)
        git(root, "commit", "--quiet", "--all", f"--message={branch}")
    with pytest.raises(AssertionError):
        git(root, "merge", "--quiet", "one")
    told = await use(rooms, "git_status")
    assert "In conflict:\n  a.py" in told.text


async def test_the_working_diff_holds_what_the_person_has_not_saved(rooms: Rooms) -> None:
    root = rooms.workspace.root
    lines = [f"line {n}\n" for n in range(40)]
    (root / "a.py").write_text("".join(lines))
    (root / "b.py").write_text("saved\n")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message=Long")
    (root / "a.py").write_text("".join(["first\n", *lines[1:39], "last\n"]))
    rooms.editor.documents[root / "b.py"] = "unsaved\n"
    told = await use(rooms, "git_diff")
    assert told.text.count("@@ -") == 3
    assert "--- a/a.py\n+++ b/a.py\n@@ -1,4 +1,4 @@\n-line 0\n+first\n line 1\n" in told.text
    assert "-line 39\n+last\n" in told.text
    assert "--- a/b.py\n+++ b/b.py\n@@ -1 +1 @@\n-saved\n+unsaved\n" in told.text
    only = await use(rooms, "git_diff", paths=["b.py"])
    assert "a.py" not in only.text


async def test_staged_and_committed_changes_are_shown(rooms: Rooms) -> None:
    root = rooms.workspace.root
    assert (await use(rooms, "git_diff", of="staged")).text == "Nothing differs."
    (root / "a.py").write_text("two")
    (root / "new.py").write_text("n\n")
    git(root, "add", ".")
    (root / "a.py").write_text("three\n")
    staged = await use(rooms, "git_diff", of="staged")
    wanted = "--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-one\n+two\n\\ No newline at end of file\n"
    assert wanted in staged.text
    assert "new file new.py\n--- /dev/null\n+++ b/new.py" in staged.text
    git(root, "commit", "--quiet", "--message=Second")
    git(root, "tag", "v1")
    commits = await use(rooms, "git_diff", of="commits", base="HEAD~1", head="v1", paths=["a.py"])
    assert commits.text == wanted
    back = await use(rooms, "git_diff", of="commits", base="v1", head="main~1", paths=["new.py"])
    assert back.text.startswith("deleted file new.py\n")


async def test_a_large_diff_is_bounded_and_names_what_is_missing(rooms: Rooms) -> None:
    root = rooms.workspace.root
    for name in ("b.py", "c.py"):
        (root / name).write_text("".join(f"{n}\n" for n in range(6_000)))
    (root / "raw.bin").write_bytes(b"\0\1")
    git(root, "add", ".")
    told = await use(rooms, "git_diff", of="staged")
    assert len(told.text) <= TOOL_OUTPUT_CHARS_MAX
    assert "'c.py': too much to show at once" in told.text
    assert "raw.bin: added; not shown" in told.text


async def test_a_workspace_below_the_top_sees_its_own_part(rooms: Rooms, tmp_path: Path) -> None:
    root = rooms.workspace.root
    sub = root / "sub"
    sub.mkdir()
    (sub / "s.py").write_text("s\n")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "--message=Below")
    (root / "a.py").write_text("canary\n")
    (sub / "s.py").write_text("t\n")
    async with open_rooms(tmp_path / "other" / "steward.db", sub) as below:
        status = await use(below, "git_status")
        diff = await use(below, "git_diff")
        named = await use(below, "git_diff", paths=["s.py"])
        commits = await use(below, "git_diff", of="commits")
        blame = await use(below, "git_blame", path="s.py")
        log = await use(below, "git_log", paths=["s.py"])
    assert "a.py" not in status.text
    assert "canary" not in diff.text
    for told in (diff, named):
        assert "--- a/s.py\n+++ b/s.py\n@@ -1 +1 @@\n-s\n+t\n" in told.text
    assert "+++ b/s.py" in commits.text
    assert "(not committed) t" in blame.text
    assert log.text.count("Below") == 1


async def test_the_history_is_told_newest_first(rooms: Rooms) -> None:
    root = rooms.workspace.root
    for number in range(3):
        (root / "b.py").write_text(f"{number}\n")
        git(root, "add", ".")
        git(root, "commit", "--quiet", f"--message=Change {number}\n\nWhy: {number}")
    told = await use(rooms, "git_log", count=2, skip=1)
    head, *rest = told.text.split("\n\n", 1)
    assert head.startswith(git(root, "rev-parse", "HEAD~1")[:12])
    assert "Ada Tester <ada@example.org>\n    Change 1" in told.text
    assert "Why: 1" in told.text
    assert "Change 0" in rest[0]
    assert "First" not in told.text
    only = await use(rooms, "git_log", paths=["a.py"])
    assert "First" in only.text
    assert "Change" not in only.text


async def test_blame_tells_of_each_line_who_wrote_it(rooms: Rooms) -> None:
    root = rooms.workspace.root
    first = git(root, "rev-parse", "HEAD")[:12]
    rooms.editor.documents[root / "a.py"] = "one\nunsaved\n"
    told = await use(rooms, "git_blame", path="a.py")
    head, one, unsaved = told.text.splitlines()
    assert head == "a.py, lines 1 to 2 of 2"
    assert one.startswith(f"1 ({first} 20")
    assert one.endswith("Ada Tester) one")
    assert unsaved == "2 (not committed) unsaved"
    past = await use(rooms, "git_blame", path="a.py", first_line=5)
    assert (past.ok, past.code) == (False, "steward.invalid_input")
    (root / "new.py").write_text("n\n")
    new = await use(rooms, "git_blame", path="new.py")
    assert (new.ok, new.code) == (False, "steward.not_found")


async def test_where_there_is_no_repository_that_is_said(tmp_path: Path) -> None:
    async with open_rooms(tmp_path / "data" / "steward.db", tmp_path) as rooms:
        for tool in ("git_status", "git_diff", "git_log"):
            result = await use(rooms, tool)
            assert (result.ok, result.code) == (False, "steward.not_found")
            assert "git init" in result.text


async def test_reading_git_asks_nobody(rooms: Rooms) -> None:
    async with answering(rooms, rooms.principal, silent) as asked:
        for tool in ("git_status", "git_diff", "git_log"):
            assert (await use(rooms, tool)).ok
    assert asked == []


async def test_a_branch_is_proposed_asked_about_and_made_at_that_commit(rooms: Rooms) -> None:
    root = rooms.workspace.root
    before = git(root, "rev-parse", "HEAD")
    git(root, "commit", "--quiet", "--allow-empty", "--message=Second")
    result = await use(rooms, "create_branch", branch="steward/new", start="HEAD~1")
    assert result.ok, result.text
    assert result.proposal_id is not None
    assert git(root, "branch", "--list", "steward/*") == ""
    kept = (await rooms.proposals.find(result.proposal_id)).proposal
    assert isinstance(kept, BranchProposal)
    assert kept.prepared.commit == before
    async with answering(rooms, rooms.principal, yes) as asked:
        landed = await rooms.lander.land(rooms.principal, result.proposal_id)
    assert f"`steward/new` at the commit `{before}` (`First`)" in asked[0].body
    assert landed.state == "applied"
    assert git(root, "rev-parse", "steward/new") == before
    assert git(root, "rev-parse", "--abbrev-ref", "HEAD") == "main"


async def test_a_branch_that_was_refused_or_taken_is_not_made(rooms: Rooms) -> None:
    root = rooms.workspace.root
    result = await use(rooms, "create_branch", branch="steward/new")
    assert result.proposal_id is not None
    async with answering(rooms, rooms.principal, no):
        landed = await rooms.lander.land(rooms.principal, result.proposal_id)
    assert landed.state == "refused"
    assert git(root, "branch", "--list", "steward/*") == ""
    git(root, "branch", "steward/new")
    again = await use(rooms, "create_branch", branch="steward/new")
    assert (again.ok, again.code) == (False, "steward.not_permitted")
    for branch in ("main", "release/1"):
        protected = await use(rooms, "create_branch", branch=branch)
        assert protected.code == "steward.not_permitted"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be"])
async def test_a_commit_holds_the_bytes_that_landed(rooms: Rooms, encoding: str) -> None:
    root, text = rooms.workspace.root, "größer\r\nthan 1\n"
    mark = "\ufeff" if encoding.startswith("utf-16") else ""
    landed = (mark + text).encode(encoding)
    (root / "a.py").write_bytes(landed)
    call = replace(surroundings(rooms), landed={"a.py": text, "shown.py": "not saved yet\n"})
    arguments = json.dumps({"message": "Grow", "branch": "steward/grow"})
    result = await rooms.invoker.invoke(ToolCall("call-1", "commit", arguments), UNLIMITED, call)
    assert result.proposal_id is not None, result.text
    async with answering(rooms, rooms.principal, yes):
        assert (await rooms.lander.land(rooms.principal, result.proposal_id)).state == "applied"
    show = ["git", "-C", str(root), "cat-file", "blob", "steward/grow:a.py"]
    assert subprocess.run(show, check=True, capture_output=True).stdout == landed
    assert git(root, "show", "steward/grow:shown.py") == "not saved yet"
