"""Paths that try to leave the workspace, judged by what is read (FP-01 to FP-11)."""

import os
import socket
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from steward.core.errors import StewardError
from steward.workspace.beneath import kernel_has_it, open_at_once, open_one_by_one
from steward.workspace.disk.write import write_all
from steward.workspace.files import read_bytes
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.listing import list_files
from steward.workspace.paths import WorkspacePath
from steward.workspace.proposal import FileChange

WAYS = [open_one_by_one, *([open_at_once] if kernel_has_it() else [])]
CANARY = b"canary-77e0"
HOSTILE = [
    *("..", "../outside.txt", "a/../../outside.txt", "a/..", "./../outside.txt", "/etc/passwd"),
    *("//host/share", "///etc/passwd", "~", "~/.bashrc", "/w/app/../outside.txt"),
    *("%2e%2e/outside.txt", "%252e%252e/outside.txt", "..%2foutside.txt", "%2e%2e%5coutside.txt"),
    *("..\\outside.txt", "C:\\x", "C:/x", "\\\\host\\share", "\\\\?\\C:\\x", "file:///etc/passwd"),
    *("\uff0e\uff0e/outside.txt", "a\uff0f..\uff0fb", "\u2025/outside.txt"),
    *("a\0b", "a\nb", "a\rb", "a\x1bb", "a\u202eb", "a\u200bb", "\ufeffa", "a\ud800"),
    *("a.", "a ", " a", "...", "a/. ./b", "name:ads", "/proc/self/environ", "/dev/fd/3"),
    *(".git/config", ".GIT/hooks/x", "sub/.git/config", ".git", ".gi\u200dt/config"),
    *(".git./config", ".git /config", "git~1/config", "\uff0egit/config", ".\uff47it/config"),
]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_a_hostile_path_is_refused_before_the_disk_is_asked(text: str) -> None:
    with pytest.raises(StewardError):
        WorkspacePath.parse(text, Path("/w/app"))


@pytest.fixture
def inside(tmp_path: Path) -> Path:
    """A workspace with a secret beside it."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret.txt").write_bytes(CANARY)
    inside = tmp_path / "inside"
    inside.mkdir()
    return inside


def test_no_link_is_followed_for_reading(inside: Path) -> None:
    (inside / "file").symlink_to("../outside/secret.txt")
    (inside / "folder").symlink_to("../outside")
    (inside / "loop").symlink_to("loop")
    (inside / "proc").symlink_to("/proc/self")
    for path in ("file", "folder/secret.txt", "loop", "loop/x", "proc/environ"):
        with pytest.raises(StewardError):
            read_bytes(inside, WorkspacePath.parse(path))


def test_a_folder_swapped_for_a_link_all_the_time_leads_nowhere(inside: Path) -> None:
    outside = inside.parent / "outside"
    folder = inside / "d"
    link = inside.parent / "link"
    spare = inside.parent / "spare"
    folder.mkdir()
    (folder / "secret.txt").write_bytes(b"own")
    link.symlink_to(outside)
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            os.rename(folder, spare)
            os.rename(link, folder)
            os.rename(folder, link)
            os.rename(spare, folder)

    attacker = threading.Thread(target=swap)
    attacker.start()
    path = WorkspacePath.parse("d/secret.txt")
    read: set[bytes] = set()
    try:
        for _ in range(3000):
            with suppress(StewardError):
                read.add(read_bytes(inside, path))
            # It closes no window for the attacker, and tries the slower way as well.
            for opens in WAYS:
                with suppress(OSError):
                    read.add(_through(opens, inside, path))
    finally:
        stop.set()
        attacker.join()
    assert read <= {b"own"}


@pytest.mark.parametrize("opens", WAYS)
def test_both_ways_of_opening_a_folder_refuse_the_same(
    inside: Path, opens: Callable[[int, WorkspacePath], int]
) -> None:
    for folder in (inside / "a" / "b", inside / "a" / "b" / "c", inside.parent / "outside" / "x"):
        folder.mkdir(parents=True)
        (folder / "own").write_bytes(b"own")
    (inside / "a" / "file").write_bytes(b"own")
    (inside / "a" / "out").symlink_to("../../outside")
    (inside / "a" / "in").symlink_to("b")
    (inside / "loop").symlink_to("loop")
    (inside / "proc").symlink_to("/proc/self/root")
    assert _through(opens, inside, WorkspacePath(("a", "b", "own"))) == b"own"
    refused = (
        "a/out",
        "a/in",
        "a/out/x",
        "a/in/c",
        "loop",
        "proc/etc",
        "a/file",
        "a/gone",
        "a/in/../in",
    )
    for name in refused:
        with pytest.raises(OSError):  # noqa: PT011  Links are told in three ways.
            _through(opens, inside, WorkspacePath((*name.split("/"), "own")))


def _through(opens: Callable[[int, WorkspacePath], int], root: Path, path: WorkspacePath) -> bytes:
    top = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        folder = opens(top, path.parent)
    finally:
        os.close(top)
    try:
        file = os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW, dir_fd=folder)
        try:
            return os.read(file, 100)
        finally:
            os.close(file)
    finally:
        os.close(folder)


@pytest.mark.parametrize(
    "count", [60, pytest.param(10_000, marks=pytest.mark.soak)], ids=["few", "many"]
)
def test_nothing_is_written_through_a_folder_that_is_swapped_for_a_link(
    inside: Path, count: int
) -> None:
    outside, folder = inside.parent / "outside", inside / "d"
    link, spare = inside.parent / "link", inside.parent / "spare"
    for place in (outside, folder):
        place.mkdir(exist_ok=True)
        (place / "f").write_text("0")
    link.symlink_to(outside)
    stop = threading.Event()

    def swap() -> None:
        while not stop.is_set():
            os.rename(folder, spare)
            os.rename(link, folder)
            os.rename(folder, link)
            os.rename(spare, folder)

    attacker = threading.Thread(target=swap)
    attacker.start()
    now, written = 0, 0
    try:
        for number in range(count):
            changes = (FileChange("d/f", str(now), str(now + 1)), FileChange("d/n", None, "new"))
            with suppress(StewardError):
                write_all(inside, changes[: 1 + (number == 0)], f"m{number}")
                now, written = now + 1, written + 1
    finally:
        stop.set()
        attacker.join()
    assert sorted(file.name for file in outside.iterdir()) == ["f", "secret.txt"]
    assert (outside / "f").read_text() == "0"
    assert (folder / "f").read_text() == str(now)


def test_an_edit_of_a_hard_link_leaves_the_file_outside_as_it_is(inside: Path) -> None:
    outside = inside.parent / "outside" / "secret.txt"
    (inside / "linked").hardlink_to(outside)
    write_all(inside, (FileChange("linked", CANARY.decode(), "mine"),), "m1")
    write_all(inside, (FileChange("linked", "mine", "undone"),), "m2")
    assert (outside.read_bytes(), (inside / "linked").read_bytes()) == (CANARY, b"undone")


def test_a_folder_of_very_many_entries_is_listed_in_part(inside: Path) -> None:
    for number in range(300):
        (inside / f"{number}.txt").touch()
    listing = list_files(inside, IgnoreOracle(inside), limit=20)
    assert (len(listing.files), listing.is_complete) == (20, False)


def test_what_is_no_regular_file_is_refused_and_hangs_nobody(inside: Path) -> None:
    os.mkfifo(inside / "fifo")
    (inside / "folder").mkdir()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(inside / "socket"))
        for name in ("fifo", "socket", "folder", "."):
            with pytest.raises(StewardError):
                read_bytes(inside, WorkspacePath.parse(name))
        assert list_files(inside, IgnoreOracle(inside)).files == ()


def test_a_sparse_giant_is_refused_without_being_read(inside: Path) -> None:
    with (inside / "giant").open("wb") as file:
        file.truncate(10 << 30)
    with pytest.raises(StewardError, match="larger"):
        read_bytes(inside, WorkspacePath.parse("giant"))


def test_links_and_depths_do_not_keep_a_listing_from_ending(inside: Path) -> None:
    (inside / "up").symlink_to("..")
    (inside / "self").symlink_to(".")
    deep = inside
    for _ in range(80):
        deep = deep / "d"
        deep.mkdir()
    (deep / "bottom").write_text("x")
    (inside / "top").write_text("x")
    listing = list_files(inside, IgnoreOracle(inside))
    assert [str(path) for path in listing.files] == ["top"]
    assert not listing.is_complete
