"""Which language a document is in, and what is loaded for that."""

import subprocess
import sys

import pytest

from steward.syntax.language import LANGUAGES, PLAIN, language_of
from tests.environment import ROOT, clean_environment

PROGRAM = """
import sys
import steward.syntax.language
print(*sorted(name for name in sys.modules if name.startswith("tree_sitter")))
"""


@pytest.mark.parametrize(
    ("path", "language_id", "name"),
    [
        ("a/b.py", "", "python"),
        ("a/b.TSX", "", "typescriptreact"),
        ("b.js", "javascriptreact", "javascript"),
        ("Gemfile", "", "ruby"),
        ("deploy", "bash", "shellscript"),
        ("Dockerfile", "", "dockerfile"),
        ("a.toml", "", "toml"),
        ("a.h", "cpp", "cpp"),
        ("a.b", "no such language", "plaintext"),
    ],
)
def test_a_language_is_known_by_its_id_or_its_file(path: str, language_id: str, name: str) -> None:
    assert language_of(path, language_id).name == name


def test_no_two_languages_claim_one_name() -> None:
    claimed = [
        key
        for each in LANGUAGES
        for key in (each.name, *each.ids, *each.suffixes, *each.file_names)
    ]
    assert len(claimed) == len(set(claimed))
    assert PLAIN not in LANGUAGES


def test_no_grammar_is_loaded_for_a_languages_name() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env=clean_environment() | {"PYTHONPATH": str(ROOT / "server")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout.split()) == (0, []), done.stderr
