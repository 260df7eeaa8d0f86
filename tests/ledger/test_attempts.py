"""Several attempts of one request, each reserved and paid for by itself."""

from dataclasses import replace

import pytest

from steward.core.errors import InvalidInputError
from steward.core.money import NanoUsd
from steward.ledger.charge import Measured
from tests.ledger.bank import ANN, USAGE, Bank, assert_balanced, charge


async def test_every_attempt_of_a_request_is_paid_for_by_itself(bank: Bank) -> None:
    first = charge("r1", 500)
    second = replace(first, attempt=2, provider="other", model="large")
    assert (first.reservation_id, second.reservation_id) == ("r1", "r1#2")
    for each in (first, second):
        assert (await bank.ledger.reserve(ANN, each)).is_new
    await bank.ledger.settle(first.reservation_id, USAGE, NanoUsd(120), estimated=True)
    await bank.ledger.settle(second.reservation_id, USAGE, NanoUsd(80))
    calls = {call.attempt: call for call in await bank.ledger.calls(ANN)}
    assert [call.request_id for call in calls.values()] == ["r1", "r1"]
    assert (calls[2].provider, calls[2].cost_nano_usd) == ("other", 80)
    assert (await bank.ledger.standing(ANN)).spent == 200
    await assert_balanced(bank.database)


async def test_the_same_attempt_sent_twice_is_reserved_once(bank: Bank) -> None:
    again = replace(charge("r1", 500), attempt=2)
    made = await bank.ledger.reserve(ANN, again)
    found = await bank.ledger.reserve(ANN, again)
    assert (found.id, found.is_new) == (made.id, False)
    assert (await bank.ledger.standing(ANN)).reserved == 500


@pytest.mark.parametrize(
    "other",
    [{"agent": "fix"}, {"provider": "other"}, {"model": "large"}, {"request_digest": "x"}],
)
async def test_an_attempt_with_another_body_is_a_conflict(
    bank: Bank, other: dict[str, str]
) -> None:
    again = replace(charge("r1", 500), attempt=2)
    await bank.ledger.reserve(ANN, again)
    with pytest.raises(InvalidInputError, match="used for another request"):
        await bank.ledger.reserve(ANN, replace(again, **other))


@pytest.mark.parametrize(("name", "attempt"), [("r1#2", 1), ("r1", 0), ("r1", -1), ("r1", 10**9)])
async def test_no_request_can_pass_for_an_attempt_of_another(
    bank: Bank, name: str, attempt: int
) -> None:
    with pytest.raises(InvalidInputError, match="counted from 1"):
        await bank.ledger.reserve(ANN, replace(charge(name), attempt=attempt))
    assert await bank.ledger.calls(ANN) == ()


async def test_what_was_measured_of_a_call_is_kept(bank: Bank) -> None:
    for name in ("timed", "absurd", "known"):
        await bank.ledger.reserve(ANN, charge(name, 500))
    timed, known = Measured(90, 1500), Measured(saved_nano_usd=NanoUsd(70))
    await bank.ledger.settle("timed", USAGE, NanoUsd(1), measured=timed)
    bank.ledger.settle_soon("known", USAGE, NanoUsd(0), measured=known)
    # A clock that went wrong must not keep a call unpaid.
    await bank.ledger.settle("absurd", USAGE, NanoUsd(2), measured=Measured(-5, 10**15))
    found = {call.request_id: call.measured for call in await bank.ledger.calls(ANN)}
    assert found == {"timed": timed, "known": known, "absurd": Measured()}
    assert (await bank.ledger.standing(ANN)).spent == 3


async def test_nobody_saves_an_absurd_sum(bank: Bank) -> None:
    await bank.ledger.reserve(ANN, charge("r1", 500))
    for saved in (-1, 10**18):
        measured = Measured(saved_nano_usd=NanoUsd(saved))
        with pytest.raises(InvalidInputError):
            await bank.ledger.settle("r1", USAGE, NanoUsd(0), measured=measured)
