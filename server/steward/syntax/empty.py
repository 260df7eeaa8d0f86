"""Whether a function's body says that it is still to be written."""

EMPTY_BODY_BYTES_MAX = 600
"""A longer one has been written, whatever it is."""

_NOTHING = frozenset(
    (
        "",
        "pass",
        "...",
        "raise NotImplementedError",
        "raise NotImplementedError()",
        "todo!()",
        "todo!();",
        "unimplemented!()",
        "unimplemented!();",
    )
)
_STUBS = ("raise NotImplementedError(", "throw new UnsupportedOperationException(")
_DOCSTRINGS = ('"""', "'''")


def is_empty_body(written: str, line_comment: str = "") -> bool:
    """Whether it holds nothing but comments, an explanation, and words for "nothing yet"."""
    inside = written.strip()
    if inside.startswith("{") and inside.endswith("}"):
        inside = inside[1:-1]
    lines = map(str.strip, _without_docstring(inside.strip()).splitlines())
    return all(
        line in _NOTHING
        or line.startswith(_STUBS)
        or bool(line_comment and line.startswith(line_comment))
        for line in lines
    )


def _without_docstring(text: str) -> str:
    for quotes in _DOCSTRINGS:
        if text.startswith(quotes):
            return text[3:].partition(quotes)[2]
    first, _, rest = text.partition("\n")
    is_quoted = len(first) > 1 and first[0] in "\"'" and first.rstrip().endswith(first[0])
    return rest if is_quoted else text
