"""A run of the built-in agent, ready to be played."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from demo.scripted_model import ScriptedModel
from tests.agents.crew import Crew, open_crew


@pytest.fixture
async def crew(tmp_path: Path, scripted_model: ScriptedModel) -> AsyncGenerator[Crew]:
    async with open_crew(tmp_path, scripted_model) as crew:
        yield crew
