"""What stands around the WebAssembly, as the kernel sees it; and what is said where it is less."""

import asyncio
import base64
import os
import sys
from pathlib import Path

import pytest

import steward
from steward.sandbox.filter import only_computing
from steward.sandbox.wasm.jail import in_words, judged, worker_orders
from tests.extension_worker import evaluating, running

_REFUSING_LANDLOCK = """
import asyncio, ctypes, struct, sys
from steward.sandbox.calls import newer
from steward.sandbox.filter import _if_call, _program, _RETURN, _UNKNOWN
from steward.sandbox.system import give_up_privileges, refuse_calls
from steward.sandbox.filter import _EQUAL
from tests.extension_worker import evaluating, running

give_up_privileges()
refuse_calls(_program([(_EQUAL, 0, 1, newer("landlock_create")), (_RETURN, 0, 0, _UNKNOWN)]))

async def main():
    async with running() as workers:
        await workers.load(evaluating())
        assert await workers.run("1 + 1") == "2"
        standing = workers.workers.standing()
        print(standing.jail, "|", standing.sentence)

asyncio.run(main())
"""


def rows(process_id: int) -> dict[str, str]:
    """What the kernel says of a process."""
    lines = Path("/proc", str(process_id), "status").read_text().splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


@pytest.mark.skipif(sys.platform != "linux", reason="the jail is Linux's")
async def test_a_worker_has_no_rights_no_files_and_no_environment() -> None:
    async with running() as workers:
        await workers.load(evaluating())
        standing = workers.workers.standing()
        assert standing.jail == "landlock+seccomp", standing.sentence
        process = Path("/proc", str(workers.process_id()))
        told = await asyncio.to_thread(rows, workers.process_id())
        assert told["Seccomp"] == "2"
        assert told["NoNewPrivs"] == "1"
        assert int(told["CapEff"], 16) == int(told["CapPrm"], 16) == 0
        assert "0" not in told["Uid"].split()
        assert "0" not in told["Gid"].split()
        limits = (process / "limits").read_text()
        for name in ("Max core file size", "Max file size"):
            (row,) = [line for line in limits.splitlines() if line.startswith(name)]
            assert row.split()[-3:-1] == ["0", "0"]
        if os.geteuid() != 0:
            # It is hidden from its neighbours, and an ordinary account is one.
            with pytest.raises(PermissionError):
                (process / "environ").read_bytes()
            return
        open_files = {each.name: each.readlink().as_posix() for each in (process / "fd").iterdir()}
        assert open_files.pop("0").startswith("socket:")
        assert open_files.pop("1") == "/dev/null"
        assert open_files.pop("2").startswith("pipe:")
        # The engine holds on to the file that the runtime's first memory is shared with.
        assert {Path(each).suffix for each in open_files.values()} <= {".cwasm"}
        for name in open_files:
            flags = (process / "fdinfo" / name).read_text().splitlines()[1].split()[1]
            assert int(flags, 8) & os.O_ACCMODE == os.O_RDONLY
        assert (process / "environ").read_bytes().strip(b"\\0") == b""
        assert (process / "cwd").readlink() == Path("/")


@pytest.mark.skipif(sys.platform != "linux", reason="the jail is Linux's")
async def test_without_landlock_extensions_run_and_it_is_said_that_less_stands_behind() -> None:
    root = str(Path(__file__).parents[3])
    server = str(Path(steward.__file__).parents[1])
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        _REFUSING_LANDLOCK,
        cwd=root,
        env={"PYTHONPATH": f"{root}:{server}"},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    jail, _, sentence = output.decode().strip().partition(" | ")
    assert jail == "seccomp"
    assert "Landlock: it needs version 6" in sentence
    assert "less stands behind it" in sentence


async def test_a_worker_without_its_jail_is_told_apart_by_what_it_can_do() -> None:
    async with running(layers=()) as workers:
        await workers.load(evaluating())
        standing = workers.workers.standing()
        assert standing.jail == "wasm only"
        assert "the jail around that process is not whole" in standing.sentence


def test_a_promise_that_a_probe_could_break_is_not_made() -> None:
    orders = worker_orders(("landlock", "seccomp"))
    holding, why = judged({"failed": {}, "succeeded": ["open a socket"]}, orders)
    assert holding == set()
    assert "open a socket" in in_words(holding, why)


def test_the_filter_lets_a_worker_do_a_few_dozen_things() -> None:
    orders = worker_orders(("seccomp",))
    assert base64.b64decode(orders["filter"]) == only_computing()
    assert len(only_computing()) // 8 < 120
