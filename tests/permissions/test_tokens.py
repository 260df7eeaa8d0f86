"""Personal tokens: shown once, known by their digest alone, good until they are revoked."""

import itertools
import secrets
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, strategies as st
from sqlmodel import Session

from steward.core import audit
from steward.core.clock import ManualClock
from steward.core.database import Database, open_database
from steward.core.errors import (
    InvalidInputError,
    LimitError,
    NotFoundError,
    NotPermittedError,
    UnavailableError,
)
from steward.core.principal import Principal, Role
from steward.permissions import people
from steward.permissions.people import permit_tokens
from steward.permissions.roles import Person
from steward.permissions.tokens import (
    Holder,
    Scope,
    Token,
    Tokens,
    Wish,
    digest_of,
)
from tests.places import Place, execute

START = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
ANN = Principal("ann", "s1", "/work")
MODELS: frozenset[Scope] = frozenset(("models",))
LAPTOP = Wish("laptop", MODELS)
PEOPLE: dict[str, Role] = {"ann": "owner", "bob": "admin", "eve": "developer"}


def anybody(_session: Session, _principal: Principal, _user: str) -> None:
    """Permits everything."""


@dataclass(frozen=True)
class Desk:
    tokens: Tokens
    database: Database
    clock: ManualClock

    async def made(self, wish: Wish = LAPTOP) -> tuple[str, Token]:
        return await self.tokens.create(ANN, ANN.user, wish, anybody)


def desk_on(database: Database, clock: ManualClock) -> Desk:
    ids = itertools.count(1)
    fresh = partial(secrets.token_urlsafe, 32)
    return Desk(Tokens(database, clock, lambda: f"t{next(ids)}", fresh), database, clock)


@pytest.fixture
async def desk(place: Place) -> AsyncGenerator[Desk]:
    async with open_database(place) as database:
        yield desk_on(database, ManualClock(START))


@pytest.fixture
async def small(tmp_path: Path) -> AsyncGenerator[Desk]:
    async with open_database(tmp_path / "steward.db") as database:
        yield desk_on(database, ManualClock(START))


async def test_a_token_is_known_until_it_is_revoked(desk: Desk, place: Place) -> None:
    written, token = await desk.made()
    assert written.startswith("stw_")
    assert len(written) == 47
    holder = await desk.tokens.verify(written)
    assert holder is not None
    assert holder == Holder(token.id, ANN.tenant_id, "ann", MODELS)
    assert holder.principal("red") == Principal("ann", f"token {token.id}", "", team="red")
    assert await desk.tokens.verify((await desk.made())[0]) is not None
    revoked = await desk.tokens.revoke(ANN, token.id, anybody)
    assert revoked.revoked_at == START
    assert await desk.tokens.verify(written) is None, "at once, though it was just in use"
    assert (await desk.tokens.revoke(ANN, token.id, anybody)).revoked_at == START
    assert [each.id for each in await desk.tokens.of(ANN, "ann", anybody)] == ["t1", "t2"]
    actions = [entry.action for entry in await _trail(desk)]
    assert actions == ["token.created", "token.created", "token.revoked"]
    stored = repr([execute(place, f"SELECT * FROM {name}") for name in ("audit", "personal_token")])
    assert written not in stored
    assert written[4:] not in stored


async def _trail(desk: Desk) -> list[audit.AuditEntry]:
    def work(session: Session) -> list[audit.AuditEntry]:
        assert audit.verify(session).is_intact
        return list(audit.read(session))

    return await desk.database.read(work)


async def test_a_token_that_another_process_revoked_is_good_for_half_a_second_at_most(
    desk: Desk, place: Place
) -> None:
    written, token = await desk.made()
    assert await desk.tokens.verify(written) is not None
    async with open_database(place) as database:
        other = desk_on(database, desk.clock)
        assert await other.tokens.verify(written) is not None
        await other.tokens.revoke(ANN, token.id, anybody)
    desk.clock.advance(timedelta(seconds=0.5))
    assert await desk.tokens.verify(written) is None


async def test_a_token_ends_when_it_was_said_to(small: Desk) -> None:
    written, _ = await small.made(replace(LAPTOP, lives_for=timedelta(days=1)))
    small.clock.advance(timedelta(days=1, microseconds=-1))
    assert await small.tokens.verify(written) is not None
    small.clock.advance(timedelta(microseconds=1))
    assert await small.tokens.verify(written) is None, "to the moment, however lately it was seen"


async def test_what_is_no_token_of_ours_is_nobody(small: Desk) -> None:
    written, _ = await small.made()
    digest = execute(_file(small), "SELECT digest FROM personal_token")[0][0]
    for wrong in (
        *("", " ", "stw_", written[:-1], written + "A", written + "\n", " " + written),
        *(written.swapcase(), written[4:], f"Bearer {written}", written.replace("stw_", "stx_")),
        *("stw_" + "A" * 43, digest, "stw_" + digest[:43], "\0" * 47, "stw_" + "\ud800" * 43),
        "stw_" + "A" * 1_000_000,
        "' OR '1'='1",
    ):
        assert await small.tokens.verify(wrong) is None, ascii(wrong[:60])
    assert await small.tokens.verify(written) is not None


def _file(desk: Desk) -> Path:
    return Path(desk.database._store.name)


@given(st.data())
def test_a_token_with_one_other_character_is_another_token(data: st.DataObject) -> None:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    written = "stw_" + data.draw(st.text(letters, min_size=43, max_size=43))
    place = data.draw(st.integers(4, 46))
    other = data.draw(st.sampled_from(letters).filter(lambda each: each != written[place]))
    assert digest_of(written) != digest_of(written[:place] + other + written[place + 1 :])


async def test_words_that_name_no_scope_permit_nothing(small: Desk) -> None:
    written, _ = await small.made()
    execute(_file(small), "UPDATE personal_token SET scopes = 'models everything root'")
    holder = await small.tokens.verify(written)
    assert holder is not None
    assert holder.scopes == MODELS


async def test_another_tenant_can_neither_see_nor_revoke_a_token(small: Desk) -> None:
    written, token = await small.made()
    eve = replace(ANN, tenant_id="another")
    with pytest.raises(NotFoundError):
        await small.tokens.revoke(eve, token.id, anybody)
    assert await small.tokens.of(eve, "ann", anybody) == ()
    assert await small.tokens.verify(written) is not None


async def test_whoever_may_not_make_or_revoke_tokens_changes_nothing(small: Desk) -> None:
    def add(user: str, role: Role) -> Callable[[Session], object]:
        return lambda session: people.add(session, ANN, Person(user, role), START)

    for user, role in PEOPLE.items():
        await small.database.run(add(user, role))
    tokens = small.tokens
    made: dict[str, Token] = {}
    for user in PEOPLE:
        made[user] = (await tokens.create(ANN, user, LAPTOP, permit_tokens))[1]
    for actor, users in {
        "bob": ["ann"],
        "eve": ["ann", "bob"],
        "nobody": ["nobody", "ann"],
    }.items():
        by = replace(ANN, user=actor)
        for user in users:
            for attempt in (
                tokens.create(by, user, LAPTOP, permit_tokens),
                tokens.of(by, user, permit_tokens),
                tokens.revoke(by, made.get(user, made["ann"]).id, permit_tokens),
            ):
                with pytest.raises(NotPermittedError):
                    await attempt
    for user in PEOPLE:
        by = replace(ANN, user=user)
        assert [each.id for each in await tokens.of(by, user, permit_tokens)] == [made[user].id]
    await tokens.revoke(replace(ANN, user="bob"), made["eve"].id, permit_tokens)
    await tokens.revoke(replace(ANN, user="bob"), made["bob"].id, permit_tokens)


@pytest.mark.parametrize(
    "wish",
    [
        Wish("", MODELS),
        Wish("  ", MODELS),
        Wish("x" * 65, MODELS),
        Wish("a\nb", MODELS),
        Wish("a\x1b[2J", MODELS),
        Wish("x", frozenset()),
        Wish("x", MODELS, timedelta(0)),
        Wish("x", MODELS, timedelta(days=-1)),
    ],
    ids=ascii,
)
async def test_a_wish_that_makes_no_sense_is_refused(small: Desk, wish: Wish) -> None:
    with pytest.raises(InvalidInputError):
        await small.made(wish)


async def test_one_user_has_only_so_many_and_those_that_ended_do_not_count(
    small: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("steward.permissions.tokens.TOKENS_A_USER_MAX", 2)
    await small.made(replace(LAPTOP, lives_for=timedelta(days=1)))
    _, second = await small.made()
    with pytest.raises(LimitError, match="Revoke one"):
        await small.made()
    await small.tokens.create(ANN, "bob", LAPTOP, anybody)
    await small.tokens.revoke(ANN, second.id, anybody)
    await small.made()
    small.clock.advance(timedelta(days=1))
    await small.made()


async def test_a_token_says_when_it_was_used_without_writing_each_time(small: Desk) -> None:
    written, _ = await small.made()
    for _ in range(3):
        await small.tokens.verify(written)
        small.clock.advance(timedelta(minutes=4))
    (token,) = await small.tokens.of(ANN, "ann", anybody)
    assert token.last_used_at == START
    await small.tokens.verify(written)
    (token,) = await small.tokens.of(ANN, "ann", anybody)
    assert token.last_used_at == START + timedelta(minutes=12)


async def test_a_token_in_use_is_not_looked_up_for_every_request(small: Desk) -> None:
    written, _ = await small.made()
    await small.tokens.verify(written)
    before = small.database.handed_in
    for _ in range(1000):
        assert await small.tokens.verify(written) is not None
    assert small.database.handed_in == before


async def test_whoever_tries_tokens_pushes_none_out_that_is_in_use(small: Desk) -> None:
    written, _ = await small.made()
    await small.tokens.verify(written)
    for number in range(200):
        assert await small.tokens.verify("stw_" + f"{number:043d}") is None
    assert len(small.tokens._recent._known) == 1


async def test_where_the_database_cannot_say_nobody_gets_in(small: Desk) -> None:
    written, _ = await small.made()
    execute(_file(small), "ALTER TABLE personal_token RENAME TO away")
    with pytest.raises(UnavailableError):
        await small.tokens.verify(written)
