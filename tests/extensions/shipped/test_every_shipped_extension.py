"""Each shipped extension: its manifest holds what its code does, and its page says what it may."""

from pathlib import Path

import pytest

from steward.extensions.packages.shipped import load_shipped
from tests.extensions.shipped.sdk import SHIPPED, Shipped

FOLDERS = sorted(file.parent for file in SHIPPED.glob("*/extension.yaml"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_steward_finds_it_and_takes_it_as_it_is(folder: Path) -> None:
    assert load_shipped(SHIPPED, f"steward.{folder.name}") is not None


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_the_code_registers_what_the_manifest_declares(folder: Path) -> None:
    extension = Shipped(folder.name)
    manifest = extension.manifest
    registered = extension.registered()

    assert manifest.id == f"steward.{folder.name}"
    assert registered.get("command", set()) == {command.id for command in manifest.commands}
    assert registered.get("hook", set()) == {hook.event for hook in manifest.hooks}
    assert registered.get("context_stage", set()) == {s.id for s in manifest.context_stages}
    assert registered.get("tool", set()) == {tool.name for tool in manifest.tools}
    assert registered.get("engine_hook", set()) == {
        f"{hook.time}-{hook.point}" for hook in manifest.engine_hooks
    }
    assert {menu.command for menu in manifest.menus} <= {c.id for c in manifest.commands}


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_its_page_names_every_command_setting_and_permission(folder: Path) -> None:
    manifest = Shipped(folder.name).manifest
    page = (folder / "README.md").read_text("utf-8")

    for command in manifest.commands:
        assert command.title in page
    for setting in manifest.config.get("properties", {}):
        assert f"`{setting}`" in page
    for grant in manifest.permission_scope:
        assert f"`{grant.capability}`" in page


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_every_setting_says_what_it_is_and_has_a_default(folder: Path) -> None:
    for name, setting in Shipped(folder.name).manifest.config.get("properties", {}).items():
        assert setting["description"], name
        assert "default" in setting, name
