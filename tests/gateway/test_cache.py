"""What the model would say again is not paid for again; nobody sees another organisation's."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from demo.replies import Drop, Reply, ToolCall, Usage, always, in_order, say
from demo.scripted_model import ScriptedModel
from steward.core.clock import ManualClock
from steward.core.errors import InvalidInputError, UnavailableError
from steward.core.limits import CACHE_ANSWER_BYTES_MAX, CACHE_BYTES_MAX
from steward.core.money import PicoUsd
from steward.gateway.call.cache import Cache, key_of
from steward.gateway.catalogue.model import Model
from steward.gateway.prices import Price
from steward.gateway.provider import Finished, Prepared, Text
from steward.gateway.request import Message, ModelRequest, Sampling, ToolSpec, Usage as OurUsage
from steward.gateway.settings import CacheSettings
from tests.gateway.desk import INPUT_NANO, OUTPUT_NANO, Desk, asked, gateway_settings, open_desk
from tests.ledger.bank import ANN, BOB, START

HELLO = Reply(pieces=("Good ", "morning."), usage=Usage(40, 7))
COST = 40 * INPUT_NANO + 7 * OUTPUT_NANO
SAMPLED = Sampling(temperature=0.7)
SEEDED = Sampling(temperature=0.7, seed=1)


async def test_an_answer_that_is_known_costs_nothing_and_says_what_it_saved(desk: Desk) -> None:
    desk.model.script = always(HELLO)
    first, _ = await desk.ask(asked(request_id="r1"))
    again, answer = await desk.ask(asked(request_id="r2"))
    assert again == first == "Good morning."
    assert (answer.trail.is_cached, answer.cost_nano_usd) == (True, 0)
    assert answer.trail.saved_nano_usd == COST
    assert (answer.usage, answer.finish_reason) == (OurUsage(40, 7), "stop")
    assert len(desk.model.exchanges) == 1
    paid, known = await desk.ledger.calls(ANN)
    assert (paid.cost_nano_usd, known.cost_nano_usd) == (COST, 0)
    assert (known.state, known.usage, known.model) == ("settled", OurUsage(0, 0), "small")
    assert known.measured.saved_nano_usd == COST


async def test_colleagues_share_answers_and_organisations_do_not(desk: Desk) -> None:
    desk.model.script = in_order(say("ours"), say("theirs"))
    await desk.ask(asked(request_id="r1"))
    assert (await desk.ask(asked(request_id="r2"), BOB))[0] == "ours"
    stranger = replace(ANN, tenant_id="other")
    assert (await desk.ask(asked(request_id="r3"), stranger))[0] == "theirs"
    assert (await desk.ask(asked(request_id="r4"), stranger))[0] == "theirs"
    assert (await desk.ask(asked(request_id="r5")))[0] == "ours"


TOOL = ToolSpec("look", "Look.", {"type": "object"})
OTHERS: dict[str, Callable[[ModelRequest], ModelRequest]] = {
    "as it was": lambda r: r,
    "other words": lambda r: replace(r, messages=(Message("user", "other"),)),
    "a longer answer": lambda r: replace(r, output_tokens_max=r.output_tokens_max + 1),
    "another model": lambda r: replace(r, model="large"),
    "another end": lambda r: replace(r, stop=("\n",)),
    "a seed": lambda r: replace(r, sampling=Sampling(temperature=0, seed=4)),
    "another share": lambda r: replace(r, sampling=Sampling(temperature=0, top_p=0.5)),
}


async def test_another_request_is_another_answer(desk: Desk) -> None:
    for number, (name, change) in enumerate(OTHERS.items()):
        desk.model.script = always(say(name))
        changed = change(asked(request_id=f"r{number}"))
        assert (await desk.ask(changed))[0] == name
    desk.model.script = always(say("never asked for"))
    assert (await desk.ask(asked(request_id="again")))[0] == "as it was"


UNDETERMINED: dict[str, ModelRequest] = {
    "sampled": replace(asked(), sampling=SAMPLED),
    "left to the provider": replace(asked(), sampling=Sampling()),
    "with tools": asked(tools=(TOOL,)),
    "an agent's turn": asked(task="agent"),
    "a plan": asked(task="plan"),
}


async def test_what_a_request_does_not_determine_is_asked_again(desk: Desk) -> None:
    for name, request in UNDETERMINED.items():
        desk.model.script = in_order(say("one"), say("two"))
        await desk.ask(replace(request, request_id=f"{name} 1"))
        again = replace(request, request_id=f"{name} 2")
        assert (await desk.ask(again))[0] == "two", name


async def test_a_seed_determines_an_answer(desk: Desk) -> None:
    desk.model.script = in_order(say("one"), say("two"))
    seeded = replace(asked(), sampling=SEEDED)
    await desk.ask(seeded)
    assert (await desk.ask(replace(seeded, request_id="r2")))[0] == "one"


PARTIAL: dict[str, Reply] = {
    "cut off": Reply(pieces=("Good",), finish="length"),
    "no usage": Reply(pieces=("Good",), is_usage_sent=False),
    "a tool": Reply(pieces=("Good",), tool_calls=(ToolCall("look"),)),
    "broken": Reply(pieces=("Good", " morning"), fault=Drop(after_pieces=1)),
    "large": Reply(pieces=("x" * CACHE_ANSWER_BYTES_MAX,)),
}


async def test_an_answer_that_is_not_whole_and_small_is_not_kept(desk: Desk) -> None:
    for name, reply in PARTIAL.items():
        desk.model.script = in_order(reply, say("whole"))
        with suppress(UnavailableError):
            await desk.ask(asked(name, request_id=f"{name} 1"))
        assert (await desk.ask(asked(name, request_id=f"{name} 2")))[0] == "whole", name


async def test_an_answer_of_which_only_a_part_was_read_is_not_kept(desk: Desk) -> None:
    desk.model.script = in_order(HELLO, say("whole"))
    async with desk.gateway.call(ANN, asked(request_id="r1")) as answer:
        await anext(answer)
    assert (await desk.ask(asked(request_id="r2")))[0] == "whole"


async def test_the_answer_of_a_model_that_was_asked_instead_is_not_kept_as_the_firsts(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    settings = gateway_settings(scripted_model.url, fallbacks={"small": ["large"]})
    scripted_model.script = in_order(Reply(fault=Drop()), say("large"), say("small"))
    async with open_desk(tmp_path, scripted_model, settings) as desk:
        assert (await desk.ask(asked(request_id="r1")))[0] == "large"
        assert (await desk.ask(asked(request_id="r2")))[0] == "small"


async def test_an_answer_is_kept_for_so_long(desk: Desk) -> None:
    desk.model.script = in_order(say("old"), say("new"))
    await desk.ask(asked(request_id="r1"))
    desk.clock.advance(timedelta(minutes=9, seconds=59))
    assert (await desk.ask(asked(request_id="r2")))[0] == "old"
    desk.clock.advance(timedelta(seconds=1))
    assert (await desk.ask(asked(request_id="r3")))[0] == "new"


async def test_nothing_is_kept_where_that_is_switched_off(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    settings = gateway_settings(scripted_model.url, cache={"enabled": False})
    scripted_model.script = in_order(say("one"), say("two"))
    async with open_desk(tmp_path, scripted_model, settings) as desk:
        await desk.ask(asked(request_id="r1"))
        assert (await desk.ask(asked(request_id="r2")))[0] == "two"


async def test_a_request_id_is_good_for_one_call_though_its_answer_is_known(desk: Desk) -> None:
    desk.model.script = always(HELLO)
    await desk.ask(asked(request_id="r1"))
    await desk.ask(asked(request_id="r2"))
    for used in ("r1", "r2"):
        assert isinstance(await desk.fails(asked(request_id=used)), InvalidInputError)
    assert (await desk.ledger.standing(ANN)).spent == COST


async def test_a_known_answer_is_there_for_who_has_nothing_left(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(Reply(pieces=("hello",), usage=Usage(10**6, 7)))
    async with open_desk(tmp_path, scripted_model, limit_nano_usd=100_000) as desk:
        await desk.ask(asked(request_id="r1"))
        assert (await desk.ledger.standing(ANN)).left == 0
        assert (await desk.ask(asked(request_id="r2")))[0] == "hello"


def test_a_key_tells_apart_whose_it_is_and_everything_that_is_sent() -> None:
    model = Model("a", "m")
    prepared = Prepared(b"body", "chat", "/chat")
    keys = {
        key_of(principal, asked_of, sent, asked())
        for principal, asked_of, sent in (
            (ANN, model, prepared),
            (replace(ANN, tenant_id="other"), model, prepared),
            (ANN, replace(model, provider="b"), prepared),
            (ANN, replace(model, name="n"), prepared),
            (ANN, model, replace(prepared, form="fill")),
            (ANN, model, replace(prepared, path="/other")),
            (ANN, model, replace(prepared, body=b"other")),
        )
    }
    assert len(keys) == 7
    assert None not in keys
    assert key_of(BOB, model, prepared, asked()) in keys
    assert (
        key_of(ANN, replace(model, refuses=frozenset({"temperature"})), prepared, asked()) is None
    )


def test_an_answer_without_its_end_is_not_kept() -> None:
    cache = Cache(ManualClock(START), CacheSettings())
    price = Price(PicoUsd(1), PicoUsd(1), PicoUsd(1), "v1")
    cache.keep("k", (Text("half"), OurUsage(1, 1)), price)
    assert cache.find("k") is None


def test_all_answers_together_take_so_much_memory_and_the_least_wanted_goes_first() -> None:
    cache = Cache(ManualClock(START), CacheSettings())
    price = Price(PicoUsd(1), PicoUsd(1), PicoUsd(1), "v1")
    text = "x" * (CACHE_ANSWER_BYTES_MAX // 2)
    many = 2 * CACHE_BYTES_MAX // len(text)
    for number in range(many):
        cache.keep(str(number), (Text(text), Finished("stop"), OurUsage(1, 1)), price)
        cache.find("0")
    kept = [found for number in range(many) if (found := cache.find(str(number)))]
    assert sum(each.size for each in kept) <= CACHE_BYTES_MAX
    assert len(kept) > many // 3
    assert cache.find("0") is not None
    assert cache.find("1") is None
