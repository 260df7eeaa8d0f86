"""What stands in a run's place where a change came from an extension."""

from sqlmodel import Session, col, select

from steward.agents.tables import RunRow
from steward.extensions.run_id import extension_of_run
from steward.permissions.answers import whom_asked
from steward.workspace.tables import ProposalRow


def extension_as_run(session: Session, run_id: str) -> RunRow | None:
    """It, made of the proposal and of who was asked; None for the id of any other run.

    It is no row and is not kept.
    """
    extension = extension_of_run(run_id)
    if not extension:
        return None
    of_run = select(ProposalRow).where(ProposalRow.run_id == run_id)
    proposal = session.exec(of_run.order_by(col(ProposalRow.created_at))).first()
    asked = whom_asked(session, run_id)
    if proposal is None or asked is None:
        return None
    user, title = asked
    return RunRow(
        id=run_id,
        tenant_id=proposal.tenant_id,
        user=user,
        session="",
        workspace=proposal.workspace,
        agent_id=f"extension {extension}",
        goal=title,
        place="",
        mode="normal",
        state="finished",
        owner="",
        created_at=proposal.created_at,
    )
