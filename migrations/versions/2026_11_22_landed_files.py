"""Which landed proposals changed which file, so that those of one file are found at once."""

import json

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString, UTCDateTime

revision = "2026_11_22_landed_files"
down_revision = "2026_11_22_instructions"
branch_labels = None
depends_on = None

_PROPOSAL = sa.table(
    "proposal",
    *(sa.column(name) for name in ("id", "tenant_id", "workspace", "kind", "content", "state")),
    sa.column("ended_at", UTCDateTime()),
)


def upgrade() -> None:
    landed_file = op.create_table(
        "landed_file",
        sa.Column("proposal_id", AutoString(), nullable=False),
        sa.Column("path", AutoString(), nullable=False),
        sa.Column("tenant_id", AutoString(), nullable=False),
        sa.Column("workspace", AutoString(), nullable=False),
        sa.Column("moved_from", AutoString(), nullable=False),
        sa.Column("is_whole", sa.Boolean(), nullable=False),
        sa.Column("landed_at", UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("proposal_id", "path"),
    )
    op.create_index(
        "ix_landed_file_path", "landed_file", ["tenant_id", "workspace", "path", "landed_at"]
    )
    connection = op.get_bind()
    is_landed = sa.and_(
        _PROPOSAL.c.kind == "edit",
        _PROPOSAL.c.state.in_(("applied", "partial")),
        _PROPOSAL.c.ended_at.is_not(None),
    )
    ids = connection.execute(sa.select(_PROPOSAL.c.id).where(is_landed)).scalars().all()
    for id_ in ids:  # One at a time: each holds whole files.
        row = connection.execute(sa.select(_PROPOSAL).where(_PROPOSAL.c.id == id_)).one()
        changes = [
            {
                "proposal_id": row.id,
                "path": path,
                "tenant_id": row.tenant_id,
                "workspace": row.workspace,
                "moved_from": moved_from or "",
                "is_whole": row.state == "applied",
                "landed_at": row.ended_at,
            }
            for path, _before, _after, moved_from in json.loads(row.content)["changes"]
        ]
        connection.execute(sa.insert(landed_file), changes)


def downgrade() -> None:
    op.drop_index("ix_landed_file_path", table_name="landed_file")
    op.drop_table("landed_file")
