"""A gateway to the scripted model, with a real ledger behind it."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from demo.scripted_model import ScriptedModel
from tests.gateway.desk import Desk, open_desk


@pytest.fixture
async def desk(tmp_path: Path, scripted_model: ScriptedModel) -> AsyncGenerator[Desk]:
    """A gateway whose model costs 0.15 dollars a million tokens in, 0.60 out."""
    async with open_desk(tmp_path, scripted_model) as desk:
        yield desk
