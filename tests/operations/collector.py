"""A receiver of OTLP over HTTP, such as an OpenTelemetry collector: what was sent, decoded."""

import threading
from collections.abc import Generator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.trace.v1.trace_pb2 import Span

Attributes = dict[str, Any]


class Collector:
    """Keeps what it gets."""

    def __init__(self) -> None:
        self.bodies: list[tuple[str, bytes]] = []
        """Path and body of every delivery."""
        self.url = ""

    @property
    def sent(self) -> bytes:
        """Everything that left, to look for what must not be in it."""
        return b"".join(body for _, body in self.bodies)

    @property
    def spans(self) -> list[Span]:
        """All spans, in the order in which they started."""
        found: list[Span] = []
        for path, body in self.bodies:
            if path == "/v1/traces":
                for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                    found += [span for scope in resource.scope_spans for span in scope.spans]
        return sorted(found, key=lambda span: span.start_time_unix_nano)

    @property
    def calls(self) -> list[Span]:
        """The spans of whole calls."""
        return [span for span in self.spans if not span.parent_span_id]

    def attempts(self, call: Span) -> list[Span]:
        """The spans within a call's."""
        within = [span for span in self.spans if span.parent_span_id == call.span_id]
        return sorted(within, key=lambda span: span.name)

    @property
    def metrics(self) -> dict[str, Metric]:
        """Name → metric, as it was delivered last."""
        found: dict[str, Metric] = {}
        for path, body in self.bodies:
            if path == "/v1/metrics":
                for resource in ExportMetricsServiceRequest.FromString(body).resource_metrics:
                    for scope in resource.scope_metrics:
                        found |= {metric.name: metric for metric in scope.metrics}
        return found


def attributes(said: Any) -> Attributes:
    """The attributes of a span or a data point."""
    found: Attributes = {}
    for each in said.attributes:
        kind = each.value.WhichOneof("value")
        value = getattr(each.value, kind)
        if kind == "array_value":
            value = [item.string_value for item in value.values]
        found[each.key] = value
    return found


@contextmanager
def open_collector() -> Generator[Collector]:
    """A receiver on a free port of this machine."""
    collector = Collector()

    class Receive(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            collector.bodies.append((self.path, body))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            del format, args

    with ThreadingHTTPServer(("127.0.0.1", 0), Receive) as server:
        collector.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()
