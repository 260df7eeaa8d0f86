"""Whether what is asked is boilerplate, in a number from 0 to 1, and why in a person's words.

Four measures, each from 0 to 1, are added with these weights:

    asked       0.40   the goal asks for something of a known, simple kind
    scaffold    0.25   the share of tokens in tests, settings, prose or generated files
    repeated    0.20   the share of lines that look like another line, names and numbers aside
    small       0.15   1 up to 1,000 tokens, 0 from 8,000 on

A goal that asks for thought (a bug, a design, a race, security) is never boilerplate.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from generated import kind_of

_SIMPLE = {
    "docstrings or comments": r"\b(docstrings?|javadoc|jsdoc|tsdoc|comments?|document(ation)?)\b",
    "a rename or reformatting": r"\b(rename|reformat|format|indent|sort (the )?imports|lint)\b",
    "correcting words": r"\b(typos?|spelling|grammar|wording|translate|translation)\b",
    "a summary or message": r"\b(commit message|changelog|release notes|readme)\b"
    r"|\bsummar(y|ise|ize)\b",
    "a scaffold": r"\b(boilerplate|scaffold|skeleton|stubs?|template|crud|dto|getters?|setters?"
    r"|constructor|type hints?|annotations?)\b",
    "tests or sample data": r"\b(unit tests?|test cases?|tests? for)\b"
    r"|\b(fixtures?|mock data|sample data)\b",
    "settings": r"\b(config(uration)?|settings?|yaml|toml|dockerfile|gitignore|env file)\b",
}
_HARD = (
    r"\b(why|debug|bug|crash(es|ed)?|race|deadlock|concurren\w*|thread.?safe\w*|leak|secur\w*"
    r"|vulnerab\w*|architect\w*|design|redesign|algorithm\w*|optimi[sz]e|performance|migrat\w*"
    r"|investigat\w*|root cause|trade-?offs?|prove|proof|cryptograph\w*|transaction\w*)\b"
)
_SIMPLE_RE = {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in _SIMPLE.items()}
_HARD_RE = re.compile(_HARD, re.IGNORECASE)
_NAME_OR_NUMBER = re.compile(r"\w+")
_GOAL_CHARS = 4000
_LINES_MAX = 4000
_SMALL, _LARGE = 1000, 8000
_WEIGHTS = {"asked": 0.40, "scaffold": 0.25, "repeated": 0.20, "small": 0.15}


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece as far as it is measured."""

    path: str | None
    text: str
    tokens: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was measured."""

    score: float
    reason: str
    """A sentence; empty where nothing speaks for boilerplate."""
    measures: dict[str, float]


def judged(goal: str, pieces: Sequence[Piece]) -> Judgement:
    """How much of boilerplate there is in a request."""
    goal = goal[:_GOAL_CHARS]
    asked = next((kind for kind, found in _SIMPLE_RE.items() if found.search(goal)), "")
    scaffold, parts = _scaffold(pieces)
    tokens = sum(piece.tokens for piece in pieces)
    measures = {
        "asked": 1.0 if asked else 0.0,
        "scaffold": scaffold,
        "repeated": repetition(piece.text for piece in pieces),
        "small": min(1.0, max(0.0, (_LARGE - tokens) / (_LARGE - _SMALL))),
    }
    if hard := _HARD_RE.search(goal):
        return Judgement(0.0, f"“{hard[0]}” asks for thought.", measures)
    score = sum(_WEIGHTS[name] * value for name, value in measures.items())
    return Judgement(round(score, 3), _reason(asked, parts, tokens, measures), measures)


def repetition(texts: Iterable[str]) -> float:
    """The share of lines that look like another line, names and numbers aside."""
    shapes: list[str] = []
    for text in texts:
        for line in text.split("\n")[: _LINES_MAX - len(shapes)]:
            shape = _NAME_OR_NUMBER.sub("a", line.strip()[:200])
            if len(shape) > 3:
                shapes.append(shape)
    return 1 - len(set(shapes)) / len(shapes) if len(shapes) >= 10 else 0.0


def _scaffold(pieces: Sequence[Piece]) -> tuple[float, str]:
    """The share of tokens that are scaffolds, and what most of them are."""
    total = sum(piece.tokens for piece in pieces)
    by_kind: dict[str, int] = {}
    for piece in pieces:
        if kind := kind_of(piece.path, piece.text):
            by_kind[kind] = by_kind.get(kind, 0) + piece.tokens
    if not total or not by_kind:
        return 0.0, ""
    kinds = sorted(by_kind, key=lambda kind: -by_kind[kind])[:2]
    return sum(by_kind.values()) / total, " and ".join(kinds)


def _reason(asked: str, parts: str, tokens: int, measures: dict[str, float]) -> str:
    said: list[str] = []
    if asked:
        said.append(f"the request asks for {asked}")
    if measures["scaffold"] >= 0.3:
        said.append(f"{measures['scaffold']:.0%} of what it sees is {parts}")
    if measures["repeated"] >= 0.3:
        said.append(f"{measures['repeated']:.0%} of its lines look like another")
    if measures["small"] >= 0.8:
        said.append(f"it is small ({tokens:,} tokens)")
    if not said:
        return ""
    sentence = said[0] if len(said) == 1 else f"{', '.join(said[:-1])}, and {said[-1]}"
    return f"{sentence[0].upper()}{sentence[1:]}."
