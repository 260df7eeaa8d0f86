"""What a shipped agent can be sent to do with what a person points at."""

from dataclasses import dataclass

from lsprotocol import types

READING = "steward.read"
"""The kind of what only reads: asking for refactorings must not bring it."""
RUN = "steward.agent.run"
_TITLE = "Run agent"


@dataclass(frozen=True, slots=True)
class Errand:
    """One of them. In its title and goal `{it}` stands for what is pointed at."""

    agent: str
    title: str
    goal: str
    kind: types.CodeActionKind | str = types.CodeActionKind.RefactorRewrite


FIX_TESTS = Errand(
    "fix",
    "Steward: make the failing tests pass with an agent",
    "Find the failing test that exercises this code and make it pass.",
)
FIX_TEST = Errand(
    "fix",
    "Steward: fix {it}, which failed",
    "Make the test {it} pass.",
    types.CodeActionKind.QuickFix,
)
EXPLAIN_TEST = Errand(
    "explain", "Steward: explain why {it} failed", "Explain why the test {it} fails.", READING
)
FIX_PROBLEM = Errand(
    "fix",
    "Steward: fix this with an agent",
    "Fix the problem that the editor reports here.",
    types.CodeActionKind.QuickFix,
)
EXPLAIN_PROBLEM = Errand(
    "explain",
    "Steward: explain this problem",
    "Explain the problem that the editor reports here, and what would cure it.",
    READING,
)
WRITE_COMMENT = Errand(
    "coder",
    "Steward: write the code that this comment asks for",
    "Write the code that the comment here asks for.",
)
WRITE_BODY = Errand("coder", "Steward: write the body of {it}", "Write the body of {it}.")
WRITE_TESTS = Errand("test-writer", "Steward: write tests for {it}", "Write tests for {it}.")
WRITE_FIRST_TESTS = Errand(
    "test-writer",
    "Steward: write tests for {it}, which has none",
    "Write tests for {it}, which no test mentions.",
)
ANYWHERE = (
    Errand("explain", "Steward: explain {it}", "Explain {it}.", READING),
    Errand("reviewer", "Steward: review {it}", "Review {it}.", READING),
    Errand(
        "refactor",
        "Steward: refactor {it}",
        "Improve the shape of {it} without changing what it does.",
    ),
    Errand("documenter", "Steward: document {it}", "Document {it}."),
)
"""What the menu offers wherever there is code; nothing is asked of a model before it is picked."""


def errand_command(
    errand: Errand, uri: str, where: types.Range, it: str, observations: str = ""
) -> types.Command:
    """The command that sends the agent; `it` as the person reads it."""
    pointed_at = "the code here" if it == "this" else it
    argument = {
        "agent": errand.agent,
        "goal": errand.goal.format(it=pointed_at),
        "uri": uri,
        "range": {
            "start": {"line": where.start.line, "character": where.start.character},
            "end": {"line": where.end.line, "character": where.end.character},
        },
        "observations": observations,
    }
    return types.Command(_TITLE, RUN, arguments=[argument])
