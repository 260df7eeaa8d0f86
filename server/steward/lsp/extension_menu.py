"""What extensions put into menus: code actions, and entries of the menu of plain editors.

No extension is asked for it: what their manifests say is held against what is in front of the
person.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lsprotocol import types

from steward.lsp.extension_list import title_of
from steward.lsp.session import Session
from steward.workspace.markdown import one_line

if TYPE_CHECKING:  # They are loaded when the first extension runs.
    from steward.extensions.attended import Attended
    from steward.extensions.packages.installed import Installed

EXTENSION = "steward.extension"
"""The kind of their actions: asking for refactorings must not bring them."""
RUN = "steward.extension.run"
_TITLE_CHARS_MAX = 120


def extension_actions(session: Session, uri: str, range_: types.Range) -> list[types.CodeAction]:
    """The entries of extensions' menus for a range."""
    attended = _running(session)
    if attended is None:
        return []
    from steward.extensions.when import Here, is_offered

    path = session.workspace_path(uri)
    document = session.protocol.documents.find(uri)
    language = "" if document is None else document.language_id or ""
    here = Here(language, None if path is None else str(path), range_.start != range_.end)
    place: dict[str, object] = {"uri": uri, "range": _as_json(range_)}
    return [
        _action(each, menu.command, title_of(menu, each.manifest), place)
        for each in attended.current.active()
        for menu in each.manifest.menus
        if is_offered(menu.when, here, attended.contents)
    ]


def extension_commands(session: Session) -> Iterator[tuple[str, str, str]]:
    """Title, extension and command of what can be run wherever one is."""
    attended = _running(session)
    if attended is None:
        return
    from steward.extensions.when import Here, is_offered

    for each in attended.current.active():
        for command in each.manifest.commands:
            if is_offered(command.when, Here(), attended.contents):
                yield _title(each, command.title), each.manifest.id, command.id


def _running(session: Session) -> "Attended | None":
    rooms = session.rooms_now
    if rooms is None or rooms.extensions is None or rooms.extensions.current.extensions is None:
        return None
    return rooms.extensions


def _action(
    installed: "Installed", command: str, title: str, place: dict[str, object]
) -> types.CodeAction:
    argument = {"extension": installed.manifest.id, "command": command, "place": place}
    shown = _title(installed, title)
    return types.CodeAction(
        shown, kind=EXTENSION, command=types.Command(shown, RUN, arguments=[argument])
    )


def _title(installed: "Installed", title: str) -> str:
    """Whose it is stands with it: the title is the extension's own, and may say anything."""
    return f"{one_line(title)[:_TITLE_CHARS_MAX]} ({installed.manifest.id})"


def _as_json(range_: types.Range) -> dict[str, object]:
    return {
        "start": {"line": range_.start.line, "character": range_.start.character},
        "end": {"line": range_.end.line, "character": range_.end.character},
    }
