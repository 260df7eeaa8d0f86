"""The commands about extensions: which there are, what they may do, and their own commands."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from steward.core.errors import (
    ExtensionRaisedError,
    InvalidInputError,
    NotFoundError,
    StewardError,
)
from steward.lsp.extension_list import listed
from steward.lsp.page import show_page
from steward.workspace.markdown import one_line
from steward.workspace.reveal import reveal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lsprotocol import types

    from steward.extensions.attended import Attended
    from steward.extensions.payloads import CommandRequest, Place, Range
    from steward.lsp.documents import Document
    from steward.lsp.rooms import Rooms
    from steward.lsp.session import Session

    Arguments = Mapping[str, Any]

_MESSAGE_CHARS_MAX = 2_000


async def list_extensions(_session: Session, rooms: Rooms, _arguments: Arguments) -> object:
    """The extensions that you have, and those that come with Steward: `{extensions: [{id, …}]}`.

    `{id, name, version, publisher, description, state, isShipped, grants, commands, menus, panels,
    activity, jail}`. The state is `enabled`, `disabled`, `faulted` (it failed too often) or `asks`
    (it wants what nobody said yes to). `grants` is `[{capability, words, globs, reason,
    granted}]`, `commands` `[{id, title, category, when}]`, `menus` `[{command, title, when}]`,
    `panels` `[{id, title}]`, `activity` `{calls, refused, faults, lastFault, costNanoUsd}`.
    """
    if rooms.extensions is None:
        return {"extensions": []}
    return {"extensions": await listed(rooms.extensions)}


async def run_command(session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """Run a command of an extension: `{extension, command, place?, arguments?}` → `{message}`.

    `place` is `{uri, range, selection?}`: what the person has in front of them. The message is a
    sentence of the extension's, or `null`.
    """
    from steward.extensions.payloads import CommandResponse

    attended, extension = _attended(rooms), _text(arguments, "extension")
    command = _text(arguments, "command")
    extensions = attended.current.extensions
    if extensions is None:
        raise NotFoundError(f"The extension {extension[:80]!r} does not run; enable it first.")
    running = {each.manifest.id: each for each in attended.current.active()}
    found = running.get(extension)
    if found is not None and command not in {each.id for each in found.manifest.commands}:
        raise NotFoundError(f"The extension {extension!r} has no command {command[:80]!r}.")
    request = await _request(session, attended, arguments)
    try:
        answer = await extensions.call(extension, f"command:{command}", request, CommandResponse)
    except ExtensionRaisedError as error:
        raise ExtensionRaisedError(_in_a_line(extension, str(error))) from error
    message = reveal((answer.message or "")[:_MESSAGE_CHARS_MAX])[0]
    if message and not session.can.shows_extensions:
        await attended.screen.show_message(extension, "info", one_line(message))
    return {"message": message or None}


def _in_a_line(extension: str, trace: str) -> str:
    """What a person wants to know of an error in an extension's code: its end."""
    lines = trace.strip().splitlines() or ["it did not say why"]
    said = one_line(reveal(lines[-1][:_MESSAGE_CHARS_MAX])[0])
    return (
        f"The extension {extension!r} failed: {said} Its log says where (the command"
        " steward.extension.log)."
    )


async def install(_session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """Install a package once you say yes to what it may do: `{source, without?}` → `{id, version}`.

    `source` is the absolute path of a package, or `ID` or `ID@VERSION` of one in your registries;
    `without` are capabilities that you keep from it.
    The answer comes when you have answered the question.
    """
    attended, without = _attended(rooms), _texts(arguments, "without")
    found = await attended.finder.find(_text(arguments, "source"))
    installed = await attended.consent.install(found, without)
    await attended.look()
    return {"id": installed.manifest.id, "version": installed.manifest.version}


async def update(_session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """Update an extension from its registry: `{extension}` → `{state, version}`.

    Where the new release wants more you are asked, and it does not run before you say yes.
    """
    attended, extension = _attended(rooms), _text(arguments, "extension")
    found = await attended.finder.newer(extension)
    if found is not None:
        await attended.consent.update(found)
        await attended.look()
    now = await attended.store.one(attended.principal, extension)
    return {"state": now.state, "version": now.manifest.version}


async def enable(_session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """Let an extension run: `{extension}` → `{state}`.

    You are asked where you have not said yes to what it wants; the answer comes after yours.
    """
    attended = _attended(rooms)
    enabled = await attended.consent.enable(_text(arguments, "extension"))
    await attended.look()
    return {"state": enabled.state}


async def disable(_session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """Let an extension run no more: `{extension}` → `{state}`. Its data and grants stay."""
    attended = _attended(rooms)
    disabled = await attended.consent.disable(_text(arguments, "extension"))
    await attended.look()
    return {"state": disabled.state}


async def grant(_session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """Let an extension do one thing more, once you say yes: `{extension, capability}` → `{}`."""
    attended = _attended(rooms)
    extension, capability = _text(arguments, "extension"), _text(arguments, "capability")
    await attended.consent.allow(extension, cast("Any", capability))
    await attended.look()
    return {}


async def revoke(_session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """Let an extension do one thing less, at once: `{extension, capability}` → `{}`."""
    attended = _attended(rooms)
    extension, capability = _text(arguments, "extension"), _text(arguments, "capability")
    await attended.consent.revoke(extension, capability)
    await attended.look()
    return {}


async def configure(_session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """Set what you want of an extension: `{extension, config}` → `{}`; all settings at once."""
    config = arguments.get("config")
    if not isinstance(config, dict):
        raise InvalidInputError("`config` must be given as an object.")
    attended = _attended(rooms)
    extension = _text(arguments, "extension")
    given = cast("dict[str, Any]", config)
    await attended.store.set_config(attended.principal, extension, given)
    await attended.look()
    return {}


async def remove(_session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """Take an extension away with its grants, settings and data: `{extension}` → `{}`."""
    attended = _attended(rooms)
    await attended.store.remove(attended.principal, _text(arguments, "extension"))
    await attended.look()
    return {}


async def log(_session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """The end of an extension's own log: `{extension}` → `{text}`."""
    attended, extension = _attended(rooms), _text(arguments, "extension")
    found = await attended.store.one(attended.principal, extension)
    return {"text": await asyncio.to_thread(attended.log_of, found.manifest.id)}


async def panel(session: Session, rooms: Rooms, arguments: Arguments) -> object:
    """What a panel shows now: `{extension, panel, show?}` → `{title, content, markdown}`.

    With `show` it is opened as a page, and kept current, for an editor without a view for it.
    """
    extension, name = _text(arguments, "extension"), _text(arguments, "panel")
    shown = session.extensions.panels.get((extension, name))
    if shown is None:
        raise NotFoundError(
            f"The extension {extension[:80]!r} has shown nothing in a panel {name[:80]!r} yet. Run"
            " one of its commands."
        )
    if arguments.get("show") is True:
        session.extensions.pages.add((extension, name))
        await show_page(session, rooms, f"{extension}-{name}", shown.page())
    params = shown.as_params()
    return {"title": params["title"], "content": params["content"], "markdown": shown.page()}


async def _request(session: Session, attended: Attended, arguments: Arguments) -> CommandRequest:
    from steward.extensions.payloads import CommandRequest
    from steward.extensions.telling import event

    place = arguments.get("place")
    if not isinstance(place, dict):
        return event(CommandRequest, arguments=arguments.get("arguments"))
    at = await _place(session, attended, cast("dict[str, Any]", place))
    return event(CommandRequest, place=at, arguments=arguments.get("arguments"))


async def _place(session: Session, attended: Attended, given: Mapping[str, Any]) -> Place:
    """What the person has in front of them; nothing of a file that is kept from models."""
    from steward.extensions.payloads import Place
    from steward.extensions.telling import event

    uri = given.get("uri")
    if not isinstance(uri, str):
        return Place()
    document, path = session.protocol.documents.find(uri), session.workspace_path(uri)
    if document is None or document.is_lost or path is None:
        return Place()
    try:
        await attended.workspace.check_for_model(str(path))
    except StewardError:
        return Place()
    range_ = _range(given.get("range"))
    language = document.language_id or ""
    if range_ is None:
        return event(Place, path=str(path), language=language)
    start, end = (document.offset_at_position(each) for each in (range_.start, range_.end))
    return event(
        Place,
        path=str(path),
        language=language,
        range=_as_utf16(document, range_),
        selection=document.source[start:end],
    )


def _range(given: object) -> types.Range | None:
    from lsprotocol import types

    if given is None:
        return None
    try:
        value: Any = given
        start, end = value["start"], value["end"]
        return types.Range(_at(start), _at(end))
    except (TypeError, KeyError, ValueError) as error:
        raise InvalidInputError("`range` must be a range of the protocol.") from error


def _at(value: Any) -> types.Position:
    from lsprotocol import types

    line, character = int(value["line"]), int(value["character"])
    if line < 0 or character < 0:
        raise ValueError("there is no such place")
    return types.Position(line, character)


def _as_utf16(document: Document, range_: types.Range) -> Range:
    from steward.extensions.payloads import Position, Range

    def at(position: types.Position) -> Position:
        head = document.around(position, 1)[0].rpartition("\n")[2]
        return Position(line=position.line, character=len(head.encode("utf-16-le")) // 2)

    return Range(start=at(range_.start), end=at(range_.end))


def _attended(rooms: Rooms) -> Attended:
    if rooms.extensions is None:
        raise InvalidInputError("Open a folder first; extensions work in a workspace.")
    return rooms.extensions


def _text(arguments: Arguments, name: str) -> str:
    value = arguments.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidInputError(f"`{name}` must be given as text.")
    return value


def _texts(arguments: Arguments, name: str) -> list[str]:
    value = arguments.get(name, [])
    listed_ = cast("list[object]", value) if isinstance(value, list) else [None]
    texts = [each for each in listed_ if isinstance(each, str)]
    if len(texts) < len(listed_):
        raise InvalidInputError(f"`{name}` must be a list of texts.")
    return texts
