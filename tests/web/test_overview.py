"""The first page: what matters today, to whom it matters."""

from pathlib import Path

import pytest

from steward.operations.health.verdict import Check, Found
from tests.web.office import furnish
from tests.web.serving import open_serving
from tests.web.sitting import text_of
from tests.web.versatile_model import VersatileModel

USD = 10**9


async def _full() -> Found:
    return Found("degraded", "The disk is <b>nearly full</b>.")


@pytest.mark.timeout(60)
async def test_the_fullest_budgets_come_first_and_only_those_who_may_see_health(
    tmp_path: Path,
) -> None:
    async with (
        VersatileModel() as model,
        open_serving(tmp_path, model, checks=[Check("disk", _full)]) as serving,
    ):
        office = await furnish(serving)
        await office.pay("r1", 850_000_000)
        for scope, hard in (("user:bob", 0), ("workspace:/work", 40 * USD)):
            wanted = {"hard_nano_usd": hard}
            set_ = await office.ask(f"/budgets/one?scope={scope}", "ann", "PUT", wanted)
            assert set_.status_code == 200, set_.text
        seen = text_of(await office.page("/"))
        assert "degraded : disk, The disk is <b>nearly full</b>." in seen
        _, _, budgets = seen.partition("Budgets nearest to their limits")
        order = [budgets.index(each) for each in ("user:bob", "user:ann", "workspace:/work")]
        assert order == sorted(order)
        assert "85 %" in budgets
        assert "disk" not in text_of(await office.page("/", "vic"))
