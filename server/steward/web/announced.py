"""Where the server of a data folder can be reached, for commands of the same person."""

import fcntl
import json
import os
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

FILE = "serve.json"
"""Stands in the data folder while a server runs; only its owner may read it."""
_BYTES_MAX = 4096


@dataclass(frozen=True, slots=True)
class Running:
    """A server."""

    address: str
    """As a browser is to open it, without a path."""
    pid: int


@contextmanager
def announced(data_dir: Path, address: str) -> Generator[None]:
    """Say where the server is for as long as the block runs.

    The file is locked meanwhile, which no crash and no other process with the same number can
    feign. Of several servers on one folder the first is announced.
    """
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = data_dir / FILE
    opened = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(opened, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield
            return
        os.fchmod(opened, 0o600)
        os.ftruncate(opened, 0)
        os.write(opened, json.dumps({"address": address, "pid": os.getpid()}).encode("ascii"))
        try:
            yield
        finally:
            file.unlink(missing_ok=True)
    finally:
        os.close(opened)


def running(data_dir: Path) -> Running | None:
    """The server that runs with this data folder; None where none does, whatever was left over."""
    try:
        opened = os.open(data_dir / FILE, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(opened, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(os.read(opened, _BYTES_MAX))
    finally:
        os.close(opened)
    return None


def link_address(server: Running, secret: str, then: str) -> str:
    """What a browser is to open; the secret stands where browsers send it to nobody."""
    return f"{server.address}/sign-in/link?{urlencode({'then': then})}#{secret}"


def _read(written: bytes) -> Running | None:
    try:
        read = json.loads(written)
        return Running(str(read["address"]), int(read["pid"]))
    except (ValueError, KeyError, TypeError):
        return None  # It is being written just now.
