"""A ledger with one dollar a month for everybody."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.ledger.bank import Bank, open_bank


@pytest.fixture
async def bank(tmp_path: Path) -> AsyncGenerator[Bank]:
    async with open_bank(tmp_path) as bank:
        yield bank
