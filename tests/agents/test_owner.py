"""Who works on a run is known to the operating system: the dead hold no lock."""

import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from steward.agents.workflows.owner import Owner
from tests.environment import ROOT

CLAIM = """
import sys
from pathlib import Path
from steward.agents.workflows.owner import Owner
Owner(Path(sys.argv[1]), sys.argv[2]).claim()
print("claimed", flush=True)
sys.stdin.readline()
"""


@contextmanager
def process(folder: Path, name: str) -> Generator[subprocess.Popen[bytes]]:
    """A real process that holds a claim."""
    child = subprocess.Popen(
        [sys.executable, "-c", CLAIM, str(folder), name],
        env={"PYTHONPATH": str(ROOT / "server")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"claimed\n"
        try:
            yield child
        finally:
            child.kill()


def is_dead(owner: Owner, name: str) -> bool:
    with owner.if_dead(name) as dead:
        return dead


def test_who_lives_is_not_dead(tmp_path: Path) -> None:
    owner = Owner(tmp_path, "mine")
    with process(tmp_path, "theirs"):
        assert not is_dead(owner, "theirs")


def test_who_was_killed_is_dead_at_once(tmp_path: Path) -> None:
    owner = Owner(tmp_path, "mine")
    with process(tmp_path, "theirs") as child:
        child.kill()
        child.wait()
        assert is_dead(owner, "theirs")


def test_only_one_finds_out_at_a_time(tmp_path: Path) -> None:
    one, two = Owner(tmp_path, "one"), Owner(tmp_path, "two")
    with one.if_dead("gone") as first:
        assert first
        assert not is_dead(two, "gone")
    assert is_dead(two, "gone")


def test_nobody_is_dead_to_themselves(tmp_path: Path) -> None:
    owner = Owner(tmp_path, "mine")
    assert not is_dead(owner, "mine")
    owner.claim()
    assert not is_dead(owner, "mine")


def test_a_claim_given_back_leaves_nothing_behind(tmp_path: Path) -> None:
    owner = Owner(tmp_path / "executors", "mine")
    owner.claim()
    owner.claim()
    assert not is_dead(Owner(tmp_path / "executors", "other"), "mine")
    owner.release()
    owner.release()
    assert list((tmp_path / "executors").iterdir()) == []


@pytest.mark.parametrize("name", ["", "../mine", "a/b", ".", "a.lock"])
def test_a_name_that_is_none_opens_no_file(tmp_path: Path, name: str) -> None:
    assert not is_dead(Owner(tmp_path / "executors", "mine"), name)
    assert not (tmp_path / "executors").exists()
