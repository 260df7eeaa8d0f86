"""What runs changed in files and how much of it is undone: units of work that only read."""

from collections.abc import Sequence

from sqlmodel import Session, col, func, select

from steward.agents.extension_run import extension_as_run
from steward.agents.tables import RunRow
from steward.agents.talk.as_run import answer_as_run
from steward.agents.undo import step_of
from steward.core.agent_limits import CHANGES_LISTED_MAX
from steward.core.principal import Principal
from steward.workspace.history.undo_rows import (
    Change,
    Story,
    Undone,
    newest_runs,
    stories,
    undone_runs,
)
from steward.workspace.proposal import FileChange
from steward.workspace.tables import ProposalRow


def changes_of(
    session: Session,
    principal: Principal,
    run_id: str = "",
    workspace: str | None = None,
    limit: int = CHANGES_LISTED_MAX,
) -> list[dict[str, object]]:
    """The changes and undos of one run or of the newest ones, the newest first.

    Only of the person's own runs; in every folder where none is named.
    """
    tenant_id = principal.tenant_id
    ids = [run_id] if run_id else newest_runs(session, tenant_id, workspace, limit)
    found = stories(session, tenant_id, _own(session, principal, ids))
    told = [
        _as_json(story, change)
        for story in found.values()
        for change in (*story.changes, *story.undos)
    ]
    return sorted(told, key=lambda change: str(change["at"]), reverse=True)


def undone_of(session: Session, tenant_id: str, run_ids: Sequence[str]) -> dict[str, Undone]:
    """Run → how much of what it changed is undone, for the runs of which anything ever was."""
    touched = undone_runs(session, tenant_id, run_ids)
    found = stories(session, tenant_id, touched) if touched else {}
    return {run_id: _how_much(story) for run_id, story in found.items()}


def changed_by(session: Session, tenant_id: str, run_ids: Sequence[str]) -> dict[str, int]:
    """Run → how many changes of files it made, for the runs that made any."""
    rows = session.exec(
        select(ProposalRow.run_id, func.count())
        .where(
            ProposalRow.tenant_id == tenant_id,
            col(ProposalRow.run_id).in_(run_ids),
            ProposalRow.kind == "edit",
            ProposalRow.state == "applied",
        )
        .group_by(ProposalRow.run_id)
    )
    return dict(rows.all())


def _how_much(story: Story) -> Undone:
    shares = {change.is_undone for change in story.changes}
    if shares == {"yes"}:
        return "yes"
    return "no" if shares <= {"no"} else "partly"


def file_as_json(change: FileChange) -> dict[str, object]:
    """What is done to a file, for a program."""
    return {"path": change.path, "change": change.kind, "movedFrom": change.moved_from or ""}


def _as_json(story: Story, change: Change) -> dict[str, object]:
    """One change of a run, or one undo."""
    proposal = change.applied.proposal
    is_undo = proposal.undo is not None
    return {
        "id": proposal.id,
        "runId": story.run_id,
        "step": "" if is_undo else step_of(proposal.id, story.run_id),
        "kind": "change" if proposal.undo is None else "redo" if proposal.undo.is_redo else "undo",
        "title": proposal.title,
        "state": change.state,
        "at": change.applied.at.isoformat(),
        "undone": change.is_undone,
        "undoes": list(proposal.undo.undoes) if proposal.undo is not None else [],
        "files": [
            file_as_json(each) | {"isUndone": each.path in change.undone}
            for each in proposal.changes
        ],
    }


def _own(session: Session, principal: Principal, run_ids: Sequence[str]) -> list[str]:
    own = session.exec(
        select(RunRow.id).where(
            RunRow.tenant_id == principal.tenant_id,
            RunRow.user == principal.user,
            col(RunRow.id).in_(run_ids),
        )
    )
    return [*own, *(each for each in run_ids if _is_own_answer(session, principal, each))]


def _is_own_answer(session: Session, principal: Principal, run_id: str) -> bool:
    found = answer_as_run(session, run_id) or extension_as_run(session, run_id)
    return found is not None and (found.tenant_id, found.user) == (
        principal.tenant_id,
        principal.user,
    )
