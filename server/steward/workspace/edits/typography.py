"""Signs that a word processor makes of plain ones."""

_PLAIN_OF = str.maketrans(
    {
        **dict.fromkeys("\u2018\u2019\u201a\u201b\u2032", "'"),
        **dict.fromkeys("\u201c\u201d\u201e\u201f\u2033", '"'),
        **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-"),
        **dict.fromkeys("\u00a0\u2007\u202f\u2009", " "),
    }
)
"""Quotes, dashes and spaces; one character for one, so that places stay the same."""


def in_plain_signs(text: str) -> str:
    """The text with plain quotes, dashes and spaces, as long as it was."""
    return text.translate(_PLAIN_OF)


def without_the_models_signs(new: str, old: str, real: str) -> str:
    """The new text in plain signs where it was the model that set the others, and not the file."""
    strange = {sign for sign in old if ord(sign) in _PLAIN_OF} - set(real)
    return new.translate({ord(sign): _PLAIN_OF[ord(sign)] for sign in strange})
