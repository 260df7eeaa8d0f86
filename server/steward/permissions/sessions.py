"""Sessions at pages: who sits before a browser, from signing in to signing out.

A session is opened by a link, which `steward open` makes for whoever runs it, or by a personal
token that somebody types. Both the link and the cookie are 256 random bits of which only the
SHA-256 is stored; see `steward.permissions.tokens` for why that is enough. A session from a link
is its person's own: it may do what their role permits, and answer questions. A session from a
token stays below the token: it has its scopes, ends with it, and answers nothing.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast, get_args

from sqlmodel import Session, col, delete, select, update
from sqlmodel.sql.expression import SelectOfScalar

from steward.core import audit
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import NotFoundError, NotPermittedError
from steward.core.ids import IdSource
from steward.core.limits import TOKENS_REMEMBERED_MAX
from steward.core.principal import Principal
from steward.core.recent import Recent
from steward.permissions.people import identified
from steward.permissions.roles import why_no_report
from steward.permissions.tables import PageSessionRow, PersonalTokenRow, SignInLinkRow
from steward.permissions.tokens import Holder, Scope

LINK_LIVES_FOR = timedelta(seconds=60)
"""How long a link can be used, once."""
IDLE_AT_MOST = timedelta(hours=8)
"""A session in which nothing was asked for so long is over."""
LIVES_FOR = timedelta(days=7)
"""A session is over then, whatever is done in it."""
SESSIONS_MAX = 20
"""What one person may have at once by links, and by each token; the next one ends the one of these
that was seen least lately. So who has a token ends nobody's session but its own."""

_EVERYTHING: frozenset[Scope] = frozenset(get_args(Scope))
_SEEN_EVERY = timedelta(minutes=5)
"""A request does not write: when somebody was last seen is noted when the note is older."""
_REMEMBERED_S = 0.5
"""So long may a session be good here that another process ended."""


@dataclass(frozen=True, slots=True)
class PageSession:
    """A session at pages, as its row says."""

    id: str
    tenant_id: str
    user: str
    scopes: frozenset[Scope]
    token_id: str | None
    """The token that was shown; None where a person came by a link of their own."""
    seen_at: datetime
    expires_at: datetime

    @property
    def is_person(self) -> bool:
        """Whether a person opened it themselves, and may answer questions in it."""
        return self.token_id is None

    def is_in_force(self, now: datetime) -> bool:
        """Whether it still opens anything."""
        return now < self.expires_at and now - self.seen_at < IDLE_AT_MOST

    def principal(self) -> Principal:
        """The person at work in it."""
        return Principal(self.user, f"page {self.id}", "", self.tenant_id)


@dataclass(frozen=True, slots=True)
class _Opening:
    """Who comes in, and by what."""

    tenant_id: str
    user: str
    scopes: frozenset[Scope]
    token_id: str | None


class Sessions:
    """Makes links, opens sessions, checks and ends them."""

    def __init__(
        self, database: Database, clock: Clock, new_id: IdSource, fresh: Callable[[], str]
    ) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id
        self._fresh = fresh
        """Gives `TOKEN_BYTES` random bytes in URL-safe base 64."""
        self._noted: dict[str, datetime] = {}
        self._recent: Recent[str, PageSession] = Recent(clock, _REMEMBERED_S, TOKENS_REMEMBERED_MAX)

    async def link(self, principal: Principal) -> str:
        """The secret of a link by which this person can sign in once, within a minute.

        Raises:
            NotPermittedError: they are not among the organisation's people.
        """
        secret, now = self._fresh(), self._clock.now()

        def work(session: Session) -> None:
            refusal = why_no_report(identified(session, principal))
            if refusal is not None:
                raise NotPermittedError(refusal)
            session.exec(delete(SignInLinkRow).where(col(SignInLinkRow.expires_at) <= now))
            session.add(
                SignInLinkRow(
                    digest=_digest(secret),
                    tenant_id=principal.tenant_id,
                    user=principal.user,
                    made_at=now,
                    expires_at=now + LINK_LIVES_FOR,
                )
            )

        await self._database.run(work)
        return secret

    async def is_waiting(self, secret: str) -> bool:
        """Whether a link was not used yet, and still can be."""
        now = self._clock.now()

        def work(session: Session) -> bool:
            link = session.get(SignInLinkRow, _digest(secret))
            return link is not None and link.used_at is None and now < link.expires_at

        return await self._database.read(work)

    async def enter(self, secret: str, address: str) -> str | None:
        """Use a link up: the secret of a new session; None if the link opens nothing."""
        now = self._clock.now()
        cookie = self._fresh()

        def work(session: Session) -> bool:
            link = session.get(SignInLinkRow, _digest(secret))
            if link is None or link.used_at is not None or now >= link.expires_at:
                return False
            link.used_at = now
            session.add(link)
            opening = _Opening(link.tenant_id, link.user, _EVERYTHING, None)
            self._open(session, opening, cookie, address, now)
            return True

        return cookie if await self._database.run(work) else None

    async def enter_with(self, holder: Holder, address: str) -> str:
        """The secret of a new session for whoever showed a token that holds."""
        now = self._clock.now()
        cookie = self._fresh()
        opening = _Opening(holder.tenant_id, holder.user, holder.scopes, holder.token_id)
        await self._database.run(lambda session: self._open(session, opening, cookie, address, now))
        return cookie

    async def verify(self, secret: str) -> PageSession | None:
        """The session that a browser's cookie belongs to; None if it is none, or over.

        Raises:
            UnavailableError: the database cannot say, so nobody is let in.
        """
        digest, now = _digest(secret), self._clock.now()
        known = self._recent.get(digest)
        found = known[0] if known is not None else await self._fetched(digest, now)
        if found is None or not found.is_in_force(now):
            return None
        self._note_seen(found, now)
        return found

    async def end(self, found: PageSession) -> None:
        """End one session."""
        await self._database.run(lambda session: self._end(session, found.id))
        self._recent.forget()

    async def of(self, principal: Principal) -> tuple[PageSession, ...]:
        """Every session of a person that is not over, the one seen last first."""
        now = self._clock.now()

        def work(session: Session) -> tuple[PageSession, ...]:
            rows = session.exec(_of_user(principal.tenant_id, principal.user))
            found = (_shown(row) for row in rows if _has_its_token(session, row, now))
            return tuple(each for each in found if each.is_in_force(now))

        return await self._database.read(work)

    async def end_own(self, principal: Principal, session_id: str) -> None:
        """End one of a person's own sessions.

        Raises:
            NotFoundError: they have none of this id.
        """

        def work(session: Session) -> None:
            row = session.get(PageSessionRow, session_id)
            owner = None if row is None else (row.tenant_id, row.user)
            if owner != (principal.tenant_id, principal.user):
                raise NotFoundError(f"You have no session {session_id!r}; it may be over already.")
            self._end(session, session_id)

        await self._database.run(work)
        self._recent.forget()

    async def end_all(self, principal: Principal) -> int:
        """End every session of a person; gives how many there were."""

        def work(session: Session) -> int:
            rows = session.exec(_of_user(principal.tenant_id, principal.user)).all()
            for row in rows:
                self._end(session, row.id)
            return len(rows)

        ended = await self._database.run(work)
        self._recent.forget()
        return ended

    async def _fetched(self, digest: str, now: datetime) -> PageSession | None:
        asked_s, age = self._clock.monotonic_s(), self._recent.age
        found = await self._database.read(lambda session: _by_digest(session, digest, now))
        if found is not None:
            self._recent.put(digest, found, asked_s, age)
        return found

    def _open(
        self, session: Session, opening: _Opening, cookie: str, address: str, now: datetime
    ) -> None:
        self._make_room(session, opening, now)
        row = PageSessionRow(
            id=self._new_id(),
            tenant_id=opening.tenant_id,
            user=opening.user,
            digest=_digest(cookie),
            scopes=" ".join(sorted(opening.scopes)),
            token_id=opening.token_id,
            created_at=now,
            seen_at=now,
            expires_at=now + LIVES_FOR,
        )
        session.add(row)
        detail = {"by": "link" if row.token_id is None else f"token {row.token_id}"}
        _write_down(session, now, "session.opened", row, detail | {"address": address})

    def _make_room(self, session: Session, opening: _Opening, now: datetime) -> None:
        gone = (col(PageSessionRow.expires_at) <= now) | (
            col(PageSessionRow.seen_at) <= now - IDLE_AT_MOST
        )
        session.exec(delete(PageSessionRow).where(gone))
        rows = session.exec(_of_user(opening.tenant_id, opening.user)).all()
        alike = [row for row in rows if row.token_id == opening.token_id]
        for row in alike[SESSIONS_MAX - 1 :]:
            self._end(session, row.id)

    def _end(self, session: Session, session_id: str) -> None:
        row = session.get(PageSessionRow, session_id)
        if row is not None:
            session.delete(row)
            _write_down(session, self._clock.now(), "session.ended", row, {})

    def _note_seen(self, found: PageSession, now: datetime) -> None:
        last = self._noted.get(found.id, found.seen_at)
        if timedelta(0) <= now - last < _SEEN_EVERY:
            return
        self._noted[found.id] = now
        if len(self._noted) > TOKENS_REMEMBERED_MAX:
            del self._noted[next(iter(self._noted))]
        noted = (
            update(PageSessionRow)
            .where(col(PageSessionRow.id) == found.id, col(PageSessionRow.seen_at) < now)
            .values(seen_at=now)
        )
        # Nobody waits for it, and a request does not fail for it.
        self._database.hand_in(lambda session: session.exec(noted))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def _of_user(tenant_id: str, user: str) -> SelectOfScalar[PageSessionRow]:
    rows = select(PageSessionRow).where(
        PageSessionRow.tenant_id == tenant_id, PageSessionRow.user == user
    )
    return rows.order_by(col(PageSessionRow.seen_at).desc(), col(PageSessionRow.id))


def _by_digest(session: Session, digest: str, now: datetime) -> PageSession | None:
    row = session.exec(select(PageSessionRow).where(PageSessionRow.digest == digest)).first()
    if row is None or not _has_its_token(session, row, now):
        return None
    return _shown(row)


def _shown(row: PageSessionRow) -> PageSession:
    known = cast("frozenset[Scope]", frozenset(row.scopes.split()) & _EVERYTHING)
    return PageSession(
        row.id, row.tenant_id, row.user, known, row.token_id, row.seen_at, row.expires_at
    )


def _has_its_token(session: Session, row: PageSessionRow, now: datetime) -> bool:
    """Whether the token that a session came from, if it did, still opens anything."""
    if row.token_id is None:
        return True
    token = session.get(PersonalTokenRow, row.token_id)
    if token is None or token.revoked_at is not None:
        return False
    return token.expires_at is None or now < token.expires_at


def _write_down(
    session: Session, at: datetime, action: str, row: PageSessionRow, detail: dict[str, str]
) -> None:
    audit.append(
        session,
        at=at,
        tenant_id=row.tenant_id,
        actor=row.user,
        action=action,
        subject=f"session {row.id}",
        detail=detail,
    )
