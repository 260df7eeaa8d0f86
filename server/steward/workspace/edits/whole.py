"""Puts a whole new text in the place of a file's text, without touching what stays the same."""

from steward.core.errors import InvalidInputError
from steward.workspace.edits.elision import check_is_whole
from steward.workspace.edits.text import Change, plain, rewrite
from steward.workspace.edits.wrapping import without_fence

_MARKDOWN = (".md", ".markdown", ".mdx", ".qmd", ".rst", ".txt")
"""Ends of the names of files in which a fence may be all that there is."""


def text_of_new_file(path: str, text: str) -> str:
    """The text without the fence that a model put around it; what a fence may be in keeps it."""
    inside = None if path.lower().endswith(_MARKDOWN) else without_fence(plain(text))
    return text if inside is None else inside


def apply_whole(text: str, new: str) -> str:
    """The new text, with the line ends and the final newline, or its absence, of the old one.

    Raises:
        InvalidInputError: it leaves text out, or is the text that there is.
    """
    was, becomes = plain(text), plain(new)
    inside = without_fence(becomes)
    if inside is not None and without_fence(was) is None:
        becomes = inside  # Files of code begin with no fence; those of Markdown seldom end in one.
    check_is_whole(becomes, was)
    if was and becomes:
        becomes = becomes.removesuffix("\n") + "\n" * was.endswith("\n")
    if was == becomes:
        raise InvalidInputError("text is what the file holds already, so nothing would change.")
    return rewrite(text, [Change(0, len(was), becomes)])
