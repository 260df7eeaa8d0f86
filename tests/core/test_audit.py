"""The trail is appended, never edited; whoever edits it all the same is found."""

from collections.abc import AsyncGenerator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from steward.core import audit
from steward.core.database import Database, open_database
from steward.core.errors import InvalidInputError, LimitError
from tests.places import Place, execute

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


@pytest.fixture
async def database(place: Place) -> AsyncGenerator[Database]:
    async with open_database(place) as database:
        yield database


def note(subject: str = "run-1", **detail: object) -> "Note":
    return Note(subject, detail)


class Note:
    """A unit of work that appends one entry."""

    def __init__(self, subject: str, detail: dict[str, object]) -> None:
        self.subject = subject
        self.detail = detail

    def __call__(self, session: Session) -> int:
        return audit.append(
            session,
            at=AT,
            actor="ann",
            action="approval.asked",
            subject=self.subject,
            detail=self.detail,
        )


async def fill(database: Database, count: int) -> None:
    for n in range(count):
        await database.run(note(f"run-{n}", n=n))


async def test_a_chain_that_nobody_touched_holds(database: Database) -> None:
    await fill(database, 5)
    verdict = await database.read(audit.verify)
    assert verdict.is_intact
    assert verdict.entries == 5
    newest = (await database.read(audit.read))[-1]
    assert newest.hash == verdict.head


async def test_an_entry_hashes_to_the_same_for_ever(database: Database) -> None:
    # Other programs and older databases rely on this value: it may only change with a new column.
    def work(session: Session) -> None:
        audit.append(
            session,
            at=datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=timezone(timedelta(hours=2))),
            actor="Zoë",
            action="plan.approved",
            subject="run-1",
            detail={"b": [1, None, True], "a": "é\n"},
        )

    await database.run(work)
    assert (await database.read(audit.read))[0].hash == (
        "18245910249e90cc12ee0f3ce9de70340050c84ba374e0109e3e4c87dac3fe54"
    )


async def test_an_empty_trail_holds(database: Database) -> None:
    assert (await database.read(audit.verify)).is_intact


@pytest.mark.parametrize(
    "action", ["UPDATE audit SET actor = 'eve'", "DELETE FROM audit", "TRUNCATE audit"]
)
async def test_an_entry_can_be_neither_changed_nor_deleted(
    place: Place, database: Database, action: str
) -> None:
    if isinstance(place, Path) and action.startswith("TRUNCATE"):
        action = "DELETE FROM audit WHERE TRUE"  # SQLite's own way to empty a table at once.
    await fill(database, 1)
    with pytest.raises(IntegrityError, match="never changed or deleted"):
        await database.run(lambda session: session.connection().exec_driver_sql(action))


@pytest.mark.parametrize(
    ("insert", "otherwise"),
    [
        ("INSERT OR REPLACE", ""),
        ("INSERT", " ON CONFLICT (seq) DO UPDATE SET actor = excluded.actor"),
    ],
)
async def test_an_entry_cannot_be_replaced(
    place: Place, database: Database, insert: str, otherwise: str
) -> None:
    await fill(database, 1)
    if isinstance(place, str):
        insert = "INSERT"  # PostgreSQL knows only the second way.
        otherwise = otherwise or " ON CONFLICT (seq) DO UPDATE SET hash = excluded.hash"
    replace = (
        f"{insert} INTO audit SELECT seq, tenant_id, at, 'eve', action, subject, detail,"
        f" previous_hash, hash FROM audit WHERE TRUE{otherwise}"
    )
    with pytest.raises(IntegrityError, match="never changed or deleted"):
        await database.run(lambda session: session.connection().exec_driver_sql(replace))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit SET tenant_id = 'other' WHERE seq = 3",
        "UPDATE audit SET at = '2020-01-01 00:00:00.000000' WHERE seq = 3",
        "UPDATE audit SET at = 'nonsense' WHERE seq = 3",
        "UPDATE audit SET actor = 'eve' WHERE seq = 3",
        "UPDATE audit SET action = 'approval.approved' WHERE seq = 3",
        "UPDATE audit SET subject = 'run-9' WHERE seq = 3",
        "UPDATE audit SET detail = '{}' WHERE seq = 3",
        "UPDATE audit SET hash = previous_hash WHERE seq = 3",
        "UPDATE audit SET previous_hash = hash WHERE seq = 3",
        "DELETE FROM audit WHERE seq = 3",
    ],
)
async def test_whoever_edits_the_file_itself_is_found(
    place: Place, database: Database, change: str
) -> None:
    await fill(database, 5)
    if isinstance(place, str):
        # Its columns take no nonsense but this, which no clock says either.
        change = change.replace("'nonsense'", "'infinity'")
    edit(place, change)
    verdict = await database.read(audit.verify)
    assert verdict.first_bad_seq == 3
    assert verdict.entries == 2


async def test_an_entry_that_was_made_anew_no_longer_fits_the_next(
    tmp_path: Path, place: Place, database: Database
) -> None:
    async with open_database(tmp_path / "other.db") as other:
        await fill(other, 2)
        await other.run(note("run-9", n=9))
        forged = (await other.read(audit.read))[-1]
    await fill(database, 5)
    # Right in itself: the forger knows how hashes are made.
    change = f"UPDATE audit SET subject = 'run-9', detail = '{{\"n\":9}}', hash = '{forged.hash}'"
    edit(place, f"{change} WHERE seq = 3")
    assert (await database.read(audit.verify)).first_bad_seq == 4


def edit(place: Place, change: str) -> None:
    """Change a row past the triggers, as somebody with the database's rights could."""
    if isinstance(place, str):
        execute(place, f"SET session_replication_role = replica; {change}")
        return
    for (trigger,) in execute(place, "SELECT name FROM sqlite_master WHERE type = 'trigger'"):
        execute(place, f"DROP TRIGGER {trigger}")
    execute(place, change)


async def test_an_entry_is_undone_with_the_unit_it_belongs_to(database: Database) -> None:
    def work(session: Session) -> None:
        note()(session)
        raise InvalidInputError("no")

    with pytest.raises(InvalidInputError):
        await database.run(work)
    assert await database.read(audit.read) == ()
    assert await database.run(note()) == 1


async def test_the_trail_is_read_by_subject_oldest_first(database: Database) -> None:
    for n in range(4):
        await database.run(note("run-1" if n % 2 else "run-2", n=n))
    found = await database.read(lambda session: audit.read(session, "run-1"))
    assert [entry.detail["n"] for entry in found] == [1, 3]
    assert found[0].at == AT
    newest = await database.read(lambda session: audit.read(session, limit=2))
    assert [entry.seq for entry in newest] == [3, 4]


async def test_the_trail_of_another_tenant_is_not_shown(database: Database) -> None:
    await fill(database, 1)
    assert await database.read(lambda session: audit.read(session, tenant_id="acme")) == ()


async def test_an_entry_without_measure_is_refused(database: Database) -> None:
    with pytest.raises(LimitError, match=r"approval\.asked"):
        await database.run(note(text="x" * 20_000))
