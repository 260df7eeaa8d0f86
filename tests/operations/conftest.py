"""A server and a gateway before the scripted model; and a receiver of traces."""

from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest

from demo.scripted_model import ScriptedModel
from tests.gateway.desk import Desk, open_desk
from tests.operations.collector import Collector, open_collector
from tests.web.serving import Serving, open_serving
from tests.web.versatile_model import VersatileModel


@pytest.fixture
async def serving(tmp_path: Path) -> AsyncGenerator[Serving]:
    async with VersatileModel() as model, open_serving(tmp_path, model) as opened:
        yield opened


@pytest.fixture
async def desk(tmp_path: Path, scripted_model: ScriptedModel) -> AsyncGenerator[Desk]:
    async with open_desk(tmp_path, scripted_model) as opened:
        yield opened


@pytest.fixture
def collector() -> Generator[Collector]:
    with open_collector() as opened:
        yield opened
