"""The jail around the WebAssembly holds alone, against hostile code of the machine's own.

Whoever breaks out of WebAssembly is where this code is. Each protection is tried for itself, with
all others off, and the same is tried with none at all: then the judge must see it.
"""

import asyncio
import json
import os
import resource
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

import steward.sandbox.wasm.child
from steward.sandbox.view import NOBODY
from steward.sandbox.wasm.jail import LAYERS, worker_orders
from tests.attacks.extension_attacks import DEADLINE_S, Canaries, offspring
from tests.attacks.extension_python import ATTEMPTING, REACHING
from tests.extension_worker import process_is_gone

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the jail is Linux's")

_TOLD_BYTES_MAX = 1 << 26
_FOLDER = str(Path(steward.sandbox.wasm.child.__file__).parents[1])
_BROKEN_OUT = f"""
import asyncio, codecs, ctypes, gc, http.client, importlib, io, json, linecache, mmap, os, pathlib
import runpy, select, shutil, signal, socket, subprocess, sys, tempfile, threading, tokenize, glob
import concurrent.futures.thread
sys.path.insert(0, sys.argv[1])
from child.confine import confine
orders = json.loads(sys.stdin.readline())
left_open = os.open(orders["left_open"], os.O_WRONLY)
confine(orders)
told = None
{ATTEMPTING}
exec(orders["code"], globals())
print(json.dumps(told), flush=True)
sys.stdin.read()
"""
"""It tells what it gained, and waits to be looked at."""


@dataclass(frozen=True, slots=True)
class Left:
    """What the kernel says of a process that attacked."""

    open_files: tuple[str, ...]
    rows: Mapping[str, str]
    limits: Mapping[str, str]


@asynccontextmanager
async def canaries_and_victim() -> AsyncGenerator[tuple[Canaries, int]]:
    """Canaries, and a program of the account that attacks."""
    canaries = Canaries()
    account = NOBODY if os.geteuid() == 0 else None
    async with canaries.listening():
        victim = await asyncio.create_subprocess_exec(
            "sleep", str(int(DEADLINE_S * 2)), user=account, cwd="/"
        )
        try:
            yield canaries, victim.pid
        finally:
            if victim.returncode is None:
                victim.kill()
            await victim.wait()


async def broken_out(code: str, orders: dict[str, Any]) -> list[str]:
    """What code could do that runs in a worker's jail, but in no WebAssembly."""
    async with canaries_and_victim() as (canaries, victim):
        code = canaries.put_in(code).replace("@VICTIM@", str(victim))
        told = {**orders, "code": code, "left_open": str(canaries.file)}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-I", "-c", _BROKEN_OUT, _FOLDER),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={},
            cwd="/",
            start_new_session=True,
            limit=_TOLD_BYTES_MAX,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps(told).encode() + b"\n")
        gained = await process.stdout.readline()
        left = await asyncio.to_thread(looked_at, process.pid) if gained else None
        started = await asyncio.to_thread(offspring, process.pid)
        process.stdin.close()
        await process.wait()
        found = await asyncio.to_thread(canaries.found, [gained.decode()])
        found += [f"started {started}"] if started else []
        found += (
            ["ended another program"] if await asyncio.to_thread(process_is_gone, victim) else []
        )
        return found + (exceeded(left) if left else [])


def looked_at(process_id: int) -> Left:
    """How it stands."""
    process = Path("/proc", str(process_id))
    rows = [line.partition(":") for line in (process / "status").read_text().splitlines()]
    limits = (process / "limits").read_text().splitlines()[1:]
    return Left(
        tuple(each.readlink().as_posix() for each in (process / "fd").iterdir()),
        {name: value.strip() for name, _, value in rows},
        {line[:26].strip(): line[26:].split()[0] for line in limits},
    )


def exceeded(left: Left) -> list[str]:
    """What it has and should not."""
    found = [f"opened {each}" for each in left.open_files if "memfd:" in each]
    found += [f"has {len(left.open_files)} files open"] if len(left.open_files) > 64 else []
    found += ["keeps memory from being moved out"] if left.rows["VmLck"] != "0 kB" else []
    found += ["took gigabytes"] if int(left.rows["VmData"].split()[0]) > 4 << 20 else []
    found += [
        f"{name} is {left.limits[name]}"
        for name in ("Max core file size", "Max msgqueue size")
        if left.limits[name] != "0"
    ]
    return found


def only(*layers: Any, limits: Sequence[str] = ()) -> dict[str, Any]:
    """The orders of a worker, but for all that is not named."""
    orders = worker_orders(layers)
    return {**orders, "limits": {name: orders["limits"][name] for name in limits}}


_KILL = "import os, signal\nos.kill(@VICTIM@, signal.SIGTERM)"
_HIDDEN = "import os\ntold = attempt(lambda: os.memfd_create('hidden'))"
_ROOM = "import mmap\nroom = mmap.mmap(-1, 5 << 30, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000)"
_LOCK = """
import ctypes, mmap
room = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
place = ctypes.addressof(ctypes.c_char.from_buffer(room))
told = ctypes.CDLL(None).mlock(ctypes.c_void_p(place), 4096)
"""
_WRITE = "import os\ntold = attempt(lambda: os.write(left_open, b'changed'))"
_COPIES = "import os\ntold = attempt(lambda: [os.dup(0) for _ in range(100)])"


def reaching(name: str) -> str:
    """The code of an attempt that the Python attacks have too."""
    (found,) = [each.code for each in REACHING if each.name == name]
    return found


HOLDS: dict[str, tuple[dict[str, Any], str]] = {
    "Landlock keeps files from being read": (
        only("landlock"),
        reaching("files, read in every way that the library has"),
    ),
    "Landlock keeps folders from being listed": (only("landlock"), reaching("folders")),
    "Landlock keeps files from being made": (
        only("landlock"),
        "import os\ntold = attempt(lambda: os.mkdir('@OPEN_FOLDER@/made'))",
    ),
    "Landlock keeps ports from being connected to": (
        only("landlock"),
        "import socket\ntold = attempt(lambda: socket.socket().connect(('127.0.0.1', @PORT@)))",
    ),
    "Landlock keeps abstract sockets from being connected to": (
        only("landlock"),
        "import socket\none = socket.socket(socket.AF_UNIX)\n"
        "told = attempt(lambda: one.connect('\\0@ABSTRACT@'))",
    ),
    "Landlock keeps other programs from being ended": (only("landlock"), _KILL),
    "the filter keeps files from being read": (
        only("seccomp"),
        reaching("files, read in every way that the library has"),
    ),
    "the filter keeps folders from being listed": (only("seccomp"), reaching("folders")),
    "the filter keeps programs from being started": (only("seccomp"), reaching("processes")),
    "the filter keeps every socket from being connected to": (
        only("seccomp"),
        reaching("the network"),
    ),
    "the filter keeps memory from being hidden in files": (only("seccomp"), _HIDDEN),
    "the filter keeps other programs from being ended": (only("seccomp"), _KILL),
    "a limit keeps open files from being written": (only(limits=["RLIMIT_FSIZE"]), _WRITE),
    "a limit keeps files from being opened without end": (only(limits=["RLIMIT_NOFILE"]), _COPIES),
    "a limit keeps memory from being taken without end": (only(limits=["RLIMIT_DATA"]), _ROOM),
    "a limit keeps memory from being locked": (only(limits=["RLIMIT_MEMLOCK"]), _LOCK),
}
_CRASHED = {
    "Max core file size": "RLIMIT_CORE",
    "Max msgqueue size": "RLIMIT_MSGQUEUE",
}
"""What there is no way to try without harm; the kernel's own word is taken."""


@pytest.mark.parametrize(("orders", "code"), HOLDS.values(), ids=HOLDS)
async def test_each_protection_holds_alone_and_without_it_the_same_is_seen(
    orders: dict[str, Any], code: str
) -> None:
    crash = {name: worker_orders(())["limits"][name] for name in _CRASHED.values()}
    alone = {**orders, "limits": {**crash, **orders["limits"]}}
    assert await broken_out(code, alone) == []
    without = await broken_out(code, {**only(), "limits": crash})
    assert without, "the judge does not see it"


async def test_the_limits_that_nothing_tries_are_there_by_the_kernels_word() -> None:
    assert await broken_out("told = None", worker_orders(LAYERS)) == []
    for name, limit in _CRASHED.items():
        if resource.getrlimit(getattr(resource, limit))[0] == 0:
            continue  # Nobody has any here.
        others = {each: 0 for each in _CRASHED.values() if each != limit}
        assert name in str(await broken_out("told = None", {**only(), "limits": others}))


async def test_whoever_breaks_out_of_webassembly_is_in_the_whole_jail() -> None:
    async with asyncio.TaskGroup() as tasks:
        found = {
            attack.name: tasks.create_task(broken_out(attack.code, worker_orders(LAYERS)))
            for attack in REACHING
        }
    assert {name: each.result() for name, each in found.items() if each.result()} == {}
