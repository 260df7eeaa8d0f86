"""What is known of models, at a shell, and who may say what one costs."""

import asyncio
import io
import json
from datetime import timedelta

import pytest
from sqlalchemy import text

from steward.cli import keeping
from steward.cli.main import build_parser
from steward.core.clock import ManualClock
from steward.core.database import open_database
from steward.gateway.catalogue.book import KNOWN, VERSION
from steward.gateway.catalogue.catalogue import Catalogue
from steward.gateway.catalogue.decided import DecidedPrices
from steward.settings import load_settings
from tests.cli.conftest import ME, Ask, Books
from tests.ledger.bank import START

MODEL = "groq/openai/gpt-oss-120b"
PRICE = ("--input", "0.5", "--output", "1.25")


@pytest.fixture
def owner(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> Ask:
    """Ask as the first owner, with OpenAI as the default provider."""
    monkeypatch.delenv("STEWARD_MODEL_URL")
    ask("people", "add", ME.user, "--role", "owner")
    return ask


def audited(books: Books) -> list[str]:
    """What was written down of prices, in order."""

    async def main() -> list[str]:
        async with open_database(books.place) as database:
            return await database.read(
                lambda session: [
                    row.action
                    for row in session.connection().execute(
                        text("SELECT action FROM audit WHERE action LIKE 'gateway.%' ORDER BY seq")
                    )
                ]
            )

    return asyncio.run(main())


def shown(ask: Ask, model: str) -> dict[str, object]:
    return json.loads(ask("model", "show", model, "--json")[1])


def test_models_are_listed_with_what_they_can_and_cost(owner: Ask) -> None:
    code, said = owner("model", "list", "--provider", "anthropic")
    assert code == 0
    assert len(said.splitlines()) - 1 == len([x for x in KNOWN if x.startswith("anthropic/")])
    listed = json.loads(owner("model", "list", "--json")[1])
    assert {each["model"] for each in listed} >= set(KNOWN)
    assert VERSION in said
    assert "No model" in owner("model", "list", "--provider", "nobody")[1]


def test_a_bare_name_is_shown_as_what_it_is(owner: Ask) -> None:
    assert shown(owner, "gpt-4.1")["model"] == "openai/gpt-4.1"
    said = owner("model", "show", "gpt-5.5")[1]
    for part in ("refuses: stop; temperature; top_p", "input 5,", "above_input_tokens 272000"):
        assert part in said


def test_a_provider_whose_key_is_in_the_vault_is_meant_by_its_name(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As where calls are made: otherwise a price would be set for a model that nobody asks."""
    ask("people", "add", ME.user, "--role", "owner")
    assert shown(ask, MODEL)["model"] == f"custom/{MODEL}"
    monkeypatch.setattr("sys.stdin", io.StringIO("sk-" + "0123456789abcdef"))
    assert keeping.run(build_parser().parse_args(["key", "add", "groq", "--unchecked"])) == 0
    assert "groq" in capsys.readouterr().out
    assert shown(ask, MODEL)["model"] == MODEL
    code, said = ask("model", "price", MODEL, *PRICE)
    assert (code, said.split()[0]) == (0, MODEL)
    estimated = ask("cost", "estimate", "--model", MODEL, stdin="some text")[1]
    assert MODEL in estimated
    assert f"custom/{MODEL}" not in estimated


def test_a_model_without_a_price_says_so(owner: Ask) -> None:
    assert "nobody has said" in owner("model", "show", "gpt-77")[1]
    assert shown(owner, "gpt-77")["price"] is None


def test_an_owner_says_what_a_model_costs_and_it_is_audited(owner: Ask, books: Books) -> None:
    code, said = owner("model", "price", MODEL, *PRICE, "--cached-input", "0.1")
    assert (code, "$0.5 a million" in said) == (0, True)
    price = shown(owner, MODEL)["price"]
    assert isinstance(price, dict)
    assert (price["input"], price["cached_input"]) == ("0.5", "0.1")
    assert (price["output"], price["cache_write"]) == ("1.25", "0.5")
    assert price["set_by"] == ME.user
    owner("model", "price", MODEL, "--remove")
    assert KNOWN[MODEL].priced().version in str(shown(owner, MODEL))
    assert audited(books) == ["gateway.price_set", "gateway.price_set"]


def test_whose_role_does_not_include_it_changes_nothing(owner: Ask, books: Books) -> None:
    owner("people", "add", "mia")
    for user, why in (("mia", "'developer'"), ("eve", "not among the people")):
        code, said = owner("model", "price", MODEL, *PRICE, user=user)
        assert (code, why in said) == (2, True)
    assert VERSION in str(shown(owner, MODEL))
    assert audited(books) == ["gateway.price_refused", "gateway.price_refused"]


def test_settings_come_before_what_was_set(
    owner: Ask, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner("model", "price", "gpt-4.1", *PRICE)
    own = {"gpt-4.1": {"input": "3", "output": "4"}}
    monkeypatch.setenv("STEWARD_GATEWAY__PRICES", json.dumps(own))
    assert "settings" in str(shown(owner, "gpt-4.1")["price"])


@pytest.mark.parametrize(
    "wrong",
    [
        ("--input", "1"),
        ("--input", "-1", "--output", "1"),
        ("--input", "nan", "--output", "1"),
        ("--input", "0.0000001", "--output", "1"),
        ("--input", "1e9", "--output", "1"),
    ],
)
def test_what_is_no_price_is_refused(owner: Ask, wrong: tuple[str, ...]) -> None:
    code, said = owner("model", "price", MODEL, *(part.replace("-1", " -1") for part in wrong))
    assert (code, "million" in said) == (2, True)
    assert VERSION in str(shown(owner, MODEL))


def test_a_running_process_learns_of_a_price_within_seconds(owner: Ask, books: Books) -> None:
    async def main() -> None:
        clock = ManualClock(START)
        async with open_database(books.place) as database:
            decided = DecidedPrices(database, clock, ME.tenant_id)
            catalogue = Catalogue(load_settings().gateway, decided.by_model)
            await decided.refresh()
            assert catalogue.find(MODEL).priced().version == VERSION
            await asyncio.to_thread(owner, "model", "price", MODEL, *PRICE)
            await decided.refresh()
            assert catalogue.find(MODEL).priced().version == VERSION
            clock.advance(timedelta(seconds=5))
            await decided.refresh()
            assert catalogue.find(MODEL).priced().input == 500_000

    asyncio.run(main())
