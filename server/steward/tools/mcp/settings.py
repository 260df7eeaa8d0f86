"""Which MCP servers there are: for the operator to say, and never for a workspace."""

import hashlib
import ipaddress
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    SecretStr,
    StringConstraints,
    model_validator,
)

from steward.core.agent_limits import (
    MCP_CALL_S,
    MCP_CALL_S_MAX,
    MCP_SERVERS_MAX,
    MCP_VALUE_CHARS_MAX,
    MCP_WORDS_MAX,
)
from steward.core.described import Described
from steward.tools.extension_name import EXTENSIONS
from steward.tools.mcp.names import look_alike

_NAME = re.compile(r"[a-z][a-z0-9-]{0,19}")
_TOO_WIDE = frozenset(
    Path(each) for each in ("/", "/etc", "/home", "/proc", "/root", "/run", "/var")
)

Word = Annotated[str, StringConstraints(min_length=1, max_length=MCP_VALUE_CHARS_MAX)]
Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]{0,99}$")]
Header = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,100}$")]
Glob = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.*-]{1,100}$")]


def _folder(path: Path) -> Path:
    path = path.expanduser()
    if not path.is_absolute() or path in _TOO_WIDE or path == Path.home():
        raise ValueError("name the absolute path of the program's own folder, not of a wider one")
    return path


def _value(secret: SecretStr) -> SecretStr:
    value = secret.get_secret_value()
    if len(value) > MCP_VALUE_CHARS_MAX or any(each in value for each in "\0\r\n"):
        raise ValueError(f"a value is one line of at most {MCP_VALUE_CHARS_MAX} characters")
    return secret


Secret = Annotated[SecretStr, AfterValidator(_value)]


class McpServer(Described):
    """One server, `[mcp.servers.NAME]`: either a `command` that is run, or a `url` that is asked.

    Its tools are called `NAME__tool`. None is offered to a model before you saw and approved it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    command: tuple[Word, ...] = Field(default=(), max_length=MCP_WORDS_MAX)
    """The program and its arguments; no shell looks at them. It runs in the jail, in the workspace,
    which it sees read-only."""
    folders: tuple[Annotated[Path, AfterValidator(_folder)], ...] = Field(
        default=(), max_length=MCP_WORDS_MAX
    )
    """Folders outside the workspace that the program may read, such as the one it is installed in.
    Secrets in them are not masked."""
    environment: Mapping[Variable, Secret] = Field(default={}, max_length=MCP_WORDS_MAX)
    """Variables that the program finds in its environment; it finds nothing of Steward's own."""
    inherits: tuple[Variable, ...] = Field(default=(), max_length=MCP_WORDS_MAX)
    """Names of variables of Steward's own environment that the program finds in its own."""
    network: bool = False
    """Whether the program reaches the network, loopback included."""
    url: Word | None = None
    """Where a server is asked over streamable HTTP: https, or http on this machine."""
    headers: Mapping[Header, Secret] = Field(default={}, max_length=MCP_WORDS_MAX)
    """What is sent with each request to the `url`, such as `Authorization`."""
    tools: tuple[Glob, ...] = Field(default=("*",), max_length=MCP_WORDS_MAX)
    """Which of its tools there are at all, by name; `*` stands for any part of one. Those too are
    offered only once they were approved."""
    call_s: float = Field(default=MCP_CALL_S, gt=0, le=MCP_CALL_S_MAX, allow_inf_nan=False)
    """How many seconds one call may take."""

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        if bool(self.command) == (self.url is not None):
            raise ValueError("give either `command` or `url`, and not both")
        if self.url is None and self.headers:
            raise ValueError("`headers` go with a `url`")
        if self.url is not None:
            if self.folders or self.environment or self.inherits or self.network:
                raise ValueError(
                    "`folders`, `environment`, `inherits` and `network` go with a `command`"
                )
            _check_url(self.url)
        return self

    @property
    def is_contained(self) -> bool:
        """Whether nothing comes of it but what it answers: it runs in the jail, without network."""
        return self.url is None and not self.network

    def where(self) -> str:
        """Where it runs, in a few words."""
        if self.url is not None:
            return f"at {self.url}"
        return "in the jail, with the network" if self.network else "in the jail, without network"

    def identity(self) -> str:
        """What tells it from the server that somebody approved: SHA-256 of what it is.

        The values of variables and headers are no part of it: keys are changed for new ones.
        """
        bound = {
            "command": list(self.command),
            "folders": [str(folder) for folder in self.folders],
            "environment": sorted((*self.environment, *self.inherits)),
            "network": self.network,
            "url": self.url,
            "headers": sorted(self.headers),
        }
        return hashlib.sha256(json.dumps(bound, sort_keys=True).encode()).hexdigest()


class McpSettings(Described):
    """The `[mcp]` section: servers of other people whose tools agents may use."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    servers: Mapping[str, McpServer] = Field(default={}, max_length=MCP_SERVERS_MAX)
    """The servers by name: small letters, digits and hyphens, 20 at the most."""

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        seen: dict[str, str] = {}
        for name in self.servers:
            if _NAME.fullmatch(name) is None or name == EXTENSIONS:
                raise ValueError(
                    f"{name[:40]!r} cannot be a server's name; use small letters, digits and"
                    " hyphens, beginning with a letter, 20 at the most, and not `ext`"
                )
            other = seen.setdefault(look_alike(name), name)
            if other != name:
                raise ValueError(f"{name!r} and {other!r} look alike; rename one of them")
        return self


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname and not parts.username:
        return
    if parts.scheme == "http" and not parts.username and _is_this_machine(parts.hostname or ""):
        return
    raise ValueError("it must be https://…, or http:// on this machine, without a name or password")


def _is_this_machine(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
