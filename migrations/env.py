"""How Alembic reaches our tables. The connection is handed in; see steward/core/migrate.py."""

from importlib import import_module
from pathlib import Path

from alembic import context
from sqlmodel import SQLModel

import steward

_PACKAGE = Path(steward.__file__).parent

# Only a comparison needs to know the tables; an upgrade is written out in its revision.
if context.config.attributes.get("compare", False):
    for file in sorted(_PACKAGE.rglob("tables.py")):
        parts = file.relative_to(_PACKAGE).with_suffix("").parts
        import_module(".".join(("steward", *parts)))

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,  # SQLite cannot alter a column; batch mode copies the table.
    # The transaction is the caller's: all revisions or none, and one process at a time.
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
