"""The outbox: what happened, in the order in which it was committed, by whichever process.

Triggers write it (see `steward.core.outbox_triggers`). Whoever writes to the database does so one
at a time, so a happening with a higher number was committed later, and whoever has read up to a
number has missed nothing. Numbers may be left out.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Executable, text
from sqlmodel import Session
from sqlmodel.sql.sqltypes import UTCDateTime

_COLUMNS = 'seq, tenant_id, at, kind, "user", team, workspace, subject, detail'
_AFTER = text(
    f"SELECT {_COLUMNS} FROM outbox WHERE seq > :after ORDER BY seq DESC LIMIT :most"  # noqa: S608
).columns(at=UTCDateTime())
_NEXT = text(
    f"SELECT {_COLUMNS} FROM outbox WHERE seq > :after ORDER BY seq LIMIT :most"  # noqa: S608
).columns(at=UTCDateTime())
_HEAD = text("SELECT COALESCE(MAX(seq), 0), COALESCE(MIN(seq), 0) FROM outbox")


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that was committed."""

    seq: int
    tenant_id: str
    at: datetime
    """By the database's clock."""
    kind: str
    """`cost`, `run`, `approval`, `budget` or `extension`; `access` is for servers alone."""
    user: str
    """Whom it concerns; empty where it is nobody alone."""
    team: str
    """The team that pays, or that the user was in then; empty where there is none."""
    workspace: str
    subject: str
    """The id of the run, request, approval or extension; of a budget its scope."""
    detail: str
    """A JSON object, other for each kind."""


def newest_after(session: Session, after: int, most: int) -> list[Happening]:
    """The newest behind a number, the oldest of them first."""
    return _read(session, _AFTER, after, most)[::-1]


def next_after(session: Session, after: int, most: int) -> list[Happening]:
    """The first behind a number, in their order."""
    return _read(session, _NEXT, after, most)


@dataclass(frozen=True, slots=True)
class Bounds:
    """From where to where the outbox reaches; nought where nothing ever happened."""

    oldest: int
    newest: int

    def has_all_after(self, seq: int) -> bool:
        """Whether everything behind a number is still there."""
        return self.oldest - 1 <= seq <= self.newest


def bounds(session: Session) -> Bounds:
    """How far it reaches."""
    newest, oldest = session.connection().execute(_HEAD).one()
    return Bounds(int(oldest), int(newest))


def _read(session: Session, statement: Executable, after: int, most: int) -> list[Happening]:
    rows = session.connection().execute(statement, {"after": after, "most": most})
    return [Happening(*row) for row in rows]
