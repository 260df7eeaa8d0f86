"""Make visible what would hide in a diff: control, zero-width and bidirectional characters."""

import unicodedata

_PLAIN = frozenset("\t\n")
_UNSEEN = (
    (0x034F, 0x034F),
    (0x115F, 0x1160),
    (0x17B4, 0x17B5),
    (0x180B, 0x180F),
    (0x2800, 0x2800),
    (0x3164, 0x3164),
    (0xFE00, 0xFE0F),
    (0xFFA0, 0xFFA0),
    (0xE0000, 0xE0FFF),
)
"""What Unicode calls default-ignorable and not a format character (DerivedCoreProperties.txt),
and the empty Braille pattern."""


def reveal(text: str) -> tuple[str, int]:
    """The text with every hidden character spelled `⟨U+202E⟩`, and how many there were.

    A carriage return before a line feed is an ordinary line end; alone it can overwrite what a
    terminal shows, so it is spelled out.
    """
    shown = text.replace("\r\n", "\n")
    if shown.isascii() and shown.isprintable():
        return shown, 0
    pieces = [_spelled(character) for character in shown]
    return "".join(pieces), sum(1 for piece in pieces if len(piece) > 1)


def _spelled(character: str) -> str:
    if character in _PLAIN or character.isprintable():
        is_hidden = character not in _PLAIN and _is_invisible(character)
        return f"⟨U+{ord(character):04X}⟩" if is_hidden else character
    return f"⟨U+{ord(character):04X}⟩"


def _is_invisible(character: str) -> bool:
    point = ord(character)
    return unicodedata.category(character) == "Cf" or any(
        first <= point <= last for first, last in _UNSEEN
    )
