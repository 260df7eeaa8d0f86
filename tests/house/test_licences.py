"""What others wrote and the wheel carries is named with its licence, in the version that it has."""

import json
import re
import tomllib

from tests.environment import ROOT

LICENCES = ROOT / "runtimes" / "licenses"


def test_the_runtimes_page_of_licences_names_what_they_are_built_from() -> None:
    page = (LICENCES / "README.md").read_text("utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    package = json.loads((ROOT / "runtimes" / "javascript" / "package.json").read_text("utf-8"))
    built_from = [f"{name} {version}" for name, version in package["dependencies"].items()]
    built_from += [
        each.replace("==", " ")
        for each in project["dependency-groups"]["build"]
        if each.startswith("componentize")
    ]
    assert built_from
    assert [each for each in built_from if each not in page] == []
    linked = set(re.findall(r"\]\(([a-z-]+\.txt)\)", page))
    assert linked == {file.name for file in LICENCES.glob("*.txt")}
    assert "runtimes/licenses/*" in project["project"]["license-files"]
