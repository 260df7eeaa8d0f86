"""Search-and-replace blocks go exactly where they belong, or are refused and explained."""

import pytest

from steward.core.errors import InvalidInputError
from steward.workspace.edits.apply import Blocks, apply
from steward.workspace.edits.block import Block

SHOP = """\
class Basket:
    def total(self):
        price = 0
        for item in self.items:
            price += item.price
        return price

    def count(self):
        return len(self.items)
"""


def edit(text: str, *pairs: tuple[str, str], every: bool = False) -> str:
    return apply(text, Blocks(tuple(Block(old, new, every) for old, new in pairs)))


@pytest.mark.parametrize(
    ("text", "old", "new", "expected"),
    [
        pytest.param("one two\n", "two", "2", "one 2\n", id="a word"),
        pytest.param("a\nb\nc\n", "b\n", "", "a\nc\n", id="a line deleted"),
        pytest.param("a\nb\nc\n", "a\nb\nc\n", "", "", id="everything deleted"),
        pytest.param("", "", "a\n", "a\n", id="into an empty file"),
        pytest.param("a\nb\nc\n", "b\n", "x", "a\nx\nc\n", id="whole lines stay whole"),
        pytest.param("a\nb\n", "b\n", "x", "a\nx\n", id="the final newline stays"),
        pytest.param("a\nb", "b\n", "x\n", "a\nx", id="its absence stays"),
        pytest.param("a\nb", "b", "b\n", "a\nb\n", id="a final newline asked for"),
        pytest.param("a\r\nb\r\n", "a\nb", "x\ny\nz", "x\r\ny\r\nz\r\n", id="CRLF for LF"),
        pytest.param("a\r\nb\r\n", "a\r\nb", "x\ny", "x\r\ny\r\n", id="CRLF for CRLF"),
        pytest.param("a\nb\n", "a\r\nb", "x\r\ny", "x\ny\n", id="LF for CRLF"),
        pytest.param("a\rb\rc\r", "b\n", "x\ny\n", "a\rx\ry\rc\r", id="lone CR"),
        pytest.param("a\r\nb\nc\r\n", "b\n", "x\ny\n", "a\r\nx\ny\nc\r\n", id="mixed ends"),
        pytest.param(
            "a\r\nb\nc\rd\n",
            "a\nb\nc\nd\n",
            "a\nb\nnew\nc\nd\n",
            "a\r\nb\nnew\nc\rd\n",
            id="mixed ends around a new line",
        ),
        pytest.param("a \nb\t\nc\n", "a\nb\nc\n", "a\nx\nc\n", "a \nx\nc\n", id="trailing spaces"),
        pytest.param("a\nb\nc\n", "a  \nb\n", "a  \nx\n", "a\nx\nc\n", id="trailing in the old"),
        pytest.param("a\n\n\nb\n", "\n\na\n\n\nb\n\n", "\n\na\n\nb\n\n", "a\n\nb\n", id="blanks"),
        pytest.param(
            "f(\n\ta,\n\t\tb)\n",
            "    a,\n        b)",
            "    a,\n        c)",
            "f(\n\ta,\n\t\tc)\n",
            id="tabs",
        ),
        pytest.param(
            "x = \u2018a\u2019 # \u201cq\u201d\n",
            "x = 'a' # \"q\"",
            "x = 'b' # \"q\"",
            "x = \u2018b\u2019 # \u201cq\u201d\n",
            id="typographic quotes",
        ),
        pytest.param(
            "say(\u201ca\u201d)\nkeep()\n",
            'say("a")\nkeep()\n',
            "keep()\n",
            "keep()\n",
            id="one of them deleted",
        ),
        pytest.param("n\u00a0= 1\n", "n = 1", "n = 2", "n\u00a0= 2\n", id="no-break space"),
        pytest.param("x\x0cy\u2028z\n", "y\u2028z", "y", "x\x0cy\n", id="ends for Python only"),
    ],
)
def test_an_edit_changes_what_it_names(text: str, old: str, new: str, expected: str) -> None:
    assert edit(text, (old, new)) == expected


def test_python_copied_without_its_indentation_is_indented_as_in_the_file() -> None:
    old = "for item in self.items:\n    price += item.price\nreturn price"
    new = "for item in self.items:\n    if item:\n        price += item.price\nreturn price"
    assert edit(SHOP, (old, new)) == SHOP.replace(
        "            price += item.price\n",
        "            if item:\n                price += item.price\n",
    )


def test_python_copied_too_deep_is_taken_back() -> None:
    old = "            def count(self):\n                return len(self.items)\n"
    assert edit(SHOP, (old, old.replace("len(self.items)", "0"))) == SHOP.replace(
        "len(self.items)", "0"
    )


def test_lines_shifted_unevenly_are_indented_as_the_lines_that_they_replace() -> None:
    old, new = "def count(self):\nreturn len(self.items)\n", "def count(self):\nreturn 0\n"
    assert edit(SHOP, (old, new)) == SHOP.replace("len(self.items)", "0")


def test_a_line_whose_indentation_nobody_can_tell_is_not_written() -> None:
    old = "for item in self.items:\nprice += item.price\nreturn price\n"
    new = old.replace("return", "log(price)\nreturn")
    with pytest.raises(InvalidInputError, match="does not occur"):
        edit(SHOP, (old, new))


def test_a_blank_line_left_out_where_the_change_is_is_not_guessed() -> None:
    old = "        return price\n    def count(self):\n"
    with pytest.raises(InvalidInputError, match="does not occur"):
        edit(SHOP, (old, old.replace("    def", "    x = 1\n    def")))
    assert "return total\n\n    def" in edit(SHOP, (old, old.replace("price", "total")))


def test_space_inside_lines_stays_as_the_file_has_it() -> None:
    old, new = "price=0\nfor  item in self.items:\n", "price=0\nfor item in self.things:\n"
    assert edit(SHOP, (old, new)) == SHOP.replace("in self.items", "in self.things")


def test_the_models_own_typography_is_not_written() -> None:
    text = 'say("a")\n  keep("b")\n'
    old = "say(\u201ca\u201d)\n  keep(\u201cb\u201d)\n"
    made = edit(text, (old, old.replace("  keep", "  more(\u201cc\u201d)\n  keep")))
    assert made == text.replace("  keep", '  more("c")\n  keep')


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param(" 9|         return len(self.items)", " 9|         return 0", id="a number"),
        pytest.param(
            "```python\n        return len(self.items)\n```",
            "```python\n        return 0\n```",
            id="a fence",
        ),
        pytest.param(
            "def count(self):\\n        return len(self.items)",
            "def count(self):\\n        return 0",
            id="an escaped line end",
        ),
    ],
)
def test_what_stands_around_a_copied_text_is_taken_off(old: str, new: str) -> None:
    assert edit(SHOP, (old, new)) == SHOP.replace("len(self.items)", "0")


def test_numbers_and_fences_that_the_file_has_itself_stay() -> None:
    text = "1: one\n2: two\n"
    assert edit(text, ("1: one\n2: two\n", "1: uno\n2: two\n")) == "1: uno\n2: two\n"
    assert edit("a\n", ("a", "```\nb\n```")) == "```\nb\n```\n"
    assert edit("x('\\n')\n", ("x('\\n')", "y('\\n')")) == "y('\\n')\n"


@pytest.mark.parametrize("old", ["", "return", "item", "\n"])
def test_what_is_empty_or_stands_twice_is_refused(old: str) -> None:
    with pytest.raises(InvalidInputError, match="old_text"):
        edit(SHOP, (old, "x"))


def test_two_places_are_both_named() -> None:
    with pytest.raises(InvalidInputError, match="2 times, at lines 6, 9"):
        edit(SHOP, ("        return", "        yield"))


def test_two_places_that_overlap_are_two() -> None:
    with pytest.raises(InvalidInputError, match="2 times"):
        edit("abababa\n", ("ababa", "x"))
    with pytest.raises(InvalidInputError, match="2 times"):
        edit("aaa", ("aa", "x"))


def test_the_same_lines_at_two_depths_are_two_places() -> None:
    text = "if a:\n    go()\n    stop()\nelse:\n        go()\n        stop()\n"
    with pytest.raises(InvalidInputError, match="2 times, at lines 2, 5"):
        edit(text, ("go()\nstop()", "wait()"))


def test_every_place_is_replaced_where_that_is_asked_for() -> None:
    assert edit("a b a\na\n", ("a", "c"), every=True) == "c b c\nc\n"
    assert edit("aaa", ("aa", "x"), every=True) == "xa"
    assert edit("go() \n  go()\n", ("go()\n", "no()\n"), every=True).count("no()") == 1


def test_edits_of_one_call_are_made_together() -> None:
    made = edit(SHOP, ("price = 0", "price = 1"), ("len(self.items)", "self.size"))
    assert made == SHOP.replace("price = 0", "price = 1").replace("len(self.items)", "self.size")


def test_one_edit_that_is_not_found_keeps_the_others_away_and_is_named() -> None:
    with pytest.raises(InvalidInputError, match=r"Edit 2: old_text does not occur"):
        edit(SHOP, ("price = 0", "price = 1"), ("nowhere to be seen", "x"))


def test_an_edit_of_what_another_edit_makes_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="does not occur"):
        edit("one\ntwo\n", ("one", "three"), ("three", "four"))
    with pytest.raises(InvalidInputError, match="Edits 1 and 2 change the same lines"):
        edit("one\ntwo\n", ("one\ntwo", "a"), ("two", "b"))


def test_a_drifted_line_that_the_edit_leaves_alone_stays_as_it_is() -> None:
    drifted = SHOP.replace("price = 0", "price = 0.0")
    old = SHOP.partition("\n\n")[0]
    new = old.replace("price += item.price", "price += item.cost")
    assert edit(drifted, (old, new)) == drifted.replace("item.price", "item.cost")


def test_a_drifted_line_that_the_edit_would_change_is_shown_and_not_overwritten() -> None:
    drifted = SHOP.replace("price += item.price", "price += item.price_now")
    old = SHOP.partition("\n\n")[0]
    new = old.replace("price += item.price", "price += item.cost")
    with pytest.raises(InvalidInputError, match=r"5:             price \+= item.price_now"):
        edit(drifted, (old, new))


def test_nobody_guesses_between_two_lines_that_are_near() -> None:
    text = "alpha(one, two, three)\nalpha(one, two, four)\n"
    with pytest.raises(InvalidInputError, match="does not occur"):
        edit(text, ("alpha(one, two, five)", "beta(one, two, five)"))


def test_what_is_not_found_is_answered_with_what_comes_nearest() -> None:
    with pytest.raises(InvalidInputError) as refusal:
        edit(SHOP, ("def counts(self):\n    return size(self.items)", "x"))
    assert "line 8:\n8:     def count(self):\n9:         return len(self.items)\n" in str(
        refusal.value
    )


@pytest.mark.parametrize(
    "line",
    [
        "# ... rest of the code ...",
        "    // ... existing code ...",
        "/* ... unchanged ... */",
        "<!-- ... rest of page ... -->",
        "# rest of the function remains the same...",
        "-- … remaining columns …",
        "[... rest of file ...]",
        "# ... (other methods stay the same)",
    ],
)
def test_text_that_stands_for_other_text_is_never_written(line: str) -> None:
    with pytest.raises(InvalidInputError, match="stands for text"):
        edit(SHOP, ("price = 0", f"price = 1\n{line}"))


@pytest.mark.parametrize(
    "line", ["...", "# Loading...", 'print("more...")', "x = a[..., 0]", "# 1...9"]
)
def test_ordinary_dots_are_written(line: str) -> None:
    assert line in edit(SHOP, ("price = 0", f"price = 1\n{line}"))


def test_a_comment_that_stands_in_the_file_may_stay() -> None:
    text = "# ... the rest of the code ...\nx = 1\n"
    assert edit(text, (text, text.replace("1", "2"))) == text.replace("1", "2")


def test_a_search_that_leaves_lines_out_is_refused_as_such() -> None:
    with pytest.raises(InvalidInputError, match="leaves out lines with dots"):
        edit(SHOP, ("class Basket:\n    ...\n        return price\n", "x\n"))


def test_an_edit_that_changes_nothing_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="nothing would change"):
        edit(SHOP, ("price = 0", "price = 0"))
