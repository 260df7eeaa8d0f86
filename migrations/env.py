"""How Alembic reaches our tables. The connection is handed in; see steward/core/migrate.py."""

from importlib import import_module
from pathlib import Path

from alembic import context
from sqlmodel import SQLModel

import steward
from steward.core.outbox_triggers import drop_triggers, make_triggers

_PACKAGE = Path(steward.__file__).parent

# Only a comparison needs to know the tables; an upgrade is written out in its revision.
if context.config.attributes.get("compare", False):
    for file in sorted(_PACKAGE.rglob("tables.py")):
        parts = file.relative_to(_PACKAGE).with_suffix("").parts
        import_module(".".join(("steward", *parts)))

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=True,  # SQLite cannot alter a column; batch mode copies the table.
    # The transaction is the caller's: all revisions or none, and one process at a time.
    transactional_ddl=True,
)
with context.begin_transaction():
    # A table may be altered by copying it, and triggers refer to one another's tables.
    drop_triggers(connection)
    context.run_migrations()
    if set(context.get_context().get_current_heads()) == set(context.script.get_heads()):
        make_triggers(connection)
