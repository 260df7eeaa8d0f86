"""A tool runs only as it was decided, and every call is written down."""

from dataclasses import replace

import pytest

from steward.core.limits import TOOL_OUTPUT_CHARS_MAX
from steward.gateway.request import ToolCall
from steward.workspace.proposal import EditProposal
from tests.rooms import Rooms, answering, no, silent, yes
from tests.tools.agent import TOOLS, UNLIMITED, surroundings, use

KEY = "sk-" + "canary" + "0123456789abcdef"


async def invoke(rooms: Rooms, name: str, arguments: str) -> tuple[str, str]:
    """The error's code and message."""
    wanted = ToolCall("call-1", name, arguments)
    result = await rooms.invoker.invoke(wanted, UNLIMITED, surroundings(rooms))
    assert not result.ok
    assert result.proposal_id is None
    return result.code, result.text


async def test_a_tool_that_does_not_exist_is_a_result_for_the_model(rooms: Rooms) -> None:
    code, text = await invoke(rooms, "delete_all", "{}")
    assert code == "steward.invalid_input"
    assert "'delete_all'" in text
    assert await rooms.trail() == ["tool.called"]


@pytest.mark.parametrize(
    "arguments",
    [
        *("", "{", "null", "[]", '"a.py"', "{}", '{"path": 5}', '{"path": "a.py", "more": 1}'),
        *('{"path": "a.py", "first_line": 0}', '{"path": "\\ud800"}', "[" * 100_000),
    ],
    ids=lambda text: str(text)[:30],
)
async def test_arguments_that_do_not_fit_are_a_result_for_the_model(
    rooms: Rooms, arguments: str
) -> None:
    code, text = await invoke(rooms, "read_file", arguments)
    assert code == "steward.invalid_input"
    assert text.startswith("read_file: ")
    assert await rooms.trail() == ["tool.called"]


async def test_what_was_denied_does_not_run(rooms: Rooms) -> None:
    nobody = replace(UNLIMITED, role_grants=frozenset({"files.read"}))
    result = await use(rooms, "edit_file", nobody, path="a.py", old_text="two", new_text="2")
    assert (result.ok, result.code) == (False, "steward.not_permitted")
    assert "your role does not include files.propose" in result.text
    assert await rooms.trail() == ["tool.denied"]


async def test_a_tool_that_the_agent_was_not_given_is_not_offered_and_denied(
    rooms: Rooms,
) -> None:
    reader = replace(UNLIMITED, agent_tools=frozenset({"read_file"}))
    assert [spec.name for spec in rooms.invoker.specs(reader.agent_tools)] == ["read_file"]
    result = await use(rooms, "search", reader, query="one")
    assert result.code == "steward.not_permitted"


async def test_the_model_is_told_of_its_tools_in_one_order(rooms: Rooms) -> None:
    specs = rooms.invoker.specs(TOOLS)
    assert [spec.name for spec in specs] == sorted(TOOLS)
    assert all(spec.parameters["additionalProperties"] is False for spec in specs)


async def test_what_the_plan_does_not_name_waits_for_a_yes(rooms: Rooms) -> None:
    unplanned = replace(UNLIMITED, plan_tools=frozenset({"read_file"}))
    async with answering(rooms, rooms.principal, yes) as asked:
        result = await use(rooms, "edit_file", unplanned, path="a.py", old_text="two", new_text="2")
    assert result.ok
    (question,) = asked
    assert question.kind == "command"
    assert question.title == "Propose a change to a.py"
    assert "the approved plan does not name edit_file" in question.body
    assert await rooms.trail() == [
        *("approval.asked", "approval.approved", "approval.used"),
        *("proposal.proposed", "tool.called"),
    ]


async def test_a_no_is_a_result_for_the_model_and_nothing_runs(rooms: Rooms) -> None:
    unplanned = replace(UNLIMITED, plan_tools=None)
    async with answering(rooms, rooms.principal, no):
        result = await use(rooms, "edit_file", unplanned, path="a.py", old_text="two", new_text="2")
    assert (result.ok, result.code) == (False, "steward.not_permitted")
    assert "rejected" in result.text
    assert await rooms.trail() == ["approval.asked", "approval.rejected", "tool.denied"]


async def test_what_a_model_wrote_cannot_dress_up_the_question(rooms: Rooms) -> None:
    unplanned = replace(UNLIMITED, plan_tools=None)
    path = "a.py`\n\n# Approved already\n\n![x](https://example.org)\u202e"
    async with answering(rooms, rooms.principal, no) as asked:
        await use(rooms, "edit_file", unplanned, path=path, old_text="two", new_text="2")
    shown = "a.py' # Approved already ![x](https://example.org)⟨U+202E⟩"
    assert f"a change to `{shown}`." in asked[0].body
    assert "\n" not in asked[0].title


async def test_output_is_cut_and_keys_are_taken_out(rooms: Rooms) -> None:
    (rooms.workspace.root / "a.py").write_text(f"{KEY}\n" + "line\n" * 100_000)
    result = await use(rooms, "read_file", path="a.py")
    assert result.ok
    assert len(result.text) <= TOOL_OUTPUT_CHARS_MAX
    assert KEY not in result.text
    assert "<redacted openai key>" in result.text


async def test_an_error_that_quotes_the_model_is_cut_too(rooms: Rooms) -> None:
    _, of_name = await invoke(rooms, "x" * 1_000_000, "{}")
    _, of_argument = await invoke(rooms, "read_file", '{"%s": 1, "path": "a"}' % ("y" * 1_000_000))
    _, with_key = await invoke(rooms, f"call {KEY}", "{}")
    assert len(of_name) <= TOOL_OUTPUT_CHARS_MAX
    assert len(of_argument) <= TOOL_OUTPUT_CHARS_MAX
    assert KEY not in with_key
    assert await rooms.trail() == ["tool.called"] * 3


async def test_a_name_that_cannot_be_written_down_is_spelled_out(rooms: Rooms) -> None:
    code, _ = await invoke(rooms, "read\ud800\u202e", "{}")
    assert code == "steward.invalid_input"
    assert await rooms.trail() == ["tool.called"]


async def test_a_step_that_runs_again_makes_the_same_proposal(rooms: Rooms) -> None:
    first = await use(rooms, "edit_file", path="a.py", old_text="two", new_text="2")
    (rooms.workspace.root / "a.py").write_text("zero\none\ntwo\nthree\n")
    again = await use(rooms, "edit_file", path="a.py", old_text="two", new_text="2")
    assert first.proposal_id == again.proposal_id == "run-1.tool-0-0"
    kept = await rooms.proposals.find("run-1.tool-0-0")
    assert isinstance(kept.proposal, EditProposal)
    assert kept.proposal.changes[0].before == "one\ntwo\nthree\n"


async def test_reading_and_searching_ask_nobody(rooms: Rooms) -> None:
    async with answering(rooms, rooms.principal, silent) as asked:
        assert (await use(rooms, "read_file", path="a.py")).ok
        assert (await use(rooms, "search", query="TWO")).text == "a.py:2: two"
    assert asked == []
    assert await rooms.trail() == ["tool.called", "tool.called"]
