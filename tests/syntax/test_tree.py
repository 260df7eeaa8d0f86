"""What a tree says of places in a text, and that no text is too much for it."""

import subprocess
import sys

import pytest
from hypothesis import given, settings, strategies as st

from steward.core import syntax_limits
from steward.syntax.grammars import GRAMMARS
from steward.syntax.language import PLAIN, language_of
from steward.syntax.tree import Tree
from tests.environment import ROOT, clean_environment

# The place just before the mark, what stands there.
PLACES = {
    "python comment": ("python", "x = 1  # so‸", "comment"),
    "python string": ("python", "x = 'so‸'", "string"),
    "python string without an end": ("python", "def f():\n    x = g('so‸\n", "string"),
    "python code": ("python", "x = ‸1", "code"),
    "python after a comment": ("python", "# so\n‸x", "code"),
    "python interpolation": ("python", "x = f'a {b‸} c'", "code"),
    "python interpolated": ("python", "x = f'a {b} c‸'", "string"),
    "javascript template": ("javascript", "a(`b ${c} d‸`)", "string"),
    "javascript in a template": ("javascript", "a(`b ${c‸} d`)", "code"),
    "javascript after a comment": ("javascript", "/* a */‸ b", "code"),
    "javascript comment without an end": ("javascript", "f(); /* a‸", "comment"),
    "typescript": ("typescript", "type A = 'b‸'", "string"),
    "tsx": ("typescriptreact", "const a = <b c='d‸'/>", "string"),
    "go": ("go", "package a\nvar b = `c‸`\n", "string"),
    "rust": ("rust", "/// doc‸\nfn f() {}\n", "comment"),
    "java": ("java", 'class A { String b = "c‸"; }', "string"),
    "c": ("c", "int a; // b‸\n", "comment"),
    "cpp": ("cpp", 'auto a = R"(b‸)";', "string"),
    "csharp": ("csharp", 'class A { string b = $"c‸"; }', "string"),
    "ruby": ("ruby", 'a = "b‸"\n', "string"),
    "ruby interpolation": ("ruby", 'a = "b #{c‸}"\n', "code"),
    "php": ("php", "<?php\n// a‸\n", "comment"),
    "lua": ("lua", "a = 'b‸'\n", "string"),
    "shell": ("shellscript", "echo 'a‸'\n", "string"),
    "html": ("html", "<!-- a‸ -->", "comment"),
    "css": ("css", "a { b: 'c‸'; }", "string"),
    "json": ("json", '{"a": "b‸"}', "string"),
    "yaml": ("yaml", 'a: "b‸"\n', "string"),
    "characters of several bytes": ("python", "ü = '😀ö‸'  # ä", "string"),
}

KINDS = {
    "an argument": ("python", "f(a, b‸)\n", "argument"),
    "a parameter": ("python", "def f(a, b‸): ...\n", "parameter"),
    "an import": ("python", "from a import b‸\n", "import"),
    "an expression": ("go", "package a\nvar b = c + d‸\n", "expression"),
    "a block": ("javascript", "function f() { ‸ }\n", "block"),
    "a comment": ("java", "// a‸\n", "comment"),
    "a statement": ("rust", "fn f() { let a ‸= 1; }\n", "statement"),
    "nothing": ("python", "‸\n", "other"),
}

WORDS = r"""
a ( ) { } [ ] < > " ' ` # /* */ // \ : ; , = - * <a> </a> <?php if def class end ${ #{ ``` --- <<E
"""
PIECES = st.sampled_from(
    [*WORDS.split(), "\n", "\n  ", "\n\t", " ", "\r\n", "é", "😀", "\ud800", "\0"]
)


def tree_of(name: str, text: str) -> Tree:
    tree = Tree.of(language_of("x", name), text)
    assert tree is not None
    return tree


@pytest.mark.parametrize(("name", "marked", "place"), PLACES.values(), ids=PLACES)
def test_a_place_is_code_comment_or_string(name: str, marked: str, place: str) -> None:
    assert tree_of(name, marked.replace("‸", "")).place_at(marked.index("‸")) == place


@pytest.mark.parametrize(("name", "marked", "kind"), KINDS.values(), ids=KINDS)
def test_a_place_has_a_kind_for_metrics(name: str, marked: str, kind: str) -> None:
    assert tree_of(name, marked.replace("‸", "")).kind_at(marked.index("‸")) == kind


def test_a_language_without_a_grammar_has_no_tree() -> None:
    assert Tree.of(PLAIN, "a") is None
    assert Tree.of(language_of("a.toml"), "[a]\n") is None


def test_a_text_that_is_too_large_has_no_tree() -> None:
    language = language_of("a.py")
    line = "x = 'So it is.'  # This is a line.\n" * 32
    text = line * (syntax_limits.TEXT_CHARS_MAX // len(line))
    assert Tree.of(language, text) is not None
    assert Tree.of(language, text + line) is None
    assert Tree.of(language_of("a.lua"), "[" * 5_000) is None


# In a process of its own: without the walls the first would end it, the second never end.
READ_ONE = """
import sys
from steward.syntax.language import language_of
from steward.syntax.tree import Tree
print(Tree.of(language_of("x", sys.argv[1]), eval(sys.argv[2])))
"""


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("yaml", "'- ' * 1_000"),
        ("yaml", "'? ' * 1_000"),
        ("yaml", "''.join(' ' * deep + 'a:\\n' for deep in range(400))"),
        ("typescriptreact", r"""'[==[!!tR"x(/*---\n*a)=R"x(\n\t<*/'"""),
    ],
)
def test_a_text_that_its_parser_cannot_bear_has_no_tree(name: str, text: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", READ_ONE, name, text],
        env=clean_environment() | {"PYTHONPATH": str(ROOT / "server")},
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "None\n", "")


def test_usual_yaml_is_read() -> None:
    deep = "".join("  " * level + "- b:\n" for level in range(1, 20))
    text = "a:\n" + deep + "c:\n  " + "- " * 40 + "d\n"
    assert tree_of("yaml", text).kind_at(len(text) - 2) != "other"


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(sorted(GRAMMARS)),
    pieces=st.lists(PIECES, max_size=60),
)
def test_any_text_and_any_offset_is_borne(name: str, pieces: list[str]) -> None:
    text = "".join(pieces)
    tree = Tree.of(language_of("x", name), text)
    if tree is None:
        return
    for offset in (-1, 0, len(text) // 2, len(text), len(text) + 1):
        assert tree.place_at(offset) in {"code", "comment", "string"}
        assert tree.kind_at(offset)
