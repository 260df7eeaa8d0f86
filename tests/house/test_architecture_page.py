"""The map matches the country: every room is on the page, with the sentence it says of itself."""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from tests.environment import ROOT

SOURCE = ROOT / "server" / "steward"
PAGE = ROOT / "ARCHITECTURE.md"
PACKAGES = sorted(path.parent for path in SOURCE.glob("*/__init__.py"))
FRONT_DOORS = " · "
"""Several rooms in one row: they share its last sentence."""


def rooms() -> Iterator[tuple[str, str]]:
    """Each room on the page, with what its row says; a shared row is given once for each."""
    table = PAGE.read_text("utf-8").partition("\n## Rooms\n")[2].partition("\n## ")[0]
    for names, answers_for in re.findall(r"^\| (`[^|]+`) \| ([^|]+) \|$", table, re.MULTILINE):
        for name in names.split(FRONT_DOORS):
            yield name.strip("`"), answers_for


def layers() -> dict[str, bool]:
    """Each layer of the import contract, and whether it may still be missing."""
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    contracts = cast("list[dict[str, Any]]", project["tool"]["importlinter"]["contracts"])
    (stairs,) = (contract for contract in contracts if contract["id"] == "layers")
    names = [name.strip() for step in stairs["layers"] for name in step.split("|")]
    return {name.strip("()"): name.startswith("(") for name in names}


@pytest.mark.parametrize("package", PACKAGES, ids=lambda path: path.name)
def test_every_package_is_on_the_map_in_its_own_words(package: Path) -> None:
    own = ast.get_docstring(ast.parse((package / "__init__.py").read_text("utf-8"))) or ""
    said = dict(rooms()).get(package.name)
    assert said is not None, f"{package.name} has no row under Rooms in ARCHITECTURE.md"
    shares_a_row = sum(text == said for _, text in rooms()) > 1
    if shares_a_row:
        assert own.endswith(said.partition(". ")[2])
    else:
        assert own == said


def test_every_room_on_the_map_stands_or_is_planned() -> None:
    standing = {package.name for package in PACKAGES}
    planned = {name for name, may_be_missing in layers().items() if may_be_missing}
    assert {name for name, _ in rooms()} == standing | planned


def test_every_module_at_the_top_has_its_place_on_the_stairs() -> None:
    modules = {path.stem for path in SOURCE.glob("*.py")} - {"__init__"}
    assert modules | {package.name for package in PACKAGES} <= set(layers())
