"""The program that gives up its rights and becomes a command, and its other half that waits.

It is started by `landlock.py` in an interpreter of its own, imports next to nothing, and is no
part of the server. The half that waits is not confined, so nothing in the jail can reach it: when
the command ends, or Steward does, it ends all that the command started and tells how it ended.
"""

import json
import os
import resource
import select
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

from steward.sandbox.system import die_with_parent, give_up_privileges, landlock, refuse_calls

_NOT_STARTED = 127
_SIGNALLED = 128


def main() -> None:
    """Do what the file named last on the command line orders."""
    written = Path(sys.argv[-1])
    orders: dict[str, Any] = json.loads(written.read_text("utf-8"))
    # The environment in it may be secret.
    written.unlink()
    confined, failed = os.pipe()
    worker = os.fork()
    if worker == 0:
        _become(orders, failed)
    os.close(failed)
    _wait(worker, orders, confined)


def _wait(worker: int, orders: dict[str, Any], confined: int) -> None:
    """Wait for the command's end or for Steward's, and see to it that nothing is left."""
    # The command has a group of its own before it can do anything, whoever of us is first.
    with suppress(OSError):
        os.setpgid(worker, worker)
    # Closed without a word when the worker becomes the command, or cannot find it.
    is_confined = not os.read(confined, 1)
    handle = os.pidfd_open(worker)
    ready = select.poll()
    for descriptor in (handle, orders["life"]):
        ready.register(descriptor, select.POLLIN | select.POLLHUP)
    ready.poll()
    # Not waited for yet: so long its number, which is the group's, is nobody else's.
    with suppress(ProcessLookupError):
        os.killpg(worker, signal.SIGKILL)
    _, status = os.waitpid(worker, 0)
    code = os.waitstatus_to_exitcode(status)
    if is_confined:
        told = code if code >= 0 else _SIGNALLED - code
        os.write(orders["report"], json.dumps({"exit-code": told}).encode() + b"\n")
    os._exit(0)


def _become(orders: dict[str, Any], failed: int) -> None:
    """Give up every right that the command is not to have, and be the command."""
    try:
        _confine(orders)
    except Exception as error:  # noqa: BLE001  Whatever it is: nothing runs, and it is told.
        os.write(2, f"{type(error).__name__}: {error}\n".encode(errors="replace"))
        os.write(failed, b"!")
        os._exit(1)
    words: list[str] = orders["argv"]
    try:
        os.execvpe(words[0], words, orders["environment"])  # noqa: S606  No shell: that is meant.
    except (OSError, ValueError) as error:
        os.write(2, f"{words[0]}: {error}\n".encode(errors="replace"))
        os._exit(_NOT_STARTED)


def _confine(orders: dict[str, Any]) -> None:
    for descriptor in (orders["report"], orders["life"]):
        os.set_inheritable(descriptor, False)
    os.setpgid(0, 0)
    os.chdir(orders["cwd"])
    here = os.stat(".")
    if f"{here.st_dev}:{here.st_ino}" != orders["identity"]:
        raise OSError("The working folder was replaced while the jail was being built.")
    program = Path(orders["filter"]).read_bytes()
    give_up_privileges()
    landlock([(path, rights) for path, rights in orders["rules"]])
    account: int | None = orders["account"]
    if account is not None:
        os.setgroups([])
        os.setresgid(account, account, account)
        os.setresuid(account, account, account)
    # After the change of account, which clears it.
    die_with_parent(signal.SIGKILL)
    os.umask(0o022)
    for name, most in orders["limits"].items():
        resource.setrlimit(getattr(resource, name), (most, most))
    for ignored in (signal.SIGPIPE, signal.SIGXFSZ):
        signal.signal(ignored, signal.SIG_DFL)
    refuse_calls(program)
