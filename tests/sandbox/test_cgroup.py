"""A control group holds a command's processes together and ends them together."""

import asyncio
import os
import subprocess
from pathlib import Path

import pytest

from steward.core.errors import SandboxUnavailableError
from steward.sandbox.cgroup import Places, candidates, find_places
from steward.sandbox.launcher import Command
from steward.sandbox.level import Bounds
from tests.jailed import DEADLINE_S, SYSTEM_PYTHON, new_marker, processes, until, working_jail

V1 = """\
30 24 0:26 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids
31 24 0:27 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
32 24 0:28 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct
33 24 0:29 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
"""


def places() -> Places:
    try:
        return find_places()
    except SandboxUnavailableError as error:
        pytest.skip(str(error))


def left_by_us(found: Places) -> list[Path]:
    ours = f"steward-jail-{os.getpid()}-*"
    return [path for folder in found.folders.values() for path in folder.glob(ours)]


def test_the_hierarchies_of_the_first_version_are_found_where_they_are_mounted() -> None:
    own = "8:pids:/user\n4:memory:/docker/abc/inner\n2:cpu,cpuacct:/\n0::/\n"
    (found,) = candidates(own, V1)
    assert dict(found.folders) == {
        "pids": Path("/sys/fs/cgroup/pids/user"),
        "memory": Path("/sys/fs/cgroup/memory/inner"),
    }


def test_groups_of_the_second_version_are_those_that_hand_both_resources_down(
    tmp_path: Path,
) -> None:
    for path, handed in ((".", "memory pids"), ("user", "cpu memory pids"), ("user/app", "")):
        (tmp_path / path).mkdir(exist_ok=True)
        (tmp_path / path / "cgroup.subtree_control").write_text(handed)
    mounts = f"33 24 0:29 / {tmp_path} rw - cgroup2 cgroup2 rw\n"
    found = [dict(each.folders) for each in candidates("0::/user/app\n", mounts)]
    assert found == [
        dict.fromkeys(("memory", "pids"), path) for path in (tmp_path / "user", tmp_path)
    ]


async def test_ending_a_group_ends_all_in_it_and_takes_it_away() -> None:
    found = await asyncio.to_thread(places)
    marker = new_marker()
    group = await asyncio.to_thread(found.make, Bounds(resident_bytes=256 << 20, processes=8))
    script = f"setsid sleep {marker} & exec sleep {marker}"
    child = subprocess.Popen(group.entered(["sh", "-c", script]))
    try:
        await until(lambda: len(processes(marker)) == 2)
        assert len(left_by_us(found)) == 2
    finally:
        await asyncio.to_thread(group.end)
        await asyncio.to_thread(child.wait)
    assert processes(marker) == []
    assert left_by_us(found) == []


async def test_what_a_killed_steward_left_is_taken_away() -> None:
    found = await asyncio.to_thread(places)
    dead = subprocess.Popen(["true"])
    dead.wait()
    for folder in found.folders.values():
        (folder / f"steward-jail-{dead.pid}-0").mkdir()
    await asyncio.to_thread(find_places)
    assert not [f for f in found.folders.values() if list(f.glob(f"steward-jail-{dead.pid}-*"))]


async def test_the_kernel_counts_what_no_process_holds(tmp_path: Path) -> None:
    """Files in memory are in nobody's resident set; only the group counts them."""
    jail = await working_jail(["cgroup"], Bounds(resident_bytes=64 << 20))
    code = (
        "for n in range(12): open(f'/dev/shm/{n}', 'wb').write(bytes(16 << 20))\n"
        "import time; time.sleep(60)"
    )
    command = Command(
        (SYSTEM_PYTHON, "-I", "-S", "-c", code), tmp_path, tmp_path, wall_s=DEADLINE_S
    )
    outcome = await jail.run(command)
    assert outcome.ended_for == "memory"
    assert left_by_us(await asyncio.to_thread(places)) == []
