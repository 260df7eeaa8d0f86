"""Programs that nobody here wrote work with `steward serve` as they come."""

import asyncio
import json
import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from demo.replies import JsonObject, Reply, ToolCall, Usage
from demo.scripted_model import ScriptedModel
from tests.environment import ROOT, clean_environment, git
from tests.ledger.bank import ANN
from tests.web.serving import Serving, open_serving
from tests.web.versatile_model import VECTOR, VersatileModel

CLIENTS = ROOT / ".clients"
TALK = Path(__file__).parent
WITHIN_S = 120.0
PIECES = ("Good ", "day, ", "you.")

pytestmark = pytest.mark.timeout(2 * WITHIN_S)


def answer(request: JsonObject) -> Reply:
    """Use a tool where one is offered, else greet."""
    usage = Usage(100, 20)
    if request.get("tools"):
        return Reply(tool_calls=(ToolCall("look", {"where": "there"}),), usage=usage)
    return Reply(pieces=PIECES, usage=usage)


@asynccontextmanager
async def two_servers(folder: Path) -> AsyncGenerator[tuple[Serving, Serving]]:
    """One with money, one without."""
    async with (
        VersatileModel(answer) as model,
        open_serving(folder / "rich", model) as rich,
        open_serving(folder / "poor", model, limit_nano_usd=10) as poor,
    ):
        yield rich, poor


@pytest.mark.parametrize("name", ["openai", "anthropic"])
async def test_a_package_works_as_it_comes(tmp_path: Path, name: str) -> None:
    python = installed("packages", "python")
    async with two_servers(tmp_path) as (rich, poor):
        arguments = (_url(rich), rich.token, _url(poor), poor.token)
        script = TALK / f"talk_{name}.py"
        found: Any = json.loads(await run(tmp_path, python, script, *arguments))
        calls = await rich.desk.ledger.calls(ANN)
        assert await poor.desk.ledger.calls(ANN) == ()
    assert found["text"] == "".join(PIECES)
    assert found["pieces"] == list(PIECES)
    assert found["tokens"] == found["streamed_tokens"] == 120
    assert found["call"] == ["look", {"where": "there"}]
    assert found["models"]
    errors = found["errors"]
    assert errors["poor"] == [402, "steward.over_budget", "user:ann", 1]
    assert errors["stranger"] == "steward.unknown_token"
    assert [call.state for call in calls] == ["settled"] * len(calls)
    if name == "openai":
        assert found["cost"] == "0.000027000"
        assert found["completion"] == "".join(PIECES)
        assert found["vectors"] == [VECTOR, VECTOR]
        assert errors["two"] == "steward.invalid_input"
        assert errors["again"] == "steward.repeated"
        assert len(calls) == 6


EDITED = """\
greeting.py
```python
<<<<<<< SEARCH
print("hello")
=======
print("good day")
>>>>>>> REPLACE
```
"""


async def test_aider_edits_a_file(tmp_path: Path) -> None:
    aider = installed("aider", "aider")
    folder = tmp_path / "work"
    folder.mkdir()
    file = folder / "greeting.py"
    file.write_text('print("hello")\n')
    git(folder, "init", "--quiet")
    async with (
        ScriptedModel(lambda _request: Reply(pieces=(EDITED,))) as model,
        open_serving(tmp_path / "data", model) as serving,
    ):
        await run(
            folder,
            aider,
            *("--model", "openai/steward", "--openai-api-base", f"{_url(serving)}/v1"),
            *("--openai-api-key", serving.token, "--edit-format", "diff"),
            *("--yes-always", "--no-check-update", "--no-show-model-warnings", "--no-git"),
            *("--no-analytics", "--map-tokens", "0", "--message", "say good day instead"),
            file,
        )
        calls = await serving.desk.ledger.calls(ANN)
    assert file.read_text() == 'print("good day")\n'
    assert calls
    assert all(call.state == "settled" and call.cost_nano_usd > 0 for call in calls)


def installed(name: str, program: str) -> Path:
    """A program of another environment; without it the test is skipped, or fails if it must run."""
    found = CLIENTS / name / "bin" / program
    if not found.exists():
        reason = f"{name} is not installed; `make clients` does that"
        if os.environ.get("STEWARD_REQUIRE_CLIENTS") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    return found


async def run(folder: Path, program: Path, *arguments: object) -> str:
    """What a program prints."""
    environment = {
        name: value
        for name, value in clean_environment().items()
        if not name.startswith(("ANTHROPIC_", "PYTHON"))
    }
    process = await asyncio.create_subprocess_exec(
        program,
        *map(str, arguments),
        cwd=folder,
        # Its price map would be asked of the network; home is where it keeps things.
        env=environment | {"HOME": str(folder), "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(WITHIN_S):
            said, complained = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, (said + complained).decode()[-4000:]
    return said.decode()


def _url(serving: Serving) -> str:
    return f"http://127.0.0.1:{serving.port}"
