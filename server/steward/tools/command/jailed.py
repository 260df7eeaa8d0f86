"""The one road on which an agent's tools run a program: bound to what was asked, in a jail."""

import asyncio
import hashlib
import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from steward.core.agent_limits import COMMAND_FILES_MAX, JAIL_PINNED_BYTES_MAX
from steward.core.errors import (
    InvalidInputError,
    LimitError,
    NotFoundError,
    NotPermittedError,
    SandboxUnavailableError,
)
from steward.sandbox.launcher import Command, Launcher, Outcome
from steward.sandbox.stage import identity_of
from steward.tools.command.report import report
from steward.tools.command.taken_over import take_over
from steward.tools.tool import Call, Output, Request
from steward.workspace.files import read_bytes
from steward.workspace.kept_back import kept_back
from steward.workspace.markdown import code, fenced
from steward.workspace.paths import WorkspacePath
from steward.workspace.reveal import reveal

_PADDING = re.compile(r" {40,}")
"""So many spaces push what follows them out of sight."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A command as it was asked for."""

    command: Command
    names: tuple[str, ...]
    """What could be names of files in it; those that are get bound to their content."""
    shown: str
    """The command as a person reads it."""
    parts: tuple[str, ...] | None
    """Each simple command of it; None where it cannot be taken apart."""


async def ready(wish: Wish, call: Call) -> Command:
    """The command with everything that it is bound to.

    Raises:
        NotPermittedError: it names a file, or runs in a folder, that is kept from models.
        InvalidInputError, NotFoundError: there is no such folder.
        LimitError: it names more files than can be bound.
    """
    asked = call.prepared
    # A document that was saved since it was asked about is still the text that was approved.
    also = tuple(asked.overlays) if isinstance(asked, Command) else ()
    overlays = await call.workspace.unsaved(also)
    cwd = wish.command.cwd
    try:
        identity = await asyncio.to_thread(identity_of, cwd)
    except InvalidInputError as error:
        raise NotFoundError(str(error)) from error
    masked = await asyncio.to_thread(_masked, cwd, call)
    named = await asyncio.to_thread(_named, wish.names, cwd, call)
    pinned = await asyncio.to_thread(_pinned, named, frozenset(overlays), call.workspace.root)
    return replace(
        wish.command, overlays=overlays, pinned=pinned, masked=masked, cwd_identity=identity
    )


async def question(wish: Wish, launcher: Launcher, call: Call, title: str) -> Request:
    """What a person is asked: the command whole, where it runs, what it sees, what the jail is.

    Raises:
        SandboxUnavailableError: there is no jail, so nobody is asked.
    """
    command = await ready(wish, call)
    await _check_there_is_a_jail(launcher)
    shown, hidden = reveal(wish.shown)
    padded = _PADDING.sub(lambda run: f"⟨{len(run[0])} spaces⟩", shown)
    body = f"Run this command in {code(str(command.cwd))}:\n\n{fenced(padded, '')}\n\n"
    if hidden:
        body += f"**Careful: it holds {hidden} hidden characters**, spelled out as `⟨U+…⟩`.\n\n"
    body += _parts(wish) + await launcher.describe(command)
    root = call.workspace.root
    if command.masked:
        count = len(command.masked)
        listed = "1 file or folder" if count == 1 else f"{count} files and folders"
        body += f"\n\nFor it {listed} that `.stewardignore` names {_are(count)} empty."
    if command.overlays:
        names = sorted(str(path.relative_to(root)) for path in command.overlays)
        body += f"\n\nIt sees these unsaved documents as you have them: {_listed(names)}."
    if command.pinned:
        names = sorted(str(path.relative_to(root)) for path in command.pinned)
        body += f"\n\nIt runs only while these files stay as they are: {_listed(names)}."
    return Request(title, body, _operands(command), prepared=command)


async def run(wish: Wish, launcher: Launcher, call: Call) -> Output:
    """Run what was approved, or else what was asked for; its differences become a proposal.

    Raises:
        SandboxUnavailableError: there is no jail, so nothing ran.
        StaleError: a file or the folder is not any more what was approved.
    """
    command, outcome = await ran(wish, launcher, call)
    text, ok = await asyncio.to_thread(report, outcome), outcome.exit_code == 0
    if outcome.changes is None:
        return Output(text, ok=ok, origin="command")
    taken = await take_over(outcome.changes, command.overlays, call)
    proposal = taken.proposal(
        call, f"Take over what the command changed in {len(taken.changes)} files"
    )
    if proposal is not None:
        text += f"\nIt changed {proposal.names()}; this is proposed to the person."
    return Output(text + taken.told(), ok=ok, origin="command", proposal=proposal)


async def ran(wish: Wish, launcher: Launcher, call: Call) -> tuple[Command, Outcome]:
    """What exactly ran, and how it ended; raises as `run`."""
    # What was approved, not what the same question would be about by now.
    approved = call.prepared
    if isinstance(approved, Command):
        # What is kept from models counts as it is now: it can only take from what was approved.
        masked = await asyncio.to_thread(_masked, approved.cwd, call)
        command = replace(approved, masked=approved.masked | masked)
    else:
        command = await ready(wish, call)
    await _check_there_is_a_jail(launcher)
    return command, await launcher.run(command)


async def _check_there_is_a_jail(launcher: Launcher) -> None:
    reason = await launcher.unavailable_reason()
    if reason is not None:
        raise SandboxUnavailableError(f"The command was not run: {reason}")


def _masked(cwd: Path, call: Call) -> frozenset[str]:
    """What the person keeps from models, for what a program prints goes to one."""
    root = call.workspace.root
    masked = kept_back(root, call.workspace.oracle)
    if cwd.is_relative_to(root):
        below = cwd.relative_to(root)
        if any(each.as_posix() in masked for each in (below, *below.parents)):
            raise NotPermittedError(
                f"The command was not run: its folder {str(below)!r} is kept from models by"
                " `.stewardignore`. Run it in another one."
            )
    return masked


def _named(names: Iterable[str], cwd: Path, call: Call) -> list[WorkspacePath]:
    """The files of the workspace that the command names."""
    found: dict[WorkspacePath, None] = {}
    for name in names:
        path = _file(name, cwd, call.workspace.root)
        if path is None:
            continue
        # What a program prints goes to the model, so naming a file is a way to read it.
        reason = call.workspace.oracle.why_not(path)
        if reason is not None:
            raise NotPermittedError(
                f"The command was not run: '{path}' is kept from models: {reason}."
            )
        found[path] = None
    if len(found) > COMMAND_FILES_MAX:
        raise LimitError(
            f"The command names {len(found)} files, and {COMMAND_FILES_MAX} are taken; name a"
            " folder, or run it for fewer."
        )
    return list(found)


def _file(name: str, cwd: Path, root: Path) -> WorkspacePath | None:
    given = Path(name)
    place = given if given.is_absolute() else cwd / given
    try:
        path = WorkspacePath.parse(str(place), root)
    except (InvalidInputError, NotPermittedError):
        return None
    return path if path.parts and path.under(root).is_file() else None


def _pinned(
    named: Iterable[WorkspacePath], overlaid: frozenset[Path], root: Path
) -> dict[Path, str]:
    """File → SHA-256 of what it holds; an unsaved document is bound as such already."""
    room = JAIL_PINNED_BYTES_MAX
    found: dict[Path, str] = {}
    for path in named:
        place = path.under(root)
        if place in overlaid:
            continue
        try:
            content = read_bytes(root, path, room)
        except NotFoundError:
            continue  # It went meanwhile, or it is only reached through a link.
        room -= len(content)
        found[place] = hashlib.sha256(content).hexdigest()
    return found


def _operands(command: Command) -> dict[str, object]:
    return {
        "argv": list(command.argv),
        "cwd": str(command.cwd),
        "folder": command.cwd_identity,
        "writes": command.writes,
        "wall_s": command.wall_s,
        "unsaved": {str(p): hashlib.sha256(b).hexdigest() for p, b in command.overlays.items()},
        "files": {str(path): digest for path, digest in command.pinned.items()},
    }


def _parts(wish: Wish) -> str:
    if wish.parts is None:
        return "It cannot be taken apart into plain commands, so look at all of it.\n\n"
    if len(wish.parts) < 2:
        return ""
    listed = "\n".join(f"{n}. {code(part)}" for n, part in enumerate(wish.parts, 1))
    return f"It runs {len(wish.parts)} programs:\n\n{listed}\n\n"


def _are(count: int) -> str:
    return "is" if count == 1 else "are"


def _listed(names: list[str]) -> str:
    return ", ".join(reveal(name)[0] for name in names)


def spelled(words: Iterable[str]) -> str:
    """The words as one line, each quoted where it needs to be: the same words, the same line."""
    return shlex.join(words)
