"""Secrets stay here: a stable placeholder leaves in their stead, and is put back where it is due.

A model that reads a file with a key sees `<secret aws key mfzq2k5d>`. The eight characters are a
MAC of the key's value under a key of the run: the same value is the same placeholder all through
the run, two values are two, and nobody can guess back or try values out. When the model edits
beside it, or moves the line, its text holds the placeholder, and the value is put back before
anything is computed; but only a value that stands in the files that the act names, so that no
edit carries a secret from one file to another that nobody looked at.

A secret of several lines becomes a placeholder on each of them: lines keep their numbers, and a
piece of it that is shown alone is hidden like the whole.
"""

import base64
import hmac
import json
import re
from collections.abc import Collection, Iterable, Mapping
from urllib.parse import quote

from steward.core.errors import InvalidInputError
from steward.core.redact import replace_secrets

_CODE_CHARS = 8
_PLACEHOLDER = re.compile(r"<secret [A-Za-z ]{1,40} ([a-z2-7]{8})>")
_VALUE_CHARS_MIN = 8
"""A shorter value stands in many texts that have nothing to do with it."""
_LINE_END = re.compile(r"((?:\r\n|\r|\n)[ \t]*)")


def key_of_run(key: bytes, run_id: str) -> bytes:
    """The key of one run's placeholders."""
    return hmac.digest(key, f"placeholders of {run_id}".encode(), "sha256")


def hide(text: str, key: bytes, known: Iterable[str] = ()) -> str:
    """The text with each secret replaced by its placeholder, on as many lines as it was.

    Args:
        text: Whatever would leave.
        key: The run's.
        known: Values that are secret whatever they look like; they are found in every usual
            encoding.
    """
    return _replaced(text, key, known, {})


def values_in(text: str, key: bytes, known: Iterable[str] = ()) -> dict[str, str]:
    """The secrets of a text: placeholder → what it stands for."""
    found: dict[str, str] = {}
    _replaced(text, key, known, found)
    return found


def holds_placeholder(text: str) -> bool:
    """Whether there is something to put back."""
    return _PLACEHOLDER.search(text) is not None


def restore(text: str, sources: Collection[str], key: bytes, known: Collection[str] = ()) -> str:
    """The text with the value of each placeholder, where one of the sources holds it.

    What only looks like a placeholder stays as it is where a source has it so.

    Raises:
        InvalidInputError: a placeholder stands for nothing in the sources.
    """
    if not holds_placeholder(text):
        return text
    values: dict[str, str] = {}
    for source in sources:
        values |= values_in(source, key, known)
    return put_back(text, values, sources)


def put_back(text: str, values: Mapping[str, str], sources: Collection[str]) -> str:
    """The same, with the values of the sources at hand."""
    by_code = {placeholder[-_CODE_CHARS - 1 : -1]: value for placeholder, value in values.items()}

    def value(found: re.Match[str]) -> str:
        if found[1] in by_code:
            return by_code[found[1]]
        if any(found[0] in source for source in sources):
            return found[0]
        raise InvalidInputError(
            f"{found[0]} stands for a secret that is not in the file you name, so it cannot be put"
            " back. Copy the placeholder exactly as the file shows it, keep it in that file, or"
            " leave the lines with it as they are."
        )

    return _PLACEHOLDER.sub(value, text)


def hide_values(text: str, values: Mapping[str, str]) -> str:
    """The text without these secrets, wherever they stand: placeholder → value.

    For a piece of a text whose secrets are known: a part of one need not look like one.
    """
    for placeholder, value in sorted(values.items(), key=lambda each: -len(each[1])):
        if len(value) >= _VALUE_CHARS_MIN:
            text = text.replace(value, placeholder)
    return text


def _replaced(text: str, key: bytes, known: Iterable[str], found: dict[str, str]) -> str:
    def instead(kind: str, value: str) -> str:
        # Line for line, with the ends of lines and what indents the next as they are.
        return "".join(
            _noted(kind, piece, key, found) if number % 2 == 0 else piece
            for number, piece in enumerate(_LINE_END.split(value))
        )

    for value in known:
        for form in encodings(value):
            if form in text:
                text = text.replace(form, instead("known key", form))
    return replace_secrets(text, instead)


def _noted(kind: str, value: str, key: bytes, found: dict[str, str]) -> str:
    if not value.strip():
        return value
    digest = hmac.digest(key, value.encode("utf-8", "surrogatepass"), "sha256")
    code = base64.b32encode(digest).decode("ascii").lower()[:_CODE_CHARS]
    placeholder = f"<secret {kind} {code}>"
    found[placeholder] = value
    return placeholder


def encodings(value: str) -> list[str]:
    """A value in every usual encoding, the longest first."""
    if len(value) < _VALUE_CHARS_MIN:
        return []
    plain = value.encode("utf-8", "surrogatepass")
    forms = {
        value,
        json.dumps(value)[1:-1],
        quote(plain, safe=""),
        plain.hex(),
        plain.hex().upper(),
    }
    for before in range(3):
        # Within a longer text base 64 has three spellings; the ends mix with what stands beside.
        whole = base64.b64encode(b"\0" * before + plain).decode("ascii")
        inner = whole[(8 * before + 5) // 6 : len(plain + b"\0" * before) * 8 // 6]
        forms |= {inner, inner.replace("+", "-").replace("/", "_")}
    return sorted(forms, key=len, reverse=True)
