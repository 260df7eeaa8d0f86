"""Edits written in the ways that models have are placed rightly, or refused with the reason."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from benchmarks.edit_kinds import KINDS
from benchmarks.edit_quality import BARS, CASES, Outcome, of, outcomes, share


def check(found: Sequence[Outcome]) -> None:
    wrong = [each for each in found if each.became == "wrong"]
    assert not wrong, [(each.kind.name, each.case.arguments, each.message) for each in wrong[:3]]
    for group, bar in BARS.items():
        some = of(found, group)
        missed = [(each.kind.name, each.message[:200]) for each in some if not each.is_right]
        assert some
        assert share(some) >= bar, missed[:10]


async def test_edits_of_every_kind_land_where_they_are_meant_or_nowhere(tmp_path: Path) -> None:
    check(await outcomes(tmp_path, 8 * len(KINDS)))


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_three_thousand_edits_land_where_they_are_meant_or_nowhere(tmp_path: Path) -> None:
    check(await outcomes(tmp_path, CASES))
