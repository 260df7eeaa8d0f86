"""What hostile code tries where there are no namespaces, judged by what the host sees.

All of the host's files, processes and sockets are in the same namespaces as the command here. What
is attacked belongs to the command's own account, so that only the jail can be what prevents it.
"""

import asyncio
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from steward.sandbox.launcher import Command, Outcome
from steward.sandbox.level import Bounds
from tests.environment import ROOT
from tests.jailed import DEADLINE_S, SYSTEM_PYTHON, new_marker, processes, until, working_jail

CANARY = "canary-93d1"
ACCOUNT = 65534 if os.geteuid() == 0 else os.geteuid()
REFUSED = "Operation not permitted"
DENIED = "Permission denied"
TRIED = """
import ctypes, os, signal, socket, sys
libc = ctypes.CDLL(None, use_errno=True)
def tried(act):
    try: result = act()
    except OSError as error: return print(error.strerror)
    print('done')
def call(number, *words):
    if libc.syscall(number, *(ctypes.c_ulong(word) for word in words)) < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
"""
AS_PARENT = """
import asyncio, pathlib, sys
sys.path.insert(0, 'server')
from steward.core.clock import SystemClock
from steward.sandbox.ladder import Ladder
from steward.sandbox.launcher import Command
here = pathlib.Path(sys.argv[1])
command = Command(('sh', '-c', f'setsid sleep {sys.argv[2]} & sleep {sys.argv[2]}'), here, here)
asyncio.run(Ladder(SystemClock(), ['landlock']).run(command))
"""


@pytest.fixture
def place() -> Generator[Path]:
    """A folder of the command's own account that every account can reach."""
    with tempfile.TemporaryDirectory(prefix="attacked-") as name:
        place = Path(name)
        place.chmod(0o755)
        (place / "workspace").mkdir()
        if os.geteuid() == 0:
            os.chown(place, ACCOUNT, ACCOUNT)
        yield place


def owned(path: Path, text: str = CANARY) -> Path:
    path.write_text(text)
    if os.geteuid() == 0:
        os.chown(path, ACCOUNT, ACCOUNT)
    return path


async def attack(place: Path, code: str, bounds: Bounds | None = None) -> Outcome:
    jail = await working_jail(["landlock"], bounds)
    argv = (SYSTEM_PYTHON, "-I", "-S", "-c", TRIED + code)
    workspace = place / "workspace"
    return await jail.run(Command(argv, workspace, workspace, wall_s=DEADLINE_S))


async def test_files_of_its_own_account_are_neither_read_nor_written(place: Path) -> None:
    file = owned(place / "file")
    code = (
        f"file = {str(file)!r}\n"
        "tried(lambda: open(file).read())\n"
        "tried(lambda: os.open(file, os.O_WRONLY))\n"
        "tried(lambda: os.truncate(file, 0))\n"
        "tried(lambda: os.unlink(file))\n"
        "tried(lambda: os.rename(file, file + '2'))\n"
        "tried(lambda: os.listdir(os.path.dirname(file)))\n"
        "tried(lambda: os.mkdir(file + '3'))\n"
        "tried(lambda: open('written', 'w'))\n"
        f"tried(lambda: open('/proc/{os.getpid()}/environ').read())\n"
        "tried(lambda: open('/proc/sys/kernel/core_pattern', 'a'))\n"
        "tried(lambda: open('/dev/shm/x', 'w'))\n"
        "tried(lambda: open('/etc/passwd').read())\n"
    )
    said = (await attack(place, code)).output.splitlines()
    assert len(said) == 12
    assert set(said) <= {DENIED, "Invalid cross-device link"}, said
    assert file.read_text() == CANARY
    assert sorted(os.listdir(place)) == ["file", "workspace"]


async def test_what_a_file_is_cannot_be_changed_without_opening_it(place: Path) -> None:
    file = owned(place / "file")
    before = file.stat()
    code = (
        f"file = {str(file)!r}\n"
        "tried(lambda: os.chmod(file, 0o777))\n"
        "tried(lambda: os.utime(file, (1, 1)))\n"
        "tried(lambda: os.chown(file, -1, -1))\n"
        "tried(lambda: os.setxattr(file, 'user.x', b'x'))\n"
    )
    said = (await attack(place, code)).output.splitlines()
    # The first three are courtesies of programs that copy: they are told that it worked.
    assert said == ["done", "done", "done", REFUSED]
    after = file.stat()
    assert (after.st_mode, after.st_mtime_ns, after.st_ctime_ns) == (
        before.st_mode,
        before.st_mtime_ns,
        before.st_ctime_ns,
    )


async def test_no_socket_of_any_kind_reaches_the_host(place: Path) -> None:
    path = str(place / "socket")
    with (
        closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as local,
        closing(socket.create_server(("127.0.0.1", 0))) as network,
    ):
        local.bind(path)
        os.chmod(path, 0o777)
        port = network.getsockname()[1]
        code = (
            f"tried(lambda: socket.create_connection(('127.0.0.1', {port})))\n"
            "tried(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))\n"
            "tried(lambda: socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))\n"
            "tried(lambda: socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM))\n"
            "one, other = socket.socketpair()\n"
            f"tried(lambda: one.sendto(b'x', {path!r}))\n"
            f"tried(lambda: one.connect({path!r}))\n"
            "one.send(b'works'); print(other.recv(5).decode())\n"
        )
        said = (await attack(place, code)).output.splitlines()
        local.setblocking(False)
        with pytest.raises(BlockingIOError):
            local.recv(1)
        network.setblocking(False)
        with pytest.raises(BlockingIOError):
            network.accept()
    assert said[:4] == [REFUSED] * 4
    assert "done" not in said
    assert said[-1] == "works"


async def test_processes_of_its_own_account_cannot_be_touched(place: Path) -> None:
    await working_jail(["landlock"])
    drop = ["setpriv", f"--reuid={ACCOUNT}", f"--regid={ACCOUNT}", "--clear-groups"]
    other = subprocess.Popen([*(drop if os.geteuid() == 0 else []), "sleep", "60"])
    try:
        await until(lambda: Path(f"/proc/{other.pid}").stat().st_uid == ACCOUNT)
        code = (
            "import resource\n"
            f"other = {other.pid}\n"
            "tried(lambda: os.kill(other, signal.SIGKILL))\n"
            "tried(lambda: os.kill(other, 0))\n"
            "tried(lambda: resource.prlimit(other, resource.RLIMIT_CPU, (1, 1)))\n"
            "tried(lambda: os.sched_setaffinity(other, {0}))\n"
            "tried(lambda: os.setpriority(os.PRIO_PROCESS, other, 19))\n"
            "tried(lambda: call(101, 16, other, 0, 0))\n"
            "tried(lambda: os.kill(os.getpid(), 0))\n"
        )
        said = (await attack(place, code)).output.splitlines()
        assert said == [REFUSED] * 6 + ["done"]
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="the calls are named by their numbers")
async def test_calls_that_reach_beyond_are_refused(place: Path) -> None:
    numbers = {
        "shmget": 29,
        "shmat": 30,
        "msgget": 68,
        "semget": 64,
        "mq_open": 240,
        "memfd_create": 319,
        "io_uring_setup": 425,
        "bpf": 321,
        "userfaultfd": 323,
        "keyctl": 250,
        "unshare": 272,
        "mount": 165,
        "inotify_init1": 294,
        "open_by_handle_at": 304,
        "process_vm_readv": 310,
    }
    code = f"for number in {list(numbers.values())}: tried(lambda: call(number, 0, 0, 0, 0, 0))\n"
    code += "tried(lambda: call(56, 0x10000000 | 17, 0, 0, 0, 0))\n"
    said = (await attack(place, code)).output.splitlines()
    assert dict(zip([*numbers, "clone"], said, strict=True)) == dict.fromkeys(
        [*numbers, "clone"], REFUSED
    )


async def test_a_daemon_dies_with_the_command_that_started_it(place: Path) -> None:
    marker = new_marker()
    daemon = (
        "started, running = os.pipe()\n"
        "if os.fork() == 0:\n"
        "    os.setsid()\n"
        "    if os.fork() == 0:\n"
        "        for n in (0, 1, 2): os.close(n)\n"
        f"        os.execvp('sleep', ['sleep', '{marker}'])\n"
        "    os._exit(0)\n"
        "os.close(running); os.read(started, 1); print('started')"
    )
    outcome = await attack(place, daemon)
    assert outcome.output == "started\n"
    await until(lambda: not processes(marker))


async def test_nothing_survives_a_steward_that_is_killed(place: Path) -> None:
    await working_jail(["landlock"])
    marker = new_marker()
    words = [sys.executable, "-B", "-c", AS_PARENT, str(place / "workspace"), marker]
    parent = subprocess.Popen(words, cwd=ROOT, env={"PATH": "/usr/bin:/bin", "TMPDIR": str(place)})
    try:
        # The two that sleep, and nothing that only names the marker.
        await until(lambda: len(sleeping(marker)) == 2)
    finally:
        parent.kill()
        await asyncio.to_thread(parent.wait)
    await until(lambda: not sleeping(marker))


def sleeping(marker: str) -> list[Path]:
    found: list[Path] = []
    for process in processes(marker):
        with suppress(OSError):
            if (process / "comm").read_text() == "sleep\n":
                found.append(process)
    return found


async def test_no_more_processes_start_than_may(place: Path) -> None:
    marker = new_marker()
    # Bounded by itself and asleep, so that it is harmless where nothing else holds it.
    bomb = (
        "import time\n"
        "n = 0\n"
        "try:\n"
        "    while n < 60:\n"
        f"        if os.fork() == 0: os.execvp('sleep', ['sleep', '{marker}'])\n"
        "        n += 1\n"
        "except OSError: pass\n"
        "print(n)"
    )
    started = 0
    for _ in range(3):  # The kernel counts the whole account, of which others may end meanwhile.
        outcome = await attack(place, bomb, Bounds(processes=20))
        await until(lambda: not processes(marker))
        started = int(outcome.output)
        if started <= 20:
            break
    assert 0 < started <= 20
