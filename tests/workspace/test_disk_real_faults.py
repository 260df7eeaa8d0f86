"""Full disks, read-only disks and files that may not be touched: the landing leaves no trace."""

import os
import subprocess
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from steward.core.errors import StewardError, UnavailableError
from steward.workspace.disk.write import write_all
from steward.workspace.proposal import FileChange
from tests.workspace.disk_sample import seen_in

MARK = "a1b2c3"
CHANGES = (
    FileChange("a/one.py", "one\n", "ONE\n"),
    FileChange("b/two.py", "two\n", "TWO\n"),
    FileChange("a/three.py", "three\n", None),
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for change in CHANGES:
        file = tmp_path / change.path
        file.parent.mkdir(exist_ok=True)
        file.write_text(change.before or "")
    return tmp_path


def run_as_root(*argv: str | Path) -> None:
    """Run a command that only root may; where it may not either, the test is skipped."""
    try:
        subprocess.run(argv, check=True, capture_output=True, text=True, timeout=10)
    except (OSError, subprocess.CalledProcessError) as error:
        reason = f"{argv[0]} does not work here: {getattr(error, 'stderr', error)}"
        if os.environ.get("STEWARD_REQUIRE_SANDBOX") == "1":
            pytest.fail(f"STEWARD_REQUIRE_SANDBOX=1, but {reason}")
        pytest.skip(reason)


@contextmanager
def mounted(*mount: str | Path, at: Path) -> Generator[None]:
    run_as_root("mount", *mount, at)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", at], check=True, timeout=10)


@contextmanager
def immutable(file: Path) -> Generator[None]:
    run_as_root("chattr", "+i", file)
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", file], check=True, timeout=10)


def refusal(root: Path, changes: tuple[FileChange, ...]) -> str:
    """What it says; nothing has changed."""
    before = seen_in(root)
    with pytest.raises(StewardError) as caught:
        write_all(root, changes, MARK)
    assert seen_in(root) == before
    assert caught.type is UnavailableError
    return str(caught.value)


def test_a_full_disk_changes_nothing_and_is_named(root: Path) -> None:
    (root / "full").mkdir()
    with mounted("-t", "tmpfs", "-o", "size=64k,mode=755", "none", at=root / "full"):
        (root / "full" / "small.py").write_text("x" * 4096)
        large = FileChange("full/large.py", None, "y" * 60_000)
        small = FileChange("full/small.py", "x" * 4096, "z" * 4096)
        message = refusal(root, (*CHANGES, small, large))
        assert "'full/large.py'" in message
        assert "No space left" in message
        assert "No file was touched." in message


def test_a_read_only_folder_changes_nothing(root: Path) -> None:
    with ExitStack() as stack:
        stack.enter_context(mounted("--bind", root / "b", at=root / "b"))
        run_as_root("mount", "-o", "remount,ro,bind", root / "b")
        message = refusal(root, CHANGES)
    assert "'b/two.py'" in message
    assert "Read-only" in message


@pytest.mark.parametrize("at", range(len(CHANGES)))
def test_a_file_that_refuses_its_change_takes_the_others_back(root: Path, at: int) -> None:
    with immutable(root / CHANGES[at].path):
        message = refusal(root, CHANGES)
    assert f"'{CHANGES[at].path}'" in message
    assert "not permitted" in message
    assert "Everything is as it was." in message


def test_a_full_disk_lets_what_was_changed_be_taken_back(root: Path) -> None:
    (root / "full").mkdir()
    with mounted("-t", "tmpfs", "-o", "size=64k,mode=755", "none", at=root / "full"):
        first, last = root / "full" / "first.py", root / "full" / "last.py"
        first.write_text("x" * 20_000)
        last.write_text("x")
        filler = root / "full" / "filler"
        # The new texts fit, and then nothing else does.
        filler.write_bytes(b"\0" * (64 * 1024 - 4096 * (5 + 5 + 1 + 1)))
        changes = (
            FileChange("full/first.py", "x" * 20_000, "y" * 20_000),
            FileChange("full/last.py", "x", "y"),
        )
        with immutable(last):
            assert "'full/last.py'" in refusal(root, changes)
