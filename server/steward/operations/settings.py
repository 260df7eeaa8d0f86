"""What an operator may choose about watching the server."""

from pydantic import ConfigDict, Field

from steward.core.described import Described


class OperationsSettings(Described):
    """The `[operations]` section."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    otlp_endpoint: str | None = None
    """Where `steward serve` sends traces and metrics of model calls, by OTLP over HTTP, such as
    `http://127.0.0.1:4318`; nothing is sent where it is not set. Needs `pip install
    'steward[otel]'`. Short: `OTEL_EXPORTER_OTLP_ENDPOINT`."""
    trace_texts: bool = False
    """Whether the traces also carry what was asked and answered, without secrets that are
    recognised and cut to a size. Whoever reads the traces then reads people's code; so it goes
    only to an `https` address, or to this machine."""
    events_days: int = Field(default=90, ge=1, le=3650)
    """How many days events are kept; see `steward events`."""
