"""Whatever a called agent takes is taken from its caller, and neither goes on for ever."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from demo.replies import JsonObject, Reply, call
from steward.agents.agent import Caps
from steward.core.agent_limits import AGENTS_CALLED_MAX
from steward.core.money import NanoUsd
from steward.permissions.question import OpenQuestion
from tests.agents.crew import CAPS, Crew
from tests.agents.memory_journal import MemoryJournal
from tests.agents.talk import ASK, HELPER, LEAD, READ, Talk, agent, play, results


def limited(**caps: Any) -> dict[str, Any]:
    return {"caps": Caps(**caps)}


LIMITS: dict[str, tuple[dict[str, Any], dict[str, Any], bool]] = {
    "its own steps": ({}, limited(steps=2), True),
    "its caller's steps": (limited(steps=4), {}, False),
    "its own tokens": ({}, limited(tokens=1), True),
    "its own money": ({}, limited(cost_nano_usd=NanoUsd(1)), True),
    "what its own tools say": ({}, limited(output_chars=10), True),
    "what its caller's tools may say": (limited(output_chars=60), {}, False),
}


@pytest.mark.parametrize("whose", LIMITS)
async def test_a_called_agent_ends_at_the_first_limit_of_all_and_its_caller_is_told(
    crew: Crew, whose: str
) -> None:
    of_caller, own, goes_on = LIMITS[whose]
    lead, helper = replace(LEAD, **of_caller), replace(HELPER, **own)
    # It would go on for ever, and each time in other words.
    looks = [call("read_file", path="a.py", first_line=1 + n % 3) for n in range(30)]
    ended, talk = await play(crew, {"lead": [ASK], "helper": looks}, lead, helper)
    assert ended["state"] == "finished"
    assert talk.asked.count("helper") <= 3
    assert ("capped" in ended) != goes_on
    if goes_on:
        assert "helper ended early: it came to a limit" in results(crew, "lead")[0]
        assert "told" not in str(ended["message"])


async def test_time_that_a_called_agent_takes_is_its_caller_s_too(crew: Crew) -> None:
    slow = crew.with_hands(caps=replace(CAPS, wall_s=10.0))
    talk = Talk({"lead": [ASK], "helper": [READ, READ]})

    def script(request: JsonObject) -> Reply:
        crew.rooms.clock.advance(timedelta(seconds=4))
        return talk(request)

    crew.model.script = script
    ended = await slow.with_agent(LEAD, HELPER).go_on()
    assert (ended["state"], ended["capped"]) == ("finished", "time")
    assert talk.asked == ["lead", "helper"]


async def test_agents_are_called_only_so_deep_and_so_often(crew: Crew) -> None:
    def asks(name: str) -> Reply:
        return call("ask_agent", agent=name, task="Go.")

    chain = ("one", "two", "three")
    lead = agent("lead", *chain)
    agents = [agent(name, *chain) for name in chain]
    said = {"lead": [asks("one")], "one": [asks("two")], "two": [asks("three")], "three": []}
    _, talk = await play(crew, said, lead, *agents, agents=chain)
    assert talk.asked == ["lead", "one", "two", "two", "one", "lead"]
    assert "'three' may not be called here" in results(crew, "two")[0]


async def test_a_run_calls_agents_only_so_often(crew: Crew) -> None:
    many = crew.with_hands(caps=replace(CAPS, steps=1000))
    asks = [
        call("ask_agent", agent="helper", task=f"Part {n}.") for n in range(AGENTS_CALLED_MAX + 1)
    ]
    _, talk = await play(many, {"lead": asks, "helper": []}, LEAD, HELPER)
    assert talk.asked.count("helper") == AGENTS_CALLED_MAX
    assert "has called as many agents as one may" in results(crew, "lead")[-1]


async def test_a_loop_through_a_called_agent_is_asked_about(crew: Crew) -> None:
    def choose(question: OpenQuestion) -> bool:
        return "repeats itself" not in question.title

    ended, talk = await play(crew, {"lead": [ASK] * 9, "helper": []}, LEAD, HELPER, choose=choose)
    assert ended["state"] == "cancelled"
    assert talk.asked.count("helper") == 3


async def test_a_loop_inside_a_called_agent_that_a_person_stops_ends_the_run(crew: Crew) -> None:
    def choose(question: OpenQuestion) -> bool:
        return "repeats itself" not in question.title

    journal = MemoryJournal()
    said = {"lead": [ASK], "helper": [READ] * 9}
    ended, _ = await play(crew, said, LEAD, HELPER, choose=choose, journal=journal)
    assert ended["state"] == "cancelled"
    assert journal.worked[-2:] == ["tool-0-0/ask-loop-2-0", "end"]
