"""A tool runs only as it was decided, and every call is written down."""

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from steward.core import audit
from steward.core.limits import TOOL_OUTPUT_CHARS_MAX
from steward.gateway.request import ToolCall
from steward.permissions.decide import Act, Authority
from steward.permissions.flags import Flags
from steward.permissions.question import OpenQuestion, Reply
from steward.permissions.rules import parse_rules
from steward.permissions.settings import PermissionsSettings
from steward.tools.invoke import BEYOND_PLAN, Result
from steward.workspace.proposal import EditProposal
from tests.rooms import Rooms, answering, no, open_rooms, silent, yes
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
    assert all(spec.parameters["type"] == "object" for spec in specs)


async def test_what_the_plan_does_not_name_is_not_done_and_says_what_the_plan_lacks(
    rooms: Rooms,
) -> None:
    unplanned = replace(UNLIMITED, plan_tools=frozenset({"read_file"}))
    async with answering(rooms, rooms.principal, yes) as asked:
        result = await use(rooms, "edit_file", unplanned, path="a.py", old_text="two", new_text="2")
    assert (result.ok, result.code, result.proposal_id) == (False, BEYOND_PLAN, None)
    assert "the approved plan does not name edit_file" in result.text
    assert result.act == Act("edit_file", "files.propose", ("a.py",))
    assert asked == []


ASKING = replace(UNLIMITED, rules=parse_rules(ask=["edit_file", "commit", "create_branch"]))


async def test_a_no_is_a_result_for_the_model_and_nothing_runs(rooms: Rooms) -> None:
    async with answering(rooms, rooms.principal, no):
        result = await use(rooms, "edit_file", ASKING, path="a.py", old_text="two", new_text="2")
    assert (result.ok, result.code) == (False, "steward.not_permitted")
    assert "rejected" in result.text
    said = ["approval.asked", "approval.rejected", "denial.given"]
    assert await rooms.trail() == [*said, "tool.denied"]


async def test_what_a_rule_asks_about_waits_for_a_yes(rooms: Rooms) -> None:
    async with answering(rooms, rooms.principal, yes) as asked:
        result = await use(rooms, "edit_file", ASKING, path="a.py", old_text="two", new_text="2")
    assert result.ok
    (question,) = asked
    assert question.kind == "command"
    assert question.title == "Propose a change to a.py"
    assert "this agent's rule 'edit_file' asks before it" in question.body
    assert await rooms.trail() == [
        *("approval.asked", "approval.approved", "approval.used"),
        *("proposal.proposed", "tool.called"),
    ]


async def test_what_a_model_wrote_cannot_dress_up_the_question(rooms: Rooms) -> None:
    start = "HEAD`\n\n# Approved already\n\n![x](https://example.org)\u202e"
    async with answering(rooms, rooms.principal, no) as asked:
        await use(rooms, "create_branch", ASKING, branch="steward/a", start=start)
    shown = "HEAD' # Approved already ![x](https://example.org)⟨U+202E⟩"
    assert f"the branch `steward/a` at `{shown}`." in asked[0].body
    assert "\n" not in asked[0].title


async def test_output_is_cut_and_keys_are_taken_out(rooms: Rooms) -> None:
    (rooms.workspace.root / "a.py").write_text(f"{KEY}\n" + "line\n" * 100_000)
    result = await use(rooms, "read_file", path="a.py")
    assert result.ok
    assert len(result.text) <= TOOL_OUTPUT_CHARS_MAX
    assert KEY not in result.text
    assert "<secret openai key " in result.text


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


def for_run(_question: OpenQuestion) -> Reply:
    return Reply(is_for_run=True)


async def edit(rooms: Rooms, authority: Authority, path: str, step: str) -> Result:
    arguments = json.dumps({"path": path, "old_text": "two", "new_text": "2"})
    call = ToolCall("call-1", "edit_file", arguments)
    return await rooms.invoker.invoke(call, authority, surroundings(rooms, step))


async def test_a_yes_for_the_rest_of_the_run_covers_the_folder_until_it_is_taken_back(
    rooms: Rooms,
) -> None:
    for name in ("src/a.py", "src/b.py", "tests/c.py"):
        (rooms.workspace.root / name).parent.mkdir(exist_ok=True)
        (rooms.workspace.root / name).write_text("one\ntwo\n")
    async with answering(rooms, rooms.principal, for_run) as asked:
        assert (await edit(rooms, ASKING, "src/a.py", "tool-0-0")).ok
        assert asked[0].grant == "edit_file on src/*"
        assert (await edit(rooms, ASKING, "src/b.py", "tool-1-0")).ok
        assert len(asked) == 1
        assert (await edit(rooms, ASKING, "tests/c.py", "tool-2-0")).ok
        assert len(asked) == 2
        assert await rooms.approvals.grants.revoke(rooms.principal, "run-1") == 2
        assert (await edit(rooms, ASKING, "src/b.py", "tool-3-0")).ok
        assert len(asked) == 3
    beyond = replace(ASKING, plan_tools=frozenset())
    assert (await edit(rooms, beyond, "src/b.py", "tool-4-0")).code == BEYOND_PLAN


async def test_a_grant_that_would_be_void_is_not_offered(rooms: Rooms) -> None:
    both = replace(ASKING, flags=Flags(has_untrusted=True, has_private=True))
    stepwise = replace(ASKING, mode="step")
    async with answering(rooms, rooms.principal, yes) as asked:
        for number, authority in enumerate((both, stepwise)):
            assert (await edit(rooms, authority, "a.py", f"tool-{number}-0")).ok
    assert [question.takes for question in asked] == [frozenset({"reason"})] * 2


async def test_the_reason_of_a_no_reaches_the_model(rooms: Rooms) -> None:
    async with answering(rooms, rooms.principal, lambda _: Reply(reason="Use b.py.")):
        result = await edit(rooms, ASKING, "a.py", "tool-0-0")
    assert not result.ok
    assert "The person says: Use b.py." in result.text


async def test_a_dry_run_writes_down_what_it_would_change_and_never_lands_it(rooms: Rooms) -> None:
    dry = replace(UNLIMITED, mode="dry_run", plan_tools=None)
    async with answering(rooms, rooms.principal, yes) as asked:
        result = await edit(rooms, dry, "a.py", "tool-0-0")
        assert (result.ok, result.is_recorded, result.proposal_id) == (True, True, None)
        kept = await rooms.proposals.find("run-1.tool-0-0")
        assert kept.state == "recorded"
        assert (await rooms.lander.land(rooms.principal, "run-1.tool-0-0")).state == "recorded"
        ran = await use(rooms, "run_tests", dry)
        assert (ran.ok, ran.is_recorded) == (True, True)
        assert "was not run" in ran.text
        assert (await use(rooms, "read_file", dry, path="a.py")).ok
    assert asked == []
    assert (rooms.workspace.root / "a.py").read_text() == "one\ntwo\nthree\n"


async def test_the_operators_settings_hold_whatever_the_agent_was_given(tmp_path: Path) -> None:
    policy = PermissionsSettings.model_validate(
        {"rules": {"deny": ["*(SRC/**)"], "allow": ["edit_file"]}}
    ).policy()
    (tmp_path / "w" / "src").mkdir(parents=True)
    for name in ("a.py", "src/a.py"):
        (tmp_path / "w" / name).write_text("two\n")
    async with open_rooms(tmp_path / "data" / "steward.db", tmp_path / "w", policy=policy) as rooms:
        denied = await edit(rooms, UNLIMITED, "src/a.py", "tool-0-0")
        assert denied.code == "steward.not_permitted"
        assert "the settings forbid it with the rule '*(SRC/**)'" in denied.text
        assert (await edit(rooms, UNLIMITED, "a.py", "tool-1-0")).ok


async def test_the_trail_says_what_was_tried_how_it_was_decided_and_why(rooms: Rooms) -> None:
    nobody = replace(UNLIMITED, role_grants=frozenset(), flags=Flags(has_untrusted=True))
    await edit(rooms, nobody, f"src/{KEY}.py", "tool-0-0")
    await edit(rooms, replace(UNLIMITED, plan_tools=None), "a.py", "tool-1-0")
    await use(rooms, "read_file", path="a.py")
    entries = await rooms.database.read(audit.read)
    assert [entry.action for entry in entries] == ["tool.denied", "tool.unplanned", "tool.called"]
    first, second, third = (entry.detail for entry in entries)
    arguments = json.dumps({"path": f"src/{KEY}.py", "old_text": "two", "new_text": "2"})
    assert first == {
        "tool": "edit_file",
        "ok": False,
        "code": "steward.not_permitted",
        "step": "tool-0-0",
        "arguments": sha256(arguments.encode()).hexdigest(),
        "mode": "normal",
        "has_untrusted": True,
        "has_private": False,
        "decision": "deny",
        "reason": "your role does not include files.propose",
        "paths": ["src/<redacted openai key>.py"],
        "more_paths": 0,
    }
    assert (second["decision"], second["code"]) == ("ask", BEYOND_PLAN)
    assert (third["decision"], third["paths"]) == ("allow", ["a.py"])


async def test_what_a_call_gave_bears_its_origin(rooms: Rooms) -> None:
    refused = await use(rooms, "read_file", replace(UNLIMITED, agent_tools=frozenset()), path="a")
    assert refused.origin == "model"
    failed = await use(rooms, "read_file", path="nowhere.py")
    assert (failed.ok, failed.origin) == (False, "tool")
