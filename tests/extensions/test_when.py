"""When a command or an entry of a menu is offered."""

from pathlib import Path

import pytest

from steward.core.clock import SystemClock
from steward.extensions.manifest import When
from steward.extensions.when import Contents, Here, is_offered
from steward.workspace.disk_editor import DiskEditor
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.workspace import Workspace

HERE = Here("python", "shop/basket.py", has_selection=False)


def contents(root: Path) -> Contents:
    return Contents(Workspace(root, DiskEditor(), IgnoreOracle(root)), SystemClock())


@pytest.mark.parametrize(
    ("when", "here", "is_so"),
    [
        (When(), Here(), True),
        (When(languages=("python",)), HERE, True),
        (When(languages=("ruby",)), HERE, False),
        (When(selection=True), HERE, False),
        (When(selection=False), HERE, True),
        (When(files=("shop/**",)), HERE, True),
        (When(files=("shop/*.ts",)), HERE, False),
        (When(files=("**",)), Here(), False),
        (When(languages=("python",), selection=True), HERE, False),
    ],
)
async def test_every_field_that_is_given_must_hold(
    when: When, here: Here, is_so: bool, tmp_path: Path
) -> None:
    assert is_offered(when, here, contents(tmp_path)) is is_so


async def test_what_is_not_known_of_the_workspace_yet_is_no(tmp_path: Path) -> None:
    (tmp_path / "package.json").write_text("{}")
    found, when = contents(tmp_path), When(workspace_has=("package.json", "no.json"))
    assert not is_offered(when, HERE, found)
    await found.refresh(when.workspace_has)
    assert is_offered(when, HERE, found)
    (tmp_path / "package.json").unlink()
    await found.refresh(when.workspace_has)
    assert is_offered(when, HERE, found)
    found.forget()
    await found.refresh(when.workspace_has)
    assert not is_offered(when, HERE, found)
