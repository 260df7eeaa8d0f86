"""A new extension is whole: its own tests pass at once, in the real sandbox."""

import os
import re
from pathlib import Path

import pytest

from tests.environment import ROOT
from tests.extensions.authoring.conftest import Ask
from tests.extensions.authoring.places import LANGUAGES, built, need

pytestmark = pytest.mark.timeout(240)  # The first one has a runtime compiled.


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_test_of_a_new_extension_passes_at_once(ask: Ask, language: str) -> None:
    need("python" if language == "python" else "javascript")
    code, said = ask("new", "acme.left-to-do", "--language", language)
    assert code == 0, said
    assert "extension.yaml" in said
    code, said = ask("test", "left-to-do")
    assert (code, said.splitlines()[-1]) == (0, "3 passed, 0 failed"), said


def test_what_the_typescript_template_brings_is_what_its_build_makes(ask: Ask) -> None:
    made = built("typescript", "main.js")
    ask("new", "examples.typescript", "--language", "typescript", "--folder", "fresh")
    source = Path("fresh/src/main.ts").read_text("utf-8")
    assert made.with_name("src").joinpath("main.ts").read_text("utf-8") == source
    assert Path("fresh/main.js").read_text("utf-8") == made.read_text("utf-8")


def test_a_name_without_a_publisher_is_published_by_whoever_asks(ask: Ask) -> None:
    code, said = ask("new", "painter", "--language", "javascript")
    assert code == 0
    assert said.startswith(f"{said.split('.')[0]}.painter: a new extension in painter")


@pytest.mark.parametrize("name", ["Acme.painter", "acme.pain ter", "acme.", "a.b.c", "acme.-x"])
def test_what_is_no_id_is_refused(ask: Ask, tmp_path: Path, name: str) -> None:
    code, said = ask("new", name)
    assert code == 2
    assert "publisher.name" in said
    assert os.listdir(tmp_path) == []


def test_the_name_of_steward_itself_is_nobodys_publisher(ask: Ask, tmp_path: Path) -> None:
    code, said = ask("new", "steward.painter")
    assert (code, "bears the name of Steward itself" in said) == (2, True)
    assert os.listdir(tmp_path) == []


def test_nothing_is_written_over(ask: Ask, tmp_path: Path) -> None:
    (tmp_path / "painter").mkdir()
    mine = tmp_path / "painter" / "main.py"
    mine.write_text("mine")
    code, said = ask("new", "acme.painter")
    assert code == 2
    assert "not empty" in said
    assert mine.read_text() == "mine"
    assert len(os.listdir(tmp_path / "painter")) == 1


def test_the_templates_name_the_compilers_that_the_editor_client_uses() -> None:
    """One version of each in this repository."""
    template = ROOT / "server/steward/extensions/authoring/templates/typescript"
    lock = (template / "package-lock.json.template").read_text("utf-8")
    client = (ROOT / "clients/vscode/package-lock.json").read_text("utf-8")
    for name in ("esbuild", "typescript"):
        pinned = (
            lock.split(f'"node_modules/{name}": {{')[1].split('"integrity": "')[1].split('"')[0]
        )
        assert pinned in client
    assert "resolved" not in lock


def test_the_tutorial_works_as_it_is_written(ask: Ask, tmp_path: Path) -> None:
    need("python")
    guide = (ROOT / "docs/how-to/write-an-extension.md").read_text("utf-8")
    manifest, python, _scope, recorded = re.findall(
        r"```(?:yaml|python)\n(.*?)```", guide, re.DOTALL
    )[:4]
    ask("new", "acme.left-to-do")
    folder = tmp_path / "left-to-do"
    text = (folder / "extension.yaml").read_text("utf-8")
    whole = text.replace("commands:\n", manifest)
    (folder / "extension.yaml").write_text(whole)
    with (folder / "main.py").open("a") as main:
        main.write(f"\n\n{python}")
    (folder / "tests" / "longest.yaml").write_text(recorded)
    code, said = ask("test", folder)
    assert (code, said.splitlines()[-1]) == (0, "4 passed, 0 failed"), said
    assert whole != text
