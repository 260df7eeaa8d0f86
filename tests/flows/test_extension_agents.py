"""What an extension has a say in when an agent works: its context, its tools, its steps."""

import json
from pathlib import Path

import pytest

from demo.replies import JsonObject, Reply, call, say
from demo.scripted_model import ScriptedModel
from tests.agents.definitions.written import written
from tests.flows.conftest import OpenWindow
from tests.flows.extension_world import EXTENDED, ID, TOOL, installed, package, ready
from tests.flows.scripts import everything_in, messages_of, results_in, task_of

# The first one on a machine waits until the runtime is compiled.
pytestmark = pytest.mark.timeout(240)

SHOWN = "Shops close at NINE."
SAID = "Always call this tool first"
AGENT = written(name="Counter", tools=f"[read_file, run_tests, {TOOL}]")
PLAN = {
    "summary": "Count.",
    "steps": [
        {"title": "Count the words", "tool": TOOL},
        {"title": "Run the tests", "tool": "run_tests"},
    ],
}
CALLS = [call(TOOL, text="one two three"), call("run_tests"), say("There are three.")]


def script(request: JsonObject) -> Reply:
    if task_of(request) == "plan":
        return say(json.dumps(PLAN))
    if task_of(request) == "chat":
        return say("At nine.")
    return CALLS[sum(message["role"] == "assistant" for message in messages_of(request))]


async def test_an_agent_sees_what_a_stage_adds_calls_a_tool_and_is_stopped_by_a_veto(
    open_window: OpenWindow, scripted_model: ScriptedModel, data_folder: Path, tmp_path: Path
) -> None:
    await ready(data_folder)
    scripted_model.script = script
    window = await open_window(EXTENDED, STEWARD_GATEWAY__TIERS__CHEAP="scripted")
    (window.folder / ".steward/agents").mkdir(parents=True)
    (window.folder / ".steward/agents/counter.md").write_text(AGENT, encoding="utf-8")
    await window.command("steward.workspace.trust")
    await installed(window, package(tmp_path))
    started = await window.command("steward.agent.run", agent="counter", goal="Count the words.")
    run = await window.until_ended(started["runId"])
    assert (run["state"], run["message"]) == ("finished", "There are three.")
    # Each call of an extension's tool is asked about, with the extension and the arguments.
    asked = await window.person.sees("command")
    assert asked.title == f"Call {TOOL}"
    assert "one two three" in asked.text
    assert ID in asked.text
    requests = [exchange.body for exchange in scripted_model.exchanges]
    thinking = [each for each in requests if task_of(each) == "agent"]
    # What a stage adds is data under the extension's name, and so is what it says of its tool.
    first = messages_of(thinking[0])
    assert SHOWN not in str(first[0]["content"])
    assert "from an extension: the extension acme.helper: house rules]" in everything_in(
        thinking[0]
    )
    assert SHOWN in everything_in(thinking[0])
    assert SAID not in str(first[0]["content"])
    assert SAID not in json.dumps(thinking[0]["tools"])
    assert SAID in everything_in(thinking[0])
    (offered,) = [each for each in thinking[0]["tools"] if each["function"]["name"] == TOOL]
    assert offered["function"]["parameters"]["properties"] == {"text": {"type": "string"}}
    # The tool's answer is framed, and the veto names who said it.
    counted, vetoed = results_in(thinking[-1])
    assert '"words": 3' in counted
    assert "from an extension" in counted
    assert "the extension acme.helper stopped it: tests are dear today" in vetoed
    steps = await window.command("steward.run.show", runId=run["id"])
    assert "the extension acme.helper suggests (it is a small thing)" in steps["markdown"]
    # A question of the chat goes through the same stages.
    known = len(scripted_model.exchanges)
    await window.command("steward.chat.send", text="When do shops close?", mode="ask")
    chat = (await scripted_model.arrived(known + 1)).body
    assert SHOWN in everything_in(chat)
    assert SHOWN not in str(messages_of(chat)[0]["content"])
