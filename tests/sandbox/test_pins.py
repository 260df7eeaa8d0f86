"""What was approved is what runs: the files that a command stands on, and the folder it runs in."""

import asyncio
import hashlib
import os
from pathlib import Path

import pytest

from steward.core.errors import InvalidInputError, StaleError
from steward.sandbox import jail as jail_module
from steward.sandbox.copying import Stop
from steward.sandbox.launcher import Command
from steward.sandbox.level import LEVELS, Level
from steward.sandbox.stage import Needs, Stage, identity_of, prepare
from tests.jailed import DEADLINE_S, new_marker, processes, until, working_jail


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("level", LEVELS)
async def test_a_file_that_changed_since_it_was_approved_is_not_run(
    tmp_path: Path, level: Level
) -> None:
    jail = await working_jail([level])
    (tmp_path / "build.sh").write_text("echo approved")
    pinned = {tmp_path / "build.sh": digest("echo approved")}
    command = Command(("sh", "build.sh"), tmp_path, tmp_path, pinned=pinned)
    assert (await jail.run(command)).output == "approved\n"
    (tmp_path / "build.sh").write_text("echo tampered")
    with pytest.raises(StaleError, match=r"build\.sh"):
        await jail.run(command)
    (tmp_path / "build.sh").unlink()
    with pytest.raises(StaleError, match=r"build\.sh"):
        await jail.run(command)


async def test_an_executable_that_was_approved_can_still_be_executed(tmp_path: Path) -> None:
    jail = await working_jail()
    (tmp_path / "build.sh").write_text("#!/bin/sh\necho approved")
    (tmp_path / "build.sh").chmod(0o755)
    pinned = {tmp_path / "build.sh": digest("#!/bin/sh\necho approved")}
    command = Command(("./build.sh",), tmp_path, tmp_path, pinned=pinned)
    assert (await jail.run(command)).output == "approved\n"


@pytest.mark.parametrize("level", LEVELS)
async def test_a_file_that_changes_while_the_command_runs_is_read_as_it_was_approved(
    tmp_path: Path, level: Level
) -> None:
    jail = await working_jail([level])
    # Others may read it, so that the jail shows the workspace itself where it can.
    tmp_path.chmod(0o755)
    (tmp_path / "data").write_text("approved")
    marker = new_marker()
    # Whoever it is that waits: the marker tells the host that the command is running.
    script = f"timeout {DEADLINE_S} sleep {marker} || true; cat data"
    command = Command(
        ("sh", "-c", script), tmp_path, tmp_path, pinned={tmp_path / "data": digest("approved")}
    )
    task = asyncio.ensure_future(jail.run(command))
    await until(lambda: any(_name(each) == b"sleep" for each in processes(marker)))
    (tmp_path / "data").write_text("tampered")
    (sleeper,) = [each for each in processes(marker) if _name(each) == b"sleep"]
    os.kill(int(sleeper.name), 9)
    outcome = await task
    assert outcome.output.endswith("approved")


def _name(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes().split(b"\0")[0]
    except OSError:
        return b""


@pytest.mark.parametrize("name", ["../outside", "link", ".env"])
async def test_only_plain_files_of_the_workspace_can_be_pinned(tmp_path: Path, name: str) -> None:
    workspace = tmp_path / "workspace"
    workspace.mkdir()
    for file in ("outside", "workspace/.env", "workspace/file"):
        (tmp_path / file).write_text("x")
    (workspace / "link").symlink_to("file")
    jail = await working_jail()
    pinned = {workspace / name: digest("x")}
    with pytest.raises(InvalidInputError, match="cannot be bound"):
        await jail.run(Command(("true",), workspace, workspace, pinned=pinned))


async def test_a_working_folder_behind_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    jail = await working_jail()
    with pytest.raises(InvalidInputError, match="without a link"):
        await jail.run(Command(("true",), tmp_path / "link", tmp_path))


async def test_another_folder_in_the_place_of_the_approved_one_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    approved = await asyncio.to_thread(identity_of, folder)
    jail = await working_jail()
    command = Command(("pwd",), folder, tmp_path, cwd_identity=approved)
    assert (await jail.run(command)).exit_code == 0
    folder.rename(tmp_path / "moved")
    folder.mkdir()
    with pytest.raises(StaleError, match="Another folder"):
        await jail.run(command)


@pytest.mark.parametrize("level", ["cgroup", "namespaces"])
async def test_a_folder_that_is_swapped_while_the_jail_is_built_runs_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, level: Level
) -> None:
    jail = await working_jail([level])
    workspace, other = tmp_path / "workspace", tmp_path / "other"
    for folder in (workspace, other):
        folder.mkdir()
        folder.chmod(0o755)
    (other / "program.sh").write_text("echo ran")

    def prepare_and_swap(folder: Path, command: Command, needs: Needs, stop: Stop) -> Stage:
        stage = prepare(folder, command, needs, stop)
        workspace.rename(tmp_path / "moved")
        workspace.symlink_to(other)
        return stage

    monkeypatch.setattr(jail_module, "prepare", prepare_and_swap)
    tmp_path.chmod(0o755)
    with pytest.raises(StaleError, match="replaced"):
        await jail.run(Command(("sh", "program.sh"), workspace, workspace))
