"""Faults of extensions, and when they are enough to disable one.

A fault that our limits ended (a trap, a deadline, memory, a quota) and an answer that is none count
one strike. An error that the extension raised itself counts half: it hurts nobody but its person,
who sees it at once. So does the end of the whole worker, because a neighbour may have caused that.
Five strikes within an hour disable it. They are written down, so a restart
forgives nothing; strikes of another package, and those that it was disabled for, do not count.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast

from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from steward.core import audit
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.extension_limits import EXTENSION_FAULT_CHARS_MAX, EXTENSION_STRIKES_KEPT_MAX
from steward.core.ids import IdSource
from steward.core.principal import Principal
from steward.core.redact import redact
from steward.extensions.activity import Happened, note
from steward.extensions.packages.installed import Installed
from steward.extensions.tables import ExtensionStrikeRow
from steward.workspace.reveal import reveal

FaultKind = Literal["trap", "deadline", "memory", "quota", "answer", "raised", "gone"]

STRIKES_MAX = 5
WITHIN = timedelta(hours=1)
_HALVES: dict[FaultKind, int] = {"raised": 1, "gone": 1}
_WHOLE = 2
_IN_WORDS: dict[FaultKind, str] = {
    "trap": "it crashed",
    "deadline": "it took too long",
    "memory": "it wanted too much memory",
    "quota": "it asked too much of the host",
    "answer": "its answer is not what the API says",
    "raised": "it ended with an error",
    "gone": "its worker ended",
}
_PLACE = re.compile(
    r"""File "(?P<python>[^"\n]{1,200})", line (?P<line>\d{1,7})"""
    r"""|(?P<script>[\w./-]{1,200}\.[cm]?js):(?P<at>\d{1,7})"""
)


@dataclass(frozen=True, slots=True)
class Strike:
    """One fault."""

    at: datetime
    version: str
    kind: FaultKind
    topic: str
    """What it was given."""
    said: str
    place: str
    """Where in its code, as far as it says; else empty."""
    is_open: bool
    """Whether it counts."""

    def told(self) -> str:
        """The fault in a sentence."""
        where = f" at {self.place}" if self.place else ""
        # Indented, so that no line of it passes for one of ours.
        said = ": " + self.said.replace("\n", "\n    ") if self.said else ""
        when = self.at.isoformat(sep=" ", timespec="seconds")
        return f"{when}, {self.topic}{where}: {_IN_WORDS[self.kind]}{said}"


@dataclass(frozen=True, slots=True)
class FaultReport:
    """Why an extension was disabled, and how it comes back."""

    extension: str
    version: str
    strikes: tuple[Strike, ...]
    """Those that counted, the newest first."""

    def told(self) -> str:
        """The report for its person, as plain text."""
        lines = "\n".join(f"- {strike.told()}" for strike in self.strikes)
        return (
            f"The extension {self.extension} {self.version} was disabled after repeated faults:\n"
            f"{lines}\n"
            f"Its log: `steward extension info {self.extension}`. To bring it back:"
            f" `steward extension enable {self.extension}`, or install another version."
        )


@dataclass(frozen=True, slots=True)
class Faults:
    """Writes strikes down for one person."""

    database: Database
    clock: Clock
    new_id: IdSource
    principal: Principal

    async def strike(
        self, installed: Installed, kind: FaultKind, topic: str, said: str
    ) -> FaultReport | None:
        """Count a fault; gives a report if it is enough to disable the extension."""
        now, row_id, note_id = self.clock.now(), self.new_id(), self.new_id()
        text = reveal(redact(said))[0][:EXTENSION_FAULT_CHARS_MAX]
        row = _StrikeOf(installed, self.principal, now, row_id, kind, topic, text)
        return await self.database.run(lambda session: _struck(session, row, note_id))

    async def of(self, extension: str) -> tuple[Strike, ...]:
        """The faults of an extension that are kept, the newest first."""
        principal = self.principal
        return await self.database.read(lambda session: strikes_of(session, principal, extension))


@dataclass(frozen=True, slots=True)
class _StrikeOf:
    installed: Installed
    principal: Principal
    at: datetime
    id: str
    kind: FaultKind
    topic: str
    said: str

    def row(self) -> ExtensionStrikeRow:
        return ExtensionStrikeRow(
            id=self.id,
            tenant_id=self.principal.tenant_id,
            user=self.principal.user,
            extension=self.installed.manifest.id,
            version=self.installed.manifest.version,
            digest=self.installed.digest,
            at=self.at,
            kind=self.kind,
            topic=self.topic,
            said=self.said,
            place=place_in(self.said),
            is_open=True,
        )


def strikes_of(session: Session, principal: Principal, extension: str) -> tuple[Strike, ...]:
    """The faults of an extension that are kept, the newest first."""
    return tuple(map(_strike, session.exec(_newest(principal, extension))))


def place_in(said: str) -> str:
    """The last place in the extension's code that an error names; empty if it names none."""
    places = [
        f"{found['python'] or found['script']}, line {found['line'] or found['at']}"
        for found in _PLACE.finditer(said)
    ]
    return places[-1] if places else ""


def _struck(session: Session, struck: _StrikeOf, note_id: str) -> FaultReport | None:
    principal, installed, at = struck.principal, struck.installed, struck.at
    row = struck.row()
    session.add(row)
    session.flush()
    rows = session.exec(_newest(principal, installed.manifest.id)).all()
    for old in rows[EXTENSION_STRIKES_KEPT_MAX:]:
        session.delete(old)
    counted = [
        each
        for each in rows
        if each.is_open and each.digest == installed.digest and each.at > at - WITHIN
    ]
    note(session, principal, installed.manifest.id, note_id, _told(_strike(row)))
    if sum(_HALVES.get(cast("FaultKind", each.kind), _WHOLE) for each in counted) < (
        _WHOLE * STRIKES_MAX
    ):
        return None
    report = FaultReport(
        installed.manifest.id, installed.manifest.version, tuple(map(_strike, counted))
    )
    for each in counted:
        each.is_open = False
        session.add(each)
    note(
        session,
        principal,
        installed.manifest.id,
        f"{note_id}.disabled",
        Happened(at, "disabled", "", report.told()),
    )
    _audit(session, principal, installed, at, counted)
    return report


def _audit(
    session: Session,
    principal: Principal,
    installed: Installed,
    at: datetime,
    counted: Sequence[ExtensionStrikeRow],
) -> None:
    audit.append(
        session,
        at=at,
        tenant_id=principal.tenant_id,
        actor="the extension host",
        action="extension.faulted",
        subject=f"extension {installed.manifest.id}",
        detail={
            "version": installed.manifest.version,
            "digest": installed.digest,
            "kinds": [each.kind for each in counted],
        },
    )


def _told(strike: Strike) -> Happened:
    return Happened(strike.at, "fault", strike.topic, strike.told())


def _newest(principal: Principal, extension: str) -> SelectOfScalar[ExtensionStrikeRow]:
    return (
        select(ExtensionStrikeRow)
        .where(
            ExtensionStrikeRow.tenant_id == principal.tenant_id,
            ExtensionStrikeRow.user == principal.user,
            ExtensionStrikeRow.extension == extension,
        )
        .order_by(col(ExtensionStrikeRow.at).desc(), col(ExtensionStrikeRow.id).desc())
    )


def _strike(row: ExtensionStrikeRow) -> Strike:
    return Strike(
        row.at,
        row.version,
        cast("FaultKind", row.kind),
        row.topic,
        row.said,
        row.place,
        row.is_open,
    )
