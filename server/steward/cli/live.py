"""`steward live`: what happens, line by line, read from the database itself."""

import argparse
import asyncio
import json
import sys
from datetime import UTC

from sqlmodel import Session

from steward.cli.shell import Shell, say
from steward.core.database import Database, open_database
from steward.core.errors import InvalidInputError
from steward.core.live_limits import LIVE_FRAME_EVENTS_MAX, LIVE_LOOK_S
from steward.core.money import NanoUsd, as_usd
from steward.core.outbox import Happening, bounds, next_after
from steward.core.principal import Principal
from steward.permissions.sight import sight_of
from steward.web.live.event import KINDS, as_text
from steward.workspace.reveal import reveal


def follow(shell: Shell, arguments: argparse.Namespace) -> int:
    """Follow what happens until Ctrl-C, or until so many lines are written."""
    kinds = frozenset(arguments.kinds.split(",")) if arguments.kinds else KINDS
    if unknown := kinds - KINDS:
        raise InvalidInputError(
            f"There is no kind {min(unknown)!r}. Name some of {', '.join(sorted(KINDS))}."
        )
    try:
        asyncio.run(_follow(shell, _Wanted(kinds, as_json=arguments.json), arguments))
    except KeyboardInterrupt:
        return 130
    return 0


class _Wanted:
    """What is written, and how."""

    def __init__(self, kinds: frozenset[str], *, as_json: bool) -> None:
        self._kinds = kinds
        self._as_json = as_json

    def lines(self, session: Session, principal: Principal, after: int) -> tuple[int, list[str]]:
        """How far was read, and what the principal may see of it."""
        sight = sight_of(session, principal)
        found = next_after(session, after, LIVE_FRAME_EVENTS_MAX)
        shown = [each for each in found if each.kind in self._kinds and sight.sees(each)]
        written = [as_text(each) if self._as_json else _in_words(each) for each in shown]
        return found[-1].seq if found else after, written


async def _follow(shell: Shell, wanted: _Wanted, arguments: argparse.Namespace) -> None:
    left = arguments.limit
    async with open_database(shell.settings.database_place) as database:
        commits = database.commits()
        after = await _begin(database, arguments.after)
        try:
            while left is None or left > 0:
                seen, lines = await database.read(
                    lambda session: wanted.lines(session, shell.principal, after)  # noqa: B023  Awaited in its own turn.
                )
                for line in lines[:left]:
                    say(f"{line}\n")
                sys.stdout.flush()
                left = None if left is None else left - len(lines)
                if seen == after:
                    await commits.news(LIVE_LOOK_S)
                after = seen
        finally:
            await commits.close()


async def _begin(database: Database, after: int | None) -> int:
    reach = await database.read(bounds)
    if after is None:
        return reach.newest
    if not reach.has_all_after(after):
        sys.stderr.write(
            f"What happened right behind {after} is not kept any more; this goes on from"
            f" {max(0, reach.oldest - 1)}.\n"
        )
        return max(0, reach.oldest - 1)
    return after


def _in_words(happening: Happening) -> str:
    """One line: when, what, whose, which, and how."""
    detail = json.loads(as_text(happening))["detail"]
    told = [
        as_usd(NanoUsd(value)) if name.endswith("_nano_usd") else str(value)
        for name, value in detail.items()
        if value not in (None, "")
    ]
    at = happening.at.astimezone(UTC).isoformat(sep=" ", timespec="seconds")[:19]
    words = (at, happening.kind, happening.user or "-", happening.subject or "-", *told)
    return reveal(" ".join(" ".join(words).split()))[0]
