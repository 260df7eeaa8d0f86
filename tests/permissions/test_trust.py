"""A folder is trusted only by a person's word, for exactly the folder that they were shown."""

import asyncio
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import Session

from steward.core.errors import InvalidInputError, UnavailableError
from steward.core.principal import Principal
from steward.permissions.question import OpenQuestion
from steward.permissions.trust import Decided, Enabled, Trust, all_decided, decide_trust, folder_at
from tests.rooms import DEADLINE_S, Ground, answering, no, silent, yes


async def nothing(_folder: str) -> Enabled:
    return Enabled()


async def an_agent(_folder: str) -> Enabled:
    return Enabled(("the agent `paint` may be started",))


def trust_of(ground: Ground) -> Trust:
    return Trust(ground.database, ground.clock, ground.approvals, nothing)


@pytest.fixture
def ann(tmp_path: Path) -> Principal:
    folder = tmp_path / "project"
    folder.mkdir()
    return Principal("ann", "s", str(folder))


async def test_nobody_is_taken_to_trust_a_folder_they_were_not_asked_about(
    ground: Ground, ann: Principal
) -> None:
    assert await trust_of(ground).decided(ann) is None
    assert not await trust_of(ground).is_trusted(ann)


async def test_a_yes_is_asked_for_once_and_remembered(ground: Ground, ann: Principal) -> None:
    trust = trust_of(ground)
    async with answering(ground, ann, yes) as seen:
        assert await trust.ask_once(ann, "run-1")
        assert await trust.ask_once(ann, "run-2")
    assert [question.kind for question in seen] == ["trust"]
    assert await ground.trail() == [
        *("approval.asked", "approval.approved", "approval.used", "trust.given")
    ]


async def test_a_no_is_remembered_too(ground: Ground, ann: Principal) -> None:
    trust = trust_of(ground)
    async with answering(ground, ann, no) as seen:
        assert not await trust.ask_once(ann, "run-1")
        assert not await trust.ask_once(ann, "run-2")
    assert len(seen) == 1
    assert await trust.decided(ann) is False


async def test_who_said_no_can_be_asked_again_on_their_wish(ground: Ground, ann: Principal) -> None:
    trust = trust_of(ground)
    async with answering(ground, ann, no):
        assert not await trust.ask(ann, "wish")
    async with answering(ground, ann, yes):
        assert await trust.ask(ann, "wish")
    assert await trust.is_trusted(ann)


async def test_the_question_names_the_folder_and_what_it_would_enable(
    ground: Ground, ann: Principal
) -> None:
    trust = replace(trust_of(ground), enables=an_agent)
    async with answering(ground, ann, yes) as seen:
        await trust.ask_once(ann, "run-1")
    assert ann.workspace in seen[0].body
    assert "the agent `paint` may be started" in seen[0].body


async def test_a_question_that_nobody_answered_is_a_no_and_is_asked_again(
    ground: Ground, ann: Principal
) -> None:
    trust = trust_of(ground)
    async with asyncio.timeout(DEADLINE_S):
        asking = asyncio.create_task(trust.ask_once(ann, "run-1"))
        await _open_questions(ground, ann, 1)
        await ground.approvals.withdraw(ann, "run-1")
        assert not await asking
    assert await trust.decided(ann) is None


async def test_two_runs_that_ask_at_once_need_one_answer(ground: Ground, ann: Principal) -> None:
    trust = trust_of(ground)
    async with asyncio.timeout(DEADLINE_S), answering(ground, ann, silent):
        asking = [asyncio.create_task(trust.ask_once(ann, f"run-{n}")) for n in (1, 2)]
        first, _ = await _open_questions(ground, ann, 2)
        await ground.approvals.answer(ann, first.id, first.digest, approve=True, channel="test")
        assert [await each for each in asking] == [True, True]
    assert await ground.approvals.pending(ann) == ()


async def test_trust_does_not_reach_into_subfolders_or_to_other_people(
    ground: Ground, ann: Principal
) -> None:
    trust = trust_of(ground)
    async with answering(ground, ann, yes):
        await trust.ask_once(ann, "run-1")
    below = Path(ann.workspace) / "below"
    below.mkdir()
    assert await trust.decided(replace(ann, workspace=str(below))) is None
    assert await trust.decided(replace(ann, user="bob")) is None
    assert await trust.decided(replace(ann, tenant_id="acme")) is None


async def test_another_folder_at_the_same_path_is_asked_about_anew(
    ground: Ground, ann: Principal
) -> None:
    trust, folder = trust_of(ground), Path(ann.workspace)
    async with answering(ground, ann, yes):
        await trust.ask_once(ann, "run-1")
    shutil.rmtree(folder)
    assert not await trust.is_trusted(ann)
    folder.mkdir()  # It may get the very number that the old one had.
    assert await trust.decided(ann) is None
    async with answering(ground, ann, no):
        assert not await trust.ask_once(ann, "run-2")


async def test_a_link_to_a_trusted_folder_is_that_folder(
    ground: Ground, ann: Principal, tmp_path: Path
) -> None:
    trust = trust_of(ground)
    async with answering(ground, ann, yes):
        await trust.ask_once(ann, "run-1")
    link = tmp_path / "link"
    link.symlink_to(ann.workspace)
    assert await trust.is_trusted(replace(ann, workspace=str(link)))


async def test_where_no_folder_is_there_is_nothing_to_trust(ground: Ground, ann: Principal) -> None:
    trust, nowhere = trust_of(ground), replace(ann, workspace="")
    assert await trust.decided(nowhere) is False
    with pytest.raises(InvalidInputError):
        await trust.ask(nowhere, "wish")
    with pytest.raises(UnavailableError):
        await trust.ask(replace(ann, workspace=f"{ann.workspace}/none"), "wish")


async def test_what_was_decided_is_listed_and_can_be_taken_back(
    ground: Ground, ann: Principal
) -> None:
    trust, now = trust_of(ground), ground.clock.now()
    folder = await asyncio.to_thread(folder_at, ann.workspace)

    def listed(session: Session) -> tuple[Decided, ...]:
        return all_decided(session, ground.approvals.seal, ann)

    for is_trusted in (True, False):
        await ground.database.run(
            lambda session, said=is_trusted: decide_trust(
                session, ground.approvals.seal, ann, folder, now, is_trusted=said
            )
        )
        assert await trust.decided(ann) is is_trusted
        assert await ground.database.read(listed) == (
            Decided(folder.path, folder.identity, is_trusted, now),
        )


async def _open_questions(
    ground: Ground, principal: Principal, count: int
) -> tuple[OpenQuestion, ...]:
    with ground.events.watch() as events:
        while len(found := await ground.approvals.pending(principal)) < count:
            await anext(events)
    return found


@pytest.mark.parametrize(
    "forgery",
    [
        "UPDATE folder_trust SET is_trusted = true",
        "UPDATE folder_trust SET is_trusted = true, seal = ''",
        "INSERT INTO folder_trust SELECT tenant_id, 'bob', path, identity, true, decided_at, seal"
        " FROM folder_trust",
    ],
)
async def test_a_row_that_somebody_else_wrote_trusts_no_folder(
    ground: Ground, ann: Principal, forgery: str
) -> None:
    trust = trust_of(ground)
    async with answering(ground, ann, no):
        assert not await trust.ask_once(ann, "run-1")
    await ground.database.run(lambda session: session.connection().execute(text(forgery)))
    whose = replace(ann, user="bob") if "INSERT" in forgery else ann
    assert await trust.decided(whose) is None
    seal = ground.approvals.seal
    assert await ground.database.read(lambda session: all_decided(session, seal, whose)) == ()
    async with answering(ground, whose, yes) as seen:
        assert await trust.ask_once(whose, "run-2")
    assert len(seen) == 1


async def test_a_yes_to_words_holds_for_exactly_these_and_no_forged_one_does(
    ground: Ground, ann: Principal
) -> None:
    trust, words = trust_of(ground), {"AGENTS.md": "0" * 64}
    async with answering(ground, ann, no) as seen:
        assert not await trust.ask_about_files(ann, "run-1", "the words", words)
    assert [(each.kind, "the words" in each.body) for each in seen] == [("instructions", True)]
    assert await trust.said_of_files(ann) == {"AGENTS.md": ("0" * 64, False)}
    forgery = text("UPDATE accepted_file SET is_accepted = true")
    await ground.database.run(lambda session: session.connection().execute(forgery))
    assert await trust.said_of_files(ann) == {}
    async with answering(ground, ann, yes):
        assert await trust.ask_about_files(ann, "run-2", "the words", words)
    assert await trust.said_of_files(ann) == {"AGENTS.md": ("0" * 64, True)}
    assert await trust.said_of_files(replace(ann, user="bob")) == {}
    assert "instructions.accepted" in await ground.trail()
