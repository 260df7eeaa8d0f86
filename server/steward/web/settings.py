"""What an operator may choose about the server."""

import re
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field

from steward.core.described import Described

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9.-]{0,252}[a-z0-9])?")


def _host(name: str) -> str:
    if _NAME.fullmatch(name) is None:
        raise ValueError(
            "it must be a name in lower case and without a port, such as steward.example.org"
        )
    return name


class WebSettings(Described):
    """The `[web]` section."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hosts: tuple[Annotated[str, AfterValidator(_host)], ...] = ()
    """The names under which clients reach `steward serve`, where it is more than its own
    address: what stands in its certificate, or what the proxy before it is called."""
    output_tokens_max: Annotated[int, Field(ge=1, le=1_000_000)] = 4096
    """What a model may write where a client does not say how much. It is sent to the provider,
    and set aside in the budget while the call runs."""
