"""A question as every front end shows it: the same words, the same buttons, the same digest."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from steward.permissions.question import OpenQuestion


def question_told(question: "OpenQuestion") -> dict[str, object]:
    """A question as `steward/ask` carries it, and as the pages show it."""
    from steward.agents.page import view_of  # Here, because it loads pydantic.

    approve, reject = choices(question)
    draft = question.draft or {}
    proposed = draft if question.kind == "edit" else {}
    return {
        "id": question.id,
        "kind": question.kind,
        "title": question.title,
        "markdown": question.body,
        "digest": question.digest,
        "choices": [{"id": "approve", "title": approve}, {"id": "reject", "title": reject}],
        "runId": question.run_id,
        "takes": sorted(question.takes),
        "grant": question.grant,
        "plan": draft if "edited_plan" in question.takes else None,
        "view": view_of(question.view, question.body),
        "proposal": proposed.get("proposal", ""),
        "hunks": proposed.get("hunks", []),
        "marks": proposed.get("marks", []),
        "expiresAt": question.expires_at.isoformat(),
    }


def choices(question: "OpenQuestion") -> tuple[str, str]:
    """What the buttons say: yes, no."""
    match question.kind:
        case "plan":
            return "Approve plan", "Reject plan"
        case "command":
            return "Allow once", "Deny"
        case "edit":
            return "Apply", "Discard"
        case "commit":
            return "Commit", "Don't commit"
        case "pull_request":
            return "Push and open", "Don't send"
        case "trust":
            return "Trust this folder", "Don't trust"
        case "instructions":
            return "Follow them", "Don't follow"
        case "mcp":
            return "Approve tools", "Don't approve"
        case "extension":
            return "Allow it", "Don't allow"
