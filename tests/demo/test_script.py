"""The built-in script answers from what the conversation contains, and from nothing else."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from demo.replies import JsonObject, Reply
from demo.script import BRANCH, play

Tool = Callable[..., str]
TURNS_MAX = 20


def tools_on(folder: Path) -> dict[str, Tool]:
    """The agent's tools, as plain as can be, on a real folder."""

    def run_tests() -> str:
        done = subprocess.run(
            [sys.executable, "-B", "-m", "unittest"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        return f"Exit code {done.returncode}. Output:\n{done.stderr}"

    def read_file(path: str) -> str:
        return (folder / path).read_text()

    def edit_file(path: str, old_text: str, new_text: str) -> str:
        text = read_file(path)
        assert text.count(old_text) == 1
        (folder / path).write_text(text.replace(old_text, new_text))
        return "The edit was applied."

    def commit(message: str, branch: str) -> str:
        return f"Committed to {branch}."

    return {
        "run_tests": run_tests,
        "read_file": read_file,
        "edit_file": edit_file,
        "commit": commit,
    }


def converse(tools: Mapping[str, Tool]) -> tuple[list[str], str]:
    """Let the script work with these tools: the names it used, and its last words."""
    messages: list[JsonObject] = [
        {"role": "system", "content": "[task: agent]\nYou correct failing tests."},
        {"role": "user", "content": "Make the tests pass."},
    ]
    used: list[str] = []
    for turn in range(TURNS_MAX):
        reply = play({"messages": messages})
        if not reply.tool_calls:
            return used, "".join(reply.pieces)
        (wanted,) = reply.tool_calls
        used.append(wanted.name)
        function = {"name": wanted.name, "arguments": json.dumps(dict(wanted.arguments))}
        messages.append(
            {"role": "assistant", "tool_calls": [{"id": f"c{turn}", "function": function}]}
        )
        result = tools[wanted.name](**wanted.arguments)
        messages.append({"role": "tool", "tool_call_id": f"c{turn}", "content": result})
    raise AssertionError(f"no end after {TURNS_MAX} turns: {used}")


def says(text: str) -> Callable[..., str]:
    def tool(**_: object) -> str:
        return text

    return tool


def test_the_failing_test_is_understood_corrected_proved_and_committed(workspace: Path) -> None:
    used, words = converse(tools_on(workspace))
    assert used == [
        "run_tests",
        "read_file",
        "read_file",
        "edit_file",
        "run_tests",
        "commit",
    ]
    assert "All tests pass now" in words
    assert BRANCH in words


def test_where_tests_may_not_run_the_correction_is_made_and_nothing_is_claimed(
    workspace: Path,
) -> None:
    tools = tools_on(workspace) | {"run_tests": says("The tests were not run: there is no jail.")}
    used, words = converse(tools)
    assert used == ["run_tests", "read_file", "read_file", "edit_file", "commit"]
    assert "could not be run" in words


def test_a_refused_edit_ends_the_work(workspace: Path) -> None:
    tools = tools_on(workspace) | {"edit_file": says("The person rejected the edit.")}
    used, words = converse(tools)
    assert used[-1] == "edit_file"
    assert "No file has changed" in words


def test_a_refused_commit_is_told(workspace: Path) -> None:
    tools = tools_on(workspace) | {"commit": says("The person rejected the commit.")}
    _, words = converse(tools)
    assert "The commit was not made" in words


def test_passing_tests_are_left_alone(workspace: Path) -> None:
    converse(tools_on(workspace))
    used, _ = converse(tools_on(workspace))
    assert used == ["run_tests"]


def complete(before: str, after: str = "") -> Reply:
    asked = f"<path>shop/basket.py</path>\n<before>{before}</before><after>{after}</after>"
    return play(
        {
            "messages": [
                {"role": "system", "content": "[task: completion]\nYou complete code."},
                {"role": "user", "content": asked},
            ]
        }
    )


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("    def is_empty(self) -> bool:\n        ", "return not self.lines"),
        ("    def is_empty(self) -> bool:\n        return", "not self.lines"),
        ("    def is_empty(self) -> bool:\n        return not self.lines", ""),
        ("    def is_empty(self) -> bool:\n        raise ", ""),
        ("import os\n", ""),
    ],
)
def test_ghost_text_continues_what_stands_before_the_cursor(before: str, expected: str) -> None:
    assert "".join(complete(before).pieces) == expected


def test_what_stands_after_the_cursor_is_not_continued() -> None:
    assert complete("import os\n", "def is_empty(self) -> bool:\n").pieces == ()


def test_a_plan_is_one_json_object_that_names_only_known_tools() -> None:
    request: dict[str, Any] = {"messages": [{"role": "system", "content": "[task: plan]\nPlan."}]}
    plan = json.loads("".join(play(request).pieces))
    assert plan["summary"]
    known = {"read_file", "search", "edit_file", "run_tests", "commit"}
    assert {step["tool"] for step in plan["steps"]} <= known
    assert all(step["title"] and step["detail"] for step in plan["steps"])


def test_a_stranger_is_told_that_this_is_no_ai() -> None:
    reply = play({"messages": [{"role": "user", "content": "hello"}]})
    assert "no AI" in "".join(reply.pieces)
