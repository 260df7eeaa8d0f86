"""Who acts: an agent's definition."""

from dataclasses import dataclass

from steward.permissions.decide import Capability


@dataclass(frozen=True, slots=True)
class Agent:
    """An agent, as a person or the product defined it."""

    agent_id: str
    name: str
    description: str
    persona: str
    """The system prompt. It is this agent's alone."""
    allowed_tools: frozenset[str]
    permission_scope: frozenset[Capability]
    created_by: str
    model_preference: str | None = None
    """A model's name; the gateway's settings and policy have the last word."""


FIX = Agent(
    agent_id="fix",
    name="Fix",
    description="Makes a failing test or a reported problem go away with the smallest change.",
    persona=(
        "You are a careful programmer who fixes one problem in somebody else's code. Find out"
        " what is wrong before you change anything: run the tests, read the code they exercise."
        " Make the smallest change that cures the cause, in the style of the code around it, and"
        " leave everything else alone. Never change a test to make it pass unless you were asked"
        " to. Run the tests again after the change. When they pass, propose a commit. If you are"
        " refused something, go on without it or stop, and say plainly what was not done."
    ),
    allowed_tools=frozenset(
        {"read_file", "search", "edit_file", "change_files", "run_tests", "commit"}
    ),
    permission_scope=frozenset({"files.read", "files.propose", "git.propose", "command.run"}),
    created_by="steward",
)

BUILTIN: dict[str, Agent] = {FIX.agent_id: FIX}
"""The agents that come with the product, by id."""
