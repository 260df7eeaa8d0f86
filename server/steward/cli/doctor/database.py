"""The database as it lies there: nothing in it is made, migrated or changed."""

import shlex
import stat
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from steward.cli.doctor.finding import Finding, fault, ok, warning
from steward.core.errors import UnavailableError
from steward.core.glance import Glance, glance, named
from steward.core.migrate import HEAD
from steward.settings import Settings

_CLOCK_OFF = timedelta(seconds=60)
_LARGE_WAL_BYTES = 256 << 20
_KNOWN = "2026_"
"""How every revision begins; a later year is a newer one."""


def database(settings: Settings, now: datetime) -> tuple[bool, list[Finding]]:
    """Whether it can be worked with, and what was found."""
    place = settings.database_place
    if isinstance(place, Path) and not place.exists():
        return True, [ok("database", f"{place} is not there yet; it is made when it is needed")]
    try:
        with glance(place) as opened:
            revision = _revision(opened)
            found = [*_whole(place, opened), _shape(place, revision)]
            if revision is not None:
                found += [*_sealed(settings, opened), *_clock(opened, now)]
    except UnavailableError as error:
        return False, [_unreachable(place, str(error))]
    return not any(each.verdict == "fault" for each in found), found


def _revision(opened: Glance) -> str | None:
    try:
        return str(opened.rows("SELECT version_num FROM alembic_version")[0][0])
    except (UnavailableError, IndexError):
        opened.rows("SELECT 1")  # Whether it answers at all.
        return None


def _whole(place: Path | str, opened: Glance) -> Iterator[Finding]:
    if not isinstance(place, Path):
        (said,) = opened.rows("SHOW server_version")[0]
        yield ok("database", f"PostgreSQL {said} at {_shown(place)}")
        return
    told = [str(row[0]) for row in opened.rows("PRAGMA quick_check(5)")]
    if told != ["ok"]:
        yield fault(
            "database",
            f"{place} is damaged: {'; '.join(told)[:300]}",
            "What it holds may be lost, and what is written now may be, too.",
            f"sqlite3 {_quoted(place)} .recover | sqlite3 {_quoted(place)}.recovered"
            "  # or put back a backup",
        )
        return
    yield ok("database", f"{place}, {place.stat().st_size >> 10:,} kB, whole")
    mode = stat.S_IMODE(place.stat().st_mode)
    if mode & 0o077:
        yield fault(
            "database",
            f"{place} is open to others (mode {mode:04o})",
            "They read what your agents read and wrote.",
            f"chmod 600 {_quoted(place)}",
        )
    wal = place.with_name(f"{place.name}-wal")
    if wal.exists() and wal.stat().st_size > _LARGE_WAL_BYTES:
        yield warning(
            "database",
            f"{wal} has grown to {wal.stat().st_size >> 20} MB",
            "A process has read for very long, and everything becomes slower.",
            f"fuser -v {_quoted(place)}  # then end what hangs",
        )


def _shape(place: Path | str, revision: str | None) -> Finding:
    if revision == HEAD:
        return ok("migrations", f"the newest, {HEAD}")
    if revision is None:
        why = "It holds no tables of Steward's; they are made by the next command."
        return warning("migrations", f"{_shown(place)} is empty", why, "steward usage")
    if revision.startswith(_KNOWN) and revision < HEAD:
        why = f"This version expects {HEAD}. Starting it brings the database up to date."
        return warning("migrations", f"at {revision}", why, "steward usage")
    return fault(
        "migrations",
        f"at {revision}, which this version does not know",
        f"A newer version wrote it; this one ends at {HEAD} and leaves it alone.",
        "pip install --upgrade steward",
    )


def _sealed(settings: Settings, opened: Glance) -> Iterator[Finding]:
    """Whether the files are there of the keys that sealed what the database holds."""
    for file, table, what in (
        (settings.ledger_key, "entry", "the ledger's entries"),
        (settings.vault_key, "provider_key", "the providers' keys"),
        (settings.data_dir / "approval.key", "approval", "approvals"),
    ):
        if not file.exists() and opened.rows(f"SELECT 1 FROM {table} LIMIT 1"):  # noqa: S608
            yield fault(
                "key files",
                f"{file} is missing, and {what} were sealed with it",
                "They cannot be checked or opened, and nothing new is sealed.",
                f"cp BACKUP/{file.name} {_quoted(file)} && chmod 600 {_quoted(file)}",
            )


def _clock(opened: Glance, now: datetime) -> Iterator[Finding]:
    rows = opened.rows("SELECT at FROM audit ORDER BY seq DESC LIMIT 50")
    ahead = max((_time(row[0]) - now for row in rows), default=timedelta())
    if ahead <= _CLOCK_OFF:
        yield ok("clock", f"{now:%Y-%m-%d %H:%M:%S} UTC")
        return
    yield warning(
        "clock",
        f"the audit trail has entries from {ahead} in the future",
        "This machine's clock is behind, or another's was ahead; times and budgets are wrong then.",
        "sudo timedatectl set-ntp true",
    )


def _time(stored: Any) -> datetime:
    found = stored if isinstance(stored, datetime) else datetime.fromisoformat(str(stored))
    return found.replace(tzinfo=found.tzinfo or UTC)


def _unreachable(place: Path | str, said: str) -> Finding:
    why = "Nothing can be looked up, approved or booked, so no model is called."
    if isinstance(place, Path):
        mend = f"ls -l {_quoted(place)}; file {_quoted(place)}  # then put back a backup"
    else:
        mend = f"pg_isready -d postgresql://{shlex.quote(_shown(place))}"
    return fault("database", said, why, mend)


def _shown(place: Path | str) -> str:
    """A place without its password."""
    return str(place) if isinstance(place, Path) else named(place)


def _quoted(path: Path) -> str:
    return shlex.quote(str(path))
