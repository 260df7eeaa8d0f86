"""What hostile code tries in the jail, judged by what the host sees (TM-14 to TM-18).

Probes only test a permission: they open without writing. Should a protection fail, they must not
do the harm that they look for.
"""

import asyncio
import os
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from steward.core.limits import COMMAND_PROCESSES_MAX, COMMAND_SCRATCH_BYTES_MAX
from steward.sandbox.launcher import Command
from steward.sandbox.level import LEVELS, Bounds, Level
from tests.jailed import (
    DEADLINE_S,
    PYTHON,
    SYSTEM_PYTHON,
    new_marker,
    processes,
    run_in_jail,
    run_python,
    until,
    working_jail,
)

CANARY = "canary-5b1f9c"


async def test_no_connection_leaves_the_jail(tmp_path: Path) -> None:
    callers: list[str] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        callers.append((await reader.readline()).decode().strip())
        writer.close()

    server = await asyncio.start_server(note, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    call = f"import socket; socket.create_connection(('127.0.0.1', {port}), 3).send(b'%s\\n')"
    async with server:
        # The same program outside arrives: the listener would have noticed.
        await asyncio.to_thread(subprocess.run, [PYTHON, "-c", call % "outside"], check=True)
        await until(lambda: callers == ["outside"])
        outcome = await run_python(tmp_path, call % "inside")
    assert outcome.exit_code != 0
    assert callers == ["outside"]


async def test_no_name_can_be_resolved_and_no_other_interface_exists(tmp_path: Path) -> None:
    code = "import socket; print([name for _, name in socket.if_nameindex()])"
    assert (await run_python(tmp_path, code)).output == "['lo']\n"


async def test_an_abstract_socket_of_the_host_is_out_of_reach(tmp_path: Path) -> None:
    name = f"\0{CANARY}-{os.getpid()}"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(name)
        listener.listen()
        code = f"import socket; socket.socket(socket.AF_UNIX).connect({name!r})"
        assert (await run_python(tmp_path, code)).exit_code != 0


async def test_a_socket_or_a_pipe_in_the_workspace_leads_to_no_process_of_the_host(
    tmp_path: Path,
) -> None:
    tmp_path.chmod(0o755)
    folder = tmp_path / "run"
    folder.mkdir()
    os.mkfifo(folder / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "x"))
        listener.listen()
        for name in ("x", "pipe"):
            (folder / name).chmod(0o777)
        pipe = os.open(folder / "pipe", os.O_RDONLY | os.O_NONBLOCK)
        reach = (
            "import os, socket\n"
            "def tried(act):\n"
            "    try: act(); print('reached')\n"
            "    except OSError as error: print(error.strerror)\n"
            "tried(lambda: socket.socket(socket.AF_UNIX).connect('run/x'))\n"
            "tried(lambda: os.write(os.open('run/pipe', os.O_WRONLY | os.O_NONBLOCK), b'x'))\n"
        )
        outside = [PYTHON, "-c", reach]
        ran = await asyncio.to_thread(
            subprocess.run, outside, cwd=tmp_path, check=True, capture_output=True
        )
        assert ran.stdout == b"reached\n" * 2
        assert os.read(pipe, 9) == b"x"
        outcome = await run_python(tmp_path, reach)
        os.close(pipe)
    # Which error it is depends on the account: what is in their place is a file.
    assert len(outcome.output.splitlines()) == 2
    assert "reached" not in outcome.output


async def test_nothing_of_the_host_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file.txt").write_text("before")
    # Anybody may write here, so what prevents it is how the workspace is mounted.
    (tmp_path / "file.txt").chmod(0o666)
    tmp_path.chmod(0o777)
    places = [tmp_path, Path("/usr"), Path("/etc"), Path("/"), Path("/dev"), Path("/proc/sys")]
    code = (
        "import os\n"
        f"for place in {[str(place) for place in places]!r}:\n"
        f"    try: os.close(os.open(place + '/{CANARY}', os.O_CREAT | os.O_WRONLY)); print(place)\n"
        "    except OSError: pass\n"
        "for file in ('file.txt', '/proc/sys/kernel/core_pattern', '/etc/passwd',\n"
        "             '/proc/self/oom_score_adj'):\n"
        "    try: os.close(os.open(file, os.O_WRONLY)); print(file)\n"
        "    except OSError: pass\n"
        "for act in (os.unlink, lambda f: os.chmod(f, 0o777), lambda f: os.utime(f)):\n"
        "    try: act('file.txt'); print(act)\n"
        "    except OSError: pass\n"
    )
    assert (await run_python(tmp_path, code)).output == ""
    assert [path.name for path in tmp_path.iterdir()] == ["file.txt"]
    assert (tmp_path / "file.txt").read_text() == "before"
    assert not any((place / CANARY).exists() for place in places)


async def test_nothing_outside_the_workspace_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "outside.txt").write_text(CANARY)
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "link").symlink_to(tmp_path / "outside.txt")
    ways = ["link", "../outside.txt", str(tmp_path / "outside.txt")]
    ways += [f"/proc/{pid}/root{tmp_path}/outside.txt" for pid in ("1", "self", os.getpid())]
    outcome = await run_in_jail(inside, "sh", "-c", f"cat {' '.join(ways)}; ls -a {tmp_path}")
    assert CANARY not in outcome.output
    assert "outside.txt" not in outcome.output.splitlines()


async def test_the_jail_shows_no_scratch_files_and_no_accounts_of_the_host(tmp_path: Path) -> None:
    with tempfile.NamedTemporaryFile(prefix=CANARY) as file:
        folder, name = os.path.split(file.name)
        assert name not in (await run_in_jail(tmp_path, "ls", "-A", folder)).output
        assert (await run_in_jail(tmp_path, "test", "-e", file.name)).exit_code == 1
    assert "root:" not in (await run_in_jail(tmp_path, "cat", "/etc/passwd")).output
    assert (await run_in_jail(tmp_path, "test", "-e", "/etc/shadow")).exit_code == 1


async def test_the_environment_of_steward_is_not_handed_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", CANARY)
    # The kernel shows a process's environment as it was at its start, so a child bears witness.
    script = "env; cat /proc/*/environ /proc/*/cmdline"
    assert CANARY not in (await run_in_jail(tmp_path, "sh", "-c", script)).output


@pytest.mark.parametrize("mode", [0o700, 0o755])
async def test_secrets_in_the_workspace_are_blank(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)
    (tmp_path / "config").mkdir()
    secrets = [".env", ".env.local", "config/server.KEY", "config/id_rsa", ".npmrc"]
    for name in [*secrets, ".env.example"]:
        (tmp_path / name).write_text(f"{CANARY} {name}")
    (tmp_path / "link").symlink_to(".env")
    outcome = await run_in_jail(tmp_path, "cat", "link", *secrets, ".env.example")
    assert outcome.exit_code == 0
    assert outcome.output == f"{CANARY} .env.example"


async def test_an_unsaved_secret_is_blank_too(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("old")
    jail = await working_jail()
    command = Command(("cat", ".env"), tmp_path, tmp_path, {tmp_path / ".env": CANARY.encode()})
    assert (await jail.run(command)).output == ""


async def test_what_runs_is_never_root_and_has_no_capability(tmp_path: Path) -> None:
    await working_jail()
    marker = new_marker()
    task = asyncio.create_task(run_in_jail(tmp_path, "sleep", marker))
    await until(lambda: bool(processes(marker)))
    status = (processes(marker)[0] / "status").read_text()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    fields = dict(line.split(":", 1) for line in status.splitlines())
    assert "0" not in [*fields["Uid"].split(), *fields["Gid"].split()]
    assert {int(fields[name], 16) for name in ("CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert fields["NoNewPrivs"].strip() == "1"


async def test_it_cannot_become_root_in_a_namespace_of_its_own(tmp_path: Path) -> None:
    for way in ("-U", "-Ur", "-Urm", "-Urn"):
        assert (await run_in_jail(tmp_path, "unshare", way, "true")).exit_code != 0


async def test_processes_of_the_host_are_out_of_sight_and_reach(tmp_path: Path) -> None:
    code = (
        "import os\n"
        "print(sorted(name for name in os.listdir('/proc') if name.isdigit()))\n"
        f"try: os.kill({os.getpid()}, 0); print('reached')\n"
        "except OSError: pass\n"
    )
    output = (await run_python(tmp_path, code)).output
    assert str(os.getpid()) not in output
    assert "reached" not in output


async def test_a_fork_bomb_stays_small_and_dies(tmp_path: Path) -> None:
    marker = new_marker()
    # Bounded by itself and asleep, so that it is harmless where nothing else holds it.
    bomb = (
        "import os, sys, time\n"
        "for n in range(400):\n"
        "    try: child = os.fork()\n"
        "    except OSError: break\n"
        "    if child == 0: time.sleep(60); os._exit(0)\n"
        f"print(n, flush=True); time.sleep(60) #{marker}"
    )
    jailed = await working_jail()
    task = asyncio.create_task(
        jailed.run(Command((PYTHON, "-c", bomb), tmp_path, tmp_path, wall_s=3))
    )
    most = 0
    while not task.done():
        most = max(most, len(processes(marker)))
        await asyncio.wait([task], timeout=0.1)
    assert task.result().timed_out
    assert 1 < most <= COMMAND_PROCESSES_MAX
    assert int(task.result().output) <= COMMAND_PROCESSES_MAX
    await until(lambda: not processes(marker))


async def test_a_daemon_dies_with_the_command_that_started_it(tmp_path: Path) -> None:
    marker = new_marker()
    # The pipe closes when the daemon has become another program: only then is it a daemon.
    daemon = (
        "import os\n"
        "started, running = os.pipe()\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        for n in (0, 1, 2): os.close(n)\n"
        f"        os.execvp('sleep', ['sleep', '{marker}'])\n"
        "    os._exit(0)\n"
        "os.close(running); os.read(started, 1); print('started')"
    )
    outcome = await run_python(tmp_path, daemon)
    assert outcome.output == "started\n"
    await until(lambda: not processes(marker))


async def test_a_flood_of_output_ends_soon(tmp_path: Path) -> None:
    marker = new_marker()
    outcome = await run_in_jail(tmp_path, "sh", "-c", f"cat /dev/zero & cat /dev/zero #{marker}")
    assert outcome.truncated
    await until(lambda: not processes(marker))


async def test_memory_and_scratch_space_are_bounded(tmp_path: Path) -> None:
    # Asked for and not touched: the limit is on what a process may map at all.
    assert (await run_python(tmp_path, "import mmap; mmap.mmap(-1, 3 << 30)")).exit_code == 1
    fill = (
        "import os, shutil\n"
        "n = 0\n"
        "try:\n"
        "    while n < 12:\n"
        "        n += 1\n"
        "        open(f'{place}/{n}', 'wb').write(bytes(32 << 20))\n"
        "except OSError: pass\n"
        "print(shutil.disk_usage(place).used)"
    )
    for place in ("/tmp", "/dev/shm"):
        outcome = await run_python(tmp_path, f"place = {place!r}\n{fill}")
        assert 0 < int(outcome.output) <= COMMAND_SCRATCH_BYTES_MAX


@pytest.mark.parametrize("level", LEVELS)
async def test_processes_together_hold_no_more_memory_than_one_may(
    tmp_path: Path, level: Level
) -> None:
    # A small limit, so that a host whose protection fails is not filled by its test.
    jail = await working_jail([level], Bounds(resident_bytes=100 << 20))
    marker = new_marker()
    code = (
        "import os, time\n"
        "for n in range(3): os.fork()\n"
        "held = b'x' * (30 << 20)\n"
        f"time.sleep(60) #{marker}"
    )
    command = Command((SYSTEM_PYTHON, "-c", code), tmp_path, tmp_path, wall_s=DEADLINE_S)
    outcome = await jail.run(command)
    assert outcome.used_too_much_memory
    assert outcome.exit_code is None
    await until(lambda: not processes(marker))


async def test_calls_that_no_namespace_and_no_limit_covers_are_refused(tmp_path: Path) -> None:
    code = (
        "import os, socket\n"
        "def tried(act):\n"
        "    try: return act() is None\n"
        "    except OSError as error: return error.strerror\n"
        "# The hypervisor and raw frames; memory that belongs to no process.\n"
        "print(tried(lambda: socket.socket(40, socket.SOCK_STREAM).close()))\n"
        "print(tried(lambda: socket.socket(17, socket.SOCK_RAW).close()))\n"
        "print(tried(lambda: os.close(os.memfd_create('x'))))\n"
        "with socket.socket() as s:\n"
        "    before = s.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF)\n"
        "    s.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)\n"
        "    print(s.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) == before)\n"
        "    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n"
        "    print(s.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR))\n"
    )
    refused = ["Operation not permitted"] * 3
    assert (await run_python(tmp_path, code)).output.splitlines() == [*refused, "True", "1"]


async def test_the_terminal_of_steward_is_not_its_own(tmp_path: Path) -> None:
    assert (await run_python(tmp_path, "open('/dev/tty')")).exit_code != 0


async def test_a_private_workspace_is_not_opened_to_other_accounts(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    (private / "a.txt").write_text(CANARY)
    (private / "a.txt").chmod(0o600)
    assert (await run_in_jail(private, "true")).exit_code == 0
    assert private.stat().st_mode & 0o777 == 0o700
    assert (private / "a.txt").stat().st_mode & 0o777 == 0o600
