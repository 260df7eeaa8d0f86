"""An agent calls another: inside of its run, and under the rights of both."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import select

from demo.replies import Reply, call, say
from steward.agents.execute import execute
from steward.agents.reading import trace_of
from steward.agents.trace_page import trace_page
from steward.core import audit
from steward.ledger.tables import ReservationRow
from steward.permissions.act import EVERYTHING
from steward.permissions.decide import Mode
from steward.permissions.question import OpenQuestion
from steward.permissions.rules import parse_rules
from tests.agents.crew import Crew
from tests.agents.memory_journal import MemoryJournal
from tests.agents.talk import (
    ASK,
    EDIT,
    HELPER,
    LEAD,
    READ,
    TOOLS,
    Talk,
    agent,
    play,
    results,
    text_of,
)


async def test_a_called_agent_works_inside_of_the_call_and_answers_its_caller(crew: Crew) -> None:
    journal, seen = MemoryJournal(), list[OpenQuestion]()
    said = {"lead": [ASK, say("It is 2 now.")], "helper": [READ, EDIT, say("I made it 2.")]}

    def choose(question: OpenQuestion) -> bool:
        seen.append(question)
        return True

    ended, talk = await play(crew, said, LEAD, HELPER, choose=choose, journal=journal)
    assert ended == {"state": "finished", "message": "It is 2 now."}
    assert text_of(crew) == "one\n2\nthree\n"
    inside = ("think-0", "tool-0-0", "think-1", "tool-1-0", "land-1-0", "think-2", "answer")
    assert journal.worked == [
        *("gather", "plan", "ask-plan", "think-0", "tool-0-0"),
        *(f"tool-0-0/{name}" for name in inside),
        *("think-1", "end"),
    ]
    assert talk.asked == ["lead", "helper", "helper", "helper", "lead"]
    assert "I made it 2." in results(crew, "lead")[0]
    assert "agent" in results(crew, "lead")[0].partition("\n")[0]
    plan, edit = seen
    assert "`helper`: Helper (that comes with Steward)" in plan.body
    assert (plan.kind, edit.kind) == ("plan", "edit")
    # The called agent is told its part; whatever its caller saw besides stays there.
    (_, told, *_) = crew.model.exchanges[2].messages
    assert "Make two a figure." in told["content"]
    assert "Files to begin with: a.py" in told["content"]
    await _is_shown_and_booked_nested(crew)
    # Played again from its journal it takes the same way and does nothing twice.
    journal.named.clear()
    journal.worked.clear()
    again = crew.with_agent(LEAD, HELPER)
    assert await execute(again.steps, journal) == ended
    assert journal.worked == []


async def _is_shown_and_booked_nested(crew: Crew) -> None:
    principal = crew.rooms.principal
    trace = await crew.rooms.database.read(lambda s: trace_of(s, principal, "run1"))
    lines = trace_page(trace).splitlines()
    (line,) = [each for each in lines if "tool-0-0/tool-1-0" in each]
    assert line.startswith("| ↳ tool-0-0/tool-1-0 | Helper: edit_file a.py |")
    answer = next(step for step in trace.steps if step.name == "tool-0-0/answer")
    assert (answer.title, answer.detail) == ("Helper: Answered", "I made it 2.")
    rows = await crew.rooms.database.read(lambda s: s.exec(select(ReservationRow)).all())
    booked = [(row.run_id, row.agent) for row in rows]
    assert booked.count(("run1", "helper")) == 3
    assert booked.count(("run1", "lead")) == 3


def denied_by(rule: str) -> dict[str, Any]:
    return {"rules": parse_rules(deny=[rule])}


NARROWER: dict[str, tuple[dict[str, Any], dict[str, Any], Reply, str]] = {
    "the caller's tools": (
        {"allowed_tools": frozenset(TOOLS) - {"edit_file"}},
        {},
        EDIT,
        "was not given the tool 'edit_file'",
    ),
    "the caller's path rule": (denied_by("edit_file(a.py)"), {}, EDIT, "rule 'edit_file(a.py)'"),
    "its own path rule": ({}, denied_by("read_file(a.py)"), READ, "rule 'read_file(a.py)'"),
    "the caller's grants": (
        {"permission_scope": EVERYTHING - {"files.propose"}},
        {},
        EDIT,
        "was not granted files.propose",
    ),
    "its own mode": ({}, {"mode": "analysis_only"}, EDIT, "analysis only"),
    "an agent that its caller was not given": (
        {},
        {"agents": ("other",)},
        call("ask_agent", agent="other", task="Go."),
        "'other' may not be called here",
    ),
    "its caller": (
        {"agents": ("helper", "lead")},
        {"agents": ("lead",)},
        call("ask_agent", agent="lead", task="Go."),
        "'lead' may not be called here",
    ),
}


@pytest.mark.parametrize("whose", NARROWER)
async def test_a_called_agent_may_do_no_more_than_both(crew: Crew, whose: str) -> None:
    of_caller, own, tried, reason = NARROWER[whose]
    said = {"lead": [ASK], "helper": [tried]}
    lead, helper = replace(LEAD, **of_caller), replace(HELPER, **own)
    tools = tuple(name for name in TOOLS if name in lead.allowed_tools)
    everyone = (lead, helper, agent("other"), lead)
    ended, _ = await play(crew, said, *everyone, tools=tools, agents=("helper", "other", "lead"))
    assert ended["state"] == "finished"
    assert reason in results(crew, "helper")[0]
    assert text_of(crew) == "one\ntwo\nthree\n"
    assert "tool.denied" in await crew.rooms.trail()


async def test_without_the_caller_s_rights_the_same_agents_do_more(crew: Crew) -> None:
    alone = {"lead": [ASK], "helper": [EDIT]}
    await play(crew, alone, LEAD, replace(HELPER, **denied_by("read_file(b.py)")))
    assert text_of(crew) == "one\n2\nthree\n"


async def test_a_called_agent_is_told_of_each_tool_of_a_server_that_all_above_it_have(
    crew: Crew,
) -> None:
    tools = crew.rooms.invoker.tools
    read_file: Any = tools["read_file"]
    of_server = {name: replace(read_file, name=name) for name in ("notes__a", "notes__b")}
    armed = crew.with_hands(invoker=replace(crew.rooms.invoker, tools={**tools, **of_server}))
    lead, one = frozenset(("notes__*",)), frozenset(("notes__a",))
    for above, own in ((lead, one), (one, lead)):
        steps = armed.with_agent(agent("helper", allowed_tools=own)).steps
        called = replace(steps, above=(agent("lead", allowed_tools=above),))
        assert [each.name for each in called.tools] == ["notes__a"]


@pytest.mark.parametrize("mode", ["analysis_only", "dry_run", "step"])
async def test_the_run_s_mode_holds_for_whoever_is_called(crew: Crew, mode: Mode) -> None:
    said = {"lead": [ASK], "helper": [EDIT]}
    talk = Talk(said)
    crew.model.script = talk
    asked: list[OpenQuestion] = []

    def choose(question: OpenQuestion) -> bool:
        asked.append(question)
        return (
            question.kind != "command" or "ask_agent" in question.title or "Call" in question.title
        )

    ended = await crew.with_agent(LEAD, HELPER).with_mode(mode).go_on(choose)
    assert ended["state"] == "finished"
    assert talk.asked.count("helper") == 2
    assert text_of(crew) == "one\ntwo\nthree\n"
    if mode == "step":
        own = asked[-1]
        assert "`helper` that wants it, called by `lead`" in own.body
    if mode == "dry_run":
        assert "1 act was recorded" in str(ended["message"])


async def test_what_the_plan_does_not_name_for_a_called_agent_is_another_plan(crew: Crew) -> None:
    titles: list[str] = []

    def choose(question: OpenQuestion) -> bool:
        titles.append(question.title)
        return len(titles) < 3

    said = {"lead": [ASK, ASK], "helper": [EDIT, say("No."), EDIT]}
    await play(crew, said, LEAD, HELPER, choose=choose, tools=("read_file",), agents=())
    assert titles == [
        "Plan of the agent Lead",
        "The agent Lead wants to do more than it planned",
        "The agent Helper wants to do more than Lead planned, which called it",
    ]
    assert text_of(crew) == "one\ntwo\nthree\n"
    # The refusal holds for the same call of any agent of the run, and nobody is asked again.
    assert "you refused this at 09:30 UTC" in results(crew, "helper")[0]


async def test_what_a_called_agent_reads_its_caller_has_read(crew: Crew) -> None:
    said = {"lead": [ASK, ASK, EDIT], "helper": [READ, say("Read."), READ]}
    nowhere = replace(crew.steps.specification, place="")
    crew = replace(crew, steps=replace(crew.steps, specification=nowhere))
    await play(crew, said, LEAD, HELPER)
    entries: Sequence[Any] = await crew.rooms.database.read(audit.read)
    details = [entry.detail for entry in entries if entry.action == "tool.called"]
    assert [(each["tool"], each["has_untrusted"], each["has_private"]) for each in details] == [
        ("ask_agent", False, False),
        ("read_file", False, False),
        ("ask_agent", True, True),
        ("read_file", True, True),
        ("edit_file", True, True),
    ]
    # It is written down who acted for whom.
    assert [each.get("callers") for each in details] == [None, ["lead"], None, ["lead"], None]
