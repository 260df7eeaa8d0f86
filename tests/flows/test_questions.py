"""Questions stand until a person answers them, once, for exactly what was shown."""

from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from demo.replies import Reply, Stall, always, call
from demo.script import RIGHT, SOURCE, WRONG
from demo.scripted_model import ScriptedModel
from tests.client import ASKING, PLAIN
from tests.flows.books import Books, repository
from tests.flows.conftest import OpenWindow
from tests.flows.scripts import EDIT, TEST, after_plan, everything_in, messages_of, task_of
from tests.person import Person, leave_open

INVALID_PARAMS = -32602
REQUEST_FAILED = -32803


@pytest.mark.parametrize("abilities", [ASKING, PLAIN], ids=["asking client", "plain client"])
async def test_a_dismissed_question_stays_open_and_can_be_shown_again(
    abilities: object, open_window: OpenWindow, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = after_plan()
    window = await open_window(abilities, person=Person(leave_open))
    run_id = await window.run_agent()
    (await window.person.sees("plan")).answer("dismiss")
    (question,) = await window.command("steward.questions")
    assert question["kind"] == "plan"
    assert await window.command("steward.questions.show") == {"openQuestions": 1}
    again = await window.person.sees("plan", 2)
    assert again.title.endswith(question["title"])
    again.answer("approve")
    assert (await window.until_ended(run_id))["state"] == "finished"
    assert await window.command("steward.questions") == []


async def test_a_question_is_answered_by_command_once_and_only_as_it_was_shown(
    open_window: OpenWindow, scripted_model: ScriptedModel, books: Books
) -> None:
    scripted_model.script = after_plan()
    window = await open_window(ASKING, person=Person(leave_open))
    run_id = await window.run_agent()
    shown = await window.person.sees("plan")
    answer = {"id": shown.id, "digest": shown.digest, "choice": "approve"}
    with pytest.raises(JsonRpcException, match="not what is asked now") as refused:
        await window.command("steward.answer", **answer | {"digest": "0" * 64})
    assert refused.value.code == REQUEST_FAILED
    with pytest.raises(JsonRpcException, match="list the open ones"):
        await window.command("steward.answer", **answer | {"id": "0" * 32})
    assert await window.command("steward.answer", **answer) == {"state": "approved"}
    assert (await window.until_ended(run_id))["state"] == "finished"
    with pytest.raises(JsonRpcException, match="already approved"):
        await window.command("steward.answer", **answer | {"choice": "reject"})
    assert books.answers() == [("trust", "approved"), ("plan", "approved")]
    assert [row["channel"] for row in books.approvals()] == ["editor question", "command"]
    assert shown.id in window.closed


async def test_an_answer_to_something_else_than_what_was_shown_is_none(
    open_window: OpenWindow, scripted_model: ScriptedModel, books: Books
) -> None:
    window = await open_window(ASKING, person=Person(leave_open))
    await window.run_agent()
    shown = await window.person.sees("plan")
    object.__setattr__(shown, "digest", "0" * 64)
    shown.answer("approve")
    (question,) = await window.command("steward.questions")
    assert question["id"] == shown.id
    assert books.answers() == [("trust", "approved"), ("plan", "pending")]
    assert len(scripted_model.exchanges) == 1


async def test_a_plan_is_sent_back_with_a_reason_then_with_changes_and_then_gone_through(
    open_window: OpenWindow, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = after_plan(EDIT)
    decided = Person(lambda shown: None if shown.kind == "plan" else "reject")
    window = await open_window(ASKING, person=decided)
    run_id = await window.run_agent()
    first = await window.person.sees("plan")
    first.answer("reject", reason="Leave the tests alone.")

    second = await window.person.sees("plan", 2)
    assert "Leave the tests alone." in everything_in(scripted_model.exchanges[-1].body)
    assert second.plan is not None
    steps = [
        step | {"files": ["shop/*"]} for step in second.plan["steps"] if step["tool"] != "commit"
    ]
    second.answer("reject", plan={"summary": "Only the shop.", "steps": steps})

    third = await window.person.sees("plan", 3)
    assert third.plan == {"summary": "Only the shop.", "steps": steps, "questions": []}
    assert "Only the shop." in third.text
    assert "Files: `shop/*`" in third.text
    assert "`commit`" not in third.text
    third.answer("approve", isStepByStep=True)

    await window.until_ended(run_id)
    assert len([each for each in scripted_model.exchanges if task_of(each.body) == "plan"]) == 2
    # Step by step, so even the edit was asked about before it was proposed.
    assert window.person.kinds == ["plan", "plan", "plan", "command"]


async def test_a_message_box_offers_to_go_step_by_step_and_to_allow_for_the_run(
    open_window: OpenWindow, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = after_plan(TEST, TEST)
    window = await open_window(PLAIN, person=Person(leave_open))
    granted = await window.run_agent()
    (await window.person.sees("plan")).answer("approve")
    asked = await window.person.sees("command")
    assert "'Allow for this run' covers, until the run ends: run_tests" in asked.text
    asked.answer("approve", isForRun=True)
    assert (await window.until_ended(granted))["state"] == "finished"
    assert window.person.kinds == ["plan", "command"]
    (grant,) = await window.command("steward.run.grants", runId=granted)
    assert (grant["tool"], grant["isOver"]) == ("run_tests", True)

    scripted_model.script = after_plan(EDIT)
    stepped = await window.run_agent()
    (await window.person.sees("plan", 2)).answer("approve", isStepByStep=True)
    (await window.person.sees("command", 2)).answer("reject")
    assert (await window.until_ended(stepped))["state"] == "finished"
    assert window.person.kinds[2:] == ["plan", "command"]


async def test_an_answer_that_says_something_nobody_knows_is_none_and_is_explained(
    open_window: OpenWindow, scripted_model: ScriptedModel, books: Books
) -> None:
    window = await open_window(ASKING, person=Person(leave_open))
    await window.run_agent()
    (await window.person.sees("plan")).answer("approve", isStepbystep=True)
    while not any("no isStepbystep" in each.message for each in window.client.messages):
        await window.until_news(window.news)
    assert books.answers() == [("trust", "approved"), ("plan", "pending")]
    assert len(scripted_model.exchanges) == 1


WRONG_COMMANDS: list[tuple[str, list[object]]] = [
    ("steward.agent.run", []),
    ("steward.agent.run", [{"goal": 3}]),
    ("steward.agent.run", [{"goal": " "}]),
    ("steward.agent.run", [{"goal": "x", "mode": "reckless"}]),
    ("steward.agent.run", ["fix"]),
    ("steward.answer", [{"id": "x", "digest": "x", "choice": "perhaps"}]),
    ("steward.answer", [{"id": "x", "digest": "x", "choice": "approve", "isforrun": True}]),
    ("steward.answer", [{}, {}]),
    ("steward.run.show", [{"runId": None}]),
    ("steward.make.coffee", []),
]


async def test_commands_with_what_they_do_not_take_are_refused_as_such(
    open_window: OpenWindow,
) -> None:
    window = await open_window(ASKING)
    codes: dict[str, int] = {}
    for name, arguments in WRONG_COMMANDS:
        with pytest.raises(JsonRpcException) as refused:
            await window.execute(name, arguments)
        codes[f"{name} {arguments}"] = refused.value.code
    assert codes == dict.fromkeys(codes, INVALID_PARAMS)


async def test_cancelling_the_progress_ends_the_run_and_takes_its_question_away(
    open_window: OpenWindow, workspace: Path, scripted_model: ScriptedModel, books: Books
) -> None:
    scripted_model.script = after_plan(EDIT)
    before = repository(workspace)
    window = await open_window(
        ASKING, person=Person(lambda shown: None if shown.kind == "edit" else "approve")
    )
    run_id = await window.run_agent()
    edit = await window.person.sees("edit")
    window.client.window_work_done_progress_cancel(types.WorkDoneProgressCancelParams(run_id))
    assert (await window.until_ended(run_id))["state"] == "cancelled"
    while edit.id not in window.closed:
        await window.until_news(window.news)
    with pytest.raises(JsonRpcException, match="already withdrawn"):
        await window.command("steward.answer", id=edit.id, digest=edit.digest, choice="approve")
    assert repository(workspace) == before
    assert books.actions("run.") == ["run.started", "run.cancelled"]


async def test_cancelling_a_run_while_the_model_speaks_hangs_up(
    open_window: OpenWindow, scripted_model: ScriptedModel, books: Books
) -> None:
    scripted_model.script = always(Reply(pieces=("{", "}"), fault=Stall(after_pieces=1)))
    window = await open_window(ASKING)
    run_id = await window.run_agent()
    exchange = await scripted_model.arrived()
    await exchange.started()
    assert await window.command("steward.run.cancel", runId=run_id) == {"state": "cancelled"}
    await exchange.closed_early()
    await books.until(lambda books: books.reservations()[0]["state"] == "settled")
    assert books.reservations()[0]["is_estimated"]


async def test_two_runs_in_one_workspace_land_one_after_the_other(
    open_window: OpenWindow, workspace: Path, scripted_model: ScriptedModel, books: Books
) -> None:
    other = call(
        "edit_file", path="shop/basket.py", old_text="What the line costs.", new_text="The cost."
    )

    def script(request: dict[str, object]) -> Reply:
        is_first = "first" in str(messages_of(request)[1]["content"])
        return after_plan(EDIT if is_first else other)(request)

    scripted_model.script = script
    window = await open_window(
        ASKING, person=Person(lambda shown: None if shown.kind == "edit" else "approve")
    )
    runs = [await window.run_agent(goal) for goal in ("The first.", "The second.")]
    await books.until(lambda books: len(books.proposals()) == 2)
    await books.until(lambda books: _edits_asked(books) == 1)
    (await window.person.sees("edit")).answer("approve")
    second = await window.person.sees("edit", 2)
    assert len(window.edits) == 1
    second.answer("approve")
    for run_id in runs:
        assert (await window.until_ended(run_id))["state"] == "finished"
    assert RIGHT in repository(workspace).text
    assert b"The cost." in repository(workspace).files["shop/basket.py"]
    landed = [a for a in books.actions("proposal.") if a != "proposal.proposed"]
    assert landed == ["proposal.applying", "proposal.applied"] * 2


async def test_of_two_runs_that_change_one_file_the_later_is_told_and_overwrites_nothing(
    open_window: OpenWindow, workspace: Path, scripted_model: ScriptedModel, books: Books
) -> None:
    window = await open_window(
        ASKING, person=Person(lambda shown: None if shown.kind == "edit" else "approve")
    )
    other = call("edit_file", path=SOURCE, old_text=WRONG, new_text="goods_pence > 1")
    scripted_model.script = after_plan(EDIT)
    first = await window.run_agent()
    edit = await window.person.sees("edit")
    scripted_model.script = after_plan(other)
    second = await window.run_agent()
    await books.until(lambda books: len(books.proposals()) == 2)
    edit.answer("approve")
    await window.until_ended(first)
    await window.until_ended(second)
    assert window.person.kinds.count("edit") == 1
    assert RIGHT in repository(workspace).text
    assert [row["state"] for row in books.proposals()] == ["applied", "stale"]


def _edits_asked(books: Books) -> int:
    return sum(row["kind"] == "edit" for row in books.approvals())
