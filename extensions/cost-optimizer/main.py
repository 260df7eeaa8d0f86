"""Less that is sent, and a cheaper model where it will do; and what came of it."""

from typing import Any

from boilerplate import Judgement, Piece, judged
from generated import GENERATED, VENDORED, kind_of, shortened
from savings import Savings
from shingles import repeated

import steward

_THEIR_OWN = frozenset(("person", "editor"))
"""What the person wrote, and what their editor says that they selected."""
_PIECES_MAX = 400
_savings = Savings()


@steward.context_stage("thin")
def thin(request: dict[str, Any]) -> dict[str, Any]:
    """Leave out what is said twice, and shorten what a machine wrote."""
    pieces: list[dict[str, Any]] = request["pieces"]
    if not _is_looked_at(request) or len(pieces) > _PIECES_MAX:
        return {}
    protected = [piece["id"] for piece in pieces if _is_theirs(piece, request["goal"])]
    texts = {piece["id"]: piece["text"] for piece in pieces}
    gone = repeated(texts, steward.config("alike_from"), protected)
    open_to_change = [p for p in pieces if p["id"] not in gone and p["id"] not in protected]
    replaced = _shortened(open_to_change)
    tokens = {piece["id"]: piece["tokens"] for piece in pieces}
    _savings.thinned(
        sum(tokens[piece] for piece in gone),
        sum(_tokens_less(tokens[piece], texts[piece], text) for piece, text in replaced.items()),
        len(gone) + len(replaced),
    )
    answer: dict[str, Any] = {"replace": replaced}
    if gone:
        answer["keep"] = [piece["id"] for piece in pieces if piece["id"] not in gone]
    return answer


@steward.context_stage("judge")
def judge(request: dict[str, Any]) -> dict[str, Any]:
    """Say which model will do, and why."""
    if not _is_looked_at(request):
        return {}
    pieces = [Piece(each["path"], each["text"], each["tokens"]) for each in request["pieces"]]
    found = judged(request["goal"], pieces)
    tier = _tier(request["task"], found)
    _savings.judged(tier, found.reason)
    return {"hint": {"tier": tier, "reason": found.reason[:500]}} if tier else {}


@steward.engine_hook("after-model")
def after_model(moment: dict[str, Any]) -> None:
    """Add up what a call took."""
    tokens, cost = moment["tokens"], moment["cost_nano_usd"]
    if tokens is not None and cost is not None:
        _savings.called(moment["name"] or "unknown", tokens, cost)


@steward.command("show")
def show(_: dict[str, Any]) -> None:
    """Show what was done."""
    steward.show_panel("savings", *_savings.blocks())


@steward.command("reset")
def reset(_: dict[str, Any]) -> str:
    """Count from nought."""
    _savings.reset()
    return "Cost optimizer counts anew."


def _is_looked_at(request: dict[str, Any]) -> bool:
    return request["task"] in steward.config("tasks")


def _is_theirs(piece: dict[str, Any], goal: str) -> bool:
    """Whether the person chose it themselves, or named its file."""
    if piece["kind"] in _THEIR_OWN or piece["kind"] in steward.config("keep_kinds"):
        return True
    name = (piece["path"] or "").rpartition("/")[2]
    return bool(name) and name in goal


def _tier(task: str, found: Judgement) -> str:
    if not found.reason or found.score < steward.config("balanced_from"):
        return ""
    # A plan is what all later steps stand on.
    if found.score < steward.config("cheap_from") or task == "plan":
        return "balanced"
    return "cheap"


def _shortened(pieces: list[dict[str, Any]]) -> dict[str, str]:
    lines_max = steward.config("generated_lines")
    replaced: dict[str, str] = {}
    for piece in pieces:
        kind = kind_of(piece["path"], piece["text"])
        if kind in (GENERATED, VENDORED):
            text = shortened(piece["text"], lines_max, kind)
            if text is not None:
                replaced[piece["id"]] = text
    return replaced


def _tokens_less(tokens: int, before: str, after: str) -> int:
    """How many of a piece's tokens went with its text, by their share of characters."""
    return max(0, round(tokens * (1 - len(after) / len(before)))) if before else 0
