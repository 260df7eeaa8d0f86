"""Agents that call each other in one run, and what each of their models says."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from demo.replies import JsonObject, Reply, call, say
from steward.agents.agent import Agent
from steward.permissions.act import EVERYTHING
from steward.permissions.question import OpenQuestion
from tests.agents.crew import Crew
from tests.agents.memory_journal import MemoryJournal
from tests.rooms import yes

TOOLS = ("read_file", "search", "edit_file", "run_command", "ask_agent")
EDIT = call("edit_file", path="a.py", old_text="two", new_text="2")
READ = call("read_file", path="a.py")
ASK = call("ask_agent", agent="helper", task="Make two a figure.", files=["a.py"])
DONE = say("Done.")


def agent(agent_id: str, *agents: str, **more: Any) -> Agent:
    """An agent with every tool of these tests."""
    described = f"The {agent_id} agent."
    about: dict[str, Any] = {"allowed_tools": frozenset(TOOLS), "permission_scope": EVERYTHING}
    named = agent_id.capitalize()
    return Agent(
        agent_id,
        named,
        described,
        f"You are {agent_id}.",
        created_by="ann",
        agents=agents,
        **about | more,
    )


LEAD = agent("lead", "helper")
HELPER = agent("helper")


@dataclass
class Talk:
    """What each agent's model says in turn; a plan where one is asked for."""

    said: dict[str, list[Reply]]
    tools: tuple[str, ...] = TOOLS
    agents: tuple[str, ...] = ("helper",)
    asked: list[str] = field(default_factory=list[str])
    """Whose model was asked, in order."""

    def __call__(self, request: JsonObject) -> Reply:
        first = str(request["messages"][0]["content"])
        if "[task: plan]" in first:
            steps = [{"title": "Do", "tool": name} for name in self.tools]
            steps += [{"title": "Call", "tool": "ask_agent", "agents": list(self.agents)}]
            return say(json.dumps({"summary": "Do it.", "steps": steps}))
        who = first.partition("You are ")[2].partition(".")[0]
        self.asked.append(who)
        return self.said[who].pop(0) if self.said[who] else DONE


def results(crew: Crew, who: str) -> list[str]:
    """What the last request of this agent's model tells of its tools."""
    of_agent = [
        exchange.messages
        for exchange in crew.model.exchanges
        if f"You are {who}." in exchange.messages[0]["content"]
        and "[task: agent]" in exchange.messages[0]["content"]
    ]
    return [str(each["content"]) for each in of_agent[-1] if each["role"] == "tool"]


async def play(
    crew: Crew,
    said: dict[str, list[Reply]],
    *agents: Agent,
    choose: Callable[[OpenQuestion], Any] = yes,
    journal: MemoryJournal | None = None,
    **more: Any,
) -> tuple[JsonObject, Talk]:
    """How the run of the first agent ends, which may call the others."""
    talk = Talk(said, **more)
    crew.model.script = talk
    ended = await crew.with_agent(*agents).go_on(choose, journal)
    return cast(JsonObject, ended), talk


def text_of(crew: Crew) -> str:
    return (crew.rooms.workspace.root / "a.py").read_text()
