"""Every call is told once when it is over, whatever way it ends, and pays nothing for it."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from demo.replies import Refuse, Reply, Stall, always, in_order, say
from demo.scripted_model import ScriptedModel
from steward.core.errors import NotPermittedError, StewardError
from steward.core.limits import OBSERVED_TEXT_CHARS_MAX
from steward.core.money import NANO_PER_USD
from steward.gateway.hook import Answered, Asking, Objection
from steward.gateway.observe import CallRecord
from steward.gateway.request import EmbeddingRequest
from tests.gateway.desk import INPUT_NANO, OUTPUT_NANO, Desk, asked, gateway_settings, open_desk
from tests.ledger.bank import ANN
from tests.web.versatile_model import VersatileModel


class Told:
    """Keeps what it is told."""

    def __init__(self, *, wants_text: bool = False, fails: bool = False) -> None:
        self.wants_text = wants_text
        self.records: list[CallRecord] = []
        self._fails = fails

    def observed(self, record: CallRecord) -> None:
        self.records.append(record)
        if self._fails:
            raise RuntimeError("out of order")

    @property
    def only(self) -> CallRecord:
        (record,) = self.records
        return record


def told_by(desk: Desk) -> Told:
    told = Told()
    desk.gateway.report_to(told)
    return told


async def test_a_whole_answer_is_told_with_what_it_took(desk: Desk) -> None:
    told = told_by(desk)
    _, answer = await desk.ask(asked(task="agent"))
    record = told.only
    assert (record.outcome, record.chosen, record.model) == ("ok", "custom/large", "custom/large")
    assert record.usage == answer.usage
    assert answer.usage is not None
    cost = answer.usage.input_tokens * INPUT_NANO + answer.usage.output_tokens * OUTPUT_NANO
    assert record.cost_nano_usd == cost
    assert record.attempts[0].address == desk.model.url.split("/")[2]
    assert record.pieces > 1
    assert record.finish_reason == "stop"
    assert record.text is None


async def test_an_answer_that_comes_at_the_second_try_is_told_with_both(desk: Desk) -> None:
    told = told_by(desk)
    desk.model.script = in_order(Reply(fault=Refuse(500)), say("hello"))
    await desk.ask(asked(task="agent"))
    first, second = told.only.attempts
    assert (first.error, second.error) == ("steward.unavailable", "")
    assert told.only.took_s == pytest.approx(sum(desk.pauses))
    assert second.started_s - first.started_s == pytest.approx(desk.pauses[0])


async def test_an_answer_that_was_known_is_told_as_such(desk: Desk) -> None:
    told = told_by(desk)
    await desk.ask(asked())
    await desk.ask(asked(request_id="r2"))
    assert [record.is_cached for record in told.records] == [False, True]
    assert told.records[1].saved_nano_usd == told.records[0].cost_nano_usd
    assert told.records[1].outcome == "ok"
    assert not told.records[1].attempts


async def test_a_reader_who_leaves_is_told_as_cancelled_with_what_was_paid(desk: Desk) -> None:
    told = told_by(desk)
    desk.model.script = always(Reply(pieces=("one ", "two "), fault=Stall(after_pieces=1)))
    async with desk.gateway.call(ANN, asked()) as answer:
        await anext(answer)
    assert told.only.outcome == "cancelled"
    assert told.only.cost_nano_usd > 0
    assert told.only.attempts[0].is_estimated


async def test_a_cancelled_task_is_told_once(desk: Desk) -> None:
    told = told_by(desk)
    desk.model.script = always(Reply(fault=Stall()))
    task = asyncio.create_task(desk.ask(asked()))
    await desk.model.arrived()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert told.only.outcome == "cancelled"


async def test_what_a_reader_does_with_a_whole_answer_is_not_the_calls_outcome(desk: Desk) -> None:
    told = told_by(desk)

    async def read_and_fail() -> None:
        async with desk.gateway.call(ANN, asked()) as answer:
            _ = [piece async for piece in answer]
            raise StewardError("mine")

    with pytest.raises(StewardError, match="mine"):
        await read_and_fail()
    assert told.only.outcome == "ok"


@pytest.mark.parametrize(
    ("more", "limit_nano_usd", "model", "code"),
    [
        ({}, 10, None, "steward.over_budget"),
        ({}, NANO_PER_USD, "custom/unheard", "steward.unpriced"),
        ({"calls_a_minute": 1}, NANO_PER_USD, None, "steward.rate_limited"),
    ],
)
async def test_a_refusal_is_told_once(
    tmp_path: Path,
    scripted_model: ScriptedModel,
    more: dict[str, object],
    limit_nano_usd: int,
    model: str | None,
    code: str,
) -> None:
    settings = gateway_settings(scripted_model.url, **more)
    async with open_desk(tmp_path, scripted_model, settings, limit_nano_usd) as desk:
        if "calls_a_minute" in more:
            await desk.ask(asked(request_id="before"))
        told = told_by(desk)
        error = await desk.fails(replace(asked(), model=model))
    assert error.code == code
    assert told.only.outcome == code
    assert not told.only.attempts


async def test_a_hooks_objections_are_told(tmp_path: Path, scripted_model: ScriptedModel) -> None:
    async with open_desk(tmp_path, scripted_model, hooks=[Objects("before")]) as desk:
        told = told_by(desk)
        assert isinstance(await desk.fails(), NotPermittedError)
    assert (told.only.outcome, told.only.pieces) == ("steward.not_permitted", 0)


async def test_an_objection_to_an_answer_is_told_with_its_cost(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    async with open_desk(tmp_path, scripted_model, hooks=[Objects("after")]) as desk:
        told = told_by(desk)
        await desk.fails()
    assert told.only.outcome == "steward.not_permitted"
    assert told.only.cost_nano_usd > 0


async def test_vectors_are_told(tmp_path: Path) -> None:
    async with VersatileModel() as model:
        known = {"custom/v": {"abilities": ["embedding"], "price": {"input": "1", "output": "0"}}}
        settings = gateway_settings(model.url, models_known=known)
        async with open_desk(tmp_path, model, settings) as desk:
            told = told_by(desk)
            await desk.gateway.embed(ANN, EmbeddingRequest("e1", ("a", "b"), "custom/v"))
    assert (told.only.outcome, told.only.model, told.only.pieces) == ("ok", "custom/v", 4)


async def test_an_observer_that_fails_stops_no_call_and_is_logged_once(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    broken, told = Told(fails=True), Told()
    desk.gateway.report_to(broken)
    desk.gateway.report_to(told)
    for number in range(3):
        await desk.ask(asked(f"question {number}", request_id=f"r{number}"))
    assert len(broken.records) == len(told.records) == 3
    assert caplog.text.count("logged once") == 1


async def test_texts_are_kept_only_for_whoever_wants_them_and_cut(desk: Desk) -> None:
    told = Told(wants_text=True)
    desk.gateway.report_to(told)
    desk.model.script = in_order(Reply(pieces=("x" * 20_000, "y" * 20_000)))
    await desk.ask(asked(task="agent"))
    assert told.only.text == "x" * 20_000 + "y" * (OBSERVED_TEXT_CHARS_MAX - 20_000)


class Objects:
    """A guard that objects before a call, or after it."""

    name, is_guard = "objects", True

    def __init__(self, when: str) -> None:
        self._when = when

    async def before(self, asking: Asking) -> Objection | None:
        return Objection("no") if self._when == "before" else None

    async def after(self, asking: Asking, answered: Answered) -> Objection | None:
        return Objection("no") if self._when == "after" else None
