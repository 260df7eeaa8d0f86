"""What a misled model tries with commands: what is asked, what is shown, and what then runs."""

import json
import os
from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from steward.core.clock import ManualClock
from steward.gateway.request import ToolCall
from steward.permissions.question import OpenQuestion
from steward.sandbox.ladder import Ladder
from steward.sandbox.level import LEVELS, Level
from steward.tools.invoke import Invoker
from steward.tools.run_command import RunCommand
from tests.attacks.test_command_lines import EASY
from tests.jailed import new_marker, processes, working_jail
from tests.rooms import Rooms, answering, no, open_rooms, silent, yes
from tests.tools.agent import UNLIMITED, surroundings, use


@pytest.fixture
async def rooms(tmp_path: Path) -> AsyncGenerator[Rooms]:
    root = tmp_path / "project"
    root.mkdir()
    (root / "a.py").write_bytes(b"one\ntwo\nthree\n")
    await working_jail()
    async with open_rooms(tmp_path / "data" / "steward.db", root) as rooms:
        yield rooms


TOO_MUCH: list[dict[str, object]] = [
    {"command": "; ".join(["ls"] * 51)},
    {"command": "ls;" * 5000},
    {"command": "echo " + "x" * 1_000_000},
    {"command": "echo $(x) " + "; ls" * 500},
    {"argv": ["echo"] * 10_000},
    {"argv": ["echo", "x" * 100_000]},
    {"argv": ["echo", *["x" * 100] * 500]},
    {"argv": ["echo", "\0"]},
    {"argv": [""]},
    {"argv": ["ls"], "command": "ls"},
    {},
    {"command": " "},
    {"command": "ls", "folder": "../x"},
    {"command": "ls", "folder": "/etc"},
    {"command": "ls", "timeout_s": 1e9},
]


async def test_what_is_too_much_or_no_command_is_refused_and_nobody_asked(rooms: Rooms) -> None:
    async with answering(rooms, rooms.principal, silent) as asked:
        results = [await use(rooms, "run_command", EASY, **arguments) for arguments in TOO_MUCH]
    codes = {"steward.invalid_input", "steward.limit", "steward.not_permitted"}
    assert all(not result.ok and result.code in codes for result in results)
    assert asked == []


async def test_a_command_that_is_refused_never_starts(rooms: Rooms) -> None:
    marker = new_marker()
    for line in (f"ls; sleep {marker} & ls", f"env sleep {marker}", f"sh -c 'sleep {marker}'"):
        async with answering(rooms, rooms.principal, no) as asked:
            result = await use(rooms, "run_command", EASY, command=line)
        assert (result.ok, result.code, len(asked)) == (False, "steward.not_permitted", 1)
        assert processes(marker) == []


async def test_a_question_that_ran_out_runs_nothing(rooms: Rooms) -> None:
    marker = new_marker()

    def too_late(_question: OpenQuestion) -> bool:
        assert isinstance(rooms.clock, ManualClock)
        rooms.clock.advance(timedelta(days=2))
        return True

    async with answering(rooms, rooms.principal, too_late):
        result = await use(rooms, "run_command", command=f"env sleep {marker}")
    assert (result.ok, result.code) == (False, "steward.not_permitted")
    assert processes(marker) == []


async def test_a_program_of_the_workspace_does_not_stand_in_for_another(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = rooms.workspace.root
    for name in ("ls", "git", "sh", "prlimit", "bwrap"):
        (root / name).write_text("#!/bin/sh\necho PLANTED\n")
        (root / name).chmod(0o755)
    monkeypatch.setenv("PATH", f".:{root}:/usr/bin:/bin")
    monkeypatch.chdir(root)
    async with answering(rooms, rooms.principal, silent):
        for line in ("ls", "ls | sort"):
            result = await use(rooms, "run_command", EASY, command=line)
            assert result.ok, result.text
            assert "a.py" in result.text
            assert "PLANTED" not in result.text


def _rewrite(path: Path) -> None:
    path.write_text("print('other')\n")


def _swap(path: Path) -> None:
    path.unlink()
    path.symlink_to("/etc/hostname")


def _same_size_and_time(path: Path) -> None:
    was = path.stat()
    path.write_text("print('elsewise')\n"[: was.st_size])
    os.utime(path, ns=(was.st_atime_ns, was.st_mtime_ns))


@pytest.mark.parametrize(
    "arguments",
    [
        {"argv": ["python3", "build.py"]},
        {"command": "python3 ./build.py && ls"},
        {"command": "python3 build.py > /tmp/x"},
    ],
    ids=["argv", "line", "unread"],
)
async def test_a_script_that_changed_after_the_question_does_not_run(
    rooms: Rooms, arguments: dict[str, object]
) -> None:
    script = rooms.workspace.root / "build.py"
    for number, change in enumerate((_rewrite, _swap, Path.unlink, _same_size_and_time)):
        script.unlink(missing_ok=True)
        script.write_text("print('approved')\n")

        def change_and_approve(
            _question: OpenQuestion, change: Callable[[Path], None] = change
        ) -> bool:
            change(script)
            return True

        async with answering(rooms, rooms.principal, change_and_approve) as asked:
            wanted = ToolCall("call-1", "run_command", json.dumps(arguments))
            step = surroundings(rooms, f"tool-0-{number}")
            result = await rooms.invoker.invoke(wanted, UNLIMITED, step)
        assert "build.py" in asked[0].body
        assert not result.ok
        assert "Exit code" not in result.text
    assert "approval.used" not in await rooms.trail()


async def test_a_folder_that_was_swapped_after_the_question_is_not_worked_in(rooms: Rooms) -> None:
    folder, other = rooms.workspace.root / "sub", rooms.workspace.root / "other"

    def link(_question: OpenQuestion) -> bool:
        folder.rmdir()
        folder.symlink_to("/etc")
        return True

    def rename(_question: OpenQuestion) -> bool:
        folder.rmdir()
        other.rename(folder)
        return True

    for number, swap in enumerate((link, rename)):
        folder.unlink(missing_ok=True)
        folder.mkdir()
        other.mkdir(exist_ok=True)
        (other / "passwd").write_text("")
        async with answering(rooms, rooms.principal, swap):
            arguments = json.dumps({"argv": ["env", "ls"], "folder": "sub"})
            wanted = ToolCall("call-1", "run_command", arguments)
            step = surroundings(rooms, f"tool-0-{number}")
            result = await rooms.invoker.invoke(wanted, UNLIMITED, step)
        assert not result.ok
        assert "passwd" not in result.text


async def test_the_question_shows_the_command_as_it_is(rooms: Rooms) -> None:
    shown: list[tuple[dict[str, object], list[str]]] = [
        ({"command": "env ls" + " " * 5000 + "evil"}, ["⟨5000 spaces⟩evil"]),
        ({"command": "env ls \u202eevil"}, ["⟨U+202E⟩evil", "1 hidden"]),
        ({"command": "env ls\x1b[2K\revil"}, ["⟨U+001B⟩[2K⟨U+000D⟩evil", "2 hidden"]),
        ({"argv": ["env", "a b", "```\n# Fine"]}, ["env 'a b' '```\n# Fine'"]),
        ({"command": "env x && env y"}, ["env x && env y", "1. `env x`", "2. `env y`"]),
        ({"command": "env " + "w " * 3000 + "evil"}, ["w " * 3000 + "evil"]),
        ({"command": "env x > y"}, ["cannot be taken apart"]),
        ({"command": "env ls", "folder": "sub"}, [f"`{rooms.workspace.root}/sub`"]),
        # Each is another command: who refuses one is not asked about the same again in its run.
        ({"command": "env ls -l"}, ["no network", "read-only", "60 seconds"]),
        ({"command": "env ls -a", "writes": "copy"}, ["a private copy"]),
    ]
    (rooms.workspace.root / "sub").mkdir()
    for arguments, parts in shown:
        async with answering(rooms, rooms.principal, no) as asked:
            await use(rooms, "run_command", **arguments)
        assert all(part in asked[0].body for part in parts), (arguments, asked[0].body)
        assert "\n" not in asked[0].title


async def test_a_file_that_is_kept_from_models_is_not_named_to_a_program(rooms: Rooms) -> None:
    root = rooms.workspace.root
    (root / ".env").write_text("canary")
    (root / "kept.txt").write_text("canary")
    (root / ".stewardignore").write_text("kept.txt\n")
    for line in (
        "cat kept.txt",
        "cat ./kept.txt",
        "cat .env",
        f"cat {root}/kept.txt",
        "cat a=kept.txt",
    ):
        async with answering(rooms, rooms.principal, yes):
            result = await use(rooms, "run_command", EASY, command=line)
        assert (result.ok, result.code) == (False, "steward.not_permitted")
        assert "canary" not in result.text


async def test_without_a_jail_nothing_runs_and_nobody_is_asked(rooms: Rooms) -> None:
    marker = new_marker()
    tool = RunCommand(Ladder(rooms.clock, levels=()))
    invoker: Invoker = replace(rooms.invoker, tools={"run_command": tool})
    for line in (f"env sleep {marker}", f"sleep {marker}"):
        wanted = ToolCall("call-1", "run_command", json.dumps({"command": line}))
        async with answering(rooms, rooms.principal, silent) as asked:
            result = await invoker.invoke(wanted, EASY, surroundings(rooms))
        assert (result.ok, result.code) == (False, "steward.sandbox_unavailable")
        assert asked == []
        assert processes(marker) == []


async def test_a_dry_run_runs_nothing(rooms: Rooms) -> None:
    result = await use(rooms, "run_command", replace(EASY, mode="dry_run"), command="echo ran")
    assert result.is_recorded
    assert "Exit code" not in result.text


KEPT = "kept-7d41e9"
SEARCH = "cat p*/* n*.sec* l*k; find . -type f -print0 | xargs -0 cat; ls p*"


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("writes", ["nothing", "copy"])
async def test_what_the_person_keeps_from_models_is_empty_for_a_command(
    rooms: Rooms, level: Level, writes: str
) -> None:
    root = rooms.workspace.root
    (root / "private").mkdir()
    (root / "sub" / "node_modules").mkdir(parents=True)
    kept = ["private/plan.txt", "notes.secret", "sub/deep.secret", "sub/odd\nname.secret"]
    for name in [*kept, "sub/own.txt"]:
        (root / name).write_text(f"{KEPT}\n")
    (root / "link").symlink_to("private/plan.txt")
    (root / "built.log").write_text("built-here\n")
    (root / ".gitignore").write_text("built.log\n")
    (root / ".stewardignore").write_text("/private/\n*.secret\n")
    (root / "sub" / ".stewardignore").write_text("own.txt\n")
    rooms.editor.documents[root / "notes.secret"] = f"{KEPT} and unsaved\n"
    tool = RunCommand(await working_jail((level,)))
    invoker: Invoker = replace(rooms.invoker, tools={"run_command": tool})
    rooms = replace(rooms, invoker=invoker)
    async with answering(rooms, rooms.principal, yes) as asked:
        result = await use(rooms, "run_command", command=SEARCH, writes=writes)
    assert "built-here" in result.text
    assert KEPT not in result.text
    assert "For it 5 files and folders that `.stewardignore` names are empty." in asked[0].body
    assert all((root / name).read_text() == f"{KEPT}\n" for name in kept)


async def test_no_command_runs_in_a_folder_that_is_kept_from_models(rooms: Rooms) -> None:
    root = rooms.workspace.root
    (root / "private" / "below").mkdir(parents=True)
    (root / ".stewardignore").write_text("private\n")
    async with answering(rooms, rooms.principal, silent) as asked:
        result = await use(rooms, "run_command", EASY, command="ls", folder="private/below")
    assert (result.code, asked) == ("steward.not_permitted", [])
