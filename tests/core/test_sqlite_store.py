"""What SQLite alone does: one private file, on the disk when it says so."""

import os
from pathlib import Path

import pytest
from sqlmodel import Session

from steward.core import audit
from steward.core.database import open_database
from steward.core.errors import UnavailableError


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
async def test_only_the_owner_may_read_the_folder_and_the_files(tmp_path: Path) -> None:
    folder = tmp_path / "deep" / "data"
    async with open_database(folder / "steward.db") as database:
        assert await database.run(audit.read) == ()
        assert folder.stat().st_mode & 0o777 == 0o700
        modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
    assert modes == {"steward.db": 0o600, "steward.db-wal": 0o600, "steward.db-shm": 0o600}


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
async def test_a_file_that_others_could_read_is_closed_to_them(tmp_path: Path) -> None:
    file = tmp_path / "steward.db"
    file.touch(0o644)
    async with open_database(file):
        assert file.stat().st_mode & 0o777 == 0o600


async def test_a_commit_is_on_the_disk_and_keys_are_checked(tmp_path: Path) -> None:
    def pragmas(session: Session) -> list[object]:
        connection = session.connection()
        return [
            connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        ]

    async with open_database(tmp_path / "steward.db") as database:
        full = 2
        assert await database.read(pragmas) == ["wal", full, 1, 5000]


async def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "steward.db"
    file.write_bytes(b"My shopping list\n" * 400)
    with pytest.raises(UnavailableError, match="cannot be opened"):
        async with open_database(file):
            pass
    assert file.read_bytes() == b"My shopping list\n" * 400


async def test_a_path_that_cannot_be_had_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(UnavailableError, match="STEWARD_DATA_DIR"):
        async with open_database(tmp_path / "file" / "steward.db"):
            pass
