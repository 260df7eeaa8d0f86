"""Every generated file is what the code would write today; `make regenerate` writes it."""

from collections.abc import Callable

import pytest

from tests.environment import ROOT
from tests.house.api_pages import api_page, openapi
from tests.house.extension_pages import extension_api_page, extension_schemas
from tests.house.pages import (
    agent_schema,
    commands_page,
    plan_schema,
    policy_schema,
    run_lines_schema,
    settings_page,
    settings_schema,
)

GENERATED: dict[str, Callable[[], str]] = {
    "schemas/settings.schema.json": settings_schema,
    "schemas/agent.schema.json": agent_schema,
    "schemas/plan.schema.json": plan_schema,
    "schemas/policy.schema.json": policy_schema,
    "schemas/run-lines.schema.json": run_lines_schema,
    "docs/reference/settings.md": settings_page,
    "docs/reference/commands.md": commands_page,
    "docs/reference/extension-api.md": extension_api_page,
    "schemas/openapi.json": openapi,
    "docs/reference/api.md": api_page,
    **extension_schemas(),
}


@pytest.mark.parametrize("path", GENERATED)
def test_a_generated_file_is_current(path: str, pytestconfig: pytest.Config) -> None:
    file, wanted = ROOT / path, GENERATED[path]()
    if pytestconfig.getoption("--regenerate"):
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(wanted, encoding="utf-8")
    current = file.read_text(encoding="utf-8") if file.is_file() else ""
    assert current == wanted, f"{path} is out of date; run `make regenerate`"


def test_every_schema_of_extensions_is_one_that_the_code_has() -> None:
    found = {
        f"schemas/extension/v1/{each.name}" for each in (ROOT / "schemas/extension/v1").iterdir()
    }
    assert found - {"schemas/extension/v1/extension.wit"} == extension_schemas().keys()


@pytest.mark.parametrize("page", [settings_page, commands_page])
def test_every_row_is_explained(page: Callable[[], str]) -> None:
    rows = [line for line in page().splitlines() if line.startswith("| `")]
    assert rows
    assert not [row for row in rows if row.endswith("|  |")]
