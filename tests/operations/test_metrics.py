"""Who may read the metrics, what they say of the books, and how far they can grow."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

from demo.replies import Reply, Stall, Usage, always
from steward.core.clock import ManualClock
from steward.core.database import open_database
from steward.core.limits import METRIC_NAMES_MAX
from steward.core.money import NOTHING, NanoUsd
from steward.core.principal import Principal
from steward.gateway.call.trail import Attempt
from steward.gateway.observe import CallRecord
from steward.ledger.charge import Charge
from steward.ledger.settings import LedgerSettings
from steward.operations.metrics import Metrics
from steward.permissions import people
from steward.permissions.roles import Person
from steward.permissions.tokens import Scope
from tests.gateway.desk import asked
from tests.ledger.bank import ANN, START, open_bank
from tests.operations.scrape import Scrape
from tests.places import Place
from tests.web.serving import CHAT, HELLO, Serving, open_serving
from tests.web.versatile_model import VersatileModel

REPORTS: frozenset[Scope] = frozenset(["reports"])


async def scraped(serving: Serving) -> Scrape:
    """The metrics, with a token that may read them."""
    token, _ = await serving.fresh_token(scopes=REPORTS)
    answer = await serving.client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return Scrape(answer.text)


async def test_only_a_token_for_reports_reads_them(serving: Serving) -> None:
    for_models = await serving.client.get("/metrics")
    assert for_models.status_code == 403
    assert "`reports`" in for_models.text
    nobody = await serving.client.get("/metrics", headers={"Authorization": ""})
    assert nobody.status_code == 401
    assert "steward_requests_total" not in for_models.text + nobody.text
    token, _ = await serving.fresh_token(scopes=REPORTS)
    refused = await serving.client.post(
        CHAT, json=HELLO, headers={"Authorization": f"Bearer {token}"}
    )
    assert refused.status_code == 403


async def test_whoever_is_not_among_the_people_reads_nothing(serving: Serving) -> None:
    owner = Person("olga", "owner")
    await serving.desk.database.run(
        lambda session: people.add(session, Principal("olga", "s", ""), owner, START)
    )
    token, _ = await serving.fresh_token("ann", REPORTS)
    answer = await serving.client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 403
    assert "steward_" not in answer.text


async def test_the_books_are_told_while_a_call_runs_and_after(tmp_path: Path) -> None:
    async with VersatileModel() as model, open_serving(tmp_path, model) as serving:
        model.script = always(Reply(pieces=("a ", "b "), fault=Stall(after_pieces=1)))
        desk = serving.desk
        async with desk.gateway.call(ANN, asked()) as answer:
            await anext(answer)
            during = await scraped(serving)
        after = await scraped(serving)
    assert during.of("steward_holds_open") == 1
    assert during.of("steward_budget_reserved_usd", scope="organisation") > 0
    assert after.of("steward_holds_open") == 0
    assert after.of("steward_budget_reserved_usd", scope="organisation") == 0
    spent = after.of("steward_budget_spent_usd", scope="organisation")
    assert spent == after.of("steward_cost_usd_total") > 0
    assert after.of("steward_settle_estimated_total", model="custom/small") == 1
    assert after.of("steward_ledger_batch_size_count") >= 2
    assert after.of("steward_overruns_total") == 0
    assert after.labels("steward_budget_limit_usd", "scope") == set()


async def test_a_hold_grows_older_on_either_database(place: Place) -> None:
    async with open_bank(place, organisation_limit_usd="5") as bank:
        settings = LedgerSettings(organisation_limit_usd=Decimal(5))
        metrics = Metrics(bank.database, bank.clock, settings, ANN.tenant_id)
        await bank.ledger.reserve(ANN, Charge("r1", "chat", "custom/m", NanoUsd(1_000), "1"))
        bank.clock.advance(timedelta(seconds=90))
        found = Scrape((await metrics.text()).decode())
    assert found.of("steward_holds_open") == 1
    assert found.of("steward_hold_oldest_seconds") == 90
    assert found.of("steward_budget_limit_usd", scope="organisation") == 5
    assert found.of("steward_budget_reserved_usd") == 1e-6


async def test_an_overrun_is_told(serving: Serving) -> None:
    serving.model.script = always(Reply(pieces=("dear",), usage=Usage(10**6, 10**6)))
    await serving.post({**HELLO, "max_tokens": 1})
    found = await scraped(serving)
    assert found.of("steward_overruns_total") == 1
    assert found.of("steward_overrun_usd_total") > 0.7


async def test_models_that_clients_make_up_name_nothing(serving: Serving) -> None:
    for number in range(5):
        await serving.post({**HELLO, "model": f"custom/made-up-{number}"})
    found = await scraped(serving)
    assert "made-up" not in found.text
    assert found.of("steward_refusals_total", reason="steward.unpriced") == 5


async def test_many_models_are_counted_under_a_bounded_number_of_names(tmp_path: Path) -> None:
    async with open_database(tmp_path / "steward.db") as database:
        metrics = Metrics(database, ManualClock(START), LedgerSettings(), ANN.tenant_id)
        for number in range(METRIC_NAMES_MAX + 50):
            metrics.observed(record(f"provider{number}/model{number}"))
        found = Scrape((await metrics.text()).decode())
    assert found.of("steward_requests_total") == METRIC_NAMES_MAX + 50
    assert found.of("steward_requests_total", model="other", provider="other") == 50
    for label in ("model", "provider"):
        assert len(found.labels("steward_requests_total", label)) == METRIC_NAMES_MAX + 1


def record(model: str) -> CallRecord:
    """A call of this model that came to its end."""
    return CallRecord(
        principal=ANN,
        request=asked(),
        chosen=model,
        model=model,
        attempts=(Attempt(1, model, "", "", NOTHING),),
        lowered_to=None,
        is_cached=False,
        saved_nano_usd=NOTHING,
        outcome="ok",
        pieces=1,
        finish_reason="stop",
        started_at=START,
        started_s=0,
        first_piece_s=0,
        took_s=0,
        text=None,
    )
