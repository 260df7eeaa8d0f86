"""A workspace of two files and the rooms around it."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.rooms import Rooms, open_rooms


@pytest.fixture
async def rooms(tmp_path: Path) -> AsyncGenerator[Rooms]:
    root = tmp_path / "project"
    root.mkdir()
    (root / "a.py").write_bytes(b"one\ntwo\nthree\n")
    (root / "b.py").write_bytes(b"four\n")
    async with open_rooms(tmp_path / "data" / "steward.db", root) as rooms:
        yield rooms
