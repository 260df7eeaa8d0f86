"""What an operator may choose about watching the server."""

from pydantic import BaseModel, ConfigDict


class OperationsSettings(BaseModel):
    """The `[operations]` section."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    otlp_endpoint: str | None = None
    """Where `steward serve` sends traces and metrics of model calls, by OTLP over HTTP, such as
    `http://127.0.0.1:4318`; nothing is sent where it is not set. Needs `pip install
    'steward[otel]'`. Short: `OTEL_EXPORTER_OTLP_ENDPOINT`."""
    trace_texts: bool = False
    """Whether the traces also carry what was asked and answered, without secrets that are
    recognised and cut to a size. Whoever reads the traces then reads people's code; so it goes
    only to an `https` address, or to this machine."""
