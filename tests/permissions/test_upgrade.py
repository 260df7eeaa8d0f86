"""What a database held before answers were sealed and developers had their name."""

from collections.abc import Generator

import pytest
from alembic import command
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import IntegrityError

from steward.core.migrate import HEAD, alembic_config
from tests.places import Place, engine_of

BEFORE = "2026_11_22_replies"
_PERSON = text(
    'INSERT INTO person (tenant_id, "user", role, team, is_lead)'
    " VALUES ('local', :user, :role, :team, :is_lead)"
)
_APPROVAL = text(
    'INSERT INTO approval (id, tenant_id, "user", workspace, run_id, key, attempt, kind, title,'
    ' body, digest, state, asked_at, expires_at, boot, expires_monotonic_s, takes, "grant", reply)'
    " VALUES (:id, 'local', 'ann', '/work', 'run-1', :id, 0, 'plan', 't', 'b', 'd', :id,"
    " '2026-11-21 10:00:00+00:00', '2026-11-21 18:00:00+00:00', 'boot', 1.0, '', '', '')"
)


@pytest.fixture
def engine(bare: Place) -> Generator[Engine]:
    engine = engine_of(bare)
    yield engine
    engine.dispose()


def roles(connection: Connection) -> dict[str, str]:
    rows = connection.execute(text('SELECT "user", role FROM person'))
    return {str(row[0]): str(row[1]) for row in rows}


def test_members_become_developers_and_what_nobody_vouches_for_is_withdrawn(
    engine: Engine,
) -> None:
    config = alembic_config()
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE)
        for user, role in (("olga", "owner"), ("bob", "member"), ("vic", "viewer")):
            team = {"user": user, "role": role, "team": "red", "is_lead": user == "bob"}
            connection.execute(_PERSON, team)
        for state in ("pending", "approved", "rejected", "expired"):
            connection.execute(_APPROVAL, {"id": state})
        command.upgrade(config, HEAD)
        assert roles(connection) == {"olga": "owner", "bob": "developer", "vic": "viewer"}
        states = connection.execute(text("SELECT id, state FROM approval ORDER BY id")).all()
        assert [tuple(row) for row in states] == [
            *(("approved", "withdrawn"), ("expired", "expired")),
            *(("pending", "withdrawn"), ("rejected", "withdrawn")),
        ]
        connection.execute(text("UPDATE person SET role = 'maintainer' WHERE \"user\" = 'olga'"))
        for change in ("role = 'member'", "is_lead = TRUE"):  # Unknown; and a second lead.
            with pytest.raises(IntegrityError), connection.begin_nested():
                connection.execute(text(f"UPDATE person SET {change} WHERE \"user\" = 'vic'"))
        command.downgrade(config, BEFORE)
        assert roles(connection) == {"olga": "member", "bob": "member", "vic": "viewer"}
