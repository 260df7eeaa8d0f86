"""What resembles the code at the cursor is found in files near it, as they are now."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from steward.context.cursor import Cursor
from steward.context.windows import Windows, words
from steward.core.limits import NEIGHBOUR_BYTES_MAX, NEIGHBOURS_MAX
from tests.context.surroundings import Surroundings, at, filler, surrounded

BASKET = (
    "def add_item(basket, article):\n    basket.articles.append(article)\n    basket.refresh()\n"
)
CURSOR = at("shop.py", "def remove_item(basket, article):\n    basket.articles.|\n")


@pytest.fixture
def shop(tmp_path: Path) -> Surroundings:
    return surrounded(tmp_path)


async def paths(shop: Surroundings, cursor: Cursor = CURSOR) -> list[str]:
    return [snippet.path for snippet in await shop.similar.find(cursor)]


async def test_a_file_in_the_same_folder_that_resembles_is_found(shop: Surroundings) -> None:
    shop.write(
        {"basket.py": filler("a", 80) + BASKET + filler("b", 80), "other.py": filler("c", 9)}
    )
    (snippet,) = await shop.similar.find(CURSOR)
    assert (snippet.path, snippet.source) == ("basket.py", "similar")
    assert BASKET in snippet.text
    whole = (shop.root / "basket.py").read_text().splitlines(keepends=True)
    assert snippet.text == "".join(whole[snippet.line : snippet.line + 50])


async def test_the_most_alike_comes_first(shop: Surroundings) -> None:
    shop.write({"a.py": filler("basket", 40) + BASKET, "b.py": BASKET, "c.py": "basket = 1\n"})
    assert await paths(shop) == ["b.py", "c.py", "a.py"]


async def test_the_text_in_the_editor_counts_and_not_the_disks(shop: Surroundings) -> None:
    shop.write({"basket.py": "basket = article = articles = 'as it was saved'\n"})
    shop.open("basket.py", BASKET)
    (snippet,) = await shop.similar.find(CURSOR)
    assert snippet.text == BASKET
    shop.open("basket.py", BASKET.replace("refresh", "größer_neu"))
    (snippet,) = await shop.similar.find(CURSOR)
    assert "größer_neu" in snippet.text


async def test_a_file_that_changed_on_the_disk_is_read_again(shop: Surroundings) -> None:
    shop.write({"basket.py": BASKET})
    await shop.similar.find(CURSOR)
    shop.write({"basket.py": BASKET + "basket.close()\n"})
    (snippet,) = await shop.similar.find(CURSOR)
    assert "basket.close()" in snippet.text


async def test_a_file_that_is_ignored_is_never_found(shop: Surroundings) -> None:
    shop.write({".gitignore": "secret*\n", "secret.py": BASKET, "private/basket.py": BASKET})
    shop.write({".stewardignore": "private/\n"})
    shop.open("secret.py", BASKET)
    shop.open("private/basket.py", BASKET)
    assert await paths(shop) == []


async def test_a_file_that_becomes_ignored_is_not_found_any_more(shop: Surroundings) -> None:
    shop.write({"basket.py": BASKET})
    shop.open("open.py", BASKET)
    assert sorted(await paths(shop)) == ["basket.py", "open.py"]
    shop.ignore("*.py")
    assert await paths(shop) == []


async def test_no_file_is_found_through_a_link_or_outside(
    shop: Surroundings, tmp_path: Path
) -> None:
    inside = tmp_path / "inside"
    shop.write({"outside.py": BASKET, "inside/shop.py": ""})
    (inside / "link.py").symlink_to(tmp_path / "outside.py")
    house = surrounded(inside)
    house.editor.documents[tmp_path / "outside.py"] = BASKET
    assert await paths(house) == []


async def test_only_files_of_its_family_of_languages_are_found(shop: Surroundings) -> None:
    shop.write(dict.fromkeys(("a.ts", "b.jsx", "c.py", "d.md", "noend"), BASKET))
    assert sorted(await paths(shop, Cursor("shop.tsx", CURSOR.before, ""))) == ["a.ts", "b.jsx"]
    assert sorted(await paths(shop, Cursor("other.py", CURSOR.before, ""))) == ["c.py"]


async def test_the_file_itself_is_not_its_neighbour(shop: Surroundings) -> None:
    shop.write({"shop.py": BASKET})
    shop.open("shop.py", BASKET)
    assert await paths(shop) == []


async def test_an_open_file_elsewhere_and_one_that_was_used_are_neighbours(
    shop: Surroundings,
) -> None:
    shop.write({"deep/used.py": BASKET, "far/open.py": BASKET, "far/unused.py": BASKET})
    shop.open("far/open.py", BASKET)
    await paths(shop, at("deep/used.py", BASKET + "|"))
    assert sorted(await paths(shop)) == ["deep/used.py", "far/open.py"]


@pytest.mark.parametrize(
    ("own", "other"),
    [
        ("app/cart.py", "app/tests/test_cart.py"),
        ("src/app/cart.py", "tests/app/test_cart.py"),
        ("app/cart.py", "tests/test_cart.py"),
        ("tests/app/test_cart.py", "src/app/cart.py"),
        ("tests/test_cart.py", "src/cart.py"),
        ("web/Cart.ts", "web/__tests__/Cart.spec.ts"),
        ("web/__tests__/Cart.spec.ts", "web/Cart.ts"),
    ],
)
async def test_a_file_finds_its_tests_and_they_find_it(
    shop: Surroundings, own: str, other: str
) -> None:
    shop.write({own: "", other: BASKET})
    assert await paths(shop, Cursor(own, CURSOR.before, "")) == [other]


async def test_only_so_many_neighbours_are_looked_at(shop: Surroundings) -> None:
    names = [f"n{number:03}.py" for number in range(100)]
    shop.write({name: f"basket = article\n{name[:-3]} = 1\n" for name in names})
    for name in names[50:]:
        shop.open(name, "articles = basket\n")
    near = await shop.similar._neighbours.of(CURSOR)
    assert len(near) == NEIGHBOURS_MAX
    assert {str(path) for path in near} > {f"n{number:03}.py" for number in range(95, 100)}


async def test_what_is_too_large_or_no_text_is_left_alone(shop: Surroundings) -> None:
    shop.write({"large.py": BASKET + "#" * NEIGHBOUR_BYTES_MAX, "long.py": BASKET + "x" * 9000})
    (shop.root / "binary.py").write_bytes(b"\0\xff" + BASKET.encode())
    assert await paths(shop) == []


async def test_outside_of_the_workspace_nothing_is_found(shop: Surroundings) -> None:
    shop.write({"basket.py": BASKET})
    assert await paths(shop, Cursor("/elsewhere/shop.py", CURSOR.before, "")) == []
    assert await paths(shop, Cursor("../shop.py", CURSOR.before, "")) == []


@pytest.mark.parametrize("is_open", [True, False], ids=["open", "on the disk"])
async def test_of_a_private_key_no_window_shows_a_part(
    shop: Surroundings, *, is_open: bool
) -> None:
    key = "-----BEGIN PRIVATE KEY-----\n" + "canary\n" * 60 + "-----END PRIVATE KEY-----\n"
    text = "import os\n" * 20 + key + BASKET
    if is_open:
        shop.open("keys.py", text)
    else:
        shop.write({"keys.py": text})
    found = [each for each in await shop.similar.find(CURSOR) if each.path == "keys.py"]
    assert "basket.refresh()" in found[0].text
    assert "canary" not in str(found)


def test_windows_of_one_file_do_not_overlap() -> None:
    windows = Windows("basket = article\n" * 300).best(words(BASKET), 3)
    starts = sorted(window.line for window in windows)
    assert all(later - earlier >= 50 for earlier, later in pairwise(starts))
    assert len(windows) == 3


@given(st.lists(st.sampled_from(["one two\n", "three\r\n", "\n", "größe four\n"]), max_size=200))
def test_a_window_is_a_part_of_its_file(lines: list[str]) -> None:
    text = "".join(lines)
    for window in Windows(text).best(words("three größe"), 9):
        assert window.text == "".join(lines[window.line : window.line + window.text.count("\n")])
        assert 0 < window.score <= 1
        assert window.text.count("\n") <= 50
