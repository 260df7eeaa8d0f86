"""A server before the scripted model, for every test of this folder that wants one."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from demo.scripted_model import ScriptedModel
from tests.web.serving import Serving, open_serving


@pytest.fixture
async def serving(tmp_path: Path, scripted_model: ScriptedModel) -> AsyncGenerator[Serving]:
    """A server with the limits of every day."""
    async with open_serving(tmp_path, scripted_model) as opened:
        yield opened
