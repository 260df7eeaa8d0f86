"""What the model says in these stories. Every answer follows from the request alone, so a run
that is played again after a kill is answered the same way."""

import json
from typing import cast

from demo.replies import JsonObject, Reply, Script, call
from demo.script import BRANCH, MESSAGE, RIGHT, SOURCE, WRONG, play

EDIT = call("edit_file", path=SOURCE, old_text=WRONG, new_text=RIGHT)
COMMIT = call("commit", message=MESSAGE, branch=BRANCH)
TEST = call("run_tests")
DONE = Reply(pieces=("Done.",))


def task_of(request: JsonObject) -> str:
    """What kind of answer is wanted: completion, plan or agent."""
    first = str(messages_of(request)[0]["content"])
    return first.partition("[task: ")[2].partition("]")[0]


def messages_of(request: JsonObject) -> list[JsonObject]:
    """The conversation that a request carries."""
    return cast("list[JsonObject]", request["messages"])


def after_plan(*turns: Reply) -> Script:
    """The demo's plan, then one of these answers a turn, then the end."""

    def script(request: JsonObject) -> Reply:
        if task_of(request) != "agent":
            return play(request)
        taken = sum(message["role"] == "assistant" for message in messages_of(request))
        return turns[taken] if taken < len(turns) else DONE

    return script


def results_in(request: JsonObject) -> list[str]:
    """What the tools' results in a request say."""
    return [str(m["content"]) for m in messages_of(request) if m["role"] == "tool"]


def everything_in(request: JsonObject) -> str:
    """A request as text, to search it for what should not be in it."""
    return json.dumps(request, ensure_ascii=False)
