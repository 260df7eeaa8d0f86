"""`textDocument/codeAction`: what the right-click menu and the light bulb offer.

Listing costs nothing: no model is asked before somebody picks an action.
"""

from collections.abc import Sequence

from lsprotocol import types

from steward.lsp.session import Session

_DIAGNOSTICS_MAX = 10


async def code_action(
    session: Session, params: types.CodeActionParams
) -> list[types.CodeAction | types.Command]:
    """Actions for the range."""
    if session.root is None:
        return []
    uri, wanted = params.text_document.uri, params.context.only
    actions: list[types.CodeAction | types.Command] = []
    if params.context.diagnostics and _is_wanted(types.CodeActionKind.QuickFix, wanted):
        reports = [_report(one) for one in params.context.diagnostics[:_DIAGNOSTICS_MAX]]
        goal = "Fix the problem that the editor reports here."
        actions.append(
            types.CodeAction(
                "Steward: fix this with an agent",
                kind=types.CodeActionKind.QuickFix,
                diagnostics=params.context.diagnostics,
                command=_command(uri, params.range, goal, reports),
            )
        )
    if _is_wanted(types.CodeActionKind.RefactorRewrite, wanted):
        goal = "Find the failing test that exercises this code and make it pass."
        actions.append(
            types.CodeAction(
                "Steward: make the failing tests pass with an agent",
                kind=types.CodeActionKind.RefactorRewrite,
                command=_command(uri, params.range, goal, []),
            )
        )
    return actions


def _command(uri: str, where: types.Range, goal: str, reports: list[str]) -> types.Command:
    argument = {
        "agent": "fix",
        "goal": goal,
        "uri": uri,
        "range": {
            "start": {"line": where.start.line, "character": where.start.character},
            "end": {"line": where.end.line, "character": where.end.character},
        },
        "observations": "\n".join(reports),
    }
    return types.Command("Run agent", "steward.agent.run", arguments=[argument])


def _is_wanted(
    kind: types.CodeActionKind, only: Sequence[types.CodeActionKind | str] | None
) -> bool:
    # A kind stands for all below it: "refactor" wants "refactor.rewrite" too.
    return only is None or any(kind == one or kind.startswith(f"{one}.") for one in only)


def _report(diagnostic: types.Diagnostic) -> str:
    return f"line {diagnostic.range.start.line + 1}: {diagnostic.message}"
