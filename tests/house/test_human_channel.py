"""An answer comes from a person through a front end, and nothing that a model steers has a way."""

import ast
import json
from collections.abc import Callable
from pathlib import Path

from tests.environment import ROOT
from tests.house.tracked import tracked

PACKAGE = ROOT / "server" / "steward"
CODE = [file for file in tracked(".py") if file.is_relative_to(PACKAGE)]
ANSWERING = {
    "cli/approvals.py",
    "cli/terminal.py",
    "cli/undo.py",
    "lsp/questions.py",
    "lsp/features/commands.py",
    "web/rest/approvals.py",
    "workspace/land.py",
}
"""Where a person's answer is taken: a terminal, a message, a command of the editor, its diff, a
page."""

READING = {
    "agents/plan_steps.py",
    "agents/progress.py",
    "agents/reading.py",
    "agents/step_page.py",
    "agents/trace.py",
    "agents/why.py",
}
"""Where rows of answers are read to be shown."""


def files_with(found: Callable[[ast.AST], bool]) -> set[str]:
    return {
        str(file.relative_to(PACKAGE))
        for file in CODE
        if any(found(node) for node in ast.walk(ast.parse(file.read_text("utf-8"))))
    }


def names(*wanted: str) -> Callable[[ast.AST], bool]:
    """Whether a node imports, reads or takes an attribute of one of these names."""

    def found(node: ast.AST) -> bool:
        match node:
            case ast.alias(name=name) | ast.Name(id=name) | ast.Attribute(attr=name):
                return name in wanted
            case _:
                return False

    return found


def calls_answer(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "answer"
        and any(keyword.arg == "approve" for keyword in node.keywords)
    )


def test_only_where_a_person_sits_an_answer_is_taken() -> None:
    assert files_with(calls_answer) == ANSWERING


def test_only_permissions_writes_the_rows_of_answers_and_grants() -> None:
    touching = files_with(names("ApprovalRow", "RunGrantRow")) - READING
    assert {str(Path(file).parent) for file in touching} == {"permissions"}


def test_only_the_composition_root_makes_the_seal_of_answers() -> None:
    # A shell takes grants and questions back with it, says which folder is trusted, and answers at
    # a terminal; that nothing else there does is tested above.
    assert files_with(names("approval_seal", "ApprovalKey")) == {
        "app/asked.py",
        "cli/shell.py",
        "permissions/seal.py",
    }


def test_where_nobody_is_asked_only_the_composition_root_puts_a_deputy() -> None:
    assert files_with(names("Deputy", "UnattendedApprovals", "StandingPolicy")) == {
        "app/asked.py",
        "app/headless.py",
        "cli/policy.py",
        "permissions/policy_file.py",
        "permissions/policy_place.py",
        "permissions/unattended.py",
    }


def test_a_grant_is_made_at_the_door_of_the_tools_alone() -> None:
    assert files_with(names("narrow_rules")) == {"tools/invoke.py"}


def test_a_window_that_vs_code_restricts_has_no_client_that_could_say_yes() -> None:
    manifest = json.loads((ROOT / "clients" / "vscode" / "package.json").read_text("utf-8"))
    assert manifest["capabilities"]["untrustedWorkspaces"]["supported"] is False
