"""Patterns: which could take for ever, as `(a+)+`, and what must stand wherever one fits."""

import re

_TOKEN = re.compile(
    r"""
    \\.                          # an escape
    | \[\^?\]?(?:\\.|[^\]\\])*\] # a set
    | \(\?P?[=!<:#>a-zA-Z-]*     # a group with what it is
    | [()|]
    | (?P<many>[*+]|\{\d*,\d*\}|\{\d+\})[?+]?
    | (?P<once>\?)
    | .
    """,
    re.VERBOSE | re.DOTALL,
)
_REPEATS_MAX = 6
"""So many open repetitions in a row already take the sixth power of a line's length."""


def why_too_slow(source: str) -> str | None:
    """Why a pattern is refused; None: it may be used."""
    within: list[bool] = [False]
    closed = False
    repeats = 0
    for token in _TOKEN.finditer(source):
        text = token[0]
        if text.startswith("("):
            within.append(False)
            closed = False
        elif text == ")" and len(within) > 1:
            inner = within.pop()
            within[-1] = within[-1] or inner
            closed = inner
        elif token["many"] and _is_open(token["many"]):
            if closed:
                return (
                    "the pattern repeats a group that repeats something itself, as in `(a+)+`:"
                    " that can take for ever. Repeat only one of the two"
                )
            repeats += 1
            within[-1], closed = True, False
        else:
            closed = False
    if repeats > _REPEATS_MAX:
        return f"the pattern has more than {_REPEATS_MAX} open repetitions (`*`, `+`): too slow"
    return None


def _is_open(quantifier: str) -> bool:
    """Whether it repeats without an end, or very often."""
    if quantifier in "*+":
        return True
    least, _, most = quantifier.strip("{}").partition(",")
    if "," in quantifier and not most:
        return True
    return int(most or least or 0) > 20


def literal_of(source: str) -> str:
    """The longest text that stands in whatever the pattern fits; empty where none is certain.

    Looking for a text is much quicker than for a pattern, and most lines have neither.
    """
    runs = [""]
    depth = 0
    for token in _TOKEN.finditer(source):
        text = token[0]
        if text.startswith("(?") and text[2:3].isalpha() and text[2:3] != "P":
            return ""  # Flags, such as of case.
        if depth == 0 and (text == "|" or token["once"] or token["many"]):
            if text == "|":
                return ""
            # What is repeated may be nought times; what comes next does not follow on it.
            runs[-1] = runs[-1] if text[0] == "+" else runs[-1][:-1]
            runs.append("")
            continue
        depth += text.startswith("(") - (text == ")")
        said = _said(text) if depth == 0 else ""
        if said:
            runs[-1] += said
        else:
            runs.append("")
    return max(runs, key=len)


def _said(piece: str) -> str:
    """The one character that a token stands for; empty: there are several, or none."""
    if len(piece) == 2 and piece[0] == "\\":
        return "" if piece[1].isalnum() else piece[1]
    return piece if len(piece) == 1 and piece not in ".^$)" else ""
