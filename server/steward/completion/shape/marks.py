"""What a model writes that is no code at all: the marks of its formats, a patch, a file's name."""

import re
from pathlib import PurePosixPath

from steward.context.cursor import Cursor
from steward.syntax.language import Language

MARK_CHARS_MAX = 48
"""No mark is longer; so much of a stream's end may be the beginning of one."""
_MARK = re.compile(
    r"<\|\w{2,40}\|>"
    r"|<\uff5c[^\uff5c\n]{1,40}\uff5c>"
    r"|<(?:fim_(?:prefix|suffix|middle|pad)|file_sep|repo_name|reponame|gh_stars|endoftext)>"
    r"|<\[fim-(?:prefix|suffix|middle)\]>"
    r"|<(?:EOT|SUF|MID)>"
    r"|</?s>"
    r"|^\[(?:PREFIX|SUFFIX|MIDDLE)\]"
    r"|^diff --git "
    r"|^\+\+\+\+\+ \S",
    re.MULTILINE,
)
_UNFINISHED = re.compile(
    r"<(?:[|\uff5c][^|\uff5c>\n]{0,40}[|\uff5c]?|fim_?[a-z]{0,6}|file_s?e?p?)\Z"
)
_TAGGED = frozenset({"html", "markdown", "php"})
_FENCE = re.compile(r"\s*(?:`{3,}|~{3,})[\w+#.-]*\s*")
_HEADING_CHARS_MAX = 300
_DOCUMENT_CHARS = 20_000


def mark_at(text: str, cursor: Cursor, start: int = 0) -> int | None:
    """Where the first mark stands at or after `start`.

    What the document itself contains is no mark: code about models has them too.
    """
    for found in _MARK.finditer(text, start):
        mark = found.group()
        if mark in ("<s>", "</s>") and cursor.language.name in _TAGGED:
            continue
        is_known = (
            cursor.before.find(mark, max(0, len(cursor.before) - _DOCUMENT_CHARS)) >= 0
            or cursor.after.find(mark, 0, _DOCUMENT_CHARS) >= 0
        )
        if not is_known:
            return found.start()
    return None


def without_unfinished_mark(text: str) -> str:
    """The text without the first half of a mark at its end."""
    return _UNFINISHED.sub("", text)


def is_fence(line: str) -> bool:
    """Whether a line begins or ends a block of code in Markdown."""
    return _FENCE.fullmatch(line) is not None


def is_own_name(line: str, path: str, language: Language) -> bool:
    """Whether a line is a comment that only names the document: a model begins files with it."""
    text = line.strip()
    if not path or not text or len(text) > _HEADING_CHARS_MAX:
        return False
    for mark in (language.line_comment, *(language.block_comment or ())):
        if mark:
            text = text.removeprefix(mark).removesuffix(mark)
    return text != line.strip() and _bare(text) in (path, PurePosixPath(path).name)


def _bare(text: str) -> str:
    return re.sub(r"(?i)^(?:file(?:name)?|path)\s*:\s*", "", text.strip()).strip()
