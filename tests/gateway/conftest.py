"""A gateway to the scripted model with a real ledger; and programs in the place of litellm."""

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from demo.scripted_model import ScriptedModel
from steward.gateway.worker.worker import Worker
from tests.gateway.desk import Desk, open_desk
from tests.gateway.litellm_worker import URL, Elsewhere, Given, program


@pytest.fixture
async def desk(tmp_path: Path, scripted_model: ScriptedModel) -> AsyncGenerator[Desk]:
    """A gateway whose model costs 0.15 dollars a million tokens in, 0.60 out."""
    async with open_desk(tmp_path, scripted_model) as desk:
        yield desk


@pytest.fixture
async def given(tmp_path: Path) -> AsyncGenerator[Given]:
    workers: list[Worker] = []

    def given(code: str, idle_s: float = 600.0) -> Elsewhere:
        workers.append(Worker(program(tmp_path, code), idle_s))
        return Elsewhere(workers[-1], URL)

    yield given
    for worker in workers:
        await worker.close()
        assert worker.process_id is None
