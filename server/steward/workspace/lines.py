"""Lines as the protocol counts them: ended by LF, CRLF or CR, and by nothing else."""

import re

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")


def split_lines(text: str) -> list[str]:
    """The lines with their ends (LSP 3.18, "Text Documents").

    `str.splitlines` also splits at form feeds, U+2028 and others, which puts an edit that follows
    one of them on the wrong line.
    """
    return _LINE.findall(text)
