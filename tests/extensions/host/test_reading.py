"""What extensions may read: the workspace, git, and parts of what Steward knows."""

import json
from pathlib import Path
from typing import Any

from steward.permissions.rules import parse_rules
from tests.environment import git
from tests.extensions.host.desk import ID, Desk, open_desk

WHO = ("-c", "user.name=Ann", "-c", "user.email=ann@example.com")


async def read(desk: Desk, what: str, **more: Any) -> tuple[str, bool]:
    how, said = await desk.ask("git-read", {"what": what, **more})
    assert how == "ok", said
    return said["text"], said["is_whole"]


async def test_it_reads_what_the_editor_shows_within_its_globs_and_no_secret(
    tmp_path: Path,
) -> None:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install()
        assert await desk.ask("read-file", "src/a.py") == ("ok", "one\ntwo\nthree\n")
        desk.rooms.editor.documents[desk.root / "src/a.py"] = "unsaved"
        assert await desk.ask("read-file", "src/a.py") == ("ok", "unsaved")
        assert await desk.ask("read-file", str(desk.root / "src/a.py")) == ("ok", "unsaved")
        how, said = await desk.ask("read-file", "notes.txt")
        assert (how, "not within the globs" in said) == ("denied", True)
        # It is within its globs, and kept from models all the same.
        how, said = await desk.ask("read-file", ".env")
        assert (how, "kept from models" in said) == ("denied", True)
        desk.write(".stewardignore", "src/own/**\n")
        desk.write("src/own/b.py", "mine")
        assert (await desk.ask("read-file", "src/own/b.py"))[0] == "denied"
        (desk.root / "src/link.py").symlink_to("/etc/passwd")
        assert (await desk.ask("read-file", "src/link.py"))[0] == "denied"
        desk.write("src/large.txt", "x" * (3 * 1024 * 1024))
        assert (await desk.ask("read-file", "src/large.txt"))[0] == "limit"


async def test_a_list_holds_what_it_may_read_and_says_when_there_is_more(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install()
        desk.write("src/b.ts", "")
        listed = {"paths": ["README.md", "src/a.py", "src/b.ts"], "is_whole": True}
        assert await desk.ask("list-files", {}) == ("ok", listed)
        assert await desk.ask("list-files", {"glob": "**/*.py"}) == (
            "ok",
            {"paths": ["src/a.py"], "is_whole": True},
        )
        assert await desk.ask("list-files", {"limit": 1}) == (
            "ok",
            {"paths": ["README.md"], "is_whole": False},
        )


async def test_a_rule_of_the_operator_about_some_files_hides_those_alone(tmp_path: Path) -> None:
    rules = parse_rules(deny=["read_file(src/**)"])
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path, rules=rules) as desk:
        await desk.install()
        assert (await desk.ask("read-file", "src/a.py"))[0] == "denied"
        listed = {"paths": ["README.md"], "is_whole": True}
        assert await desk.ask("list-files", {}) == ("ok", listed)


async def test_git_tells_what_differs_without_what_is_kept_from_models(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install()
        git(desk.root, "branch", "other")
        assert await read(desk, "branch") == ("main", True)
        assert await read(desk, "branches") == ("main\nother", True)
        desk.write("src/a.py", "one\n2\nthree\n")
        desk.write("src/new.py", "new\n")
        git(desk.root, "add", "-f", ".env", "src/new.py")
        status, _ = await read(desk, "status")
        assert {"modified: src/a.py", "added, staged: src/new.py"} <= set(status.splitlines())
        assert await read(desk, "status", path="src/a.py") == ("modified: src/a.py", True)
        diff, _ = await read(desk, "diff")
        assert "-two" in diff
        assert "+2" in diff
        staged, is_whole = await read(desk, "staged")
        assert "+new" in staged
        assert "secret" not in staged
        assert not is_whole
        log, _ = await read(desk, "log")
        assert "First" in log
        blame, _ = await read(desk, "blame", path="src/a.py")
        assert blame.splitlines()[1] == "2 (not committed) 2"
        assert (await desk.ask("git-read", {"what": "blame", "path": ".env"}))[0] == "denied"


async def test_a_rule_of_the_operator_about_some_files_keeps_them_out_of_diffs(
    tmp_path: Path,
) -> None:
    rules = parse_rules(deny=["git_diff(src/**)"])
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path, rules=rules) as desk:
        await desk.install()
        desk.write("src/a.py", "one\n")
        desk.write("README.md", "changed\n")
        diff, is_whole = await read(desk, "diff")
        assert ("README.md" in diff, "src/a.py" in diff, is_whole) == (True, False, False)
        assert "src/a.py" not in (await read(desk, "status"))[0]
        assert (await desk.ask("git-read", {"what": "diff", "path": "src/a.py"}))[0] == "denied"


QUIET: dict[str, Any] = {"panels": [], "commands": [{"id": "paint", "title": "Paint it"}]}


async def test_a_part_of_the_state_needs_its_own_grant_and_holds_no_secret(tmp_path: Path) -> None:
    scope = {"capability": "state.read", "globs": ["documents", "budget"], "reason": "To paint."}
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install()
        documents = {"documents": [{"path": "src/a.py", "language": "python"}]}
        assert await desk.ask("product-state", "documents") == ("ok", documents)
        _, found = await desk.ask("product-state", "diagnostics")
        assert [each["path"] for each in found["diagnostics"]] == ["src/a.py"]
        assert "hunter2" not in json.dumps(found)
        assert (await desk.ask("product-state", "runs"))[1]["runs"][0]["agent"] == "fixer"
        assert await desk.ask("product-state", "counts") == ("ok", {"counts": {"runs": 1}})
        _, budget = await desk.ask("product-state", "budget")
        assert budget["spent_nano_usd"] == 0

        await desk.install(
            ["state.read"],
            version="1.1.0",
            more={"permission_scope": [scope], "hooks": []} | QUIET,
        )
        assert (await desk.ask("product-state", "documents"))[0] == "ok"
        how, said = await desk.ask("product-state", "runs")
        assert (how, "'runs' is not within the globs" in said) == ("denied", True)


async def test_config_is_the_persons_and_else_the_manifests(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install(())
        assert await desk.ask("config-get", "shade") == ("ok", "blue")
        await desk.store.set_config(desk.rooms.principal, ID, {"shade": "red"})
        assert await desk.ask("config-get", "shade") == ("ok", "red")
