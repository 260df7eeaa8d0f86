"""A real nginx for the tests, with the very configuration that a page shows."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.environment import clean_environment

_STARTS_S = 20.0
_LOOKS_EVERY_S = 0.02
# What stands round a file of /etc/nginx/conf.d, without Debian's folders.
_AROUND = """
daemon off;
worker_processes 1;
pid {folder}/pid;
{user}
events {{ worker_connections 512; }}
http {{
    access_log {folder}/access.log;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/shown.conf;
}}
"""


@contextmanager
def running_proxy(folder: Path, configuration: str, port: int) -> Generator[None]:
    """nginx that listens on a port of this machine once the block begins.

    Where there is none the test is skipped, unless that is forbidden.
    """
    program = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin:/usr/local/sbin")
    if program is None:
        reason = "there is no nginx: install it"
        if os.environ.get("STEWARD_REQUIRE_PROXY") == "1":
            pytest.fail(f"STEWARD_REQUIRE_PROXY=1, but {reason}")
        pytest.skip(reason)
    folder.mkdir()
    (folder / "shown.conf").write_text(configuration)
    user = "user root;" if os.geteuid() == 0 else ""
    (folder / "nginx.conf").write_text(_AROUND.format(folder=folder, user=user))
    log = folder / "error.log"
    process = subprocess.Popen(
        [program, "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(log)],
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait(process, port, log)
        yield
    finally:
        process.terminate()
        process.wait(_STARTS_S)


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    until_s = time.monotonic() + _STARTS_S
    while process.poll() is None and time.monotonic() < until_s:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(_LOOKS_EVERY_S)
    pytest.fail(f"nginx did not start: {log.read_text() if log.exists() else 'it says nothing'}")
