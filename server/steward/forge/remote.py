"""Where a remote leads: what is pushed to, by which protocol, and which repository that is."""

import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from steward.core.errors import NotPermittedError
from steward.forge.settings import LOOPBACK, ForgeSettings, is_repository

Protocol = Literal["https", "http", "file"]

_PLAIN = re.compile(r"[!-~]{1,1000}")
"""Visible ASCII: a host with other letters looks like another one."""
_SCP = re.compile(r"(?:git@)?(?P<host>[A-Za-z0-9.-]+):(?P<path>[^/:][^:]*)")


@dataclass(frozen=True, slots=True)
class Destination:
    """One repository that may be pushed to."""

    repository: str
    """Its owner and name at the forge."""
    url: str
    """What git is given, exactly."""
    protocol: Protocol

    @property
    def takes_token(self) -> bool:
        """Whether the forge's token goes there."""
        return self.protocol != "file"


def destination(settings: ForgeSettings, url: str) -> Destination:
    """Where a push to this URL of a remote goes.

    Raises:
        NotPermittedError: the settings do not let anything be pushed there. A password that stands
            in the URL is not repeated.
    """
    folder = url.removeprefix("file://")
    if folder.startswith("/"):
        return _folder(settings, folder)
    if _PLAIN.fullmatch(url) is None or "\\" in url or "%" in url:
        raise _refused("its URL holds characters that no plain URL has")
    if url.startswith(("https://", "http://")):
        return _web(settings, url)
    return _ssh(settings, url)


def _folder(settings: ForgeSettings, folder: str) -> Destination:
    path = folder.rstrip("/")
    repository = settings.folders.get(path)
    if repository is None:
        raise _refused(
            "it is a folder, and `folders` in [forge] does not say which repository of the forge"
            " that is"
        )
    return Destination(repository, path, "file")


def _web(settings: ForgeSettings, url: str) -> Destination:
    parts = urlsplit(url)
    if "@" in parts.netloc:
        raise _refused(
            "its URL holds a user or password. Take them out (`git remote set-url`); the forge's"
            " token is used instead"
        )
    if parts.query or parts.fragment:
        raise _refused("its URL has a query or a fragment")
    is_plain_text = parts.scheme == "http"
    if is_plain_text and parts.hostname not in LOOPBACK:
        raise _refused("the token would travel unencrypted; use https://")
    host = _served(settings, parts.netloc)
    repository = _named(parts.path.removeprefix("/"))
    protocol: Protocol = "http" if is_plain_text else "https"
    return Destination(repository, f"{protocol}://{host}/{repository}.git", protocol)


def _ssh(settings: ForgeSettings, url: str) -> Destination:
    if url.startswith("ssh://"):
        parts = urlsplit(url)
        host, path = parts.netloc.removeprefix("git@"), parts.path.removeprefix("/")
    else:
        found = _SCP.fullmatch(url)
        if found is None or "::" in url:
            raise _refused("its URL is neither one of HTTPS nor one of SSH")
        host, path = found["host"], found["path"]
    host, repository = _served(settings, host), _named(path)
    if not settings.ssh_by_https:
        raise _refused(
            "it is written for SSH, and an agent has no use of your SSH keys. Set `ssh_by_https ="
            f" true` in [forge] to push to https://{host}/{repository}.git with the forge's token"
        )
    return Destination(repository, f"https://{host}/{repository}.git", "https")


def _served(settings: ForgeSettings, host: str) -> str:
    """The host, if the forge serves it."""
    plain = host.lower()
    if plain not in settings.hosts:
        raise _refused(
            f"the host {plain[:100]!a} is none of those that `hosts` in [forge] names"
            f" ({', '.join(settings.hosts)})"
        )
    return plain


def _named(path: str) -> str:
    repository = path.removesuffix("/").removesuffix(".git")
    if not is_repository(repository):
        raise _refused("its path is not OWNER/NAME")
    return repository


def _refused(why: str) -> NotPermittedError:
    return NotPermittedError(f"Nothing is pushed to this remote: {why}.")
