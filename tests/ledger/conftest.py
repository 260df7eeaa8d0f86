"""A ledger with one dollar a month for everybody."""

from collections.abc import AsyncGenerator

import pytest

from tests.ledger.bank import Bank, open_bank
from tests.places import Place


@pytest.fixture
async def bank(place: Place) -> AsyncGenerator[Bank]:
    async with open_bank(place) as bank:
        yield bank
