"""Tokens are counted as tiktoken counts them, nearly."""

import json
import runpy
import subprocess
from collections.abc import Iterator

import pytest
from hypothesis import given, strategies as st

from steward.context.tokens import at_most, count, cut_after, cut_before
from tests.environment import ROOT
from tests.gateway.litellm_worker import PYTHON, require_litellm

TEXTS = st.text("ab Z9_(\n\r\té汉😀", max_size=80)
BUDGETS = st.integers(0, 40)
SUFFIXES = {".py", ".ts", ".mjs", ".lua", ".sh", ".md", ".json", ".toml", ".html", ".css"}
FILE_CHARS = 20_000

TIKTOKEN = """\
import importlib.util, json, os, sys
from pathlib import Path
home = Path(importlib.util.find_spec("litellm").submodule_search_locations[0])
os.environ["TIKTOKEN_CACHE_DIR"] = str(home / "litellm_core_utils/tokenizers")
import tiktoken
encoding = tiktoken.get_encoding("o200k_base")
texts = json.load(sys.stdin)
counts = [len(encoding.encode(text, disallowed_special=())) for text in texts]
json.dump(counts, sys.stdout)
"""


def tiktoken(texts: list[str]) -> list[int]:
    """What the real one says."""
    require_litellm()
    done = subprocess.run(
        [PYTHON, "-c", TIKTOKEN],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def files() -> Iterator[str]:
    """Texts of our own in many languages."""
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True, check=True
    )
    for name in listed.stdout.splitlines():
        path = ROOT / name
        if path.suffix in SUFFIXES and path.is_file() and path.stat().st_size > 1000:
            yield path.read_text("utf-8")[:FILE_CHARS]


def test_files_have_the_tokens_that_tiktoken_finds() -> None:
    texts = list(files())
    real = tiktoken(texts)
    errors = [count(text) / true - 1 for text, true in zip(texts, real, strict=True)]
    assert len(errors) > 300
    assert abs(sum(errors) / len(errors)) < 0.005
    assert max(abs(error) for error in errors) < 0.1
    assert all(true <= at_most(count(text)) for text, true in zip(texts, real, strict=True))


def test_other_scripts_have_nearly_the_tokens_that_tiktoken_finds() -> None:
    texts = [
        "Привет, мир! Это проверка. " * 20,
        "这是一个测试看看我们数得对不对。" * 20,
        "これはテストです。コードのコメント。" * 20,
        "नमस्ते दुनिया, यह एक परीक्षण है। " * 20,
        "größer, Straße, façade, naïve " * 20,
        "func Ω(λ float64) { return λ → 🚀 } // ünïcödé\r\n" * 20,
        "qzxjvw" * 200,
        "x = '" + "A1b2C3d4" * 200 + "'",
        "\n\n\n   \n\t\t\tx\n" * 50,
        "/* ----------------------------------------- */\n" * 20,
    ]
    real = tiktoken(texts)
    for text, true in zip(texts, real, strict=True):
        assert true <= at_most(count(text))
        assert count(text) < true * 1.35, text[:20]


def test_the_checksums_are_those_of_the_published_vocabulary() -> None:
    require_litellm()
    made = runpy.run_path(str(ROOT / "scripts/vocabulary.py"))
    (published,) = PYTHON.parents[1].glob(
        "lib/python*/site-packages/litellm/litellm_core_utils/tokenizers/fb374d41*"
    )
    assert made["checksums"](published.read_bytes()) == made["VOCABULARY"].read_bytes()


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("", 0),
        ("hello world", 2),
        ("def main() -> None:\n", 6),
        ("    return value\n\n\n", 4),
        ("12345", 2),
        ("\ud800", 2),
    ],
)
def test_well_known_texts_have_their_tokens(text: str, tokens: int) -> None:
    assert count(text) == tokens


def test_a_long_word_is_cut_and_counted() -> None:
    assert 30_000 < count("xqzj" * 20_000) < 80_000


@given(TEXTS, BUDGETS)
def test_a_text_is_cut_to_its_last_lines(text: str, tokens: int) -> None:
    kept = cut_before(text, tokens)
    assert text.endswith(kept)
    assert count(kept) <= tokens
    rest = text[: len(text) - len(kept)]
    if kept and "\n" in kept.rstrip():
        assert not rest or rest.endswith("\n")


@given(TEXTS, BUDGETS)
def test_a_text_is_cut_to_its_first_lines(text: str, tokens: int) -> None:
    kept = cut_after(text, tokens)
    assert text.startswith(kept)
    assert count(kept) <= tokens
    if "\n" in kept.rstrip() and kept != text:
        assert kept.endswith("\n")


@given(TEXTS)
def test_what_fits_is_kept_whole(text: str) -> None:
    assert cut_before(text, count(text)) == text
    assert cut_after(text, count(text)) == text


def test_of_a_line_that_is_too_long_the_part_beside_the_cursor_is_kept() -> None:
    line = "value + " * 10_000
    assert count(cut_before("first\n" + line, 50)) == 50
    assert line.endswith(cut_before("first\n" + line, 50))
    assert line.startswith(cut_after(line + "\nlast", 50))
    assert count(cut_after(line + "\nlast", 50)) == 50


def test_of_a_long_text_only_whole_lines_are_kept() -> None:
    text = "".join(f"line_{number} = {number}\n" for number in range(10_000))
    kept = cut_before(text, 1000)
    assert kept.startswith("line_")
    assert 950 < count(kept) <= 1000
    assert text.endswith(kept)
    assert cut_after(text, 1000).endswith("\n")
