"""What the VS Code extension says of itself in its manifest holds together."""

import json
from typing import Any

from tests.environment import ROOT

MANIFEST = ROOT / "clients" / "vscode" / "package.json"


def told_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object of JSON; of two equal names a reader would silently drop the first."""
    names = [name for name, _ in pairs]
    assert len(names) == len(set(names)), f"said twice: {sorted(names)}"
    return dict(pairs)


def manifest() -> dict[str, Any]:
    return json.loads(MANIFEST.read_text("utf-8"), object_pairs_hook=told_once)


def test_nothing_is_said_twice_of_which_vs_code_would_drop_the_first() -> None:
    assert manifest()["contributes"]["menus"]["view/title"]


def test_every_tree_and_the_chat_have_their_buttons_beside_their_names() -> None:
    contributed = manifest()["contributes"]
    shown = " ".join(entry["when"] for entry in contributed["menus"]["view/title"])
    views = {view["id"] for view in contributed["views"]["steward"]}
    assert {view for view in views if f"view == {view} " in shown} == views


def test_every_menu_entry_and_every_key_is_of_a_command_that_there_is() -> None:
    contributed = manifest()["contributes"]
    commands = {command["command"] for command in contributed["commands"]}
    entries = [entry for menu in contributed["menus"].values() for entry in menu]
    named = {
        entry["command"] for entry in [*entries, *contributed["keybindings"]] if "command" in entry
    }
    assert {name for name in named if name.startswith("steward.")} <= commands
