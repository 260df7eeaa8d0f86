"""Personal tokens: what programs show in place of the person they work for."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import Field
from sqlmodel import Session

from steward.core import audit
from steward.core.errors import InvalidInputError, NotPermittedError
from steward.core.limits import PERSON_NAME_CHARS_MAX
from steward.core.principal import Principal
from steward.permissions.people import permit_tokens
from steward.permissions.tokens import Scope, Token, Wish, scopes_of
from steward.web.rest.answer import Answer, Paged, Wanted
from steward.web.rest.caller import Caller, Managing, Opened, Reading
from steward.web.rest.cursor import cursor, moment_after
from steward.web.rest.query import LIMIT, After, Limit
from steward.web.rooms import Rooms

router = APIRouter(prefix="/tokens", tags=["tokens"])

_DAYS_MAX = 3650


class TokenSeen(Answer):
    """A token as it may be seen once it was made; its text is not in it."""

    id: str
    user: str
    """Whose it is."""
    name: str
    """What it is for."""
    scopes: tuple[Scope, ...]
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    """Null where it lives until it is revoked."""
    last_used_at: datetime | None
    """About ten minutes exact; null if it was never used."""
    state: Literal["in force", "expired", "revoked"]


class TokenMade(Answer):
    """A new token. This answer is the only place where its text ever stands."""

    text: str
    """What a program shows: `Authorization: Bearer …`."""
    token: TokenSeen


class SessionSeen(Answer):
    """A session of the caller's own at pages."""

    id: str
    token_id: str | None
    """The token that it was opened with, and ends with; null where it came by `steward open`."""
    seen_at: datetime
    """About five minutes exact."""
    expires_at: datetime
    is_this: bool
    """Whether this very request belongs to it."""


class NewToken(Wanted):
    """A token to make."""

    name: str
    """What it is for, such as `laptop` or `nightly report`."""
    scopes: Annotated[frozenset[Scope], Field(min_length=1)] = frozenset(("models",))
    """What it is for, at the most. Through a token, only what that token is for."""
    days: Annotated[int, Field(ge=1, le=_DAYS_MAX)] | None = None
    """How long it lives; null until it is revoked."""
    user: str | None = None
    """Whose it is to be; null for the caller's own."""


@router.get("")
async def list_tokens(
    caller: Reading,
    rooms: Opened,
    user: Annotated[str | None, Query(max_length=PERSON_NAME_CHARS_MAX)] = None,
    every: bool = False,
    limit: Limit = LIMIT,
    after: After = None,
) -> Paged[TokenSeen]:
    """The caller's own tokens in force, or another's, the newest first; `every`: the others too."""
    # By its time and not by its name: the one before may be revoked by now.
    place = moment_after(after)
    found = await tokens_of(caller, rooms, user, every=every)
    left = [each for each in found if place is None or _is_behind(each, *place)]
    shown = tuple(left[:limit])
    last = shown[-1] if len(left) > limit else None
    return Paged(items=shown, next=None if last is None else cursor(last.created_at, last.id))


@router.post("", status_code=201)
async def make_token(caller: Managing, rooms: Opened, wanted: NewToken) -> TokenMade:
    """Make a token. Its text is in this answer alone, and stored nowhere.

    Under an `Idempotency-Key` the answer is kept for repeating, sealed with what the caller
    signed in with: nobody else, and nothing in the database, can open it.
    """
    return await make_token_of(caller, rooms, wanted)


@router.get("/sessions")
async def list_sessions(caller: Reading, rooms: Opened) -> Paged[SessionSeen]:
    """The caller's own sessions at pages that are not over."""
    return Paged(items=await sessions_of(caller, rooms), next=None)


@router.delete("/sessions/{session_id}", status_code=204)
async def end_session(caller: Managing, rooms: Opened, session_id: str) -> None:
    """End one of the caller's own sessions; its pages open nothing within a second."""
    await end_session_of(caller, rooms, session_id)


@router.delete("/{token_id}", status_code=204)
async def revoke_token(caller: Managing, rooms: Opened, token_id: str) -> None:
    """Let a token open nothing any more: within a second what it opened is closed."""
    await revoke_token_of(caller, rooms, token_id)


async def tokens_of(
    caller: Caller, rooms: Rooms, user: str | None, *, every: bool
) -> tuple[TokenSeen, ...]:
    """A user's tokens, as far as the caller may see them.

    Raises:
        NotPermittedError: they are none of the caller's business.
    """
    whose, now = user or caller.principal.user, rooms.clock.now()
    found = await rooms.tokens.of(caller.principal, whose, permit_tokens)
    seen = (_seen(each, now) for each in found)
    return tuple(each for each in seen if every or each.state == "in force")


async def make_token_of(caller: Caller, rooms: Rooms, wanted: NewToken) -> TokenMade:
    """Make a token, with no more rights than the caller has here.

    Raises:
        NotPermittedError: it would have more, or is another's whose tokens the caller may not
            make. Too much is audited.
        InvalidInputError: the name is none.
        LimitError: its user has too many.
    """
    whose = wanted.user or caller.principal.user
    scopes = scopes_of(wanted.scopes)
    if beyond := sorted(scopes - caller.scopes):
        await _note_refused(caller.principal, rooms, whose, beyond)
        raise NotPermittedError(
            f"A token made here has at most the scopes {', '.join(sorted(caller.scopes))}; it"
            f" cannot have {', '.join(beyond)}. Make it at the shell, with `steward token create`."
        )
    wish = Wish(wanted.name, scopes, None if wanted.days is None else timedelta(days=wanted.days))
    text, token = await rooms.tokens.create(caller.principal, whose, wish, permit_tokens)
    return TokenMade(text=text, token=_seen(token, rooms.clock.now()))


async def revoke_token_of(caller: Caller, rooms: Rooms, token_id: str) -> TokenSeen:
    """Let a token open nothing any more; a second time changes nothing.

    Raises:
        NotFoundError: there is none of this id.
        NotPermittedError: it is another's, whose tokens the caller may not revoke.
    """
    gone = await rooms.tokens.revoke(caller.principal, token_id, permit_tokens)
    return _seen(gone, rooms.clock.now())


async def sessions_of(caller: Caller, rooms: Rooms) -> tuple[SessionSeen, ...]:
    """The caller's own sessions, the one seen last first."""
    return tuple(
        SessionSeen(
            id=each.id,
            token_id=each.token_id,
            seen_at=each.seen_at,
            expires_at=each.expires_at,
            is_this=caller.session is not None and caller.session.id == each.id,
        )
        for each in await rooms.sessions.of(caller.principal)
    )


async def end_session_of(caller: Caller, rooms: Rooms, session_id: str) -> None:
    """End one of the caller's own sessions.

    Raises:
        NotFoundError: they have none of this id.
    """
    await rooms.sessions.end_own(caller.principal, session_id)


def days_of(written: str) -> int | None:
    """A number of days as a form has it; None where nothing is written.

    Raises:
        InvalidInputError: it is none.
    """
    if not written.strip():
        return None
    if not written.isdecimal() or not 1 <= int(written[:5]) <= _DAYS_MAX:
        raise InvalidInputError(f"A token lives for 1 to {_DAYS_MAX} days, or until it is revoked.")
    return int(written)


async def _note_refused(
    principal: Principal, rooms: Rooms, whose: str, beyond: Sequence[str]
) -> None:
    now = rooms.clock.now()

    def work(session: Session) -> None:
        audit.append(
            session,
            at=now,
            tenant_id=principal.tenant_id,
            actor=principal.user,
            action="token.refused",
            subject=f"person {whose}",
            detail={"beyond": list(beyond)},
        )

    await rooms.database.run(work)


def _is_behind(each: TokenSeen, at: datetime, id_: str) -> bool:
    """Whether it stands behind that place: the newest come first, and of one moment by id."""
    return each.created_at < at or (each.created_at == at and each.id > id_)


def _seen(token: Token, now: datetime) -> TokenSeen:
    state = "revoked" if token.revoked_at is not None else "expired"
    return TokenSeen(
        id=token.id,
        user=token.user,
        name=token.name,
        scopes=tuple(sorted(token.scopes)),
        created_by=token.created_by,
        created_at=token.created_at,
        expires_at=token.expires_at,
        last_used_at=token.last_used_at,
        state="in force" if token.is_in_force(now) else state,
    )
