"""Approvals on a real database, with a clock that moves when told."""

from collections.abc import AsyncGenerator

import pytest

from tests.places import Place
from tests.rooms import Ground, open_ground


@pytest.fixture
async def ground(place: Place) -> AsyncGenerator[Ground]:
    async with open_ground(place) as ground:
        yield ground
