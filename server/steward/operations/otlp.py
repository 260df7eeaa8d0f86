"""Model calls as OpenTelemetry tells them: the GenAI semantic conventions, sent by OTLP over HTTP.

The only file that knows OpenTelemetry. The conventions are those of semantic-conventions 0.66b2
(status: development); what they have no name for begins with `steward.`. There is no text in any
of it unless texts are wanted, and no name of a person.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Any

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.metrics import CallbackOptions, Meter, Observation
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import (
    MetricExportResult,
    MetricsData,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode, set_span_in_context

from steward.core.limits import EXPORT_ENDS_S, EXPORT_S, METRIC_NAMES_MAX, OBSERVED_TEXT_CHARS_MAX
from steward.core.money import NANO_PER_USD
from steward.core.redact import redact
from steward.gateway.call.trail import Attempt
from steward.gateway.observe import OK, CallRecord
from steward.gateway.request import EmbeddingRequest, Message, ModelRequest, Usage
from steward.operations.exposition import Names
from steward.operations.figures_file import PREFIX, Figure

Values = dict[str, str | int | float | bool | Sequence[str]]

_PROVIDERS: Mapping[str, str] = {
    "mistral": "mistral_ai",
    "xai": "x_ai",
    "gemini": "gcp.gemini",
    "azure": "azure.ai.openai",
    "bedrock": "aws.bedrock",
}
"""Our name of a provider → the conventions'; of the others it is the same."""
_TOKENS = [4**power for power in range(14)]
_SECONDS = [0.01 * 2**power for power in range(14)]
_FIRST_CHUNK = [
    0.001,
    0.005,
    0.01,
    0.02,
    0.04,
    0.06,
    0.08,
    0.1,
    0.25,
    0.5,
    0.75,
    1.0,
    2.5,
    5,
    7.5,
    10,
]
_REASONS = ("stop", "length", "tool_calls", "content_filter")
_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
_CUT_CHARS = 256
"""So much is left out where a text was cut, lest half of a secret stays unrecognised."""


class Sender:
    """Makes spans and figures of calls; they are delivered together, every few seconds."""

    def __init__(
        self,
        endpoint: str,
        version: str,
        *,
        with_texts: bool,
        told: Callable[[], Iterable[Figure]] = tuple,
    ) -> None:
        resource = Resource({"service.name": "steward", "service.version": version}).merge(
            OTELResourceDetector().detect()
        )
        spans = OTLPSpanExporter(f"{endpoint}/v1/traces", timeout=EXPORT_S)
        figures = _Exporter(f"{endpoint}/v1/metrics", timeout=EXPORT_S)
        self._spans = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._spans.add_span_processor(BatchSpanProcessor(spans))
        self._figures = MeterProvider(
            [PeriodicExportingMetricReader(figures)], resource, shutdown_on_exit=False
        )
        self._tracer = self._spans.get_tracer("steward", version)
        meter = self._figures.get_meter("steward", version)
        self._tokens = meter.create_histogram(
            "gen_ai.client.token.usage",
            "{token}",
            "Tokens that a call consumed.",
            explicit_bucket_boundaries_advisory=_TOKENS,
        )
        self._duration = meter.create_histogram(
            "gen_ai.client.operation.duration",
            "s",
            "From a call's start to its end.",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._first_chunk = meter.create_histogram(
            "gen_ai.client.operation.time_to_first_chunk",
            "s",
            "From a call's start to the first piece of its answer.",
            explicit_bucket_boundaries_advisory=_FIRST_CHUNK,
        )
        self._names = Names()
        self._with_texts = with_texts
        self._told = _Told(meter, told)
        figures.after = self._told.refresh

    def send(self, record: CallRecord) -> None:
        """Make the spans and figures of a call."""
        self._trace(record)
        self._count(record)

    def close(self) -> None:
        """Deliver what waits, and end."""
        self._told.refresh()
        self._spans.shutdown()
        self._figures.shutdown(EXPORT_ENDS_S * 1000)

    def _trace(self, record: CallRecord) -> None:
        operation, model = _operation(record), _split(record.chosen)[1]
        span = self._tracer.start_span(
            f"{operation} {model}".strip(),
            Context(),  # A call has no span around it here, whatever the thread did before.
            SpanKind.CLIENT,
            _call(record) | (_texts(record) if self._with_texts else {}),
            start_time=_nano(record, record.started_s),
        )
        within = set_span_in_context(span, Context())
        for attempt in record.attempts:
            self._trace_attempt(record, attempt, within)
        if record.outcome != OK:
            span.set_status(Status(StatusCode.ERROR, record.outcome))
        span.end(_nano(record, record.started_s + record.took_s))

    def _trace_attempt(self, record: CallRecord, attempt: Attempt, within: Context) -> None:
        span = self._tracer.start_span(
            f"attempt {attempt.number}",
            within,
            SpanKind.INTERNAL,
            _attempt(attempt),
            start_time=_nano(record, attempt.started_s),
        )
        if attempt.error:
            span.set_status(Status(StatusCode.ERROR, attempt.error))
        span.end(_nano(record, attempt.started_s + attempt.took_s))

    def _count(self, record: CallRecord) -> None:
        provider, model = _split(record.model)
        about: Values = {
            "gen_ai.operation.name": _operation(record),
            "gen_ai.provider.name": provider,
            "gen_ai.request.model": self._names.of(model),
        }
        if record.attempts:
            usage = record.usage
            self._tokens.record(usage.input_tokens, about | {"gen_ai.token.type": "input"})
            self._tokens.record(usage.output_tokens, about | {"gen_ai.token.type": "output"})
        if record.first_piece_s is not None:
            self._first_chunk.record(record.first_piece_s, about)
        failed: Values = {} if record.outcome == OK else {"error.type": record.outcome}
        self._duration.record(record.took_s, about | failed)


class _Exporter(OTLPMetricExporter):
    """Sends figures, and looks for new ones afterwards: while they are collected none can begin."""

    after: Callable[[], None] | None = None

    def export(
        self, metrics_data: MetricsData, timeout_millis: float | None = 10_000, **kwargs: Any
    ) -> MetricExportResult:
        """Send them."""
        try:
            return super().export(metrics_data, timeout_millis, **kwargs)  # pyright: ignore[reportUnknownMemberType]
        finally:
            if self.after is not None:
                self.after()


class _Told:
    """What extensions have counted, each name an instrument of its own."""

    def __init__(self, meter: Meter, read: Callable[[], Iterable[Figure]]) -> None:
        self._meter = meter
        self._read = read
        self._known: set[str] = set()
        self.refresh()

    def refresh(self) -> None:
        """Begin with names that are new."""
        for figure in self._read():
            name = figure.series.name
            if name in self._known or len(self._known) >= METRIC_NAMES_MAX:
                continue
            self._known.add(name)
            said = (f"{PREFIX}{name}", [partial(self._observe, name)])
            if figure.series.is_counter:
                self._meter.create_observable_counter(*said)
            else:
                self._meter.create_observable_gauge(*said)

    def _observe(self, name: str, _: CallbackOptions) -> Iterator[Observation]:
        for figure in self._read():
            if figure.series.name == name:
                labels = {"extension": figure.series.extension, **dict(figure.series.labels)}
                yield Observation(figure.value, labels)


def _operation(record: CallRecord) -> str:
    match record.request:
        case EmbeddingRequest():
            return "embeddings"
        case ModelRequest(fill=None):
            return "chat"
        case _:
            return "text_completion"


def _call(record: CallRecord) -> Values:
    """What is said of a call; a name that a client made up is not said."""
    request = record.request
    provider, asked = _split(record.chosen)
    found: Values = {
        "gen_ai.operation.name": _operation(record),
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": asked,
        "steward.request.id": request.request_id,
        "steward.task": request.task,
        "steward.cost_usd": record.cost_nano_usd / NANO_PER_USD,
        "steward.is_cached": record.is_cached,
    }
    if isinstance(request, ModelRequest):
        found |= _parameters(request)
    if record.pieces:
        found["gen_ai.response.model"] = _split(record.model)[1]
    if record.finish_reason:
        found["gen_ai.response.finish_reasons"] = [_reason(record)]
    if record.first_piece_s is not None:
        found["gen_ai.response.time_to_first_chunk"] = record.first_piece_s
    if record.attempts:
        found |= _used(record.usage) | _where(record.attempts[-1].address)
    if record.is_cached:
        found["steward.saved_usd"] = record.saved_nano_usd / NANO_PER_USD
    if record.lowered_to is not None:
        found["steward.output_tokens_max"] = record.lowered_to
    if record.outcome != OK:
        found["error.type"] = record.outcome
    return found


def _parameters(request: ModelRequest) -> Values:
    sampling = request.sampling
    found: Values = {"gen_ai.request.max_tokens": request.output_tokens_max}
    if sampling.temperature is not None:
        found["gen_ai.request.temperature"] = sampling.temperature
    if sampling.top_p is not None:
        found["gen_ai.request.top_p"] = sampling.top_p
    if sampling.seed is not None:
        found["gen_ai.request.seed"] = sampling.seed
    return found


def _attempt(attempt: Attempt) -> Values:
    provider, model = _split(attempt.model)
    found: Values = {
        "gen_ai.provider.name": provider,
        "gen_ai.request.model": model,
        "steward.attempt": attempt.number,
        "steward.cost_usd": attempt.cost_nano_usd / NANO_PER_USD,
        "steward.is_estimated": attempt.is_estimated,
    }
    if attempt.reason:
        found["steward.attempt.reason"] = attempt.reason
    if attempt.error:
        found["error.type"] = attempt.error
    return found | _used(attempt.usage) | _where(attempt.address)


def _used(usage: Usage) -> Values:
    return {
        "gen_ai.usage.input_tokens": usage.input_tokens,
        "gen_ai.usage.output_tokens": usage.output_tokens,
        "gen_ai.usage.cache_read.input_tokens": usage.cached_tokens,
        "gen_ai.usage.cache_creation.input_tokens": usage.cache_write_tokens,
        "gen_ai.usage.reasoning.output_tokens": usage.reasoning_tokens,
    }


def _where(address: str) -> Values:
    host, colon, port = address.rpartition(":")
    if colon and port.isdecimal():
        return {"server.address": host.strip("[]"), "server.port": int(port)}
    return {"server.address": address.strip("[]")} if address else {}


def _texts(record: CallRecord) -> Values:
    """What was asked and answered, as the conventions write it, without secrets."""
    if not isinstance(record.request, ModelRequest):
        return {}
    said: list[dict[str, object]] = []
    left = OBSERVED_TEXT_CHARS_MAX
    for message in reversed(_messages(record.request)):  # The newest say most.
        text = _shown(message.content, left)
        left -= len(text)
        said.insert(0, _part(message.role, text))
        if left <= 0:
            break
    answer = _part("assistant", _shown(record.text or "", OBSERVED_TEXT_CHARS_MAX))
    return {
        "gen_ai.input.messages": json.dumps(said),
        "gen_ai.output.messages": json.dumps([answer | {"finish_reason": _reason(record)}]),
    }


def _messages(request: ModelRequest) -> Sequence[Message]:
    if request.fill is None:
        return request.messages
    fill = request.fill
    texts = (*(each.text for each in fill.files), fill.prefix, fill.suffix)
    return [Message("user", text) for text in texts]


def _part(role: str, text: str) -> dict[str, object]:
    return {"role": role, "parts": [{"type": "text", "content": text}]}


def _shown(text: str, most: int) -> str:
    is_cut = len(text) >= OBSERVED_TEXT_CHARS_MAX
    shown = redact(text[:OBSERVED_TEXT_CHARS_MAX])
    return (shown[:-_CUT_CHARS] if is_cut else shown)[:most]


def _reason(record: CallRecord) -> str:
    """Why the model stopped; what a provider makes up is not passed on."""
    return record.finish_reason if record.finish_reason in _REASONS else "other"


def _split(model: str) -> tuple[str, str]:
    """The provider as the conventions call it, and the model's own name."""
    provider, _, name = model.partition("/")
    return _PROVIDERS.get(provider, provider), name


def _nano(record: CallRecord, monotonic_s: float) -> int:
    """A moment of the monotonic clock as nanoseconds since 1970."""
    started = (record.started_at - _BEGINNING).total_seconds()
    return int((started + monotonic_s - record.started_s) * 1_000_000_000)
