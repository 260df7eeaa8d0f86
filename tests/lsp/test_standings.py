"""How near a budget is to its end is told by the same marks everywhere."""

import pytest

from steward.core.money import NanoUsd
from steward.ledger.account import AccountKey
from steward.ledger.reading import AccountStanding
from steward.lsp.features.standings import state_of

KEY = AccountKey("local", "user:ann", "2026-11")


@pytest.mark.parametrize(
    ("limit", "spent", "reserved", "state"),
    [
        (None, 10**12, 0, "ok"),
        (100, 79, 0, "ok"),
        (100, 80, 0, "warned"),
        (100, 94, 0, "warned"),
        (100, 95, 0, "nearly"),
        (100, 100, 0, "used up"),
        (100, 10, 90, "used up"),
        (0, 0, 0, "used up"),
    ],
)
def test_a_budget_is_warned_of_from_its_marks_on(
    limit: int | None, spent: int, reserved: int, state: str
) -> None:
    hard = None if limit is None else NanoUsd(limit)
    account = AccountStanding(KEY, hard, None, NanoUsd(spent), NanoUsd(reserved))
    assert state_of(account) == state
