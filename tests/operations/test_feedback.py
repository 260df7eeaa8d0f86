"""What people think: one word each, kept as written, for those who may read it."""

from collections.abc import AsyncGenerator, Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

import pytest
from sqlmodel import Session

from steward.agents.tables import RunRow
from steward.agents.talk.tables import ChatMessageRow, ConversationRow
from steward.core.errors import InvalidInputError, NotFoundError, NotPermittedError
from steward.core.figures_limits import FEEDBACK_COMMENT_CHARS_MAX
from steward.core.principal import Principal
from steward.operations import feedback
from steward.operations.feedback import Said, Sum, Wanted
from steward.operations.tables import FeedbackRow
from steward.permissions.tables import PersonRow
from tests.places import Place
from tests.rooms import START, Ground, open_ground

T = TypeVar("T")
ANN, BOB = Principal("ann", "s", "/w"), Principal("bob", "s", "/w")
KEY = "sk-ant-api03-" + "a1B2" * 20
MINE, ALL = Wanted("local", "ann"), Wanted("local", None)


@pytest.fixture
async def ground(place: Place) -> AsyncGenerator[Ground]:
    async with open_ground(place) as ground:
        await ground.database.run(_fill)
        yield ground


def _fill(session: Session) -> None:
    for user, role in (("ann", "owner"), ("bob", "developer")):
        session.add(PersonRow(tenant_id="local", user=user, role=role, team="", is_lead=False))
        session.add(
            RunRow(
                id=f"run-{user}",
                tenant_id="local",
                user=user,
                session="s",
                workspace="/w",
                agent_id="fix",
                goal="g",
                place="",
                mode="normal",
                state="finished",
                owner="",
                created_at=START,
            )
        )
    session.add(
        ConversationRow(
            id="talk",
            tenant_id="local",
            user="bob",
            workspace="/w",
            title="",
            created_at=START,
            updated_at=START,
        )
    )
    session.flush()
    for number, author in enumerate(("person", "assistant")):
        session.add(
            ChatMessageRow(
                id=f"message-{number}",
                tenant_id="local",
                conversation_id="talk",
                number=number,
                author=author,
                text="",
                at=START,
                mode="",
                agent="ask",
                model="acme/large",
                state="finished",
                note="",
                run_id="",
                cost_nano_usd=0,
                owner="",
                attachments="[]",
                mentions="[]",
                left_out="[]",
                shown="[]",
            )
        )


async def say(ground: Ground, who: Principal, said: Said) -> FeedbackRow:
    new_id = f"f{ground.clock.now().timestamp()}"
    now = ground.clock.now()
    ground.clock.advance(timedelta(seconds=1))
    return await ground.database.run(lambda s: feedback.give(s, who, said, now, new_id))


async def read(ground: Ground, work: Callable[[Session], T]) -> T:
    return await ground.database.read(work)


async def test_the_last_word_about_a_thing_counts_and_can_be_taken_back(ground: Ground) -> None:
    first = await say(
        ground, BOB, Said("run", "run-bob", is_good=True, comment="  Fine.\nReally. ")
    )
    assert (first.agent, first.comment) == ("fix", "Fine.\nReally.")
    await say(ground, BOB, Said("answer", "message-1", is_good=True))
    again = await say(ground, BOB, Said("run", "run-bob", is_good=False, comment="No."))
    assert again.id == first.id
    wanted = replace(MINE, user="bob")
    rows = await read(ground, lambda s: feedback.listed(s, BOB, wanted, 10))
    assert [(row.about, row.is_good, row.comment, row.model) for row in rows] == [
        ("run", False, "No.", ""),
        ("answer", True, "", "acme/large"),
    ]
    with pytest.raises(NotFoundError):
        await ground.database.run(lambda s: feedback.take_back(s, ANN, first.id))
    await ground.database.run(lambda s: feedback.take_back(s, BOB, first.id))
    rows = await read(ground, lambda s: feedback.listed(s, BOB, wanted, 10))
    assert [row.about for row in rows] == ["answer"]


async def test_a_secret_in_a_comment_is_never_stored(ground: Ground) -> None:
    row = await say(
        ground, ANN, Said("suggestion", "s:1", is_good=False, comment=f"It wrote {KEY}")
    )
    assert KEY not in row.comment
    assert row.comment.startswith("It wrote ")
    kept = await say(ground, ANN, Said("suggestion", "s:1", is_good=False, comment="a\0b\ud800c"))
    assert kept.comment == "a\N{REPLACEMENT CHARACTER}b?c"


async def test_nobody_says_anything_of_what_is_not_theirs_to_see(ground: Ground) -> None:
    for said in (
        Said("run", "run-ann", is_good=True),
        Said("run", "none", is_good=True),
        Said("answer", "message-0", is_good=True),
        Said("answer", "none", is_good=True),
    ):
        with pytest.raises(NotFoundError):
            await say(ground, BOB, said)
    with pytest.raises(NotFoundError):
        await say(ground, ANN, Said("answer", "message-1", is_good=True))
    assert (await say(ground, ANN, Said("run", "run-bob", is_good=True))).user == "ann"


async def test_what_is_too_long_or_no_id_is_refused(ground: Ground) -> None:
    long = "x" * (FEEDBACK_COMMENT_CHARS_MAX + 1)
    for said in (
        Said("suggestion", "s", is_good=True, comment=long),
        *(Said("suggestion", subject, is_good=True) for subject in ("", "a b", "ü", "x" * 201)),
    ):
        with pytest.raises(InvalidInputError):
            await say(ground, ANN, said)


async def test_what_others_said_is_for_owners_and_admins(ground: Ground) -> None:
    await say(ground, BOB, Said("run", "run-bob", is_good=True))
    await say(ground, ANN, Said("run", "run-bob", is_good=False))
    for wanted in (ALL, MINE):
        with pytest.raises(NotPermittedError):
            await read(ground, lambda s, wanted=wanted: feedback.listed(s, BOB, wanted, 10))
        with pytest.raises(NotPermittedError):
            await read(ground, lambda s, wanted=wanted: feedback.sums(s, BOB, wanted))
    assert len(await read(ground, lambda s: feedback.listed(s, ANN, ALL, 10))) == 2
    assert await read(ground, lambda s: feedback.sums(s, ANN, ALL)) == (
        Sum("run", "fix", "", 1, 1),
    )
    assert await read(ground, lambda s: feedback.counts(s, "elsewhere")) == ()
    other = Principal("ann", "s", "/w", "elsewhere")
    assert await read(ground, lambda s: feedback.counts(s, other.tenant_id)) == ()


async def test_the_list_goes_on_where_it_stopped(ground: Ground) -> None:
    for number in range(7):
        await say(ground, ANN, Said("suggestion", f"s{number}", is_good=True))
    seen: list[str] = []
    after = None
    while rows := await read(ground, lambda s, a=after: feedback.listed(s, ANN, MINE, 3, a)):
        seen += [row.subject for row in rows]
        after = (rows[-1].at, rows[-1].id)
    assert seen == [f"s{number}" for number in reversed(range(7))]
