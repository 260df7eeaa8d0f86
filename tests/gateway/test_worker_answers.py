"""Whatever runs in the place of litellm: what it says is read strictly, and billed honestly."""

import pytest

from steward.core.errors import (
    InvalidInputError,
    LimitError,
    ProviderRefusedError,
    RateLimitedError,
    UnavailableError,
)
from steward.gateway.provider import Finished, Text
from steward.gateway.request import Fill, ModelRequest, Usage
from steward.gateway.worker import process as process_module
from steward.gateway.worker.launch import LITELLM_VERSION
from steward.gateway.worker.provider import Route
from steward.gateway.worker.worker import Worker
from tests.environment import ROOT
from tests.gateway.litellm_worker import MODEL, URL, Elsewhere, Given, until


async def test_an_answer_arrives_piece_by_piece(given: Given) -> None:
    there = given("""
        call = ready()
        for said in ({"text": "a"}, {"usage": [9, 4, 2, 1, 3]},
                     {"finished": "stop"}, {"end": {"kind": "done"}}):
            say({"id": call["id"], **said})
        hear()
    """)
    assert await there.ask() == [Text("a"), Usage(9, 4, 2, 1, 3), Finished("stop")]
    assert there.is_sent


@pytest.mark.parametrize(
    "said",
    [
        "os.write(1, bytes([255]) * 100)",
        'say(b"no json")',
        'say(b"[" * 100_000)',
        "say([1])",
        'say({"id": call["id"]})',
        'say({"id": call["id"], "text": 7})',
        'say({"id": call["id"], "call": [-1, "", "", ""]})',
        'say({"id": call["id"], "usage": [1, 2]})',
        'say({"id": call["id"], "usage": [-1, 2, 0, 0, 0]})',
        'say({"id": call["id"], "usage": [10**30, 2, 0, 0, 0]})',
        'say({"id": call["id"], "vector": [0, ["x"]]})',
        'say({"id": call["id"], "end": {"kind": "free of charge"}})',
        'say({"id": call["id"] + 1, "text": "for somebody else"})',
    ],
)
async def test_nonsense_ends_the_process_and_may_be_billed(given: Given, said: str) -> None:
    there = given(f"call = ready()\n{said}\nhear()\nhear()")
    error = await there.fails()
    assert isinstance(error, UnavailableError)
    assert not isinstance(error, ProviderRefusedError | RateLimitedError)
    assert there.is_sent
    await until(lambda: there.worker.process_id is None)


async def test_an_answer_without_measure_is_cut_off(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_module, "WORKER_ANSWER_BYTES_MAX", 100_000)
    there = given("""
        call = ready()
        for _ in range(100):
            say({"id": call["id"], "text": "x" * 8000})
        assert hear()["cancel"]
        say({"id": call["id"], "end": {"kind": "cancelled"}})
        hear()
    """)
    received: list[object] = []
    with pytest.raises(LimitError, match="100000"):
        await there.ask(on_piece=received.append)
    assert len(received) < 20


async def test_a_refusal_after_the_first_piece_is_billed_all_the_same(given: Given) -> None:
    there = given("""
        call = ready()
        say({"id": call["id"], "text": "a"})
        say({"id": call["id"], "end": {"kind": "refused", "status": 400}})
        hear()
    """)
    error = await there.fails()
    assert "broke off" in str(error)
    assert not isinstance(error, ProviderRefusedError | RateLimitedError)
    assert there.is_sent


async def test_a_refusal_without_a_refusing_status_is_billed_all_the_same(given: Given) -> None:
    there = given("""
        call = ready()
        say({"id": call["id"], "end": {"kind": "refused", "status": 200}})
        hear()
    """)
    assert not isinstance(await there.fails(), ProviderRefusedError | RateLimitedError)
    assert there.is_sent


async def test_what_never_left_is_not_billed(given: Given) -> None:
    there = given("""
        call = ready()
        say({"id": call["id"], "end": {"kind": "unreachable", "word": "ConnectError"}})
        hear()
    """)
    assert "cannot be reached" in str(await there.fails())
    assert not there.is_sent


def test_a_gap_is_not_filled_by_way_of_a_chat() -> None:
    request = ModelRequest("r1", "completion", (), 50, fill=Fill("a", "b"))
    with pytest.raises(InvalidInputError, match="fill in the middle"):
        Elsewhere(Worker(), URL).provider.encode(MODEL, request)


@pytest.mark.parametrize("name", ["api_base", "success_callback", "aws_profile_name"])
def test_litellm_is_not_told_what_chooses_hosts_code_or_files(name: str) -> None:
    with pytest.raises(InvalidInputError, match=name):
        Route("bedrock", parameters={name: "x"})


def test_the_version_is_the_same_everywhere() -> None:
    wanted = f"litellm=={LITELLM_VERSION}"
    assert f'litellm = ["{wanted}"]' in (ROOT / "pyproject.toml").read_text("utf-8")
    assert f"\n{wanted} " in (ROOT / "requirements-litellm.lock").read_text("utf-8")
