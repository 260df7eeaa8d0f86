"""Which bytes a text is on disk: UTF-8, or UTF-16 that says so, and nothing that is guessed.

Only what can be written back exactly as it was is taken: UTF-8 with or without a byte order mark,
and UTF-16 of either order with one. Latin-1 is refused even where a file declares it: every byte
is a character in it, so a wrong declaration would be noticed by nobody, and an edit could put in
what it cannot hold.
"""

import codecs

from steward.core.errors import InvalidInputError

BOM = "\ufeff"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_NAMES = {"utf-8": "UTF-8", "utf-16-le": "UTF-16", "utf-16-be": "UTF-16"}
MARK_BYTES_MAX = 3


def decode(content: bytes, name: str) -> tuple[str, str]:
    """The text, and the byte order mark that stood before it (`BOM` or nothing).

    Raises:
        InvalidInputError: it is not text in an encoding that can be kept exactly.
    """
    mark, encoding = _encoding_of(content)
    try:
        text = content[len(mark) :].decode(encoding)
    except UnicodeDecodeError as error:
        raise InvalidInputError(
            f"{name!r} is not text in {_NAMES[encoding]} (byte {error.start + len(mark)}); convert"
            " it to UTF-8 or leave it out."
        ) from error
    if "\0" in text:
        raise InvalidInputError(f"{name!r} holds NUL bytes, so it is not text; leave it out.")
    return text, BOM if mark else ""


def encode_like(text: str, content: bytes) -> bytes:
    """The text's bytes, with the encoding and the byte order mark that `content` has.

    Raises:
        UnicodeEncodeError: it holds half a character.
    """
    mark, encoding = _encoding_of(content)
    return mark + text.encode(encoding)


def is_text(content: bytes, text: str) -> bool:
    """Whether these bytes are just this text, in one of our encodings."""
    mark, encoding = _encoding_of(content)
    if content[len(mark) :] == text.encode(encoding, "surrogatepass"):
        return True
    return bool(mark) and content == text.encode("utf-8", "surrogatepass")


def _encoding_of(content: bytes) -> tuple[bytes, str]:
    return next((one for one in _MARKS if content.startswith(one[0])), (b"", "utf-8"))
