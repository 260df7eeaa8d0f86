"""How long a run has waited for people: a unit of work that only reads."""

from sqlmodel import Session, col, select

from steward.permissions.tables import ApprovalRow


def waited_s(session: Session, run_id: str) -> dict[str, float]:
    """Seconds that the run's questions stood open, by the place that asked; open ones left out."""
    rows = session.exec(
        select(ApprovalRow.key, ApprovalRow.asked_at, ApprovalRow.answered_at).where(
            ApprovalRow.run_id == run_id, col(ApprovalRow.answered_at).is_not(None)
        )
    )
    waited: dict[str, float] = {}
    for key, asked_at, answered_at in rows:
        if answered_at is not None:
            stood_s = (answered_at - asked_at).total_seconds()
            waited[key] = waited.get(key, 0.0) + max(0.0, stood_s)
    return waited
