"""`steward ledger`: whether the books are whole, for a person at a shell."""

import argparse
import json
import secrets
from contextlib import suppress
from functools import partial
from pathlib import Path

from sqlmodel import Session

from steward.cli.progress import Progress
from steward.cli.shell import Shell, say
from steward.core import audit
from steward.core.errors import UnavailableError
from steward.core.limits import CHECKPOINT_BYTES_MAX
from steward.core.money import as_usd
from steward.ledger.integrity import (
    Checkpoint,
    Verdict,
    checkpoint_of,
    is_empty,
    verify,
    written,
)
from steward.ledger.key import KEY_BYTES, LedgerKey
from steward.ledger.reading import overruns
from steward.operations.health.books import LEDGER_VERIFIED


def answer(shell: Shell, arguments: argparse.Namespace) -> int:
    """Check the ledger; leaves with 1 when something does not fit."""
    key = LedgerKey(shell.settings.ledger_key, partial(secrets.token_hex, KEY_BYTES))
    against = _checkpoint(arguments.against) if arguments.against else None
    with Progress("checking the ledger"):
        verdict, billed = shell.read(
            lambda session: (verify(session, _secret(session, key), against), overruns(session))
        )
    found = verdict.checkpoint
    _write_down(shell, verdict)
    if arguments.export and verdict.is_intact:
        _export(arguments.export, found)
    if arguments.json:
        told = {
            "is_intact": verdict.is_intact,
            "problems": list(verdict.problems),
            "first_bad_seq": verdict.first_bad_seq,
            **found._asdict(),
            "overruns": billed.calls,
            "overruns_nano_usd": billed.beyond,
        }
        say(json.dumps(told, indent=2) + "\n")
        return 0 if verdict.is_intact else 1
    if not verdict.is_intact:
        say("The ledger is NOT intact.\n" + "".join(f"- {each}\n" for each in verdict.problems))
        return 1
    say(
        f"The ledger is intact: {found.seq} entries, {as_usd(found.spent_nano_usd)} spent,"
        f" {as_usd(found.reserved_nano_usd)} set aside.\n"
    )
    if billed.calls:
        say(
            f"Providers billed {billed.calls} calls beyond what was reserved for them,"
            f" {as_usd(billed.beyond)} in all; see `ledger.overrun` in the audit trail.\n"
        )
    return 0


def _write_down(shell: Shell, verdict: Verdict) -> None:
    """Let the trail say that somebody looked, and what they found; who may only read goes on."""

    def work(session: Session) -> None:
        audit.append(
            session,
            at=shell.now,
            tenant_id=shell.principal.tenant_id,
            actor=shell.principal.user,
            action=LEDGER_VERIFIED,
            subject="ledger",
            detail={"is_intact": verdict.is_intact, "entries": verdict.checkpoint.seq},
        )

    with suppress(UnavailableError):
        shell.write(work)


def _secret(session: Session, key: LedgerKey) -> bytes:
    return key.load(may_make=is_empty(session))


def _checkpoint(file: Path) -> Checkpoint:
    try:
        with file.open("rb") as opened:
            content = opened.read(CHECKPOINT_BYTES_MAX + 1)
    except OSError as error:
        raise UnavailableError(
            f"The checkpoint {str(file)!r} cannot be read: {error.strerror}. Name one that was"
            " written by `steward ledger verify --export`."
        ) from error
    return checkpoint_of(content[:CHECKPOINT_BYTES_MAX].decode("utf-8", "replace"))


def _export(file: Path, found: Checkpoint) -> None:
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(written(found))
    except OSError as error:
        raise UnavailableError(
            f"The checkpoint {str(file)!r} cannot be written: {error.strerror}. Name a new file in"
            " a folder that is yours."
        ) from error
