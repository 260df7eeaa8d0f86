"""The examples do what they show, each in its own language, in the real sandbox."""

import shutil
from pathlib import Path

import pytest

from tests.environment import ROOT
from tests.extensions.authoring.conftest import Ask
from tests.extensions.authoring.places import built, need

pytestmark = pytest.mark.timeout(240)  # The first one has a runtime compiled.

EXAMPLES = ROOT / "examples" / "extensions"


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_an_example_of_sources_passes_its_own_test(ask: Ask, language: str) -> None:
    need(language)
    code, said = ask("test", EXAMPLES / language)
    assert (code, said.splitlines()[-1]) == (0, "5 passed, 0 failed"), said


@pytest.mark.parametrize(("language", "ending"), [("zig", "*.zig"), ("rust", "*.rs")])
def test_an_example_that_is_a_component_passes_its_own_test(
    ask: Ask, tmp_path: Path, language: str, ending: str
) -> None:
    made = built(language, "main.wasm")
    sources = list((EXAMPLES / language).glob(ending))
    assert sources
    for source in sources:
        assert made.with_name(source.name).read_text("utf-8") == source.read_text("utf-8"), (
            "it was built of other sources; run `make examples`"
        )
    shutil.copytree(EXAMPLES / language, tmp_path / language, dirs_exist_ok=True)
    shutil.copy(made, tmp_path / language)
    code, said = ask("test", language)
    assert (code, said.splitlines()[-1]) == (0, "5 passed, 0 failed"), said


def test_every_example_has_the_same_test() -> None:
    texts = {path.read_text("utf-8") for path in EXAMPLES.glob("*/tests/todo.yaml")}
    assert len(texts) == 1
