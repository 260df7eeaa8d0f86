"""What the person edited a moment ago in other files is shown as it is now."""

from pathlib import Path

import pytest

from steward.core.errors import StaleError
from tests.context.surroundings import Surroundings, at, filler, surrounded

CURSOR = at("shop.py", "x = |\n")


@pytest.fixture
def shop(tmp_path: Path) -> Surroundings:
    made = surrounded(tmp_path)
    made.open("basket.py", filler("line", 30))
    return made


async def test_the_place_is_shown_with_the_lines_around_it(shop: Surroundings) -> None:
    shop.put("basket.py", (10, 0), (10, 4), "größe😀")
    (snippet,) = await shop.edited.find(CURSOR)
    assert (snippet.path, snippet.source, snippet.line) == ("basket.py", "edited", 6)
    assert "größe😀_10 = 10\n" in snippet.text
    assert snippet.text.startswith("line_6 = 6\n")
    assert snippet.text.endswith("line_14 = 14\n")


async def test_the_last_edit_comes_first(shop: Surroundings) -> None:
    shop.put("basket.py", (10, 0), (10, 4), "first")
    shop.wait(1)
    shop.open("other.py", "a\n")
    shop.put("other.py", (0, 0), (0, 0), "b")
    assert [each.path for each in await shop.edited.find(CURSOR)] == ["other.py", "basket.py"]


async def test_the_document_of_the_cursor_is_not_shown(shop: Surroundings) -> None:
    shop.put("basket.py", (10, 0), (10, 4), "first")
    assert await shop.edited.find(at("basket.py", "x|")) == []


async def test_a_document_that_was_closed_is_read_from_the_disk(shop: Surroundings) -> None:
    shop.put("basket.py", (10, 0), (10, 4), "first")
    shop.write({"basket.py": shop.editor.documents.pop(shop.root / "basket.py")})
    (snippet,) = await shop.edited.find(CURSOR)
    assert "first_10" in snippet.text


async def test_where_the_text_is_another_one_nothing_is_shown(shop: Surroundings) -> None:
    shop.put("basket.py", (10, 0), (10, 4), "first")
    shop.open("basket.py", filler("new", 30))
    assert await shop.edited.find(CURSOR) == []
    del shop.editor.documents[shop.root / "basket.py"]
    assert await shop.edited.find(CURSOR) == []


async def test_where_nobody_knows_the_text_nothing_is_shown(
    shop: Surroundings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(path: Path) -> None:
        raise StaleError(f"{path.name!r} is not known.")

    shop.put("basket.py", (10, 0), (10, 4), "first")
    monkeypatch.setattr(shop.editor, "open_document", lost)
    assert await shop.edited.find(CURSOR) == []


async def test_an_ignored_file_is_never_shown(shop: Surroundings) -> None:
    shop.open(".env", "KEY=1\n")
    shop.put(".env", (0, 4), (0, 5), "2")
    shop.put("basket.py", (10, 0), (10, 4), "first")
    assert [each.path for each in await shop.edited.find(CURSOR)] == ["basket.py"]
    shop.ignore("basket.py")
    assert await shop.edited.find(CURSOR) == []


async def test_of_a_long_place_only_the_beginning_is_shown(shop: Surroundings) -> None:
    shop.put("basket.py", (10, 0), (10, 0), filler("new", 200))
    (snippet,) = await shop.edited.find(CURSOR)
    assert snippet.text.count("\n") == 40
    shop.put("basket.py", (10, 0), (10, 0), "x" * 5000)
    assert await shop.edited.find(CURSOR) == []


async def test_of_a_private_key_nothing_is_shown_where_the_lines_around_an_edit_cut_it(
    shop: Surroundings,
) -> None:
    key = "-----BEGIN PRIVATE KEY-----\n" + "canary\n" * 40 + "-----END PRIVATE KEY-----\n"
    shop.open("basket.py", key + filler("line", 5))
    shop.put("basket.py", (43, 0), (43, 4), "first")
    (snippet,) = await shop.edited.find(CURSOR)
    assert "first_1" in snippet.text
    assert "canary" not in snippet.text
