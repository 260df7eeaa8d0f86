"""The listener's token: made once, whole, and refused when anybody else could know it."""

import os
import secrets
import stat
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from steward.core.errors import InvalidInputError, UnavailableError
from steward.lsp.listen.token import load_token, token_file

GOOD = "A" * 43

fresh = partial(secrets.token_urlsafe, 32)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with nothing in it."""
    folder = tmp_path / "data"
    folder.mkdir(mode=0o700)
    return folder


def test_a_token_is_made_for_its_owner_and_kept(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "data"
    before = os.umask(0)
    try:
        token = load_token(folder, fresh)
    finally:
        os.umask(before)
    assert len(token) == 43
    assert (mode(folder), mode(token_file(folder))) == (0o700, 0o600)
    assert load_token(folder, fresh) == token
    assert [file.name for file in folder.iterdir()] == [token_file(folder).name]


def test_listeners_that_start_together_agree_on_one_token(folder: Path) -> None:
    together = threading.Barrier(8)
    found: list[str] = []

    def start() -> None:
        together.wait()
        found.append(load_token(folder, fresh))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1


def _link(file: Path) -> None:
    elsewhere = file.with_name("elsewhere")
    elsewhere.write_text(GOOD)
    elsewhere.chmod(0o600)
    file.symlink_to(elsewhere)


def _dangling(file: Path) -> None:
    file.symlink_to("nowhere")


def _open_to(bits: int, file: Path) -> None:
    file.write_text(GOOD)
    file.chmod(0o600 | bits)


def _somebody_elses(file: Path) -> None:
    file.write_text(GOOD)
    file.chmod(0o600)
    os.chown(file, 12345, -1)


def _fifo(file: Path) -> None:
    os.mkfifo(file, 0o600)


def _folder(file: Path) -> None:
    file.mkdir(0o700)


def _holding(content: bytes, file: Path) -> None:
    file.write_bytes(content)
    file.chmod(0o600)


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")


@pytest.mark.parametrize(
    ("plant", "complaint"),
    [
        (_link, "is a link"),
        (_dangling, "is a link"),
        (partial(_open_to, 0o040), "by other users"),
        (partial(_open_to, 0o004), "by other users"),
        (partial(_open_to, 0o020), "by other users"),
        pytest.param(_somebody_elses, "another user", marks=needs_root),
        (_fifo, "no ordinary file"),
        (_folder, "no ordinary file"),
        (partial(_holding, b""), "no token"),
        (partial(_holding, b"short\n"), "no token"),
        (partial(_holding, GOOD.encode() + b"A"), "no token"),
        (partial(_holding, b"\xff" * 43), "no token"),
        (partial(_holding, b"A" * 1_000_000), "no token"),
    ],
)
def test_a_token_file_that_is_not_ours_alone_is_refused(
    folder: Path, plant: Callable[[Path], None], complaint: str
) -> None:
    plant(token_file(folder))
    with pytest.raises(InvalidInputError, match=complaint) as refused:
        load_token(folder, fresh)
    assert "Remove it" in str(refused.value)
    assert GOOD not in str(refused.value)
    assert not (folder / "nowhere").exists()


@pytest.mark.parametrize("bits", [0o770, 0o707, 0o777 | stat.S_ISVTX])
def test_a_folder_that_others_can_change_is_refused(folder: Path, bits: int) -> None:
    folder.chmod(bits)
    with pytest.raises(InvalidInputError, match="chmod 700"):
        load_token(folder, fresh)
    assert list(folder.iterdir()) == []


@needs_root
def test_a_folder_of_somebody_else_is_refused(folder: Path) -> None:
    os.chown(folder, 12345, -1)
    with pytest.raises(InvalidInputError, match="chmod 700"):
        load_token(folder, fresh)


def test_a_folder_that_cannot_be_is_explained(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match="start again"):
        load_token(tmp_path / "file" / "data", fresh)
