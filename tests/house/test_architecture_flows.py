"""The doors and flows on the map lead somewhere: every file they name stands."""

import re

import pytest

from tests.environment import ROOT

SOURCE = ROOT / "server" / "steward"


def named_files() -> list[str]:
    """What the sections Doors and Flows name as `room/file`, the planned ones left out."""
    page = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    doors = page.partition("\n## Doors")[2].partition("\n## ")[0]
    flows = page.partition("\n## The flows")[2].partition("\n## ")[0].partition("\n### Planned")[0]
    found = re.findall(r"`([a-z_]+(?:/[a-z_]+)+)(?:\.py)?`", doors + flows)
    return sorted(set(found))


def test_the_map_names_doors_and_flows() -> None:
    assert {"lsp/server", "workspace/land", "permissions/approvals"} <= set(named_files())


@pytest.mark.parametrize("name", named_files())
def test_a_file_that_the_map_names_stands(name: str) -> None:
    assert (SOURCE / f"{name}.py").is_file()
