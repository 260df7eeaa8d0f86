"""Files are read whole and as they are, and listed as far as a model may see them."""

from pathlib import Path

import pytest

from steward.core.errors import InvalidInputError, LimitError, NotFoundError
from steward.workspace.encoding import BOM, decode, encode_like, is_text
from steward.workspace.files import read_bytes
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.listing import list_files
from steward.workspace.paths import WorkspacePath


def path(text: str) -> WorkspacePath:
    return WorkspacePath.parse(text)


def test_a_file_is_read_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "a.txt").write_bytes(b"one\r\ntwo")
    assert read_bytes(tmp_path, path("d/a.txt")) == b"one\r\ntwo"


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"'d/a\.txt'"):
        read_bytes(tmp_path, path("d/a.txt"))


def test_a_file_may_be_as_large_as_the_limit_and_no_larger(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"12345")
    assert read_bytes(tmp_path, path("a"), limit=5) == b"12345"
    with pytest.raises(LimitError):
        read_bytes(tmp_path, path("a"), limit=4)


def test_the_byte_order_mark_is_kept_apart() -> None:
    assert decode("\ufeffé".encode(), "a") == ("é", BOM)
    assert decode("é".encode(), "a") == ("é", "")


@pytest.mark.parametrize("order", ["le", "be"])
def test_utf_16_is_read_where_a_byte_order_mark_says_so(order: str) -> None:
    content = "\ufeffé\r\n\U0001f600".encode(f"utf-16-{order}")
    text, mark = decode(content, "a")
    assert (text, mark) == ("é\r\n\U0001f600", BOM)
    assert encode_like(text, content) == content
    assert is_text(content, text)
    assert not is_text(content, text + " ")


@pytest.mark.parametrize(
    "content",
    [
        b"\xff\xfea",
        b"\xff\xfe\0\xd8",
        b"\xff\xfe\0\0a\0\0\0",
        "x\0".encode("utf-16"),
        b"a\0b\0",
        b"caf\xe9",
        b"# -*- coding: latin-1 -*-\ncaf\xe9",
        b"a\0b",
        b"\xed\xa0\x80",
    ],
)
def test_what_cannot_be_kept_exactly_is_refused(content: bytes) -> None:
    with pytest.raises(InvalidInputError, match="'a'"):
        decode(content, "a")


def test_a_listing_has_what_a_model_may_see_nearest_first(tmp_path: Path) -> None:
    for name in ("b.py", "a.py", "d/c.py", "build/x.py", ".env", ".git/config"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / ".gitignore").write_text("build/\n")
    listing = list_files(tmp_path, IgnoreOracle(tmp_path))
    assert [str(file) for file in listing.files] == [".gitignore", "a.py", "b.py", "d/c.py"]
    assert listing.is_complete


def test_a_listing_ends_at_its_limit(tmp_path: Path) -> None:
    (tmp_path / "d").mkdir()
    for name in ("a.py", "d/b.py", "d/c.py"):
        (tmp_path / name).write_text("x")
    oracle = IgnoreOracle(tmp_path)
    short = list_files(tmp_path, oracle, limit=2)
    assert len(short.files) == 2
    assert not short.is_complete
    assert list_files(tmp_path, oracle, limit=3).is_complete
