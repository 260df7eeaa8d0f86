"""Texts come and go all day long: what was read of one must not stay."""

import gc
import tracemalloc

from steward.syntax.language import language_of
from steward.syntax.symbols import symbols_of

TEXTS = 12


def text(number: int) -> str:
    lines = (f"def work_{number}_{at}(basket):\n    return {at}\n" for at in range(250))
    return "".join(lines)


def test_nothing_of_a_text_stays_when_its_tree_is_gone() -> None:
    language = language_of("a.py")
    assert symbols_of(language, text(0)) is not None
    size = len(text(1))
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for number in range(TEXTS):
            symbols_of(language, text(number))
        gc.collect()
        kept = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert kept < size * TEXTS / 10


def test_names_are_compared_in_the_whole_text_although_little_of_it_is_kept() -> None:
    wanted = "require('./" + "deep/" * 40 + "cart')"
    script = "const filler = 1;\n" * 6_000 + f"const cart = {wanted};\n"
    found = symbols_of(language_of("a.js"), script)
    assert found is not None
    assert [one.module for one in found.imports] == ["./" + "deep/" * 40 + "cart"]
