"""Where a server is, for whoever owns its data folder and nobody else."""

import os
import stat
from pathlib import Path

import pytest

from steward.web.announced import FILE, Running, announced, link_address, running

ADDRESS = "http://127.0.0.1:8484"


def test_ws_19_a_server_is_known_while_it_runs_to_its_owner_alone(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    assert running(folder) is None
    with announced(folder, ADDRESS):
        assert running(folder) == Running(ADDRESS, os.getpid())
        assert stat.S_IMODE((folder / FILE).stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        with announced(folder, "http://127.0.0.1:1"):
            assert running(folder) == Running(ADDRESS, os.getpid()), "the first is announced"
        assert running(folder) == Running(ADDRESS, os.getpid())
    assert running(folder) is None
    assert not (folder / FILE).exists()


def test_what_a_crash_left_behind_is_no_server(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text('{"address": "http://127.0.0.1:1", "pid": 1}')
    (tmp_path / FILE).chmod(0o644)
    assert running(tmp_path) is None
    with announced(tmp_path, ADDRESS):
        assert running(tmp_path) == Running(ADDRESS, os.getpid())
        assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_ws_19_a_link_that_was_planted_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "precious"
    target.write_text("precious")
    data = tmp_path / "data"
    data.mkdir()
    (data / FILE).symlink_to(target)
    assert running(data) is None
    with pytest.raises(OSError, match="symbolic links"), announced(data, ADDRESS):
        pass
    assert target.read_text() == "precious"


def test_the_secret_stands_where_browsers_send_it_to_nobody() -> None:
    address = link_address(Running(ADDRESS, 1), "s3cret", "/usage?by=user&x=#y")
    sent, _, kept = address.partition("#")
    assert kept == "s3cret"
    assert sent == f"{ADDRESS}/sign-in/link?then=%2Fusage%3Fby%3Duser%26x%3D%23y"
