"""Others write, and put links in the way, while files are being landed."""

import os
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from steward.core.errors import StaleError
from steward.workspace.disk.write import write_all
from steward.workspace.proposal import FileChange
from tests.workspace.disk_sample import save_by_renaming, save_in_place

SAVES, SAVES_SOAK = 60, 2_000
SWAPS, SWAPS_SOAK = 150, 10_000


@contextmanager
def meanwhile(work: Callable[[], None]) -> Generator[threading.Thread]:
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield thread
    finally:
        thread.join()


def is_begun(root: Path, first: int) -> bool:
    return True


def is_being_staged(root: Path, first: int) -> bool:
    return len(os.listdir(root)) > 1


def is_staged(root: Path, first: int) -> bool:
    return (root / ".steward-a1b2c3-0").exists()


def is_swapped(root: Path, first: int) -> bool:
    return (root / "a.py").stat().st_ino != first


MOMENTS = (is_begun, is_being_staged, is_staged, is_swapped)


def check_every_save_stays(root: Path, saves: int, save: Callable[[Path, str], None]) -> None:
    """One thread lands, another waits for the moment to save; whoever saves then is the last."""
    file = root / "a.py"
    landed = 0
    for number in range(saves):
        text, saved = f"{number}", f"{number} and the user's"
        file.write_text(text)
        first, moment = file.stat().st_ino, MOMENTS[number % len(MOMENTS)]
        over = threading.Event()

        def save_then(
            moment: Callable[[Path, int], bool] = moment,
            first: int = first,
            saved: str = saved,
            over: threading.Event = over,
        ) -> None:
            while not (moment(root, first) or over.is_set()):
                pass
            save(file, saved)

        with meanwhile(save_then):
            with suppress(StaleError):
                write_all(root, [FileChange("a.py", text, f"{number} and ours")], "a1b2c3")
                landed += 1
            over.set()
        assert file.read_text() == saved
        assert os.listdir(root) == ["a.py"]
    assert 0 < landed < saves


SAVING = pytest.mark.parametrize("save", [save_in_place, save_by_renaming])


@SAVING
def test_what_a_user_saves_during_a_landing_stays(
    tmp_path: Path, save: Callable[[Path, str], None]
) -> None:
    check_every_save_stays(tmp_path, SAVES, save)


@SAVING
@pytest.mark.soak
@pytest.mark.timeout(600)
def test_what_a_user_saves_during_very_many_landings_stays(
    tmp_path: Path, save: Callable[[Path, str], None]
) -> None:
    check_every_save_stays(tmp_path, SAVES_SOAK, save)


def land_while_links_come_and_go(tmp_path: Path, landings: int) -> None:
    """Land in a folder that another thread keeps replacing by a link to the outside."""
    root, outside = tmp_path / "root", tmp_path / "outside"
    inside, hidden = root / "folder", root / "hidden"
    for folder in (inside, outside):
        folder.mkdir(parents=True)
        (folder / "a.py").write_text("0")
    over = threading.Event()

    def swap_often() -> None:
        while not over.is_set():
            os.rename(inside, hidden)
            inside.symlink_to(outside)
            inside.unlink()
            os.rename(hidden, inside)

    landed = 0
    with meanwhile(swap_often):
        for number in range(landings):
            changes = (
                FileChange("folder/a.py", str(landed), str(landed + 1)),
                FileChange(f"folder/new-{number}.py", None, "x"),
            )
            with suppress(StaleError):
                write_all(root, changes, "a1b2c3")
                landed += 1
        over.set()
    assert (inside / "a.py").read_text() == str(landed)
    assert len(list(root.rglob("*"))) == 2 + landed
    assert (outside / "a.py").read_text() == "0"
    assert [entry.name for entry in outside.iterdir()] == ["a.py"]


def test_a_folder_that_becomes_a_link_leads_no_text_outside(tmp_path: Path) -> None:
    land_while_links_come_and_go(tmp_path, SWAPS)


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_folder_that_becomes_a_link_very_often_leads_no_text_outside(tmp_path: Path) -> None:
    land_while_links_come_and_go(tmp_path, SWAPS_SOAK)
