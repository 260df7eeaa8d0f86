"""Personal tokens: what a tool shows to `steward serve` in place of the person it works for.

A token is 256 random bits. Only its SHA-256 is stored: a slow hash protects what people choose,
and nobody tries 2^256 tokens. It is found by its digest, which nobody can steer, so the time that
the search takes tells nothing of a token that is in force. What a token permits is the smaller of
its scopes and what its person may do; `Holder.scopes` is a ceiling and never a grant.
"""

import hashlib
import hmac
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, cast, get_args

from sqlalchemy import bindparam, text
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar
from sqlmodel.sql.sqltypes import UTCDateTime

from steward.core import audit
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import InvalidInputError, LimitError, NotFoundError, NotPermittedError
from steward.core.ids import IdSource
from steward.core.limits import TOKEN_NAME_CHARS_MAX, TOKENS_A_USER_MAX, TOKENS_REMEMBERED_MAX
from steward.core.principal import Principal
from steward.core.recent import Recent
from steward.permissions.tables import PersonalTokenRow

Scope = Literal["models", "reports", "manage"]
"""`models`: call models on the person's account. `reports`: read usage and budgets. `manage`:
change budgets, people and keys, as far as the person's role goes. No scope answers a question:
approvals come from people."""

Permit = Callable[[Session, Principal, str], None]
"""Raises `NotPermittedError` if the principal may not make, see or revoke the tokens of this user.
It is asked in the transaction of what it permits; `people.permit_tokens` is the one in use."""

PREFIX = "stw_"
"""How every token begins, so that people and scanners know one when they see it."""
TOKEN_BYTES = 32
LAST_USED_EVERY = timedelta(minutes=10)
"""A request does not write: the last use is noted when the last note is older than this."""

_SHAPE = re.compile(r"stw_[A-Za-z0-9_-]{43}")
_REMEMBERED_S = 0.5
"""So long may a token be good here that another process revoked; with the time between two looks
at the requests under way it stays below a second."""


@dataclass(frozen=True, slots=True)
class Token:
    """A token as its owner may see it, once it was made."""

    id: str
    user: str
    name: str
    scopes: frozenset[Scope]
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    """About ten minutes exact; None if it was never used."""
    revoked_at: datetime | None

    def is_in_force(self, now: datetime) -> bool:
        """Whether it still opens anything."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a new token shall be."""

    name: str
    scopes: frozenset[Scope]
    lives_for: timedelta | None = None
    """None lives until it is revoked."""


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a request with a token comes from, as our own tables say."""

    token_id: str
    tenant_id: str
    user: str
    scopes: frozenset[Scope]
    """A ceiling: what the person may do besides is not theirs to do with this token."""

    def principal(self, team: str = "") -> Principal:
        """The person at work through this token: each token is a session of its own."""
        return Principal(self.user, f"token {self.token_id}", "", self.tenant_id, team)


@dataclass(frozen=True, slots=True)
class _Known:
    """A row as it stands in the database."""

    token: Token
    tenant_id: str
    digest: str


class Tokens:
    """Makes, lists, revokes and checks tokens."""

    def __init__(
        self, database: Database, clock: Clock, new_id: IdSource, fresh: Callable[[], str]
    ) -> None:
        self._database = database
        self._clock = clock
        self._new_id = new_id
        self._fresh = fresh
        """Gives `TOKEN_BYTES` random bytes in URL-safe base 64."""
        self._noted: dict[str, datetime] = {}
        self._recent: Recent[str, _Known] = Recent(clock, _REMEMBERED_S, TOKENS_REMEMBERED_MAX)

    async def create(
        self,
        principal: Principal,
        user: str,
        wish: Wish,
        permit: Permit,
        made_with: str | None = None,
    ) -> tuple[str, Token]:
        """Make a token for a user of the tenant; its text is given here and never again.

        One that is made with another, by whoever shows that, ends with it.

        Raises:
            InvalidInputError: the wish makes no sense.
            LimitError: the user has too many.
            NotPermittedError: the principal may not do this.
        """
        _check_wish(wish)
        written = PREFIX + self._fresh()

        def work(session: Session) -> Token:
            permit(session, principal, user)
            now = self._clock.now()
            _check_room(session, principal.tenant_id, user, now)
            row = PersonalTokenRow(
                id=self._new_id(),
                tenant_id=principal.tenant_id,
                user=user,
                name=wish.name,
                digest=digest_of(written),
                scopes=" ".join(sorted(wish.scopes)),
                created_by=principal.user,
                created_at=now,
                expires_at=None if wish.lives_for is None else now + wish.lives_for,
                made_with=made_with,
            )
            _end_with(session, row, now)
            session.add(row)
            _write_down(session, principal, now, "token.created", row)
            return _shown(row)

        return written, await self._database.run(work)

    async def revoke(self, principal: Principal, token_id: str, permit: Permit) -> Token:
        """Let a token open nothing any more, from now on; a second time changes nothing.

        Nor do those that were made with it, and with them.

        Raises:
            NotFoundError: the principal's tenant has none with this id.
            NotPermittedError: the principal may not do this.
        """

        def work(session: Session) -> Token:
            row = session.get(PersonalTokenRow, token_id)
            if row is None or row.tenant_id != principal.tenant_id:
                raise NotFoundError(
                    f"There is no token {token_id!r}. `steward token list` shows the ids."
                )
            permit(session, principal, row.user)
            _revoke(session, principal, row, self._clock.now())
            return _shown(row)

        revoked = await self._database.run(work)
        self._recent.forget()
        return revoked

    async def of(self, principal: Principal, user: str, permit: Permit) -> tuple[Token, ...]:
        """Every token of a user, the newest first, those that open nothing any more too.

        Raises:
            NotPermittedError: the principal may not do this.
        """

        def work(session: Session) -> tuple[Token, ...]:
            permit(session, principal, user)
            rows = _of_user(principal.tenant_id, user)
            return tuple(map(_shown, session.exec(rows)))

        return await self._database.read(work)

    async def verify(self, written: str) -> Holder | None:
        """Whom a request with this token comes from; None if it is none, or not in force.

        Raises:
            UnavailableError: the database cannot say, so nobody is let in.
        """
        if _SHAPE.fullmatch(written) is None:
            return None
        digest = digest_of(written)
        known = self._recent.get(digest)
        row = known[0] if known is not None else await self._fetched(digest)
        if row is None or not hmac.compare_digest(row.digest, digest):
            return None
        now = self._clock.now()
        if not row.token.is_in_force(now):
            return None
        self._note_used(row.token, now)
        return Holder(row.token.id, row.tenant_id, row.token.user, row.token.scopes)

    async def _fetched(self, digest: str) -> _Known | None:
        asked_s, age = self._clock.monotonic_s(), self._recent.age
        row = await self._database.read(lambda session: _by_digest(session, digest))
        # What is no token is not remembered: whoever tries some must not push out those that are.
        if row is not None:
            self._recent.put(digest, row, asked_s, age)
        return row

    def _note_used(self, token: Token, now: datetime) -> None:
        last = self._noted.get(token.id, token.last_used_at)
        if last is not None and timedelta(0) <= now - last < LAST_USED_EVERY:
            return
        self._noted[token.id] = now
        if len(self._noted) > TOKENS_REMEMBERED_MAX:
            del self._noted[next(iter(self._noted))]
        values: dict[str, object] = {"id": token.id, "at": now}
        # Nobody waits for it, and a request does not fail for it.
        self._database.hand_in(lambda session: _note(session, values))


def digest_of(written: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()


def scopes_of(words: Collection[str]) -> frozenset[Scope]:
    """The scopes that these words name.

    Raises:
        InvalidInputError: one of them names none, or there is none.
    """
    known: tuple[Scope, ...] = get_args(Scope)
    wrong = [word for word in words if word not in known]
    if wrong or not words:
        raise InvalidInputError(
            f"A token has at least one scope, and these are all: {', '.join(known)}."
            + "".join(f" {word[:40]!r} is none." for word in wrong[:1])
        )
    return frozenset(scope for scope in known if scope in words)


def _check_wish(wish: Wish) -> None:
    scopes_of(wish.scopes)
    if (
        not wish.name.strip()
        or len(wish.name) > TOKEN_NAME_CHARS_MAX
        or not wish.name.isprintable()
    ):
        raise InvalidInputError(
            f"A token has a name of 1 to {TOKEN_NAME_CHARS_MAX} visible characters that says what"
            " it is for, such as `laptop` or `nightly report`."
        )
    if wish.lives_for is not None and wish.lives_for <= timedelta(0):
        raise InvalidInputError("A token lives for a day or more, or until it is revoked.")


def _check_room(session: Session, tenant_id: str, user: str, now: datetime) -> None:
    rows = session.exec(_of_user(tenant_id, user))
    if sum(_shown(row).is_in_force(now) for row in rows) >= TOKENS_A_USER_MAX:
        raise LimitError(
            f"{user!r} has {TOKENS_A_USER_MAX} tokens, which is the most. Revoke one that nobody"
            " uses (`steward token list` shows when each was last used)."
        )


def _end_with(session: Session, row: PersonalTokenRow, now: datetime) -> None:
    """Let a new token live no longer than the one that it is made with.

    Raises:
        NotPermittedError: that one holds no more.
    """
    if row.made_with is None:
        return
    parent = session.get(PersonalTokenRow, row.made_with)
    if parent is None or not _shown(parent).is_in_force(now):
        raise NotPermittedError("The token that you show holds no more, so it makes no other.")
    if parent.expires_at is not None:
        row.expires_at = min(row.expires_at or parent.expires_at, parent.expires_at)


def _revoke(session: Session, principal: Principal, row: PersonalTokenRow, at: datetime) -> None:
    if row.revoked_at is None:
        row.revoked_at = at
        session.add(row)
        _write_down(session, principal, at, "token.revoked", row)
    made = select(PersonalTokenRow).where(
        PersonalTokenRow.made_with == row.id, col(PersonalTokenRow.revoked_at).is_(None)
    )
    for each in session.exec(made.order_by(PersonalTokenRow.id)).all():
        _revoke(session, principal, each, at)


def _of_user(tenant_id: str, user: str) -> SelectOfScalar[PersonalTokenRow]:
    rows = select(PersonalTokenRow).where(
        PersonalTokenRow.tenant_id == tenant_id, PersonalTokenRow.user == user
    )
    return rows.order_by(col(PersonalTokenRow.created_at).desc(), col(PersonalTokenRow.id))


def _by_digest(session: Session, digest: str) -> _Known | None:
    found = select(PersonalTokenRow).where(PersonalTokenRow.digest == digest)
    row = session.exec(found).first()
    return None if row is None else _Known(_shown(row), row.tenant_id, row.digest)


def _shown(row: PersonalTokenRow) -> Token:
    return Token(
        id=row.id,
        user=row.user,
        name=row.name,
        scopes=cast("frozenset[Scope]", frozenset(row.scopes.split()) & set(get_args(Scope))),
        created_by=row.created_by,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )


def _write_down(
    session: Session, principal: Principal, at: datetime, action: str, row: PersonalTokenRow
) -> None:
    audit.append(
        session,
        at=at,
        tenant_id=principal.tenant_id,
        actor=principal.user,
        action=action,
        subject=f"token {row.id}",
        detail={
            "user": row.user,
            "name": row.name,
            "scopes": row.scopes,
            "expires_at": None if row.expires_at is None else row.expires_at.isoformat(),
        },
    )


def _note(session: Session, values: dict[str, object]) -> None:
    session.connection().execute(_NOTE_USED, values)


_NOTE_USED = text(
    "UPDATE personal_token SET last_used_at = :at WHERE id = :id"
    " AND (last_used_at IS NULL OR last_used_at < :at)"
).bindparams(bindparam("at", type_=UTCDateTime()))
