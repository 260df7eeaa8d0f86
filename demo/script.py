"""The built-in script: hand-written answers for the sample repository.

Every answer follows from the conversation that the request carries and from nothing else, so the
script takes up a run at any point: after a restart, and when the tests may not be run here.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from demo.replies import JsonObject, Reply, call, say

COMPLETIONS = {
    "def item_count(self) -> int:": "return sum(line.quantity for line in self.lines)",
    "def is_empty(self) -> bool:": "return not self.lines",
    "def has_free_delivery(self) -> bool:": "return delivery_pence(self.goods_pence()) == 0",
    "def clear(self) -> None:": "self.lines.clear()",
    "def add(a, b):": "return a + b",
}
"""The line above the cursor → what comes next."""

PLAN = {
    "summary": "Run the tests, find the line that is wrong, correct it, and commit the correction.",
    "steps": [
        {
            "title": "See which test fails",
            "tool": "run_tests",
            "detail": "The whole suite, in a jail without network.",
        },
        {
            "title": "Read the failing test and the code under it",
            "tool": "read_file",
            "detail": "The test first: it says what was meant.",
        },
        {
            "title": "Correct the code",
            "tool": "edit_file",
            "detail": "One small edit, shown as a diff before it happens.",
        },
        {
            "title": "Run the tests again",
            "tool": "run_tests",
            "detail": "All of them must pass.",
        },
        {
            "title": "Commit the correction on a branch of its own",
            "tool": "commit",
            "detail": "The branch and the files you have checked out stay as they are.",
        },
    ],
}

WRONG = "goods_pence > FREE_FROM_PENCE"
RIGHT = "goods_pence >= FREE_FROM_PENCE"
FALLBACK_TEST = "tests/test_basket.py"
SOURCE = "shop/delivery.py"
BRANCH = "steward/fix-free-delivery"
MESSAGE = """\
Deliver free from fifty pounds on

The threshold itself was left out: an order of exactly fifty pounds paid for delivery."""

_SIGNS_OF_REFUSAL = re.compile(
    r"refus|reject|dismiss|declin|denied|expired|unavailable|no jail|no file|nothing was"
    r"|not (?:allowed|approved|permitted|applied|made|run)|cannot|can't|could not",
    re.IGNORECASE,
)
_CURSOR = "</before>"
_PREFIX_ENDS = re.compile(r"<\|?fim_suffix\|?>|<\uff5cfim▁hole\uff5c>| <SUF>")
"""Where the text before a gap ends, in the prompts that do not begin with what follows it."""
_TASK = re.compile(r"\[task: (\w+)\]")
_TEST_FILE = re.compile(r"tests/\w+\.py")


def play(request: JsonObject) -> Reply:
    """The answer to one request."""
    if "prompt" in request:
        return _said(_continued(_PREFIX_ENDS.split(str(request["prompt"]))[0]))
    messages = cast("list[JsonObject]", request.get("messages", []))
    match _task(messages):
        case "completion":
            asked = "\n".join(_text(message) for message in messages[1:])
            return _said(_continued(asked.partition(_CURSOR)[0]))
        case "plan":
            return _in_pieces(json.dumps(PLAN, indent=2))
        case "agent":
            return _turn(Conversation(messages))
        case _:
            return say(
                "This is the scripted model, which is no AI. Its answers were written by hand and "
                "cover only the sample repository."
            )


def _task(messages: list[JsonObject]) -> str:
    first = _text(messages[0]).partition("\n")[0] if messages else ""
    header = _TASK.search(first)
    return header[1] if header else ""


def _text(message: JsonObject) -> str:
    """The message's text, whether it came as one string or in parts."""
    content: object = message.get("content")
    if isinstance(content, list):
        parts = cast("list[JsonObject]", content)
        return "".join(str(part.get("text", "")) for part in parts)
    return content if isinstance(content, str) else ""


def _in_pieces(text: str) -> Reply:
    """A text as a model streams it: a line at a time."""
    return Reply(pieces=tuple(text.splitlines(keepends=True)))


def _said(text: str) -> Reply:
    return say(text) if text else Reply()


def _continued(shown: str) -> str:
    """What follows the last line above the cursor that the table knows; usually nothing."""
    known = [line for line in COMPLETIONS if line in shown]
    if not known:
        return ""
    line = max(known, key=shown.rfind)
    after = shown[shown.rfind(line) + len(line) :].lstrip()
    start, whole = after.partition("\n")[0].strip(), COMPLETIONS[line]
    if not start:
        return whole
    return whole.removeprefix(start).lstrip() if whole.startswith(start) and start != whole else ""


@dataclass(frozen=True, slots=True)
class Used:
    """A tool that was used in the conversation, and what came of it."""

    name: str
    arguments: JsonObject
    result: str

    @property
    def is_refused(self) -> bool:
        """Whether somebody or something said no."""
        return bool(_SIGNS_OF_REFUSAL.search(self.result))


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation, read for the tools it has used so far."""

    messages: list[JsonObject]

    def used(self, name: str) -> list[Used]:
        """Every finished use of this tool, in order."""
        return [use for use in self._all() if use.name == name]

    def last(self, name: str) -> Used | None:
        """The last finished use of this tool."""
        return next(reversed(self.used(name)), None)

    def read(self, path: str) -> Used | None:
        """The last time this file was read."""
        reads = [use for use in self.used("read_file") if use.arguments.get("path") == path]
        return next(reversed(reads), None)

    def _all(self) -> Iterator[Used]:
        asked: dict[str, JsonObject] = {}
        for message in self.messages:
            for tool_call in cast("list[JsonObject]", message.get("tool_calls") or []):
                asked[str(tool_call.get("id"))] = cast("JsonObject", tool_call.get("function", {}))
            if message.get("role") == "tool":
                function = asked.get(str(message.get("tool_call_id")), {})
                arguments = cast("JsonObject", json.loads(function.get("arguments") or "{}"))
                yield Used(str(function.get("name")), arguments, _text(message))


def _turn(conversation: Conversation) -> Reply:
    """What the agent does next: look, correct, look again, commit, tell."""
    if conversation.last("commit") is not None:
        return say(_farewell(conversation))
    edit = conversation.last("edit_file")
    if edit is None:
        return _look(conversation)
    if edit.is_refused:
        return say("The edit was not made, so I stop here. No file has changed.")
    return _finish(conversation)


def _look(conversation: Conversation) -> Reply:
    """Run the tests, read the failing one and the code under it, and correct the code."""
    tests = conversation.last("run_tests")
    if tests is None:
        return call("run_tests")
    if _passed(tests):
        return say("All tests pass already, so there is nothing to correct.")
    found = _TEST_FILE.search(tests.result)
    test_path = found[0] if found else FALLBACK_TEST
    if conversation.read(test_path) is None:
        return call("read_file", path=test_path)
    source = conversation.read(SOURCE)
    if source is None:
        return call("read_file", path=SOURCE)
    if WRONG not in source.result:
        return say(f"I looked at {SOURCE} and found nothing that I know how to correct.")
    return call("edit_file", path=SOURCE, old_text=WRONG, new_text=RIGHT)


def _finish(conversation: Conversation) -> Reply:
    """After the edit: run the tests again where they can be run, then commit."""
    runs = conversation.used("run_tests")
    can_run = bool(runs) and not _is_not_run(runs[0])
    if can_run and len(runs) == 1:
        return call("run_tests")
    if can_run and not _passed(runs[-1]) and not _is_not_run(runs[-1]):
        return say("The tests still fail after my edit, so I do not commit it. Please have a look.")
    return call("commit", message=MESSAGE, branch=BRANCH)


def _farewell(conversation: Conversation) -> str:
    runs = conversation.used("run_tests")
    was_seen = bool(runs) and _passed(runs[-1])
    tests = (
        "All tests pass now." if was_seen else "The tests could not be run here; run them first."
    )
    commit = conversation.last("commit")
    assert commit is not None
    where = "The commit was not made." if commit.is_refused else f"It is committed on {BRANCH}."
    return (
        "The threshold for free delivery left out the fifty pounds themselves; "
        f"`>` is now `>=`. {tests} {where}"
    )


def _passed(tests: Used) -> bool:
    """Whether unittest said so itself, on a line of its own."""
    return bool(re.search(r"^OK\b", tests.result, re.MULTILINE))


def _is_not_run(tests: Used) -> bool:
    """Whether the tests were refused, and so say nothing about the code."""
    return not _passed(tests) and "FAILED" not in tests.result
