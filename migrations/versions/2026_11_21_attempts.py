"""Whose agent asked which provider, in which attempt, and how long it took.

Entries stay sealed as they are: a seal leaves out fields that have their default at the end of an
entry, and every older entry has the default in all of these.
"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql.sqltypes import AutoString

from steward.core.errors import UnavailableError

revision = "2026_11_21_attempts"
down_revision = "2026_11_21_scopes"
branch_labels = None
depends_on = None

_NAMES = ("agent", "provider", "request_id")


def upgrade() -> None:
    for table in ("reservation", "entry"):
        for name in _NAMES:
            op.add_column(table, sa.Column(name, AutoString(), nullable=False, server_default=""))
        op.add_column(
            table, sa.Column("attempt", sa.BigInteger(), nullable=False, server_default="1")
        )
    for name in ("first_piece_ms", "duration_ms"):
        op.add_column("reservation", sa.Column(name, sa.BigInteger(), nullable=True))
    op.add_column(
        "reservation",
        sa.Column("saved_nano_usd", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.execute("UPDATE reservation SET request_id = id")


def downgrade() -> None:
    raise UnavailableError(
        "An older version cannot check entries that are sealed with their attempts, so there is no"
        " way back. If you kept a copy of the database from before, use that; otherwise stay with"
        " this version."
    )
