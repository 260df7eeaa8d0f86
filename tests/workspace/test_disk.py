"""Approved changes come onto the disk exactly, or not at all, and nowhere else."""

import os
import shutil
import stat
from collections.abc import Callable, Generator, Sequence
from pathlib import Path

import pytest

from steward.core.errors import (
    InvalidInputError,
    LimitError,
    NotPermittedError,
    StaleError,
    StewardError,
)
from steward.core.limits import CHANGES_MAX, FILE_BYTES_MAX
from steward.workspace.disk.write import finish, write_all
from steward.workspace.proposal import FileChange
from tests.workspace.disk_sample import CHANGES, Sample, make_sample, seen_in

MARK = "a1b2c3"
EDIT = FileChange("plain.py", "three\n", "THREE\n")


@pytest.fixture
def sample(tmp_path: Path) -> Generator[Sample]:
    umask = os.umask(0o022)
    yield make_sample(tmp_path / "project")
    os.umask(umask)


def refused(sample: Sample, changes: Sequence[FileChange], error: type[StewardError]) -> str:
    """What the refusal says; nothing has changed."""
    before = seen_in(sample.root)
    with pytest.raises(error) as caught:
        write_all(sample.root, changes, MARK)
    assert seen_in(sample.root) == before
    return str(caught.value)


def test_edits_creations_renames_and_deletions_come_onto_the_disk_exactly(sample: Sample) -> None:
    write_all(sample.root, CHANGES, MARK)
    assert seen_in(sample.root) == sample.new


def test_after_all_is_done_there_is_nothing_to_finish(sample: Sample) -> None:
    assert finish(sample.root, CHANGES, MARK).did == "nothing"
    assert seen_in(sample.root) == sample.old
    write_all(sample.root, CHANGES, MARK)
    assert finish(sample.root, CHANGES, MARK).did == "nothing"
    assert seen_in(sample.root) == sample.new


def test_a_replaced_file_keeps_its_owner_and_attributes(sample: Sample) -> None:
    file = sample.root / "plain.py"
    if os.geteuid() == 0:
        os.chown(file, 1234, 2345)
    os.setxattr(file, "user.origin", b"here")
    owner = file.stat()
    write_all(sample.root, [EDIT], MARK)
    assert (file.stat().st_uid, file.stat().st_gid) == (owner.st_uid, owner.st_gid)
    assert os.getxattr(file, "user.origin") == b"here"


def test_a_changed_program_loses_the_powers_of_the_unchanged_one(sample: Sample) -> None:
    file = sample.root / "plain.py"
    file.chmod(0o6755)
    write_all(sample.root, [EDIT], MARK)
    assert stat.S_IMODE(file.stat().st_mode) == 0o755


def test_another_name_of_the_same_file_outside_keeps_its_text(
    sample: Sample, tmp_path: Path
) -> None:
    outside = tmp_path / "outside.py"
    outside.hardlink_to(sample.root / "plain.py")
    write_all(sample.root, [EDIT], MARK)
    assert outside.read_text() == "three\n"
    assert (sample.root / "plain.py").read_text() == "THREE\n"


@pytest.mark.parametrize("at", range(len(CHANGES)))
def test_one_file_that_is_not_as_it_was_keeps_all_from_changing(sample: Sample, at: int) -> None:
    change = CHANGES[at]
    path = sample.root / (change.moved_from or change.path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("what the user saved")
    assert f"'{change.moved_from or change.path}'" in refused(sample, CHANGES, StaleError)


@pytest.mark.parametrize("path", ["plain.py", "old/gone.py", "old/moved.py"])
def test_one_file_that_is_gone_keeps_all_from_changing(sample: Sample, path: str) -> None:
    (sample.root / path).unlink()
    assert f"'{path}'" in refused(sample, CHANGES, StaleError)


def test_a_renamed_file_replaces_no_other(sample: Sample) -> None:
    change = FileChange("kept.txt", "three\n", "three\n", "plain.py")
    assert "'kept.txt'" in refused(sample, [change], StaleError)


def make_link(path: Path, outside: Path) -> None:
    path.symlink_to(outside)


def make_dangling_link(path: Path, outside: Path) -> None:
    path.symlink_to(outside.with_name("nowhere"))


def make_folder(path: Path, outside: Path) -> None:
    path.mkdir()


def make_fifo(path: Path, outside: Path) -> None:
    os.mkfifo(path)


NO_FILES = pytest.mark.parametrize("make", [make_link, make_dangling_link, make_folder, make_fifo])


@NO_FILES
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.kind)
def test_what_is_no_regular_file_is_not_written(
    sample: Sample, tmp_path: Path, make: Callable[[Path, Path], None], change: FileChange
) -> None:
    outside = tmp_path / "outside.py"
    outside.write_text(change.before or "")
    path = sample.root / (change.moved_from or change.path)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    make(path, outside)
    refused(sample, CHANGES, StaleError)
    assert outside.read_bytes().decode() == (change.before or "")
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["outside.py", "project"]


@pytest.mark.parametrize("name", ["old", "empty", "new"])
def test_a_folder_that_is_a_link_leads_nowhere(sample: Sample, tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    if (sample.root / name).exists():
        shutil.move(sample.root / name, outside)
    outside.mkdir(exist_ok=True)
    before = seen_in(outside)
    (sample.root / name).symlink_to(outside)
    refused(sample, CHANGES, StaleError)
    assert seen_in(outside) == before


@pytest.mark.parametrize("path", ["../outside.py", "/etc/passwd", ".git/config", "a/../../b"])
def test_a_path_out_of_the_workspace_is_refused(sample: Sample, path: str) -> None:
    refused(sample, [EDIT, FileChange(path, None, "x")], NotPermittedError)


def test_a_file_cannot_be_changed_twice(sample: Sample) -> None:
    refused(sample, [EDIT, FileChange("./plain.py", "three\n", None)], InvalidInputError)


def test_half_a_character_is_not_written(sample: Sample) -> None:
    message = refused(sample, [FileChange("x.py", None, "a\ud800")], InvalidInputError)
    assert "'x.py'" in message


def test_too_much_is_refused(sample: Sample) -> None:
    large = FileChange("x.py", None, "é" * (FILE_BYTES_MAX // 2) + "x")
    refused(sample, [large], LimitError)
    many = [FileChange(f"{number}.py", None, "x") for number in range(CHANGES_MAX + 1)]
    refused(sample, many, LimitError)


def test_the_largest_file_is_written_whole(sample: Sample) -> None:
    text = "é" * (FILE_BYTES_MAX // 2)
    write_all(sample.root, [FileChange("x.py", None, text)], MARK)
    write_all(sample.root, [FileChange("x.py", text, "")], MARK)
    assert (sample.root / "x.py").read_bytes() == b""


def test_the_mark_must_be_a_plain_word(sample: Sample) -> None:
    for mark in ("", "a/b", "..", "a" * 100):
        with pytest.raises(InvalidInputError):
            write_all(sample.root, [EDIT], mark)


def test_what_was_only_prepared_is_cleared_away_and_not_made(sample: Sample) -> None:
    (sample.root / f".steward-{MARK}-0").write_text(EDIT.after or "")
    assert finish(sample.root, [EDIT], MARK).did == "nothing"
    assert seen_in(sample.root) == sample.old


def test_what_another_attempt_has_left_is_finished_first(sample: Sample) -> None:
    (sample.root / f".steward-{MARK}-0.part").write_text("half a te")
    assert "has not been finished" in refused(sample, [EDIT], StewardError)
    assert finish(sample.root, [EDIT], MARK).did == "nothing"
    assert seen_in(sample.root) == sample.old


@pytest.mark.parametrize(
    "content",
    ["\ufeffé\r\n".encode(), "\ufeffé\r\n".encode("utf-16-le"), "\ufeffé\r\n".encode("utf-16-be")],
    ids=["UTF-8 with a mark", "UTF-16 LE", "UTF-16 BE"],
)
def test_an_encoding_that_says_what_it_is_is_kept(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.txt").write_bytes(content)
    (tmp_path / "a.txt").chmod(0o640)
    encoding = "utf-8" if content.startswith(b"\xef") else "utf-16"
    write_all(tmp_path, (FileChange("a.txt", "é\r\n", "è\r\nû"),), "m1")
    made = (tmp_path / "a.txt").read_bytes()
    assert made[:2] == content[:2]
    assert made.decode(encoding).removeprefix("\ufeff") == "è\r\nû"
    assert stat.S_IMODE((tmp_path / "a.txt").stat().st_mode) == 0o640
