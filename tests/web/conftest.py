"""A server before the scripted model, for every test of this folder that wants one."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.web.serving import Serving, open_serving
from tests.web.versatile_model import VersatileModel


@pytest.fixture
async def serving(tmp_path: Path) -> AsyncGenerator[Serving]:
    """A server with the limits of every day."""
    async with VersatileModel() as model, open_serving(tmp_path, model) as opened:
        yield opened
