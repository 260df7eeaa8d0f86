"""Finished calls on their way to OpenTelemetry: handed over on the loop, sent by a thread.

OpenTelemetry is loaded only where an address is set, and only by `otlp`.
"""

import asyncio
import logging
import threading
from collections.abc import AsyncGenerator, Callable, Iterable
from contextlib import asynccontextmanager
from importlib import import_module
from ipaddress import ip_address
from queue import SimpleQueue
from typing import Protocol
from urllib.parse import SplitResult, urlsplit

from steward.core.errors import InvalidInputError
from steward.core.limits import EXPORT_ENDS_S, OBSERVED_WAITING_MAX
from steward.gateway.observe import CallRecord
from steward.operations.figures_file import Figure
from steward.operations.settings import OperationsSettings

_log = logging.getLogger(__name__)


class Sender(Protocol):
    """Makes traces of calls; `otlp.Sender` where OpenTelemetry is installed."""

    def send(self, record: CallRecord) -> None:
        """Make the spans and figures of a call; they are delivered with others."""
        ...

    def close(self) -> None:
        """Deliver what waits, and end."""
        ...


class Traces:
    """Takes calls from the loop and hands them to a thread of its own."""

    def __init__(self, sender: Sender, *, wants_text: bool) -> None:
        self.wants_text = wants_text
        self._sender = sender
        self._waiting: SimpleQueue[CallRecord | None] = SimpleQueue()
        self._has_lost = False
        # A daemon: an address that does not answer must not keep the server from ending.
        self._thread = threading.Thread(target=self._send, name="traces", daemon=True)
        self._thread.start()

    def observed(self, record: CallRecord) -> None:
        """A call is over. Where too many wait already, this one is not traced."""
        if self._waiting.qsize() < OBSERVED_WAITING_MAX:
            self._waiting.put(record)
        elif not self._has_lost:
            self._has_lost = True
            _log.warning("not every model call is traced: too many wait; this is logged once")

    async def close(self) -> None:
        """Deliver what waits, within a time."""
        self._waiting.put(None)
        await asyncio.to_thread(self._thread.join, EXPORT_ENDS_S)

    def _send(self) -> None:
        has_failed = False
        while (record := self._waiting.get()) is not None:
            try:
                self._sender.send(record)
            except Exception:  # The thread's outer boundary: one call is not traced, the rest are.
                if not has_failed:
                    has_failed = True
                    _log.exception("a model call was not traced; this is logged once")
        self._sender.close()


@asynccontextmanager
async def open_traces(
    settings: OperationsSettings, version: str, told: Callable[[], Iterable[Figure]] = tuple
) -> AsyncGenerator[Traces | None]:
    """Send traces while the block runs, and what extensions told; None where no address is set.

    Raises:
        InvalidInputError: the address cannot be used, or OpenTelemetry is not installed.
    """
    if settings.otlp_endpoint is None:
        yield None
        return
    endpoint = _checked(settings.otlp_endpoint, is_secret=settings.trace_texts)
    with_texts = settings.trace_texts
    sender = await asyncio.to_thread(_sender, endpoint, version, with_texts=with_texts, told=told)
    traces = Traces(sender, wants_text=settings.trace_texts)
    try:
        yield traces
    finally:
        await traces.close()


def _sender(
    endpoint: str, version: str, *, with_texts: bool, told: Callable[[], Iterable[Figure]]
) -> Sender:
    try:
        otlp = import_module("steward.operations.otlp")
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("opentelemetry"):
            raise
        raise InvalidInputError(
            "`otlp_endpoint` in [operations] (or OTEL_EXPORTER_OTLP_ENDPOINT) is set, and"
            " OpenTelemetry is not installed. Run `pip install 'steward[otel]'`, or start with"
            " the setting empty."
        ) from error
    sender: Sender = otlp.Sender(endpoint, version, with_texts=with_texts, told=told)
    return sender


def _checked(endpoint: str, *, is_secret: bool) -> str:
    """The base address without its last slash."""
    parts = urlsplit(endpoint)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
        raise InvalidInputError(
            "`otlp_endpoint` in [operations] (or OTEL_EXPORTER_OTLP_ENDPOINT) must be the base"
            " address of an OTLP/HTTP receiver, such as http://127.0.0.1:4318; a user or password"
            " belongs into OTEL_EXPORTER_OTLP_HEADERS."
        )
    if is_secret and not _is_private(parts):
        raise InvalidInputError(
            "`trace_texts` in [operations] would send people's code unencrypted to another"
            " machine. Use an https address for `otlp_endpoint`, or leave the texts out."
        )
    return endpoint.rstrip("/")


def _is_private(parts: SplitResult) -> bool:
    """Whether nobody between here and there can read what is sent."""
    if parts.scheme == "https" or parts.hostname == "localhost":
        return True
    try:
        return ip_address(parts.hostname or "").is_loopback
    except ValueError:
        return False
