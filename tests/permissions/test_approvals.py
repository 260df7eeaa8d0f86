"""An answer counts once, for exactly what was shown, to whom it was shown, while it is fresh."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from steward.core.errors import NotFoundError, NotPermittedError, StaleError, StewardError
from steward.core.events import QuestionChanged
from steward.core.principal import Principal
from steward.permissions.question import OpenQuestion, Question
from steward.permissions.tables import ApprovalRow
from tests.places import Place, execute
from tests.rooms import ANSWER_WITHIN, DEADLINE_S, START, Ground, answering, no, open_ground, yes

ANN = Principal("ann", "session-1", "/work")
QUESTION = Question(
    key="tool-0-0",
    kind="command",
    title="Run the tests",
    body="Run `pytest`.",
    operands={"argv": ["pytest"]},
    run_id="run-1",
)
DIGEST = QUESTION.digest()


async def approved(ground: Ground, question: Question = QUESTION) -> str:
    approval_id = await ground.approvals.open(ANN, question)
    await ground.approvals.answer(ANN, approval_id, question.digest(), approve=True, channel="test")
    return approval_id


async def outcomes(count: int, attempt: Callable[[int], Awaitable[object]]) -> Counter[str]:
    """How often each attempt ended well, and how often with which error."""
    found: Counter[str] = Counter()

    async def one(number: int) -> None:
        try:
            await attempt(number)
        except StewardError as error:
            found[type(error).__name__] += 1
        else:
            found["done"] += 1

    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
        for number in range(count):
            group.create_task(one(number))
    return found


async def test_a_yes_is_a_yes_and_a_no_is_a_no(ground: Ground) -> None:
    async with answering(ground, ANN, yes):
        answer = await ground.approvals.ask(ANN, QUESTION)
    assert answer.is_approval
    assert answer.answered_by == "ann"
    async with answering(ground, ANN, no):
        refused = await ground.approvals.ask(ANN, replace(QUESTION, key="another"))
    assert not refused.is_approval
    assert refused.state == "rejected"


@pytest.mark.parametrize(
    "other",
    [
        replace(QUESTION, kind="edit"),
        replace(QUESTION, title="Run the linter"),
        replace(QUESTION, body="Run `pytest` twice."),
        replace(QUESTION, operands={"argv": ["rm"]}),
        replace(QUESTION, run_id="run-2"),
    ],
    ids=["kind", "title", "body", "operands", "run"],
)
async def test_an_answer_to_something_else_is_refused(ground: Ground, other: Question) -> None:
    approval_id = await ground.approvals.open(ANN, QUESTION)
    with pytest.raises(StaleError):
        await ground.approvals.answer(
            ANN, approval_id, other.digest(), approve=True, channel="test"
        )
    assert (await ground.approvals.look(approval_id)).state == "pending"


async def test_an_approval_is_not_for_anything_else(ground: Ground) -> None:
    approval_id = await approved(ground)
    with pytest.raises(NotPermittedError):
        await ground.approvals.use(approval_id, replace(QUESTION, body="other").digest())
    await ground.approvals.use(approval_id, DIGEST)


CHANGES = [
    *("digest = 'another'", "body = 'Run `true`.'", "title = 'Read'", "takes = 'for_run'"),
    *("expires_monotonic_s = 1e12", "expires_at = '2030-01-01 00:00:00+00:00'", "boot = 'boot-2'"),
    *("channel = 'lsp'", "answered_by = 'bob'", "reply = '{\"is_for_run\":true}'", "seal = ''"),
    *("run_id = 'run-2'", "kind = 'plan'", "attempt = 7", "key = 'plan'"),
]


@pytest.mark.parametrize("change", CHANGES)
async def test_an_approval_whose_row_something_else_changed_cannot_be_used(
    ground: Ground, place: Place, change: str
) -> None:
    approval_id = await approved(ground)
    execute(place, f"UPDATE approval SET {change}")
    for digest in (DIGEST, "another"):
        with pytest.raises(NotPermittedError):
            await ground.approvals.use(approval_id, digest)
    assert "approval.used" not in await ground.trail()
    assert "approval.tampered" in await ground.trail()


async def test_a_row_that_was_edited_to_approved_counts_for_nothing_and_is_asked_again(
    ground: Ground, place: Place
) -> None:
    asked: list[str] = []

    def edited_once(question: OpenQuestion) -> bool | None:
        asked.append(question.id)
        if len(asked) > 1:
            return False
        execute(
            place,
            "UPDATE approval SET state = 'approved', answered_by = 'ann', channel = 'lsp',"
            " answered_at = asked_at",
        )
        ground.events.send(QuestionChanged(ANN.workspace))
        return None

    async with answering(ground, ANN, edited_once):
        answer = await ground.approvals.ask(ANN, QUESTION)
    assert answer.state == "rejected"
    assert len(asked) == 2
    assert await ground.trail() == [
        *("approval.asked", "approval.tampered", "approval.withdrawn"),
        *("approval.asked", "approval.rejected"),
    ]


async def test_a_question_that_is_changed_again_and_again_is_a_no(
    ground: Ground, place: Place
) -> None:
    def edited(_question: OpenQuestion) -> None:
        execute(place, "UPDATE approval SET body = 'Run nothing.' WHERE state = 'pending'")
        ground.events.send(QuestionChanged(ANN.workspace))

    async with answering(ground, ANN, edited):
        with pytest.raises(NotPermittedError, match="other than Steward"):
            await ground.approvals.ask(ANN, QUESTION)


async def test_a_question_whose_row_was_changed_is_neither_shown_nor_answered(
    ground: Ground, place: Place
) -> None:
    approval_id = await ground.approvals.open(ANN, QUESTION)
    execute(place, "UPDATE approval SET body = 'Read a file.'")
    assert await ground.approvals.pending(ANN) == ()
    with pytest.raises(StaleError, match="other than Steward"):
        await ground.approvals.answer(ANN, approval_id, DIGEST, approve=True, channel="test")
    assert await ground.approvals.open(ANN, QUESTION) != approval_id


async def test_a_used_approval_cannot_be_made_new_in_the_database(
    ground: Ground, place: Place
) -> None:
    approval_id = await approved(ground)
    await ground.approvals.use(approval_id, DIGEST)
    execute(place, "UPDATE approval SET used_at = NULL")
    with pytest.raises(NotPermittedError):
        await ground.approvals.use(approval_id, DIGEST)


async def test_a_row_that_was_copied_for_another_run_counts_for_nothing(
    ground: Ground, place: Place
) -> None:
    approval_id = await approved(ground)
    names = [name for name in ApprovalRow.model_fields if name not in ("id", "run_id")]
    columns = ", ".join(f'"{name}"' for name in names)
    execute(
        place,
        f"INSERT INTO approval (id, run_id, {columns}) SELECT 'copy', 'run-2', {columns}"
        f" FROM approval WHERE id = '{approval_id}'",
    )
    with pytest.raises(NotPermittedError):
        await ground.approvals.use("copy", DIGEST)
    await ground.approvals.use(approval_id, DIGEST)


async def test_an_approval_works_once(ground: Ground) -> None:
    approval_id = await approved(ground)
    await ground.approvals.use(approval_id, DIGEST)
    with pytest.raises(NotPermittedError):
        await ground.approvals.use(approval_id, DIGEST)


async def test_what_was_not_approved_cannot_be_used(ground: Ground) -> None:
    pending = await ground.approvals.open(ANN, QUESTION)
    with pytest.raises(NotPermittedError):
        await ground.approvals.use(pending, DIGEST)
    await ground.approvals.answer(ANN, pending, DIGEST, approve=False, channel="test")
    for approval_id in (pending, "no such question"):
        with pytest.raises(NotPermittedError):
            await ground.approvals.use(approval_id, DIGEST)


async def test_of_fifty_answers_at_once_one_decides(ground: Ground) -> None:
    approval_id = await ground.approvals.open(ANN, QUESTION)

    async def answer(number: int) -> None:
        await ground.approvals.answer(
            ANN, approval_id, DIGEST, approve=number % 2 == 0, channel=f"window {number}"
        )

    found = await outcomes(50, answer)
    # Those who wanted what was decided are told so; the others, that it was decided otherwise.
    assert found == {"done": 25, "StaleError": 25}
    trail = await ground.trail()
    assert Counter(trail)["approval.approved"] + Counter(trail)["approval.rejected"] == 1


async def test_of_fifty_uses_at_once_one_counts(ground: Ground) -> None:
    approval_id = await approved(ground)
    found = await outcomes(50, lambda _: ground.approvals.use(approval_id, DIGEST))
    assert found == {"done": 1, "NotPermittedError": 49}
    assert Counter(await ground.trail())["approval.used"] == 1


async def test_of_uses_in_two_processes_one_counts(place: Place) -> None:
    async with open_ground(place) as one, open_ground(place) as two:
        approval_id = await approved(one)
        found = await outcomes(
            50, lambda number: (one, two)[number % 2].approvals.use(approval_id, DIGEST)
        )
    assert found == {"done": 1, "NotPermittedError": 49}


@pytest.mark.parametrize(
    "stranger",
    [
        replace(ANN, user="bob"),
        replace(ANN, workspace="/other"),
        replace(ANN, tenant_id="another"),
    ],
    ids=["user", "workspace", "tenant"],
)
async def test_only_whom_it_was_put_to_may_answer(ground: Ground, stranger: Principal) -> None:
    approval_id = await ground.approvals.open(ANN, QUESTION)
    with pytest.raises(NotPermittedError):
        await ground.approvals.answer(stranger, approval_id, DIGEST, approve=True, channel="test")
    assert await ground.approvals.pending(stranger) == ()
    assert [question.id for question in await ground.approvals.pending(ANN)] == [approval_id]


async def test_an_answer_to_no_question_is_refused(ground: Ground) -> None:
    with pytest.raises(NotFoundError):
        await ground.approvals.answer(ANN, "none", DIGEST, approve=True, channel="test")


@pytest.mark.parametrize("is_approved", [False, True], ids=["open", "approved"])
@pytest.mark.parametrize("cause", ["both clocks", "wall clock", "monotonic clock", "reboot"])
async def test_an_old_question_is_over(ground: Ground, cause: str, is_approved: bool) -> None:
    open_question = ground.approvals.open
    approval_id = await (approved(ground) if is_approved else open_question(ANN, QUESTION))
    match cause:
        case "both clocks":
            ground.clock.advance(ANSWER_WITHIN)
        case "wall clock":
            ground.clock.set_wall(START + ANSWER_WITHIN)
        case "monotonic clock":
            ground.clock.advance(ANSWER_WITHIN)
            ground.clock.set_wall(START - timedelta(days=1))
        case _:
            ground.clock.reboot("boot-2")
    assert await ground.approvals.pending(ANN) == ()
    with pytest.raises(NotPermittedError):
        await ground.approvals.use(approval_id, DIGEST)
    if not is_approved:
        with pytest.raises(StaleError, match="expired"):
            await ground.approvals.answer(ANN, approval_id, DIGEST, approve=True, channel="test")
    assert await open_question(ANN, QUESTION) != approval_id


async def test_a_question_that_ran_out_stays_so_when_the_clock_is_set_back(
    ground: Ground,
) -> None:
    approval_id = await ground.approvals.open(ANN, QUESTION)
    ground.clock.set_wall(START + ANSWER_WITHIN)
    assert (await ground.approvals.look(approval_id)).state == "expired"
    ground.clock.set_wall(START)
    with pytest.raises(StaleError, match="expired"):
        await ground.approvals.answer(ANN, approval_id, DIGEST, approve=True, channel="test")
    with pytest.raises(NotPermittedError):
        await ground.approvals.use(approval_id, DIGEST)


async def test_a_question_holds_until_its_last_moment(ground: Ground) -> None:
    approval_id = await ground.approvals.open(ANN, QUESTION)
    ground.clock.advance(ANSWER_WITHIN - timedelta(seconds=1))
    await ground.approvals.answer(ANN, approval_id, DIGEST, approve=True, channel="test")
    await ground.approvals.use(approval_id, DIGEST)


async def test_whoever_waits_learns_that_the_time_is_over(ground: Ground) -> None:
    async with asyncio.timeout(DEADLINE_S), asyncio.TaskGroup() as group:
        waiting = group.create_task(ground.approvals.ask(ANN, QUESTION))
        while not await ground.approvals.pending(ANN):
            await asyncio.sleep(0)
        ground.clock.advance(ANSWER_WITHIN)
    assert waiting.result().state == "expired"
    assert not waiting.result().is_approval


async def test_an_answer_given_in_another_process_reaches_whoever_waits(place: Place) -> None:
    async with (
        open_ground(place) as one,
        open_ground(place) as two,
        asyncio.timeout(DEADLINE_S),
        asyncio.TaskGroup() as group,
    ):
        waiting = group.create_task(one.approvals.ask(ANN, QUESTION))
        while not (pending := await two.approvals.pending(ANN)):
            await asyncio.sleep(0)
        await two.approvals.answer(ANN, pending[0].id, DIGEST, approve=True, channel="test")
        assert (await waiting).is_approval


async def test_a_cancelled_runs_questions_are_withdrawn(ground: Ground) -> None:
    approval_id = await ground.approvals.open(ANN, QUESTION)
    other = await ground.approvals.open(ANN, replace(QUESTION, run_id="run-2"))
    await ground.approvals.withdraw(ANN, "run-1")
    assert (await ground.approvals.look(approval_id)).state == "withdrawn"
    assert (await ground.approvals.look(other)).state == "pending"
    with pytest.raises(StaleError, match="withdrawn"):
        await ground.approvals.answer(ANN, approval_id, DIGEST, approve=True, channel="test")


async def test_one_question_of_a_run_is_withdrawn_by_its_place(ground: Ground) -> None:
    approval_id = await ground.approvals.open(ANN, QUESTION)
    other = await ground.approvals.open(ANN, replace(QUESTION, key="tool-0-1"))
    await ground.approvals.withdraw(ANN, "run-1", QUESTION.key)
    assert (await ground.approvals.look(approval_id)).state == "withdrawn"
    assert (await ground.approvals.look(other)).state == "pending"


async def test_a_replayed_run_finds_its_open_question(ground: Ground) -> None:
    first = await ground.approvals.open(ANN, QUESTION)
    assert await ground.approvals.open(ANN, QUESTION) == first
    assert len(await ground.approvals.pending(ANN)) == 1


async def test_a_replayed_run_finds_an_answer_that_it_did_not_use(ground: Ground) -> None:
    first = await approved(ground)
    answer = await ground.approvals.ask(ANN, QUESTION)
    assert (answer.approval_id, answer.state) == (first, "approved")


async def test_a_used_approval_is_asked_for_again(ground: Ground) -> None:
    first = await approved(ground)
    await ground.approvals.use(first, DIGEST)
    again = await ground.approvals.open(ANN, QUESTION)
    assert again != first
    assert (await ground.approvals.look(again)).state == "pending"


async def test_a_no_stays_a_no_for_the_same_question(ground: Ground) -> None:
    first = await ground.approvals.open(ANN, QUESTION)
    await ground.approvals.answer(ANN, first, DIGEST, approve=False, channel="test")
    ground.clock.advance(ANSWER_WITHIN)
    assert (await ground.approvals.ask(ANN, QUESTION)).state == "rejected"


async def test_a_question_that_became_another_takes_the_place_of_the_first(
    ground: Ground,
) -> None:
    first = await ground.approvals.open(ANN, QUESTION)
    second = await ground.approvals.open(ANN, replace(QUESTION, body="Run it differently."))
    assert (await ground.approvals.look(first)).state == "withdrawn"
    assert [question.id for question in await ground.approvals.pending(ANN)] == [second]


async def test_every_turn_of_a_question_is_in_the_audit_trail(ground: Ground) -> None:
    used = await approved(ground)
    await ground.approvals.use(used, DIGEST)
    rejected = await ground.approvals.open(ANN, QUESTION)
    await ground.approvals.answer(ANN, rejected, DIGEST, approve=False, channel="test")
    withdrawn = replace(QUESTION, key="withdrawn")
    await ground.approvals.open(ANN, withdrawn)
    await ground.approvals.withdraw(ANN, "run-1")
    expired = await ground.approvals.open(ANN, replace(QUESTION, key="expired"))
    ground.clock.advance(ANSWER_WITHIN)
    await ground.approvals.look(expired)
    assert await ground.trail() == [
        *("approval.asked", "approval.approved", "approval.used"),
        *("approval.asked", "approval.rejected"),
        *("approval.asked", "approval.withdrawn"),
        *("approval.asked", "approval.expired"),
    ]
