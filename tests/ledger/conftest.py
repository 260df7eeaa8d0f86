"""A ledger with one dollar a month for everybody."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.ledger.bank import Bank, open_bank
from tests.places import Place


@pytest.fixture
async def bank(place: Place) -> AsyncGenerator[Bank]:
    async with open_bank(place) as bank:
        yield bank


@pytest.fixture
async def filed(tmp_path: Path) -> AsyncGenerator[Bank]:
    """The same, on SQLite alone: for tests that spoil the file as only SQLite lets them."""
    async with open_bank(tmp_path / "steward.db") as bank:
        yield bank
