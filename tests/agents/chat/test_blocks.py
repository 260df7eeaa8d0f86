"""Code of an answer finds its place for certain, or the person is told that there is none."""

import pytest

from steward.agents.chat.blocks import blocks_in
from steward.agents.chat.placing import file_diffs, placed
from steward.core.errors import InvalidInputError

CART = (
    "class Cart:\r\n    def total(self):\r\n        return 0\r\n\r\n\r\n"
    "def tax():\r\n    return 1\r\n"
)


@pytest.mark.parametrize(
    ("markdown", "path"),
    [
        ("```python src/a.py\nx\n```", "src/a.py"),
        ("```python:src/a.py\nx\n```", "src/a.py"),
        ('```py title="src/a.py"\nx\n```', "src/a.py"),
        ("~~~src/a.py\nx\n~~~", "src/a.py"),
        ("**`src/a.py`**\n\n```python\nx\n```", "src/a.py"),
        ("### File: src/a.py\n```\nx\n```", "src/a.py"),
        ("Change `src/a.py` so:\n```\nx\n```", "src/a.py"),
        ("Change `a.py` or `b.py`:\n```python\nx\n```", ""),
        ("Nothing of that.\n```python\nx\n```", ""),
        ("```python /etc/../a b\nx\n```", ""),
    ],
)
def test_a_block_names_its_file_or_none(markdown: str, path: str) -> None:
    (block,) = blocks_in(markdown)
    assert (block.path, block.text, block.is_closed) == (path, "x\n", True)


def test_blocks_are_counted_as_they_stand_whatever_is_inside() -> None:
    found = blocks_in("````md\n```py\na\n```\n````\n- in a list\n  ```js\n  b\n  ```\n```\nopen")
    assert [block.text for block in found] == ["```py\na\n```\n", "b\n", "open\n"]
    assert [block.is_closed for block in found] == [True, True, False]


def test_a_definition_takes_the_place_of_the_one_of_its_name() -> None:
    after = placed("cart.py", CART, "def total(self):\n    return 5\n")
    assert after == CART.replace("return 0", "return 5")


@pytest.mark.parametrize(
    "code",
    [
        "def nobody():\n    return 1\n",
        "print(1)\n",
        "def tax():\n    return 2\n\nprint(tax())\n",
        "def tax():\n    # ... rest of the code ...\n",
        "def tax():\n    return 1\n",
    ],
)
def test_what_has_no_certain_place_is_refused(code: str) -> None:
    with pytest.raises(InvalidInputError):
        placed("cart.py", CART, code)


def test_a_diff_of_several_files_is_taken_file_by_file() -> None:
    diff = (
        "diff --git a/x.py b/x.py\n--- a/x.py\n+++ b/x.py\n@@ -1 +1 @@\n-a\n+b\n"
        "--- /dev/null\n+++ b/y.py\n@@ -0,0 +1 @@\n+c\n"
    )
    assert [(each.path, each.is_new) for each in file_diffs(diff)] == [
        ("x.py", False),
        ("y.py", True),
    ]
