"""A command in the jail does its work on the files as the person sees them, and ends."""

import asyncio
from pathlib import Path

import pytest

from steward.core.clock import SystemClock
from steward.core.errors import InvalidInputError, SandboxUnavailableError
from steward.core.limits import COMMAND_OUTPUT_BYTES_MAX
from steward.sandbox import bubblewrap
from steward.sandbox.ladder import Ladder
from steward.sandbox.launcher import Command
from steward.sandbox.level import Level
from tests.jailed import PYTHON, new_marker, processes, run_in_jail, run_python, until, working_jail

BUBBLEWRAP: tuple[Level, ...] = ("cgroup", "namespaces")


async def test_a_command_reports_its_output_and_exit_code(tmp_path: Path) -> None:
    outcome = await run_in_jail(tmp_path, "sh", "-c", "echo out; echo err >&2; exit 3")
    assert (outcome.exit_code, outcome.output) == (3, "out\nerr\n")
    assert not outcome.timed_out
    assert not outcome.truncated


async def test_a_program_that_does_not_exist_is_an_outcome(tmp_path: Path) -> None:
    outcome = await run_in_jail(tmp_path, "no-such-program")
    assert outcome.exit_code == 127
    assert "no-such-program" in outcome.output


async def test_the_tests_of_a_project_run_with_the_interpreter_of_steward(workspace: Path) -> None:
    outcome = await run_in_jail(workspace, "python3", "-m", "pytest", "--version")
    assert outcome.exit_code == 0
    assert "pytest" in outcome.output


async def test_a_command_runs_in_its_folder_at_the_path_that_the_person_knows(
    tmp_path: Path,
) -> None:
    (tmp_path / "inner").mkdir()
    jail = await working_jail()
    outcome = await jail.run(Command(("pwd",), tmp_path / "inner", tmp_path))
    assert outcome.output.strip() == str(tmp_path / "inner")


async def test_a_command_may_write_scratch_files_that_are_gone_afterwards(tmp_path: Path) -> None:
    code = "import tempfile; f = tempfile.NamedTemporaryFile(delete=False); print(f.name)"
    outcome = await run_python(tmp_path, code)
    assert outcome.exit_code == 0
    assert not Path(outcome.output.strip()).exists()


async def test_a_server_on_the_jails_own_loopback_can_be_reached_from_within(
    tmp_path: Path,
) -> None:
    code = (
        "import socket; s = socket.create_server(('127.0.0.1', 0))\n"
        "c = socket.create_connection(s.getsockname()); print('connected')"
    )
    assert (await run_python(tmp_path, code)).output == "connected\n"


async def test_an_unsaved_document_is_seen_as_the_editor_has_it(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("print('on disk')")
    jail = await working_jail()
    overlays = {tmp_path / "a.py": b"print('unsaved')"}
    outcome = await jail.run(Command((PYTHON, "a.py"), tmp_path, tmp_path, overlays))
    assert outcome.output == "unsaved\n"
    assert (tmp_path / "a.py").read_text() == "print('on disk')"


async def test_an_unsaved_document_that_is_not_a_plain_file_of_the_workspace_is_refused(
    tmp_path: Path,
) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "outside.py").write_text("x")
    (inside / "link.py").symlink_to(tmp_path / "outside.py")
    (inside / "folder").symlink_to(tmp_path)
    jail = await working_jail()
    for path in ("link.py", "folder/outside.py", "../outside.py", "new.py"):
        with pytest.raises(InvalidInputError, match="save it"):
            await jail.run(Command(("true",), inside, inside, {inside / path: b"y"}))


async def test_a_workspace_that_only_its_owner_may_enter_can_be_read(tmp_path: Path) -> None:
    private = tmp_path / "private"
    (private / "below").mkdir(parents=True)
    (private / "below" / "a.txt").write_text("content")
    (private / "link").symlink_to("below/a.txt")
    (private / "run.sh").write_text("#!/bin/sh\ncat link")
    (private / "run.sh").chmod(0o700)
    (private / "below").chmod(0o700)
    private.chmod(0o700)
    outcome = await run_in_jail(private, "./run.sh")
    assert outcome.output == "content"


async def test_a_command_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    marker = new_marker()
    outcome = await run_in_jail(tmp_path, "sh", "-c", f"echo begun; sleep {marker}", wall_s=1)
    assert outcome.timed_out
    assert outcome.exit_code is None
    assert outcome.output == "begun\n"
    await until(lambda: not processes(marker))


async def test_a_command_that_prints_too_much_is_ended(tmp_path: Path) -> None:
    outcome = await run_in_jail(tmp_path, "yes")
    assert outcome.truncated
    assert outcome.exit_code is None
    assert len(outcome.output) == COMMAND_OUTPUT_BYTES_MAX


async def test_cancelling_ends_the_command_and_leaves_nothing_behind(tmp_path: Path) -> None:
    await working_jail()
    marker = new_marker()
    task = asyncio.create_task(run_in_jail(tmp_path, "sleep", marker))
    await until(lambda: bool(processes(marker)))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await until(lambda: not processes(marker))


@pytest.mark.parametrize("folder", ["/", "/etc", "/proc", "/usr"])
async def test_the_system_is_no_workspace(folder: str) -> None:
    jail = await working_jail()
    with pytest.raises(InvalidInputError, match="project"):
        await jail.run(Command(("true",), Path(folder), Path(folder)))


async def test_a_command_does_not_run_outside_its_workspace(tmp_path: Path) -> None:
    (tmp_path / "inside").mkdir()
    jail = await working_jail()
    with pytest.raises(InvalidInputError, match="outside"):
        await jail.run(Command(("true",), tmp_path, tmp_path / "inside"))


async def test_without_bubblewrap_nothing_runs_and_the_package_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bubblewrap, "_TRUSTED_PATH", str(tmp_path / "empty"))
    jail = Ladder(SystemClock(), BUBBLEWRAP)
    reason = await jail.unavailable_reason()
    assert reason is not None
    assert "bubblewrap" in reason
    with pytest.raises(SandboxUnavailableError):
        await jail.run(Command(("touch", str(tmp_path / "ran")), tmp_path, tmp_path))
    assert not (tmp_path / "ran").exists()


async def test_where_namespaces_are_refused_nothing_runs_and_the_way_out_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await working_jail()
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "bwrap").write_text("#!/bin/sh\necho 'bwrap: No permissions' >&2; exit 1")
    (programs / "bwrap").chmod(0o755)
    for name in ("prlimit", "setpriv"):
        (programs / name).symlink_to(Path("/usr/bin", name))
    monkeypatch.setattr(bubblewrap, "_TRUSTED_PATH", str(programs))
    jail = Ladder(SystemClock(), BUBBLEWRAP)
    with pytest.raises(SandboxUnavailableError, match="allow user namespaces"):
        await jail.run(Command(("touch", str(tmp_path / "ran")), tmp_path, tmp_path))
    assert not (tmp_path / "ran").exists()


async def test_a_jail_that_was_missing_is_found_once_it_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await working_jail()
    jail = Ladder(SystemClock(), BUBBLEWRAP)
    with monkeypatch.context() as patch:
        patch.setattr(bubblewrap, "_TRUSTED_PATH", str(tmp_path))
        assert await jail.unavailable_reason() is not None
    assert await jail.unavailable_reason() is None
