"""Who follows what happens, how far each has come, and when each is told or shown out."""

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from steward.core.commits import Commits
from steward.core.database import Database
from steward.core.errors import NotPermittedError, RateLimitedError, UnavailableError
from steward.core.live_limits import (
    LIVE_CHECKED_ANYWAY_S,
    LIVE_CHECKED_S,
    LIVE_DOUBT_S,
    LIVE_EVERY_S,
    LIVE_LOOK_S,
)
from steward.core.principal import Principal
from steward.permissions.sight import sights_of
from steward.web.live.event import Hello, Mark, said
from steward.web.live.feed import Feed, View
from steward.web.live.limits import LiveLimits
from steward.web.live.socket import READS_TOO_SLOWLY, SIGNED_OUT, Socket, frame_of

_log = logging.getLogger(__name__)

_AT_ONCE = 100
"""So many are told before anything else may happen."""
_AGAIN_AFTER_S = 1.0


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Who follows, and by what they came in."""

    principal: Principal
    secret: str = field(repr=False)
    """Their token, or their session's."""
    holds: Callable[[], Awaitable[bool]]
    """Whether they still could come in."""


@dataclass(eq=False, slots=True)
class Follower:
    """A socket, and how far it was told."""

    socket: Socket
    who: SignedIn
    view: View
    seq: int

    def tell(self, feed: Feed, *, is_one_of_many: bool = False) -> None:
        """Send what is new, as far as its client reads; what it cannot get any more ends it."""
        if self.seq < feed.floor:
            self.socket.end(READS_TOO_SLOWLY, "What you have not read is gone. Begin anew.")
            return
        if self.socket.is_paused or self.seq == feed.head:
            return
        for told in feed.frames(self.seq, self.view, is_for_many=is_one_of_many):
            self.socket.write(told.frame)
            self.seq = told.seq
            if self.socket.is_paused:
                return
        self.seq = feed.head


class Hub:
    """Everybody who follows, in one server process."""

    def __init__(self, database: Database, limits: LiveLimits) -> None:
        self._database = database
        self._limits = limits
        self._doubt_until_s = 0.0
        self._followers: set[Follower] = set()
        self._of_user: Counter[tuple[str, str]] = Counter()
        self._is_anybody_here = asyncio.Event()
        self.feed = Feed(database, limits.kept_max)

    def check_room(self, principal: Principal) -> None:
        """Return if there is a place for another socket of this person.

        Raises:
            RateLimitedError: they have as many as they may.
            UnavailableError: all places are taken.
        """
        if self._of_user[_whose(principal)] >= self._limits.sockets_a_user_max:
            raise RateLimitedError(
                f"You have {self._limits.sockets_a_user_max} sockets open already. Close some"
                " pages, or share one among your programs."
            )
        if len(self._followers) >= self._limits.sockets_max:
            raise UnavailableError(
                "All places for sockets are taken. Ask /api/v1/live/recent meanwhile, or run"
                " another server on the same database."
            )

    @contextmanager
    def following(
        self, socket: Socket, who: SignedIn, view: View, after: int | None
    ) -> Generator[None]:
        """A block in which the socket, which is open, is told what happens behind `after`."""
        feed = self.feed
        is_whole = after is None or feed.has_all_after(after)
        seq = after if after is not None and is_whole else feed.head
        hello = Hello(seq=feed.head, resumed=is_whole, reset=not is_whole)
        socket.write(frame_of(said(hello)))
        follower = Follower(socket, who, view, seq)
        socket.on_ready = partial(follower.tell, feed)
        self._followers.add(follower)
        self._of_user[_whose(who.principal)] += 1
        self._is_anybody_here.set()
        follower.tell(feed)
        try:
            yield
        finally:
            self._followers.discard(follower)
            self._of_user[_whose(who.principal)] -= 1
            if not self._followers:
                self._is_anybody_here.clear()

    async def run(self) -> None:
        """Tell everybody what happens, and look after them; never returns."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._keep_following())
            tasks.create_task(self._keep_pinging())
            tasks.create_task(self._keep_checking())

    async def _keep_following(self) -> None:
        while True:
            await self._is_anybody_here.wait()
            commits = self._database.commits()
            try:
                await self._follow(commits)
            except UnavailableError as error:
                _log.warning("what happens cannot be read: %s", error)
                await asyncio.sleep(_AGAIN_AFTER_S)
            except Exception:  # An outer boundary: the server goes on, whatever a row holds.
                _log.exception("what happens could not be told")
                await asyncio.sleep(_AGAIN_AFTER_S)
            finally:
                await commits.close()

    async def _follow(self, commits: Commits) -> None:
        while self._followers:
            await commits.news(LIVE_LOOK_S)
            await self.feed.read()
            await self._tell_all()
            await asyncio.sleep(LIVE_EVERY_S)

    async def _tell_all(self) -> None:
        if self.feed.take_access_changed():
            await self._look_again()
        for number, follower in enumerate(tuple(self._followers), 1):
            follower.tell(self.feed, is_one_of_many=True)
            if number % _AT_ONCE == 0:
                await asyncio.sleep(0)

    async def _look_again(self) -> None:
        """Whoever may see something else from now on sees that, or nothing any more."""
        self._doubt_until_s = asyncio.get_running_loop().time() + LIVE_DOUBT_S
        principals = {each.who.principal for each in self._followers}
        sights = await self._database.read(partial(sights_of, principals=principals))
        for follower in self._followers:
            match sights.get(follower.who.principal):
                case None:
                    pass  # They came meanwhile.
                case NotPermittedError():
                    follower.socket.end(SIGNED_OUT, "You may see nothing here any more.")
                case sight:
                    follower.view = View(sight, follower.view.kinds)

    async def _keep_pinging(self) -> None:
        while True:
            await self._is_anybody_here.wait()
            await asyncio.sleep(self._limits.ping_s)
            for number, follower in enumerate(tuple(self._followers), 1):
                # Who sees little comes far all the same: so far they can resume.
                if not follower.socket.is_paused:
                    follower.socket.write(frame_of(said(Mark(seq=follower.seq))))
                follower.socket.ping()
                if number % _AT_ONCE == 0:
                    await asyncio.sleep(0)

    async def _keep_checking(self) -> None:
        loop, checked_s = asyncio.get_running_loop(), 0.0
        while True:
            await self._is_anybody_here.wait()
            await asyncio.sleep(LIVE_CHECKED_S)
            begun_s = loop.time()
            if begun_s >= self._doubt_until_s and begun_s < checked_s + LIVE_CHECKED_ANYWAY_S:
                continue
            try:
                await self._check()
            except UnavailableError as error:
                _log.warning("it cannot be seen who may still follow: %s", error)
            checked_s = begun_s

    async def _check(self) -> None:
        """End the sockets of tokens and sessions that no longer hold."""
        shown: dict[str, list[Follower]] = {}
        for follower in self._followers:
            shown.setdefault(follower.who.secret, []).append(follower)
        for followers in shown.values():
            if not await followers[0].who.holds():
                for follower in followers:
                    follower.socket.end(SIGNED_OUT, "Your token or session is over.")


def _whose(principal: Principal) -> tuple[str, str]:
    return principal.tenant_id, principal.user
