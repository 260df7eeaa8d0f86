"""A command that changes files works on a copy, and what it did to it comes back as data."""

import asyncio
import hashlib
import os
import tempfile
from pathlib import Path

import pytest

from steward.core.errors import LimitError, UnavailableError
from steward.sandbox import changes as changes_module
from steward.sandbox.changes import Changes
from steward.sandbox.copying import Copying, Stop
from steward.sandbox.launcher import Command, Outcome
from steward.sandbox.level import LEVELS, Bounds, Level
from tests.jailed import (
    DEADLINE_S,
    SYSTEM_PYTHON,
    new_marker,
    processes,
    until,
    working_jail,
)

WITHOUT_GROUPS: list[Level] = ["namespaces", "landlock"]


async def changed_by(
    workspace: Path, level: Level, *argv: str, bounds: Bounds | None = None
) -> Outcome:
    jail = await working_jail([level], bounds)
    return await jail.run(Command(argv, workspace, workspace, wall_s=DEADLINE_S, writes="copy"))


def changes_in(outcome: Outcome) -> Changes:
    assert outcome.exit_code == 0, outcome
    assert outcome.changes is not None
    return outcome.changes


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path.relative_to(folder)): (path.lstat().st_mode, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.mark.parametrize("mode", [0o700, 0o755])
@pytest.mark.parametrize("level", LEVELS)
async def test_what_was_created_changed_and_deleted_is_told_and_nothing_is_touched(
    tmp_path: Path, level: Level, mode: int
) -> None:
    (tmp_path / "sub").mkdir()
    for name in ("a.txt", "sub/b.txt", "same.txt", "again.txt"):
        (tmp_path / name).write_text(f"{name} before")
    tmp_path.chmod(mode)
    before = everything(tmp_path)
    script = (
        "printf new > a.txt; rm -r sub; mkdir made; printf made > made/c.txt;"
        " cat again.txt > tmp && cat tmp > again.txt && rm tmp"
    )
    changes = changes_in(await changed_by(tmp_path, level, "sh", "-c", script))
    told = [(file.path, file.kind, file.before_sha256, file.content) for file in changes.files]
    assert told == [
        ("a.txt", "changed", digest("a.txt before"), b"new"),
        ("made/c.txt", "created", None, b"made"),
        ("sub/b.txt", "deleted", digest("sub/b.txt before"), None),
    ]
    assert changes.left_out == ()
    assert everything(tmp_path) == before
    assert tmp_path.stat().st_mode & 0o777 == mode


async def test_a_file_that_became_executable_is_told(tmp_path: Path) -> None:
    (tmp_path / "run.sh").write_text("true")
    (tmp_path / "was.sh").write_text("true")
    (tmp_path / "was.sh").chmod(0o755)
    outcome = await changed_by(tmp_path, "namespaces", "chmod", "+x", "run.sh", "was.sh")
    files = changes_in(outcome).files
    assert [(each.path, each.was_executable, each.is_executable) for each in files] == [
        ("run.sh", False, True)
    ]


@pytest.mark.parametrize("level", WITHOUT_GROUPS)
async def test_what_is_no_plain_file_is_named_and_left_out(tmp_path: Path, level: Level) -> None:
    (tmp_path / "folder").mkdir()
    for name in ("linked.txt", "twice.txt", "folder/inner.txt"):
        (tmp_path / name).write_text("before")
    (tmp_path / "kept").symlink_to("linked.txt")
    script = (
        "ln -sf /etc/passwd linked.txt; ln twice.txt second.txt; mkfifo pipe; rm -r folder;"
        " ln -s /etc folder; ln -s a new-link; printf 1 > plain"
    )
    changes = changes_in(await changed_by(tmp_path, level, "sh", "-c", script))
    assert [(file.path, file.kind) for file in changes.files] == [
        ("folder/inner.txt", "deleted"),
        ("plain", "created"),
    ]
    left_out = {each.path: each.reason for each in changes.left_out}
    assert set(left_out) == {"linked.txt", "twice.txt", "second.txt", "pipe", "folder", "new-link"}
    assert "hard link" in left_out["second.txt"]
    assert "regular" in left_out["pipe"]


@pytest.mark.parametrize("level", WITHOUT_GROUPS)
async def test_secrets_are_blank_and_neither_changed_nor_deleted(
    tmp_path: Path, level: Level
) -> None:
    for name in (".env", "a.key"):
        (tmp_path / name).write_text("secret")
    script = "cat .env a.key; printf x > .env; rm a.key; printf x > new.pem"
    outcome = await changed_by(tmp_path, level, "sh", "-c", script)
    assert outcome.output == ""
    changes = changes_in(outcome)
    assert changes.files == ()
    assert {each.path for each in changes.left_out} == {".env", "a.key", "new.pem"}


@pytest.mark.parametrize("mode", [0o700, 0o755])
@pytest.mark.parametrize("level", WITHOUT_GROUPS)
async def test_git_and_installed_packages_can_be_read_and_not_changed(
    tmp_path: Path, level: Level, mode: int
) -> None:
    tmp_path.chmod(mode)
    for folder in (".git", "node_modules", "env"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "pyvenv.cfg").write_text("before\n")
    script = (
        "for f in .git node_modules env; do cat $f/pyvenv.cfg; echo x > $f/new; done 2>/dev/null;"
        " echo x > .git/pyvenv.cfg; true"
    )
    outcome = await changed_by(tmp_path, level, "sh", "-c", script)
    assert outcome.output.startswith("before\nbefore\nbefore\n")
    assert changes_in(outcome) == Changes(())
    assert len(everything(tmp_path)) == 3
    assert (tmp_path / ".git" / "pyvenv.cfg").read_text() == "before\n"


@pytest.mark.parametrize("level", WITHOUT_GROUPS)
async def test_an_unsaved_document_is_what_the_command_changes(
    tmp_path: Path, level: Level
) -> None:
    (tmp_path / "a.txt").write_text("on disk")
    jail = await working_jail([level])
    command = Command(
        ("sh", "-c", "cat a.txt; printf more >> a.txt"),
        tmp_path,
        tmp_path,
        {tmp_path / "a.txt": b"unsaved"},
        writes="copy",
    )
    outcome = await jail.run(command)
    assert outcome.output == "unsaved"
    (file,) = changes_in(outcome).files
    assert (file.before_sha256, file.content) == (digest("unsaved"), b"unsavedmore")


async def test_more_changes_than_are_taken_over_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes_module, "JAIL_CHANGES_MAX", 3)
    script = "for n in 1 2 3 4 5 6 7; do printf $n > $n; done"
    changes = changes_in(await changed_by(tmp_path, "namespaces", "sh", "-c", script))
    assert (len(changes.files), len(changes.left_out), changes.unnamed) == (3, 3, 1)


async def test_a_file_too_large_to_be_taken_over_is_named(tmp_path: Path) -> None:
    script = "truncate -s 40M large; printf 1 > small"
    changes = changes_in(await changed_by(tmp_path, "namespaces", "sh", "-c", script))
    assert [file.path for file in changes.files] == ["small"]
    assert [each.path for each in changes.left_out] == ["large"]


async def test_a_workspace_too_large_to_be_copied_is_refused_and_nothing_runs(
    tmp_path: Path,
) -> None:
    (tmp_path / "large").write_bytes(bytes(2 << 20))
    with pytest.raises(LimitError, match="too large to be copied"):
        await changed_by(tmp_path, "namespaces", "true", bounds=Bounds(copy_bytes=1 << 20))


def test_a_copy_that_is_not_wanted_any_more_ends(tmp_path: Path) -> None:
    (tmp_path / "source").mkdir()
    stop = Stop()
    stop.set()
    with pytest.raises(UnavailableError, match="cancelled"):
        Copying(tmp_path / "source", tmp_path / "target", stop, 1 << 20).make()


@pytest.mark.parametrize("level", WITHOUT_GROUPS)
async def test_what_is_written_to_the_disk_is_bounded(tmp_path: Path, level: Level) -> None:
    # Bounded by itself, so that it is harmless where nothing else holds it.
    fill = (
        "import time\n"
        "for n in range(12):\n"
        "    open(str(n), 'wb').write(bytes(4 << 20)); time.sleep(0.01)\n"
        "time.sleep(30)"
    )
    bounds = Bounds(disk_bytes=16 << 20)
    outcome = await changed_by(tmp_path, level, SYSTEM_PYTHON, "-c", fill, bounds=bounds)
    assert outcome.ended_for == "disk"
    assert outcome.exit_code is None


async def test_nothing_of_the_copy_stays_however_it_was_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch, workspace = tmp_path / "scratch", tmp_path / "workspace"
    for folder in (scratch, workspace):
        folder.mkdir(mode=0o755)
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    code = (
        "import os\n"
        "os.mkdir('barred'); open('barred/file', 'w').close(); os.chmod('barred', 0)\n"
        "for n in range(1100): os.mkdir('deep'); os.chdir('deep')"
    )
    outcome = await changed_by(workspace, "namespaces", SYSTEM_PYTHON, "-c", code)
    assert any("folder" in each.reason for each in changes_in(outcome).left_out)
    assert os.listdir(scratch) == []


@pytest.mark.parametrize("level", WITHOUT_GROUPS)
async def test_a_cancelled_command_leaves_no_process_and_no_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: Level
) -> None:
    scratch, workspace = tmp_path / "scratch", tmp_path / "workspace"
    for folder in (scratch, workspace):
        folder.mkdir(mode=0o755)
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    marker = new_marker()
    script = f"setsid sleep {marker} & sleep {marker}"
    task = asyncio.ensure_future(changed_by(workspace, level, "sh", "-c", script))
    await until(lambda: len(processes(marker)) > 1)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert os.listdir(scratch) == []
    await until(lambda: not processes(marker))
