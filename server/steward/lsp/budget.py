"""Tell the person about their budgets: a mark that was passed, AI that went off or came back.

The rows are the truth (`steward.ledger.told`); an event only makes the window that booked it the
first to look. So the message comes where the person works, once, however many windows are open.
"""

import asyncio
import logging
import shlex
from contextlib import suppress

from lsprotocol import types

from steward.core.errors import StewardError
from steward.core.events import BudgetPassed, Spent, Watcher
from steward.core.money import NANO_PER_CENT, NOTHING, as_usd
from steward.ledger.account import renewed_on, whose
from steward.ledger.book import Mark
from steward.ledger.reading import AccountStanding
from steward.ledger.told import MarkPassed, News, Restored, UsedUp
from steward.lsp.rooms import Rooms
from steward.lsp.session import Session

_log = logging.getLogger(__name__)

_LOOK_AGAIN_S = 3.0
"""How soon is noticed what another process booked or decided, and that a month has begun."""
_OTHERS_FIRST_S = 1.0
"""So long the window that booked something has to tell of it before another one does, one that
has just been opened for instance."""
_TOGETHER_S = 0.1
"""A reservation and its settlement, or several calls of a run, are looked at together."""


async def keep_budget(session: Session, rooms: Rooms) -> None:
    """Look after every booking, and every few seconds, until cancelled."""
    team, told, is_own = _TeamNews(), None, False
    with rooms.events.watch() as events:
        while True:
            team.tell(session, rooms)
            try:
                # What there is to tell comes of what was written, of a new day, or of a refusal.
                mark = await rooms.database.mark()
                now = mark, rooms.clock.now().date(), _needed(rooms)
                if mark is None or now != told:
                    if not is_own:
                        await asyncio.sleep(_OTHERS_FIRST_S)
                    await _tell(session, rooms)
                told = now
            except StewardError as error:  # A full disk: it is told when it can be written down.
                _log.info("budgets could not be looked at: %s", error.code)
            is_own = await _next_look(events)


class _TeamNews:
    """What this window has told of the team's budget, whose books are the server's."""

    def __init__(self) -> None:
        self._is_told = False

    def tell(self, session: Session, rooms: Rooms) -> None:
        """Say that AI went off, in the server's own words, or that it came back; each once."""
        refusal = rooms.gateway.over_team_budget
        if (refusal is not None) == self._is_told:
            return
        self._is_told = refusal is not None
        if refusal is None:
            _show(session, types.MessageType.Info, "AI is back: the team's budget covers calls.")
        else:
            words = f"AI is off. {refusal} Everything else goes on."
            _show(session, types.MessageType.Warning, words)


async def _tell(session: Session, rooms: Rooms) -> None:
    needed = _needed(rooms)
    if needed is not None:
        for news in await rooms.ledger.untold(rooms.principal, needed):
            _show(session, _kind(news), message(news))


def _needed(rooms: Rooms) -> int | None:
    """What the next call may cost; None where no budget keeps it from being made."""
    gateway, principal = rooms.gateway, rooms.principal
    if gateway.is_free(principal) or gateway.unavailable_reason(principal) is not None:
        return None
    # A run says itself that it was refused, and ghost text goes on where that is covered.
    tasks = () if rooms.suggester is None else ("completion",)
    return gateway.shortages.needed(*tasks)


def _show(session: Session, kind: types.MessageType, text: str) -> None:
    params = types.ShowMessageParams(kind, f"Steward: {text}")
    session.protocol.notify(types.WINDOW_SHOW_MESSAGE, params)


async def _next_look(events: Watcher) -> bool:
    """Wait for a booking of this window's, which it should be the one to tell of, or a while.

    Returns whether something was booked here.
    """
    is_own = False
    with suppress(TimeoutError):
        async with asyncio.timeout(_LOOK_AGAIN_S):
            while not isinstance(await anext(events), Spent | BudgetPassed):
                pass
            is_own = True
    with suppress(TimeoutError):
        async with asyncio.timeout(_TOGETHER_S):
            while True:
                await anext(events)
    return is_own


def message(news: News) -> str:
    """What the person reads."""
    match news:
        case MarkPassed(account, mark):
            return (
                f"{_how_far(account, mark)}; {_renewed(account)}. Nothing is stopped yet."
                f" {_to_raise(account)}"
            )
        case UsedUp(account):
            return (
                f"AI is off{_until(account)}, because {_all_of_it(account)}. Everything else goes"
                f" on. {_to_raise(account)}"
            )
        case Restored(account, is_new_period):
            why = "a new month has begun. The" if is_new_period else "the"
            return f"AI is back: {why} {whose(account.key)} {_room(account)}."


def _kind(news: News) -> types.MessageType:
    return types.MessageType.Info if isinstance(news, Restored) else types.MessageType.Warning


def _how_far(account: AccountStanding, mark: Mark) -> str:
    if mark == "soft":
        of = _usd(account.soft_limit or NOTHING)
        return f"The {whose(account.key)} is beyond its soft limit: {_usd(account.spent)} of {of}"
    limit = account.limit or 1
    return (
        f"{account.spent * 100 // limit} % of the {whose(account.key)} is used:"
        f" {_usd(account.spent)} of {_usd(limit)}"
    )


def _all_of_it(account: AccountStanding) -> str:
    limit = account.limit or NOTHING
    if not limit:
        return f"the {whose(account.key)} is {_usd(limit)}"
    return f"the {whose(account.key)} is used up: {_usd(account.spent)} of {_usd(limit)} is spent"


def _room(account: AccountStanding) -> str:
    if account.limit is None or account.left is None:
        return "has no limit now"
    return f"is {_usd(account.limit)}, and {_usd(account.left)} of it is left"


def _renewed(account: AccountStanding) -> str:
    day = renewed_on(account.key)
    return f"the next begins on {day}" if day else "the next session has its own"


def _until(account: AccountStanding) -> str:
    if not account.limit:
        return ""  # Nor is there anything in the next month.
    day = renewed_on(account.key)
    return f" until {day}" if day else " in this window"


def _to_raise(account: AccountStanding) -> str:
    scope = shlex.quote(account.key.scope)
    return f"To raise it now, run `steward budget set {scope} --limit USD`."


def _usd(nano_usd: int) -> str:
    return as_usd(nano_usd, places=6 if nano_usd % NANO_PER_CENT else 2)
