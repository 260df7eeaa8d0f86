"""What a text defines, names and imports."""

import pytest
from hypothesis import given, settings, strategies as st

from steward.core import syntax_limits
from steward.syntax.language import PLAIN, language_of
from steward.syntax.queries import QUERIES
from steward.syntax.symbols import Definition, Import, symbols_of
from tests.syntax.samples import SAMPLES


def lines_of(text: str) -> list[str]:
    return [line.strip() for line in text.strip().splitlines()]


def told(one: Definition) -> str:
    return f"{one.kind} {one.container}.{one.name} {one.line}-{one.end_line} | {one.signature}"


def taken(one: Import) -> str:
    return f"{one.module}: {' '.join(one.names)}, {one.alias}, {one.level}"


def test_there_is_a_sample_of_every_language_with_symbols() -> None:
    assert set(SAMPLES) == set(QUERIES)


@pytest.mark.parametrize("name", SAMPLES)
def test_definitions_are_found_with_their_place_and_signature(name: str) -> None:
    symbols = symbols_of(language_of("x", name), SAMPLES[name].text)
    assert symbols is not None
    assert [told(one) for one in symbols.definitions] == lines_of(SAMPLES[name].definitions)


@pytest.mark.parametrize("name", SAMPLES)
def test_imports_are_found_with_their_names(name: str) -> None:
    symbols = symbols_of(language_of("x", name), SAMPLES[name].text)
    assert symbols is not None
    assert [taken(one) for one in symbols.imports] == lines_of(SAMPLES[name].imports)


@pytest.mark.parametrize("name", SAMPLES)
def test_every_definition_is_a_name_that_is_counted(name: str) -> None:
    symbols = symbols_of(language_of("x", name), SAMPLES[name].text)
    assert symbols is not None
    if name not in {"shellscript", "cpp"}:  # A shell's function is a word; `~Shop` two tokens.
        assert {one.name for one in symbols.definitions} - {"Inner"} <= set(symbols.references)


def test_names_are_counted_in_code_only() -> None:
    symbols = symbols_of(language_of("a.py"), "tax = tax + 1  # tax\nx = 'tax'\n")
    assert symbols is not None
    assert symbols.references == {"tax": 2, "x": 1}


def test_names_are_counted_once_in_a_long_text() -> None:
    text = "".join(f"naïve_{at % 100} = shared\n" for at in range(6_000))
    symbols = symbols_of(language_of("a.py"), text)
    assert symbols is not None
    assert symbols.references["shared"] == 6_000
    assert symbols.references["naïve_7"] == 60
    assert len(symbols.definitions) == syntax_limits.DEFINITIONS_MAX


def test_broken_code_keeps_its_sound_definitions() -> None:
    text = "class A:\n    def f(self):\n        return g(\n\n\ndef h(x):\n    return x\n"
    symbols = symbols_of(language_of("a.py"), text)
    assert symbols is not None
    assert {"h"} <= {one.name for one in symbols.definitions}


def test_a_signature_is_bounded() -> None:
    text = f"def f({', '.join(f'argument_{at}' for at in range(1_000))}):\n    return 1\n"
    symbols = symbols_of(language_of("a.py"), text)
    assert symbols is not None
    assert len(symbols.definitions[0].signature) <= syntax_limits.SIGNATURE_CHARS_MAX


def test_a_language_without_symbols_has_none() -> None:
    assert symbols_of(PLAIN, "def f(): ...\n") is None
    assert symbols_of(language_of("a.json"), "{}") is None
    assert symbols_of(language_of("a.css"), "a {}\n") is None


@settings(max_examples=40, deadline=None)
@given(
    name=st.sampled_from(sorted(SAMPLES)),
    start=st.integers(0, 400),
    size=st.integers(0, 40),
    typed=st.text(max_size=6),
)
def test_no_damage_to_a_text_raises(name: str, start: int, size: int, typed: str) -> None:
    text = SAMPLES[name].text
    text = text[:start] + typed + text[start + size :]
    symbols = symbols_of(language_of("x", name), text)
    assert symbols is None or all(
        0 <= one.line <= one.end_line <= text.count("\n") + 1 for one in symbols.definitions
    )
