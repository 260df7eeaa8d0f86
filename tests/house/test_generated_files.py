"""Every generated file is what the code would write today; `make regenerate` writes it."""

from collections.abc import Callable

import pytest

from tests.environment import ROOT
from tests.house.pages import commands_page, settings_page, settings_schema

GENERATED: dict[str, Callable[[], str]] = {
    "schemas/settings.schema.json": settings_schema,
    "docs/reference/settings.md": settings_page,
    "docs/reference/commands.md": commands_page,
}


@pytest.mark.parametrize("path", GENERATED)
def test_a_generated_file_is_current(path: str, pytestconfig: pytest.Config) -> None:
    file, wanted = ROOT / path, GENERATED[path]()
    if pytestconfig.getoption("--regenerate"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(wanted, encoding="utf-8")
    current = file.read_text(encoding="utf-8") if file.is_file() else ""
    assert current == wanted, f"{path} is out of date; run `make regenerate`"


@pytest.mark.parametrize("page", [settings_page, commands_page])
def test_every_row_is_explained(page: Callable[[], str]) -> None:
    rows = [line for line in page().splitlines() if line.startswith("| `")]
    assert rows
    assert not [row for row in rows if row.endswith("|  |")]
