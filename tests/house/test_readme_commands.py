"""A newcomer's commands work: a test or `.ci/run` runs every command of the README."""

import ast
import re

import pytest

from tests.environment import ROOT

RUN_BY = {
    "make run": "tests/demo/test_play.py::test_make_run_plays_the_main_job_to_its_end",
    ".venv/bin/steward status": (
        "tests/cli/test_status.py::test_person_money_and_models_are_those_of_the_books"
    ),
    ".venv/bin/steward serve": (
        "tests/flows/test_serve.py::test_a_question_is_answered_and_a_revoked_token_opens_nothing"
    ),
    ".venv/bin/steward open": (
        "tests/flows/test_open.py::test_ws_08_a_browser_is_not_told_the_secret_as_an_argument"
    ),
    "make editors": ".ci/run",
    "make worker": ".ci/run",
    "make clients": ".ci/run",
    "make mcp": ".ci/run",
    "make examples": ".ci/run",
    "make test": ".ci/run",
}
"""Command → who runs it."""


def commands() -> list[str]:
    """What stands in the README's shell blocks, without prompts, comments and variables."""
    page = ROOT / "README.md"
    readme = page.read_text("utf-8") if page.is_file() else ""
    found: list[str] = []
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```", readme, re.MULTILINE | re.DOTALL):
        lines = [line.partition("#")[0].strip() for line in block.splitlines()]
        if language in ("sh", "bash", "shell"):
            found += filter(None, lines)
        else:
            found += [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
    return found


def test_the_readme_shows_the_two_commands_of_a_newcomer() -> None:
    assert {"make run", "make test"} <= set(commands())


@pytest.mark.parametrize("command", commands())
def test_a_command_of_the_readme_is_run(command: str) -> None:
    runner = RUN_BY.get(command)
    assert runner is not None, f"nothing runs {command!r}; name a test of it in RUN_BY"
    file, _, function = runner.partition("::")
    text = (ROOT / file).read_text("utf-8")
    if function:
        assert function in {
            node.name
            for node in ast.walk(ast.parse(text))
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        }
    else:
        assert re.search(rf"^(\w+=\S+ )*{re.escape(command)}$", text, re.MULTILINE)
