"""The project speaks of itself alone: no machine's folders, no registry's address, no secret."""

import re
from pathlib import Path

import pytest

from tests.environment import ROOT
from tests.house.tracked import tracked

# Put together here, so that this file does not contain what it looks for.
FOLDERS = ["/" + place for place in ("work/main", "work/shared", "root/", "tmp/briefs")]
REGISTRIES = [
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("pythonhosted", "org"),
        ("registry", "npmjs", "org"),
        ("registry", "yarnpkg", "com"),
        ("deb", "debian", "org"),
        ("open-vsx", "org"),
    )
]
FOREIGN = re.compile("|".join(map(re.escape, FOLDERS + REGISTRIES)))
KEY = re.compile(r"PRIVATE KEY-----\s+[A-Za-z0-9+/]{40}|\bsk-(?:proj-)?[A-Za-z0-9]{32,}\b")


FILES = tracked()


@pytest.mark.parametrize(
    "folder",
    sorted({file.parent for file in FILES}),
    ids=lambda folder: str(folder.relative_to(ROOT)),
)
def test_a_file_names_nothing_of_the_place_where_it_was_written(folder: Path) -> None:
    wrong: list[str] = []
    for file in FILES:
        if file.parent != folder:
            continue
        text = file.read_bytes().decode("utf-8", errors="replace")
        if (found := FOREIGN.search(text)) is not None:
            wrong.append(f"{file}: {found[0]!r} stands in it")
        if KEY.search(text) is not None:
            wrong.append(f"{file}: something like a secret key stands in it")
    assert wrong == []
