"""What leaves for OpenTelemetry: the conventions' names, and no text that nobody asked for."""

import asyncio
import json
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from demo.replies import Refuse, Reply, in_order, say
from demo.scripted_model import ScriptedModel
from steward.core.errors import InvalidInputError, StewardError
from steward.core.limits import OBSERVED_WAITING_MAX
from steward.core.principal import Principal
from steward.gateway.observe import CallRecord
from steward.gateway.request import Message, ModelRequest, Sampling, ToolSpec
from steward.operations.settings import OperationsSettings
from steward.operations.traces import Traces, open_traces
from tests.environment import clean_environment
from tests.gateway.desk import KEY, Desk, asked, gateway_settings, open_desk
from tests.operations.collector import Collector, attributes
from tests.operations.test_metrics import record

CANARY = "canary-in-the-coal-mine"
SOMEBODY = Principal(f"{CANARY} user", f"{CANARY} session", f"/{CANARY}", team=f"{CANARY} team")
FALLBACKS = {"fallbacks": {"large": ["small"]}}


async def traced(
    desk: Desk, collector: Collector, *requests: ModelRequest, texts: bool = False
) -> list[Span]:
    """The spans of calls, delivered when their sender ends."""
    settings = OperationsSettings(otlp_endpoint=collector.url, trace_texts=texts)
    async with open_traces(settings, "1.2.3") as traces:
        assert traces is not None
        desk.gateway.report_to(traces)
        for request in requests:
            with suppress(StewardError):  # Of some, the trace of the failure is wanted.
                await desk.ask(request, SOMEBODY)
    return collector.calls


async def test_a_call_is_a_span_by_the_conventions(desk: Desk, collector: Collector) -> None:
    desk.model.script = in_order(say("hello"))
    (call,) = await traced(desk, collector, asked(task="agent"))
    assert (call.name, call.kind) == ("chat large", Span.SPAN_KIND_CLIENT)
    said = attributes(call)
    address, port = desk.model.url.split("/")[2].split(":")
    usage = {key: said.pop(f"gen_ai.usage.{key}") for key in ("input_tokens", "output_tokens")}
    assert min(usage.values()) > 0
    assert (
        said
        | {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": "custom",
            "gen_ai.request.model": "large",
            "gen_ai.request.max_tokens": 50,
            "gen_ai.request.temperature": 0.0,
            "gen_ai.response.model": "large",
            "gen_ai.response.finish_reasons": ["stop"],
            "gen_ai.response.time_to_first_chunk": 0.0,
            "server.address": address,
            "server.port": int(port),
            "steward.task": "agent",
            "steward.request.id": "r1",
            "steward.is_cached": False,
        }
        == said
    )
    assert said["steward.cost_usd"] == pytest.approx(
        (usage["input_tokens"] * 150 + usage["output_tokens"] * 600) / 1e9
    )


async def test_each_attempt_is_a_span_within_it(
    tmp_path: Path, scripted_model: ScriptedModel, collector: Collector
) -> None:
    settings = gateway_settings(scripted_model.url, **FALLBACKS)
    scripted_model.script = in_order(Reply(fault=Refuse(400)), say("hello"))
    async with open_desk(tmp_path, scripted_model, settings) as desk:
        (call,) = await traced(desk, collector, asked(task="agent"))
    first, second = collector.attempts(call)
    assert (first.name, second.name) == ("attempt 1", "attempt 2")
    assert first.trace_id == second.trace_id == call.trace_id
    assert attributes(first)["error.type"] == "steward.provider_refused"
    assert first.status.code == Status.STATUS_CODE_ERROR
    assert attributes(second)["gen_ai.request.model"] == "small"
    assert "steward.provider_refused" in attributes(second)["steward.attempt.reason"]
    assert attributes(call)["gen_ai.response.model"] == "small"
    assert call.status.code != Status.STATUS_CODE_ERROR


async def test_a_pause_between_attempts_is_seen_in_their_times(
    desk: Desk, collector: Collector
) -> None:
    desk.model.script = in_order(Reply(fault=Refuse(500)), say("hello"))
    (call,) = await traced(desk, collector, asked(task="agent"))
    first, second = collector.attempts(call)
    pause_nano = second.start_time_unix_nano - first.end_time_unix_nano
    assert pause_nano == pytest.approx(desk.pauses[0] * 1e9, rel=1e-3)
    started_s = desk.clock.now().timestamp() - desk.pauses[0]
    assert call.start_time_unix_nano == pytest.approx(started_s * 1e9, abs=1e6)


async def test_a_refusal_is_a_span_with_its_error_and_without_an_attempt(
    tmp_path: Path, scripted_model: ScriptedModel, collector: Collector
) -> None:
    async with open_desk(tmp_path, scripted_model, limit_nano_usd=10) as desk:
        (call,) = await traced(desk, collector, asked(task="agent"))
    assert attributes(call)["error.type"] == "steward.over_budget"
    assert call.status.code == Status.STATUS_CODE_ERROR
    assert collector.attempts(call) == []


async def test_the_metrics_are_those_of_the_conventions(desk: Desk, collector: Collector) -> None:
    await traced(desk, collector, asked(task="agent"))
    found = collector.metrics
    assert set(found) == {
        "gen_ai.client.token.usage",
        "gen_ai.client.operation.duration",
        "gen_ai.client.operation.time_to_first_chunk",
    }
    points = found["gen_ai.client.token.usage"].histogram.data_points
    by_type = {attributes(point)["gen_ai.token.type"]: point for point in points}
    assert set(by_type) == {"input", "output"}
    assert by_type["input"].sum > 0
    assert list(by_type["input"].explicit_bounds)[:4] == [1, 4, 16, 64]
    assert found["gen_ai.client.operation.duration"].unit == "s"


def with_canaries() -> ModelRequest:
    """A request with something to find in every text that a caller chooses."""
    return ModelRequest(
        request_id="r1",
        task="chat",
        messages=(Message("system", f"{CANARY} s"), Message("user", f"{CANARY} u {KEY}")),
        output_tokens_max=50,
        stop=(f"{CANARY} stop",),
        tools=(ToolSpec(CANARY, f"{CANARY} tool", {"type": "object"}),),
        sampling=Sampling(0.5, 0.5, 7),
    )


async def test_nothing_of_a_text_and_no_key_leaves(desk: Desk, collector: Collector) -> None:
    broken = Reply(fault=Refuse(400, f"{CANARY} refused"))
    ended = Reply(pieces=(f"{CANARY} a",), finish=f"{CANARY} end")
    desk.model.script = in_order(ended, broken)
    failing = ModelRequest("r2", "chat", (Message("user", CANARY),), 50)
    made_up = ModelRequest("r3", "chat", (Message("user", "a"),), 50, model=f"custom/{CANARY}")
    calls = await traced(desk, collector, with_canaries(), failing, made_up)
    assert [attributes(call).get("error.type") for call in calls] == [
        None,
        "steward.provider_refused",
        "steward.unpriced",
    ]
    assert attributes(calls[0])["gen_ai.response.finish_reasons"] == ["other"]
    for secret in (CANARY, KEY):
        assert secret.encode() not in collector.sent


async def test_texts_leave_where_they_are_wanted_and_without_secrets(
    desk: Desk, collector: Collector
) -> None:
    desk.model.script = in_order(say(f"{CANARY} answer {KEY}"))
    (call,) = await traced(desk, collector, with_canaries(), texts=True)
    said = attributes(call)
    asked_, answered = (json.loads(said[f"gen_ai.{way}.messages"]) for way in ("input", "output"))
    assert [each["role"] for each in asked_] == ["system", "user"]
    assert asked_[0]["parts"][0]["content"] == f"{CANARY} s"
    assert answered[0]["parts"][0]["content"] == f"{CANARY} answer <redacted openai key>"
    assert KEY.encode() not in collector.sent


async def test_no_half_of_a_secret_leaves_where_a_text_is_cut(
    desk: Desk, collector: Collector
) -> None:
    at_the_edge = "a " * 16_380 + KEY  # Eight characters of the key lie within what is kept.
    desk.model.script = in_order(say(at_the_edge))
    (call,) = await traced(desk, collector, asked(at_the_edge, task="chat"), texts=True)
    said = attributes(call)
    for way in ("input", "output"):
        assert "a a" in said[f"gen_ai.{way}.messages"]
        assert KEY[:4] not in said[f"gen_ai.{way}.messages"]


@pytest.mark.parametrize(
    ("endpoint", "texts", "says"),
    [
        ("127.0.0.1:4318", False, "base address"),
        ("http://ann:secret@127.0.0.1:4318", False, "OTEL_EXPORTER_OTLP_HEADERS"),
        ("http://collector.example.org:4318", True, "unencrypted"),
        ("http://127.0.0.1.example.org:4318", True, "unencrypted"),
    ],
)
async def test_an_address_that_will_not_do_is_refused(
    endpoint: str, texts: bool, says: str
) -> None:
    settings = OperationsSettings(otlp_endpoint=endpoint, trace_texts=texts)
    with pytest.raises(InvalidInputError, match=says):
        async with open_traces(settings, "1"):
            pass


class Stuck:
    """A sender that is not done with the first call before it may go on."""

    def __init__(self) -> None:
        self.may_go_on = threading.Event()
        self.has_begun = threading.Event()
        self.sent = 0

    def send(self, record: CallRecord) -> None:
        self.has_begun.set()
        self.may_go_on.wait(10)
        self.sent += 1

    def close(self) -> None:
        pass


async def test_a_sender_that_is_stuck_holds_nothing_up_and_gathers_no_more_than_so_many() -> None:
    stuck = Stuck()
    traces = Traces(stuck, wants_text=False)
    traces.observed(record("a/b"))
    assert await asyncio.to_thread(stuck.has_begun.wait, 10)
    for _ in range(OBSERVED_WAITING_MAX + 50):
        traces.observed(record("a/b"))
    assert stuck.sent == 0
    stuck.may_go_on.set()
    await traces.close()
    assert stuck.sent == 1 + OBSERVED_WAITING_MAX


async def test_a_sender_that_never_ends_does_not_keep_the_server_from_ending(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("steward.operations.traces.EXPORT_ENDS_S", 0.05)
    stuck = Stuck()
    traces = Traces(stuck, wants_text=False)
    traces.observed(record("a/b"))
    async with asyncio.timeout(5):
        await traces.close()
    assert stuck.sent == 0
    stuck.may_go_on.set()


async def test_without_the_extra_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(sys.modules, "steward.operations.otlp", raising=False)
    monkeypatch.setitem(sys.modules, "opentelemetry.context", None)
    settings = OperationsSettings(otlp_endpoint="http://127.0.0.1:9")
    with pytest.raises(InvalidInputError, match=r"pip install 'steward\[otel\]'"):
        async with open_traces(settings, "1"):
            pass


def test_the_plain_install_loads_nothing_of_opentelemetry() -> None:
    program = (
        "import sys, steward.app.house; print(sum('opentelemetry' in name for name in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "0"
