"""A server whose database is either of the two."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from demo.scripted_model import ScriptedModel
from tests.places import Place
from tests.web.serving import Serving, open_serving


@pytest.fixture
async def serving(
    tmp_path: Path, place: Place, scripted_model: ScriptedModel
) -> AsyncGenerator[Serving]:
    """A server with the limits of every day."""
    async with open_serving(tmp_path, scripted_model, place=place) as opened:
        yield opened
