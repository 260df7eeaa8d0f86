"""One window through many runs and many suggestions: the books stay exact, the memory flat."""

import asyncio
import io
from pathlib import Path

import pytest

from benchmarks.memory import resident_mb, settle
from demo.editor import Document, Editor, server_process
from demo.person import PersonAtTerminal
from demo.screen import Screen
from demo.script import play
from demo.scripted_model import ScriptedModel
from demo.wire import Answer
from steward.core.money import NanoUsd, as_usd
from tests.environment import steward_environment

RUNS_WARM, RUNS = 10, 40
SUGGESTIONS_A_RUN = 10
GROWTH_MB_MAX = 10.0


async def one_round(editor: Editor, person: PersonAtTerminal, source: Document) -> None:
    """Ghost text some times, an agent's run to its end, and the fault put back by hand."""
    faulty = source.text
    for number in range(SUGGESTIONS_A_RUN):
        await editor.change(source, f"{faulty}\n\n# {number}\ndef add(a, b):\n    ")
        assert await editor.ghost_text(source)
    await editor.change(source, faulty)
    started = await editor.command("steward.agent.run", {"agent": "fix", "goal": "Fix the test."})
    outcome = await person.until_ended(started["runId"])
    assert outcome["state"] == "finished", outcome
    assert source.text != faulty
    await editor.change(source, faulty)
    await editor.save(source)


@pytest.mark.soak
@pytest.mark.timeout(1200)
async def test_many_runs_cost_what_they_cost_and_leave_no_memory_behind(
    workspace: Path, tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    person = PersonAtTerminal(Screen(io.StringIO(), io.StringIO()), is_automatic=True)
    editor = Editor(workspace, person)
    environment = steward_environment(tmp_path / "data", scripted_model.url)
    log = tmp_path / "server.log"
    async with server_process(environment, log, editor.answer, person.hear) as server:
        await editor.start(server.connection)
        source = await editor.open("shop/delivery.py")
        warm_mb = 0.0
        for number in range(RUNS):
            if number == RUNS_WARM:
                await asyncio.to_thread(settle, server.pid)
                warm_mb = resident_mb(server.pid)
            await one_round(editor, person, source)
        await asyncio.to_thread(settle, server.pid)
        assert resident_mb(server.pid) - warm_mb < GROWTH_MB_MAX
        audit = await editor.command("steward.audit")
        status = await editor.command("steward.status")
        assert audit["verified"] is True
        assert status["reserved"] == as_usd(NanoUsd(0))
        assert status["spent"] == as_usd(billed(scripted_model))


def billed(model: ScriptedModel) -> NanoUsd:
    """What the model said that all its answers consumed, at the price of the tests."""
    answers = [Answer(each.number, each.body, play(each.body)) for each in model.exchanges]
    usages = [answer.usage() for answer in answers]
    return NanoUsd(sum(150 * usage.input_tokens + 600 * usage.output_tokens for usage in usages))
