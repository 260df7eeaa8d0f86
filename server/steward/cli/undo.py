"""`steward undo`, `redo` and `changes`: what runs changed in files, for a person at a shell.

Where an editor has the folder open, that window shows the diff and asks, because it has the texts
that nobody has saved. Elsewhere the diff is shown and asked about here, and only a terminal counts
as a person.
"""

import argparse
import asyncio
import json
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

from steward.agents.asked import run_of
from steward.agents.changes import changes_of
from steward.agents.presence import Presence
from steward.agents.undo import Wanted, chosen
from steward.agents.undo_told import Ended, Prepared
from steward.agents.undo_wishes import UndoWish, ask_undo, drop_wish, told_of_wish
from steward.agents.undoing import Undoing
from steward.agents.workflows.owner import Owner
from steward.cli.shell import Shell, say
from steward.cli.table import table
from steward.cli.terminal import Terminal, asked
from steward.core.database import open_database
from steward.core.errors import (
    NotFoundError,
    NotPermittedError,
    StaleError,
    StewardError,
    UnavailableError,
)
from steward.core.ids import random_id
from steward.core.principal import Principal
from steward.permissions.approvals import Approvals
from steward.workspace.history.undo_rows import run_of_change
from steward.workspace.shown import edit_question

_LOOK_S = 0.3
"""How soon it is noticed that a window has brought an undo to its end."""
_INTERRUPTED = 130


def answer(shell: Shell, arguments: argparse.Namespace) -> int:
    """Do what was asked for; returns the exit code: 0 where it was undone, else 1."""
    if arguments.command == "changes":
        _list(shell, arguments)
        return 0
    wanted = Wanted(
        arguments.run or "",
        arguments.step or "",
        arguments.change or "",
        is_redo=arguments.command == "redo",
    )
    principal = _principal(shell, wanted, arguments.workspace)
    try:
        told = _taken_back(shell, principal, wanted, as_json=arguments.json)
    except KeyboardInterrupt:
        return _INTERRUPTED
    if arguments.json:
        say(json.dumps(told, indent=2) + "\n")
    else:
        say("".join(f"{line}\n" for line in (told["outcome"], *told.get("told", ()))))
    return 0 if told["state"] == "applied" else 1


def _principal(shell: Shell, wanted: Wanted, folder: str | None) -> Principal:
    """The person, in the folder that the run changed or, where none is named, in this one."""
    asking = shell.principal
    here = str(Path(folder or ".").resolve())

    def work(session: Any) -> str:
        run_id = wanted.run_id or run_of_change(session, asking.tenant_id, wanted.change_id)
        if not run_id and wanted.change_id:
            raise NotFoundError(
                f"There is no change {wanted.change_id!r}; `steward changes` lists them."
            )
        return run_of(session, asking, run_id).workspace if run_id else here

    workspace = shell.read(work)
    if folder is not None and workspace != here:
        raise NotPermittedError(
            f"That was changed in {workspace}, not in {here}. Leave --workspace out."
        )
    if not Path(workspace).is_dir():
        raise UnavailableError(
            f"The folder {workspace!r} is not here, so nothing can be undone in it. Put it back"
            " where it was, then try again."
        )
    return replace(asking, workspace=workspace)


def _taken_back(
    shell: Shell, principal: Principal, wanted: Wanted, *, as_json: bool
) -> Mapping[str, Any]:
    from steward.app.undoing import presence_of

    presence = presence_of(shell.settings, principal.workspace)
    # Held to the end, so that no window comes and is not noticed.
    with presence.alone() as is_alone:
        if is_alone:
            return _here(shell, principal, wanted, as_json=as_json)
    return asyncio.run(_by_window(shell, principal, wanted, presence))


def _here(
    shell: Shell, principal: Principal, wanted: Wanted, *, as_json: bool
) -> Mapping[str, Any]:
    """Show and ask at the terminal, which no loop waits behind; then land it."""
    from steward.app.undoing import open_undoing

    owner = Owner(shell.settings.data_dir / "executors", random_id())
    opened = partial(
        open_undoing, shell.seal, shell.settings, shell.clock, Path(principal.workspace), owner
    )

    async def prepare() -> Prepared:
        async with opened() as undoing:
            await undoing.recover(principal)
            return await undoing.prepare(principal, wanted)

    async def land(prepared: Prepared, *, is_yes: bool) -> Ended:
        async with opened() as undoing:
            return await land_answered(undoing, principal, prepared, is_yes=is_yes)

    try:
        prepared = asyncio.run(prepare())
        is_yes = prepared.proposal is not None and _ask(prepared, as_json=as_json)
        return asyncio.run(land(prepared, is_yes=is_yes)).as_told()
    finally:
        owner.release()


async def land_answered(
    undoing: Undoing, principal: Principal, prepared: Prepared, *, is_yes: bool
) -> Ended:
    """Land it with the answer of the person who was shown its question at the terminal just now."""
    if prepared.proposal is None:
        return await undoing.land(principal, prepared)
    question = await asyncio.to_thread(edit_question, prepared.proposal)
    answering = _answer(undoing.lander.approvals, principal, question.digest(), is_yes=is_yes)
    async with asyncio.TaskGroup() as tasks:
        answered = tasks.create_task(answering)
        try:
            ended = await undoing.land(principal, prepared)
        except StewardError as error:  # Out of the group it would come wrapped.
            ended = error
        answered.cancel()
    if isinstance(ended, StewardError):
        raise ended
    return ended


async def _answer(approvals: Approvals, principal: Principal, digest: str, *, is_yes: bool) -> None:
    """Answer the question with this digest as soon as it is asked, and no other."""
    with approvals.events.watch() as events:
        while True:
            for asked in await approvals.pending(principal):
                if asked.digest == digest:
                    with suppress(StaleError):  # Answered elsewhere, which counts.
                        await approvals.answer(
                            principal, asked.id, digest, approve=is_yes, channel="terminal"
                        )
                    return
            await anext(events)


def _ask(prepared: Prepared, *, as_json: bool) -> bool:
    """Show the person everything and take their answer; nobody but a person at a terminal."""
    assert prepared.proposal is not None
    question = edit_question(prepared.proposal)
    told = "".join(f"{line}\n" for line in prepared.told())
    # Where a program reads the outcome, the person reads the question elsewhere.
    screen = sys.stderr if as_json else sys.stdout
    if not sys.stdin.isatty() or not screen.isatty():
        screen.write(f"{question.title}\n\n{question.body}\n{told}\n")
        raise NotPermittedError(
            "Nobody was asked and nothing was changed: this is no terminal. Run it at a terminal"
            " and answer there, or open the folder in an editor, which then asks."
        )
    shown = replace(question, body=f"{question.body}\n{told}", takes=frozenset())
    return asyncio.run(asked(Terminal(sys.stdin.fileno(), screen), shown)).is_yes


async def _by_window(
    shell: Shell, principal: Principal, wanted: Wanted, presence: Presence
) -> Mapping[str, Any]:
    """Ask the window for it, and wait for what comes of it."""
    wish = UndoWish(random_id(), wanted)
    async with open_database(shell.settings.database_place) as database:
        found = await database.read(lambda session: chosen(session, principal, wanted))
        ask = partial(ask_undo, principal=principal, wish=wish, run_id=found.run.id, at=shell.now)
        await database.run(ask)
        sys.stderr.write(
            f"The window that has {principal.workspace} open shows the diff and asks there."
            " Ctrl-C stops waiting.\n"
        )
        drop = partial(drop_wish, wish_id=wish.id, at=shell.now)
        try:
            while (told := await database.read(lambda s: told_of_wish(s, wish.id))) is None:
                with presence.alone() as is_alone:
                    if is_alone:
                        await database.run(drop)
                        raise UnavailableError(
                            "The window is gone and nobody has answered. Look at `steward changes`,"
                            " then try again."
                        )
                await asyncio.sleep(_LOOK_S)
        except asyncio.CancelledError:
            await asyncio.shield(database.run(drop))
            raise
    return told


def _list(shell: Shell, arguments: argparse.Namespace) -> None:
    principal = shell.principal
    workspace = arguments.workspace and str(Path(arguments.workspace).resolve())
    run_id = arguments.run or ""

    def work(session: Any) -> list[dict[str, object]]:
        if run_id:
            run_of(session, principal, run_id)
        return changes_of(session, principal, run_id, workspace)

    found = shell.read(work)
    if arguments.json:
        say(json.dumps(found, indent=2) + "\n")
    elif not found:
        say("No run changed a file there.\n")
    else:
        say(table(_rows(found), are_numbers=False))


def _rows(found: list[dict[str, object]]) -> list[tuple[str, ...]]:
    head = ("change", "what", "when", "files", "undone")
    rows = [
        (
            str(each["id"]),
            str(each["kind"]),
            str(each["at"])[:16].replace("T", " "),
            ", ".join(_named(file) for file in cast(list[dict[str, object]], each["files"])),
            str(each["undone"]),
        )
        for each in found
    ]
    return [head, *rows]


def _named(file: Mapping[str, object]) -> str:
    done = {"create": " (new)", "delete": " (deleted)"}.get(str(file["change"]), "")
    moved = f"{file['movedFrom']} → " if file["movedFrom"] else ""
    return f"{moved}{file['path']}{done}"
