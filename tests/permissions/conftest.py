"""Approvals on a real database, with a clock that moves when told."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.rooms import Ground, open_ground


@pytest.fixture
async def ground(tmp_path: Path) -> AsyncGenerator[Ground]:
    async with open_ground(tmp_path) as ground:
        yield ground
