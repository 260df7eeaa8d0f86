"""React helper: scaffolds, taking props and components out, and checks on save."""

import re
from pathlib import PurePosixPath
from typing import Any

from change import edit_of
from checks import remarks_on, structure_of
from extract import Extracted, component, component_at, interface
from prop_types import known_types
from scaffold import (
    component as new_component_text,
    component_name,
    hook as new_hook_text,
    hook_name,
    import_path,
    props_of_use,
    test as new_test_text,
    test_path,
)
from structure import is_hook_name
from style import Style, style_of

import steward
from places import Places

Request = dict[str, Any]
_NO_NAME = (
    "Select the name of the {what} first, or an element that uses it,"
    ' or give one: {{"name": "{example}"}}.'
)


@steward.hook("onFileSave")
def on_save(event: Request) -> list[dict[str, object]]:
    """Remarks on a file that was saved."""
    wanted = [name for name in ("keys", "hooks", "effects") if steward.config(name)]
    return remarks_on(event["path"], event["text"], wanted)


@steward.command("new-component")
def new_component(request: Request) -> str:
    """Propose a component of the selected or given name."""
    said, selection = _said(request)
    name = component_name(said)
    if not name:
        return _NO_NAME.format(what="component", example="UserCard")
    folder = _folder(request, steward.config("components_folder"))
    style = style_of(folder)
    path = f"{folder}/{name}.{'tsx' if style.typescript else 'jsx'}".lstrip("/")
    text = new_component_text(name, props_of_use(selection), style)
    changes = [{"do": "write", "path": path, "new_text": text}]
    if style.css_modules:
        sheet = f"{folder}/{name}{style.css_modules}".lstrip("/")
        changes.append({"do": "write", "path": sheet, "new_text": ".root {\n}\n"})
    return _propose(f"New component {name}", changes)


@steward.command("new-hook")
def new_hook(request: Request) -> str:
    """Propose a hook of the selected or given name."""
    name = hook_name(_said(request)[0])
    if not name:
        return _NO_NAME.format(what="hook", example="useCart")
    folder = _folder(request, steward.config("hooks_folder"))
    style = style_of(folder)
    path = f"{folder}/{name}.{'ts' if style.typescript else 'js'}".lstrip("/")
    change = {"do": "write", "path": path, "new_text": new_hook_text(name, style)}
    return _propose(f"New hook {name}", [change])


@steward.command("new-test")
def new_test(request: Request) -> str:
    """Propose a test of the component or hook in front."""
    path = request["place"]["path"]
    if path is None:
        return "Open the component or the hook that is to be tested."
    text = steward.read_file(path)
    source = structure_of(path, text)
    if source is None:
        return f"{path} cannot be read as JavaScript or TypeScript: mend it or make it smaller."
    named = [
        match[1]
        for match in re.finditer(
            r"\bexport (?:default )?(?:async )?"
            r"(?:function|const) ([A-Za-z_$][\w$]*)",
            text,
        )
    ]
    default = re.search(r"\bexport default (?:function )?([A-Z]\w*)", text)
    names = [name for name in named if name[:1].isupper() or is_hook_name(name)]
    if default is not None:
        names.insert(0, default[1])
    if not names:
        return f"{path} exports no component and no hook."
    style = style_of(str(PurePosixPath(path).parent))
    test = test_path(path, style)
    if steward.list_files(test):
        return f"{test} is there already."
    found = next((each for each in source.functions if each.name == names[0]), None)
    props = _needed(text, known_types(source, text, found)) if found else []
    is_default = default is not None and default[1] == names[0]
    made = new_test_text(names[0], import_path(path, test), props, style, is_default=is_default)
    said = _propose(f"Test of {names[0]}", [{"do": "write", "path": test, "new_text": made}])
    lacks = "" if style.has_testing_library else " It needs @testing-library/react."
    return said + lacks


def _needed(text: str, types: dict[str, str]) -> list[tuple[str, str]]:
    """Props without a question mark or a default, in the order of their types."""
    return [
        (name, kind)
        for name, kind in types.items()
        if not re.search(rf"\b{re.escape(name)}\?\s*:", text)
        and not re.search(rf"\b(?:useState)\b[^\n]*\b{re.escape(name)}\b", text)
        and not re.search(rf"\[[^\]\n]*\b{re.escape(name)}\b[^\]\n]*\]\s*=\s*useState", text)
    ]


@steward.command("extract-props")
def extract_props(request: Request) -> str:
    """Propose an interface for the props of the component around the cursor."""
    path = request["place"]["path"]
    if path is None or not path.endswith(".tsx"):
        return "Interfaces are TypeScript: open a .tsx file."
    text = steward.read_file(path)
    source = structure_of(path, text)
    found = component_at(source, _span(request, text)[0]) if source else None
    if source is None or found is None:
        return f"No component can be read in {path}."
    made = interface(source, text, found, _own_style(path, text))
    return _propose_extracted(path, text, made, "Interface")


@steward.command("extract-component")
def extract_component(request: Request) -> str:
    """Propose the selected JSX as a component of its own."""
    place = request["place"]
    if place["path"] is None or place["range"] is None:
        return "Select the JSX that is to become a component."
    text = steward.read_file(place["path"])
    source = structure_of(place["path"], text)
    if source is None:
        return f"{place['path']} cannot be read: something in it is opened and never closed."
    said = (request.get("arguments") or {}).get("name", "")
    style = _own_style(place["path"], text)
    made = component(source, text, _span(request, text), said, style)
    return _propose_extracted(place["path"], text, made, "Component")


def _propose_extracted(path: str, text: str, made: Extracted | str, what: str) -> str:
    if isinstance(made, str):
        return made
    said = _propose(f"{what} {made.name}", [edit_of(path, text, made.text)])
    if made.open_types and path.endswith((".ts", ".tsx")):
        said += f" Types to fill in: {', '.join(made.open_types)}."
    return said


def _propose(title: str, changes: list[dict[str, str]]) -> str:
    steward.propose_edit(title, changes)
    return f"{title}: proposed in {', '.join(str(change['path']) for change in changes)}."


def _own_style(path: str, text: str) -> Style:
    """The style of one file, for what is added to it."""
    indent = re.search(r"[{(]\n([ \t]+)\S", text)
    ended = len(re.findall(r";[ \t]*$", text, re.MULTILINE))
    return Style(
        typescript=path.endswith(".tsx"),
        arrow=bool(re.search(r"\bconst [A-Z]\w*\b[^=\n]*= (?:async )?\(", text))
        and not re.search(r"\bfunction [A-Z]\w*\(", text),
        semicolons=ended > 0 or "\n" not in text.strip(),
        indent=indent[1] if indent and len(indent[1]) <= 4 else "  ",
    )


def _said(request: Request) -> tuple[str, str]:
    """The name that was given or selected, and the selection."""
    selection = request["place"]["selection"]
    arguments = request.get("arguments")
    given = arguments.get("name", "") if isinstance(arguments, dict) else ""
    first = selection.strip().partition("\n")[0]
    return (given if isinstance(given, str) and given else first), selection


def _folder(request: Request, configured: str) -> str:
    if configured:
        return configured.strip("/")
    path = request["place"]["path"]
    return str(PurePosixPath(path).parent).removeprefix(".") if path else "src"


def _span(request: Request, text: str) -> tuple[int, int]:
    chosen = request["place"]["range"]
    if chosen is None:
        return 0, 0
    places = Places(text)
    start, end = chosen["start"], chosen["end"]
    return (
        places.offset(start["line"], start["character"]),
        places.offset(end["line"], end["character"]),
    )
