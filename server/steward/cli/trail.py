"""`steward audit`, `steward security` and `steward activity`: what was decided and done."""

import argparse
import asyncio
import json
import sys
from datetime import UTC, timedelta
from functools import partial

from sqlmodel import Session

from steward.cli.shell import Shell, say
from steward.cli.table import table
from steward.core.audit import UNREAD, AuditEntry, Verdict, canonical, verify_on
from steward.core.audit_search import (
    DayCount,
    Page,
    Search,
    as_line,
    counted,
    entry,
    exported,
    head,
    page,
)
from steward.core.database import Database, open_database
from steward.core.errors import InvalidInputError, NotFoundError
from steward.operations import activity, security_log
from steward.operations.checking import check_kept, head_as_text
from steward.operations.export import HEAD, as_row
from steward.operations.reach import may_be_seen, narrowed, within_reach
from steward.permissions.people import permit_trail

_AT_ONCE = 500
_PIECE = 2_000


def answer(shell: Shell, action: str, arguments: argparse.Namespace) -> int:
    """Show the trail, hand it out, or check it; gives the exit code."""
    match action:
        case "show":
            _show(shell, arguments)
        case "export":
            asyncio.run(_export(shell, arguments))
        case "verify":
            return asyncio.run(_verify(shell, arguments))
        case _:
            search = _search(shell, arguments)
            found = shell.read(lambda session: _within(session, shell, search, arguments.limit))
            _say_entries(found, as_json=arguments.json)
    return 0


def show_security(shell: Shell, arguments: argparse.Namespace) -> None:
    """Write the security log in figures, or the entries of a group."""
    tenant = shell.principal.tenant_id
    if arguments.group is not None:
        search = Search(tenant, actions=security_log.actions_of(arguments.group))
        found = shell.read(lambda session: _within(session, shell, search, _AT_ONCE))
        _say_entries(found, as_json=arguments.json)
        return
    last = shell.now.astimezone(UTC).date()
    first = last - timedelta(days=min(arguments.days, 90) - 1)
    since = security_log.looked_at_from(first)
    search = Search(tenant, actions=security_log.actions_of(), since=since, until=last)

    def work(session: Session) -> tuple[DayCount, ...]:
        return counted(session, within_reach(session, shell.principal, search)[0])

    groups = security_log.by_group(shell.read(work), first, last)
    if arguments.json:
        say(json.dumps({name: list(map(_day, days)) for name, days in groups.items()}, indent=2))
        say("\n")
        return
    rows = [("day", *groups)]
    rows += [
        (f"{each[0].day}", *(f"{day.count}{' !' if day.is_unusual else ''}" for day in each))
        for each in zip(*groups.values(), strict=True)
    ]
    say(table(rows) + f"\n! {security_log.RULE}\n")


def show_activity(shell: Shell, arguments: argparse.Namespace) -> None:
    """Write what happened, the latest first."""
    search = Search(shell.principal.tenant_id, actions=activity.actions_of())

    def work(session: Session) -> Page:
        whose = arguments.whose or may_be_seen(session, shell.principal)[-1]
        reached = narrowed(session, shell.principal, search, whose)
        return page(session, reached, arguments.limit)

    found = shell.read(work).entries
    if arguments.json:
        say(json.dumps([_happening(each) for each in found], indent=2) + "\n")
    elif not found:
        say("Nothing happened yet. Runs, approvals, budgets and people are told here.\n")
    else:
        rows = [
            (f"{each.at:%Y-%m-%d %H:%M}", each.actor, activity.sentence(each)) for each in found
        ]
        say(table((("when (UTC)", "who", "what"), *rows), are_numbers=False))


def _search(shell: Shell, arguments: argparse.Namespace) -> Search:
    since, until = arguments.since, arguments.until
    if since is not None and until is not None and since > until:
        raise InvalidInputError(
            f"No day is from {since} to {until} (UTC). Name an earlier --since or a later --until."
        )
    return Search(
        tenant_id=shell.principal.tenant_id,
        actors=frozenset((arguments.actor,)) if arguments.actor else None,
        action=arguments.doing,
        subject=arguments.subject,
        since=since,
        until=until,
    )


def _within(session: Session, shell: Shell, search: Search, limit: int) -> Page:
    reached, _ = within_reach(session, shell.principal, search)
    return page(session, reached, limit)


def _say_entries(found: Page, *, as_json: bool) -> None:
    if as_json:
        say("[" + ",\n".join(as_line(each).rstrip("\n") for each in found.entries) + "]\n")
    elif not found.entries:
        say("The trail has no such entry that you may see.\n")
    else:
        rows = [
            (f"{each.seq}", f"{each.at:%Y-%m-%d %H:%M}", each.actor, each.action, each.subject)
            for each in found.entries
        ]
        head_row = ("entry", "when (UTC)", "who", "what", "about")
        say(table((head_row, *rows), are_numbers=False))


def _show(shell: Shell, arguments: argparse.Namespace) -> None:
    search, seq = Search(shell.principal.tenant_id), arguments.seq

    def work(session: Session) -> AuditEntry | None:
        reached, _ = within_reach(session, shell.principal, search)
        found = entry(session, reached.tenant_id, seq)
        is_seen = found is not None and (reached.actors is None or found.actor in reached.actors)
        return found if is_seen else None

    found = shell.read(work)
    if found is None:
        raise NotFoundError(f"The trail has no entry {seq} that you may see.")
    if arguments.json:
        say(as_line(found))
        return
    parts = {"when (UTC)": f"{found.at:%Y-%m-%d %H:%M:%S}", "who": found.actor}
    parts |= {"what": found.action, "about": found.subject}
    parts |= {name: _plain(value) for name, value in found.detail.items()}
    parts |= {"hash": found.hash, "hash before": found.previous_hash}
    say(table((("entry", str(seq)), *parts.items()), are_numbers=False))


def _plain(value: object) -> str:
    return value if isinstance(value, str) else canonical(value)


async def _export(shell: Shell, arguments: argparse.Namespace) -> None:
    search, last = _search(shell, arguments), 0

    def read(session: Session, after: int) -> list[AuditEntry]:
        return exported(session, within_reach(session, shell.principal, search)[0], after, _AT_ONCE)

    async with open_database(shell.settings.database_place) as database:
        if arguments.csv:
            say(HEAD)
        while found := await database.read(partial(read, after=last)):
            say("".join(map(as_row if arguments.csv else as_line, found)))
            last = found[-1].seq


async def _verify(shell: Shell, arguments: argparse.Namespace) -> int:
    async with open_database(shell.settings.database_place) as database:
        await database.read(lambda session: permit_trail(session, shell.principal))
        read = await _read_all(database)
        kept = arguments.against.strip()
        verdict = await database.read(lambda session: check_kept(session, read, kept))
    text = head_as_text(read.entries, read.head) if read.is_intact else ""
    if arguments.json:
        value = {"entries": read.entries, "is_intact": verdict.is_intact, "head": text}
        say(json.dumps(value | {"first_bad_seq": verdict.first_bad_seq}) + "\n")
    elif verdict.is_intact:
        say(f"The chain of {read.entries:,} entries holds. Keep its head elsewhere:\n{text}\n")
    elif read.is_intact:
        say(
            f"The chain holds, but it is not the one whose head you kept: its entry"
            f" {verdict.first_bad_seq} is missing or another one.\n"
        )
    else:
        say(f"The chain breaks at the entry {verdict.first_bad_seq}.\n")
    return 0 if verdict.is_intact else 1


async def _read_all(database: Database) -> Verdict:
    verdict, is_over, expected = UNREAD, False, await database.read(head)
    shows = sys.stderr.isatty()
    while not is_over:
        so_far = verdict
        verdict, is_over = await database.read(partial(_piece, so_far))
        if shows:
            sys.stderr.write(f"\r{verdict.entries:,} of {max(expected, verdict.entries):,} read")
    if shows:
        sys.stderr.write("\r\x1b[K")
    return verdict


def _piece(so_far: Verdict, session: Session) -> tuple[Verdict, bool]:
    return verify_on(session, so_far, _PIECE)


def _day(each: security_log.Day) -> dict[str, object]:
    return {"day": str(each.day), "count": each.count, "is_unusual": each.is_unusual}


def _happening(each: AuditEntry) -> dict[str, object]:
    return {
        "seq": each.seq,
        "at": each.at.astimezone(UTC).isoformat(),
        "actor": each.actor,
        "kind": activity.kind_of(each.action),
        "what": activity.sentence(each),
        "run_id": activity.run_of(each),
    }
