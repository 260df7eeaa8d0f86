"""What an operator may choose about the forge: where pull requests are opened."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field, SecretStr

from steward.core.agent_limits import FORGE_PLACES_MAX
from steward.core.described import Described

GITHUB_API = "https://api.github.com"
FORGE = "forge"
"""The name under which the vault keeps the forge's token."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")

_URL = re.compile(r"[!-~]{1,500}")
_HOST = re.compile(r"(?:[a-z0-9](?:[a-z0-9._-]{0,251}[a-z0-9])?|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?")
_TOKEN = re.compile(r"[!-~]{1,4096}")
REPOSITORY = re.compile(r"[A-Za-z0-9_.][A-Za-z0-9_.-]{0,99}/[A-Za-z0-9_.][A-Za-z0-9_.-]{0,99}")
"""An owner and a name; neither can be taken for an option."""


def _api(url: str) -> str:
    parts = urlsplit(url)
    is_plain = _URL.fullmatch(url) is not None and "\\" not in url
    if not is_plain or parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("it must be a URL such as https://api.github.com")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("it must have no user, password, query or fragment")
    if parts.scheme == "http" and parts.hostname not in LOOPBACK:
        raise ValueError("the token would travel unencrypted; it must begin with https://")
    return url.rstrip("/")


def _host(written: str) -> str:
    host = written.lower()
    if _HOST.fullmatch(host) is None:
        raise ValueError("a host is a name such as github.com, with a port where it has one")
    return host


def _base(pattern: str) -> str:
    if pattern != pattern.strip() or not pattern.isprintable() or not pattern:
        raise ValueError("a pattern for branches is a name such as `main` or `release/*`")
    return pattern


def _folder(path: str) -> str:
    if not path.startswith("/") or not path.isprintable() or ".." in path.split("/"):
        raise ValueError("a folder is an absolute path")
    return path.rstrip("/")


def _repository(written: str) -> str:
    if not is_repository(written):
        raise ValueError("a repository is written as OWNER/NAME")
    return written


def _token(given: SecretStr) -> SecretStr:
    if _TOKEN.fullmatch(given.get_secret_value()) is None:
        raise ValueError("a token is one word of visible ASCII characters")
    return given


def is_repository(written: str) -> bool:
    """Whether this names a repository as the forge's API takes it."""
    return REPOSITORY.fullmatch(written) is not None and not set(written.split("/")) & {".", ".."}


class ForgeSettings(Described):
    """The `[forge]` section: where branches are pushed, and where pull requests are opened.

    A workspace has no say in it: which hosts get the token is decided here.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    api: Annotated[str, AfterValidator(_api)] = GITHUB_API
    """The base URL of the forge's API, which must speak GitHub's. For GitHub Enterprise it is
    `https://HOST/api/v3`."""
    hosts: tuple[Annotated[str, AfterValidator(_host)], ...] = Field(
        default=("github.com",), max_length=FORGE_PLACES_MAX
    )
    """The hosts of the remotes that this forge serves. A branch is pushed to one of these, and the
    token is sent to these and to `api` only."""
    token: Annotated[SecretStr, AfterValidator(_token)] | None = None
    """The forge's token. `steward key add forge` keeps it sealed instead."""
    bases: tuple[Annotated[str, AfterValidator(_base)], ...] = Field(
        default=("*",), max_length=FORGE_PLACES_MAX
    )
    """The branches that a pull request may be for; `*` stands for any part of a name."""
    ssh_by_https: bool = False
    """Push to a remote that is written for SSH (`git@HOST:OWNER/NAME.git`) by HTTPS with the
    token. Without it such a remote is refused: an agent has no use of your SSH keys."""
    folders: dict[
        Annotated[str, AfterValidator(_folder)], Annotated[str, AfterValidator(_repository)]
    ] = Field(default={}, max_length=FORGE_PLACES_MAX)
    """Remotes that are folders of this machine: absolute path → `OWNER/NAME` at the forge. Hooks of
    such a folder run on this machine when something is pushed there."""
