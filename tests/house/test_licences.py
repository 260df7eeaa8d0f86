"""What others wrote and the wheel carries is named with its licence, in the version that it has."""

import hashlib
import json
import re
import tomllib

from tests.environment import ROOT

LICENCES = ROOT / "runtimes" / "licenses"
VENDORED = ROOT / "server" / "steward" / "web" / "pages" / "static" / "vendor"


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


def test_what_others_wrote_for_pages_is_as_they_published_it_and_has_its_licence_beside() -> None:
    rows = re.findall(
        r"^\| `([^`]+)` \|.*\]\(([^)]+)\) \| (\d+) \| `([0-9a-f]{64})` \|$",
        (VENDORED / "README.md").read_text("utf-8"),
        re.MULTILINE,
    )
    told = {name: (int(size), digest) for name, _, size, digest in rows}
    found = {
        file.relative_to(VENDORED).as_posix(): file.read_bytes()
        for file in VENDORED.rglob("*")
        if file.suffix in (".js", ".css")
    }
    assert told == {
        name: (len(content), hashlib.sha256(content).hexdigest()) for name, content in found.items()
    }
    assert all((VENDORED / licence).read_text("utf-8").strip() for _, licence, _, _ in rows)
