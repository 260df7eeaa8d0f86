"""The trail of what was decided and done: appended, never edited.

Each entry carries the SHA-256 of itself and of the entry before it, so an entry that was changed,
removed from the middle or slipped in later breaks the chain where it stands. What a chain cannot
show is a tail cut off, or a whole chain written anew, by somebody who may write the file: for
that, keep a `Verdict`'s head elsewhere and compare.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import bindparam, text
from sqlalchemy.engine import Row, RowMapping
from sqlmodel import Session
from sqlmodel.sql.sqltypes import UTCDateTime

from steward.core.errors import LimitError
from steward.core.limits import AUDIT_DETAIL_CHARS_MAX
from steward.core.principal import LOCAL_TENANT

_START = "0" * 64
"""What the first entry names as the hash before it."""

_LAST = text("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")
_INSERT = text(
    "INSERT INTO audit (seq, tenant_id, at, actor, action, subject, detail, previous_hash, hash)"
    " VALUES (:seq, :tenant_id, :at, :actor, :action, :subject, :detail, :previous_hash, :hash)"
).bindparams(bindparam("at", type_=UTCDateTime()))
_COLUMNS = "SELECT seq, tenant_id, at, actor, action, subject, detail, previous_hash, hash"
# As text: a time that somebody overwrote with nonsense is to be found, not to raise.
_CHAIN = text(
    f"{_COLUMNS.replace(' at,', ' CAST(at AS TEXT) AS at,')} FROM audit"
    " WHERE seq > :after ORDER BY seq LIMIT :most"
)
_HASH_AT = text("SELECT hash FROM audit WHERE seq = :seq")
_NEWEST = text(
    f"{_COLUMNS} FROM audit WHERE tenant_id = :tenant_id"
    " AND (CAST(:subject AS TEXT) IS NULL OR subject = :subject) ORDER BY seq DESC LIMIT :limit"
).columns(at=UTCDateTime())


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """One fact of the trail."""

    seq: int
    tenant_id: str
    at: datetime
    actor: str
    action: str
    subject: str
    detail: Mapping[str, object]
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """What checking the whole chain found."""

    entries: int
    """Entries read, the bad one not counted."""
    head: str
    """The hash of the last good entry."""
    first_bad_seq: int | None
    """The number at which the chain breaks; None if it holds."""

    @property
    def is_intact(self) -> bool:
        """Whether the chain holds from the first entry to the last."""
        return self.first_bad_seq is None


UNREAD = Verdict(0, _START, first_bad_seq=None)
"""What is known before the first entry is read."""
_AT_ONCE = 500


def append(  # noqa: PLR0913  A fact has this many parts, and each call names them.
    session: Session,
    *,
    at: datetime,
    actor: str,
    action: str,
    subject: str,
    detail: Mapping[str, object],
    tenant_id: str = LOCAL_TENANT,
) -> int:
    """Write a fact down in the transaction of what it records; gives its sequence number.

    `actor` is who did it, `action` a stable dotted name (`approval.asked`), `subject` what the
    trail is later searched by (a run, a proposal, an account); `detail` must be JSON.

    Raises:
        LimitError: the detail is longer than an entry may be.
    """
    connection = session.connection()
    # What the session holds back goes first: both or neither.
    session.flush()
    last = connection.execute(_LAST).one_or_none()
    seq, previous = (1, _START) if last is None else (int(last.seq) + 1, str(last.hash))
    row: dict[str, object] = {
        "seq": seq,
        "tenant_id": tenant_id,
        "at": at,
        "actor": actor,
        "action": action,
        "subject": subject,
        "detail": _detail(action, detail),
        "previous_hash": previous,
    }
    connection.execute(_INSERT, row | {"hash": _digest(row)})
    return seq


def verify(session: Session) -> Verdict:
    """Recompute the whole chain and name the first entry that does not fit."""
    verdict, is_over = UNREAD, False
    while not is_over:
        verdict, is_over = verify_on(session, verdict, _AT_ONCE)
    return verdict


def verify_on(session: Session, so_far: Verdict, most: int) -> tuple[Verdict, bool]:
    """Recompute so many entries more; gives what was found by now, and whether that is all.

    Whatever is appended meanwhile comes behind what was read, so pieces that are read one after
    the other find what one long reading does, and hold nobody up.
    """
    seq, head = so_far.entries, so_far.head
    window = {"after": seq, "most": most}
    with session.connection().execute(_CHAIN, window) as rows:
        for row in rows.mappings():
            follows = row["seq"] == seq + 1 and row["previous_hash"] == head
            if not follows or row["hash"] != _stored_digest(row):
                return Verdict(seq, head, first_bad_seq=seq + 1), True
            seq, head = row["seq"], row["hash"]
    return Verdict(seq, head, first_bad_seq=None), seq < so_far.entries + most


def hash_at(session: Session, seq: int) -> str | None:
    """The hash of the entry of that number; None if there is none."""
    return session.connection().execute(_HASH_AT, {"seq": seq}).scalar()


def read(
    session: Session,
    subject: str | None = None,
    limit: int = 200,
    *,
    tenant_id: str = LOCAL_TENANT,
) -> tuple[AuditEntry, ...]:
    """The newest entries, oldest first, of one subject or of all."""
    rows = session.connection().execute(
        _NEWEST, {"tenant_id": tenant_id, "subject": subject, "limit": limit}
    )
    return tuple(reversed([entry_of(row) for row in rows]))


def canonical(value: object) -> str:
    """The one JSON spelling of a value: sorted keys, no spaces, no escapes beyond JSON's own."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _detail(action: str, detail: Mapping[str, object]) -> str:
    written = canonical(dict(detail))
    if len(written) > AUDIT_DETAIL_CHARS_MAX:
        raise LimitError(
            f"The audit entry {action!r} would take {len(written)} characters; the most is"
            f" {AUDIT_DETAIL_CHARS_MAX}. Record a digest of what is long."
        )
    return written


def _digest(row: Mapping[str, object]) -> str:
    at = cast("datetime", row["at"]).astimezone(UTC)
    body = canonical({**row, "at": at.isoformat(timespec="microseconds")})
    return hashlib.sha256(body.encode("utf-8", "surrogatepass")).hexdigest()


def _stored_digest(row: RowMapping) -> str | None:
    """The digest of a row as it stands; None where its time is none."""
    try:
        at = datetime.fromisoformat(str(row["at"]))
    except ValueError:
        return None
    parts = {str(name): value for name, value in row.items() if name != "hash"}
    return _digest(parts | {"at": at.replace(tzinfo=at.tzinfo or UTC)})


def entry_of(row: Row[Any]) -> AuditEntry:
    """The fact that a row of the trail holds."""
    return AuditEntry(
        seq=row.seq,
        tenant_id=row.tenant_id,
        at=row.at,
        actor=row.actor,
        action=row.action,
        subject=row.subject,
        detail=json.loads(row.detail),
        previous_hash=row.previous_hash,
        hash=row.hash,
    )
