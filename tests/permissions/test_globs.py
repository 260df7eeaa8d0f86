"""A pattern means exactly what its words say when it allows, and all its spellings otherwise."""

import re
import unicodedata

import pytest
from hypothesis import given, strategies as st

from steward.permissions.globs import (
    is_branch_in,
    is_branch_near,
    is_command_in,
    is_path_in,
    is_path_near,
    literal,
)


@pytest.mark.parametrize(
    ("glob", "inside", "outside"),
    [
        ("src/**", ["src/a.py", "src/b/c.py"], ["vendor/x/src/evil.py", "src", "srcs/a.py"]),
        ("*.md", ["README.md"], ["docs/a.md", "README.mdx"]),
        ("**/*.md", ["README.md", "docs/a.md", "a/b/c.md"], ["docs/md", "a.md/b"]),
        ("src/*", ["src/a.py"], ["src/a/b.py", "src"]),
        ("src/", ["src/a/b.py"], ["src", "x/src/a"]),
        ("./a.py", ["a.py"], ["b/a.py"]),
        ("a/**/z/*.py", ["a/z/b.py", "a/b/c/z/d.py"], ["a/z/b/c.py", "z/a/z/b.py"]),
        ("**", ["a", "a/b"], []),
        (r"app/\[id\]/\*", ["app/[id]/*"], ["app/i/a", "app/[id]/a"]),
        ("a.py", ["a.py"], ["A.py", "a.pyc", "axpy", "a.py/b"]),
        ("*a*b*", ["ab", "xaxbx", "aab"], ["ba", "a/b"]),
    ],
)
def test_a_glob_is_anchored_at_the_top_of_the_workspace(
    glob: str, inside: list[str], outside: list[str]
) -> None:
    assert [path for path in inside if not is_path_in(path, glob)] == []
    assert [path for path in outside if is_path_in(path, glob)] == []


@pytest.mark.parametrize(
    "spelling",
    [
        "passwörter.txt",
        "PASSWÖRTER.TXT",
        unicodedata.normalize("NFD", "passwörter.txt"),
        "".join(
            chr(ord(c) + 0xFEE0) if c.isascii() and c.isalpha() else c for c in "passwörter.txt"
        ),
        "pass\u200bwörter.txt",
    ],
)
def test_what_forbids_a_file_forbids_all_its_spellings(spelling: str) -> None:
    assert is_path_near(spelling, "passwörter.txt")
    assert is_path_near(f"x/{spelling}", "**/Passwörter.*")
    assert is_path_in(spelling, "passwörter.txt") == (spelling == "passwörter.txt")


def test_what_forbids_a_folder_forbids_the_folder_itself() -> None:
    assert is_path_near("secrets", "secrets/**")
    assert is_path_near("ﬁles", "files/")


@pytest.mark.parametrize(
    ("pattern", "inside", "outside"),
    [
        ("git log *", ["git log", "git log -p a.py"], ["git logs", "git -c x log", "xgit log"]),
        ("pytest tests/*", ["pytest tests/a.py"], ["pytest tests/a.py -p evil", "pytest"]),
        ("npm run test*", ["npm run test", "npm run test:unit"], ["npm run build", "npm run"]),
        ("* --version", ["git --version", "a b --version"], ["git --version x"]),
        ("make", ["make"], ["make all", "Make"]),
    ],
)
def test_a_pattern_of_a_command_goes_word_by_word(
    pattern: str, inside: list[str], outside: list[str]
) -> None:
    assert [command for command in inside if not is_command_in(command, pattern)] == []
    assert [command for command in outside if is_command_in(command, pattern)] == []


def test_a_protected_branch_is_known_by_all_its_names() -> None:
    for name in ("release/1.0", "Release/1/2", "refs/heads/release/1", "heads/release/1"):
        assert is_branch_near(name, "release/*")
    assert not is_branch_near("feature/release/1", "release/*")
    assert is_branch_in("steward/fix", "steward/*")
    assert not is_branch_in("Steward/fix", "steward/*")


names = st.text(alphabet="ab*[]{}?\\!(). é", min_size=1, max_size=6).filter(
    lambda name: name.strip(" .")
)
paths = st.lists(names, min_size=1, max_size=4).map("/".join)


@given(paths, paths)
def test_a_literal_pattern_means_its_own_text_and_no_other(path: str, other: str) -> None:
    assert is_path_in(path, literal(path))
    assert is_path_in(other, literal(path)) == (other.removeprefix("/") == path)


@given(
    st.lists(st.text(alphabet="ab*", min_size=1, max_size=4), min_size=1, max_size=4).map("/".join),
    st.lists(st.text(alphabet="ab", min_size=1, max_size=4), min_size=1, max_size=5).map("/".join),
)
def test_matching_agrees_with_the_plain_reading(glob: str, path: str) -> None:
    parts = [
        "(?:[^/]+/)*" if set(part) == {"*"} and len(part) > 1 else f"{part.replace('*', '[^/]*')}/"
        for part in re.sub(r"\*\*+(?=[^/*])|(?<=[^/*])\*\*+", "*", glob).split("/")
    ]
    if parts[-1].startswith("(?:"):
        parts[-1] = "(?:[^/]+/)+"
    assert is_path_in(path, glob) == (re.fullmatch("".join(parts), f"{path}/") is not None)


def test_no_text_of_a_model_makes_matching_slow() -> None:
    # Plain backtracking would take longer than anybody waits.
    glob = "*a" * 40 + "b"
    assert not is_path_in("a" * 4000, glob)
    assert not is_path_in("/".join("a" * 1000), "**/" + "a/**/" * 30 + "b")
    assert not is_command_in(" ".join("a" * 1000), "* a " * 30 + "b")
