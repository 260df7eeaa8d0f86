"""What was done and what calls cost: counts, kept from one start to the next, and no text."""

from typing import Any

import steward

_KEY = "counts"
_MODELS_MAX = 50
_REASONS_MAX = 20
_NANO = 1_000_000_000


class Savings:
    """Counts since they were begun anew."""

    def __init__(self) -> None:
        self._counts: dict[str, Any] | None = None

    def thinned(self, repeated_tokens: int, generated_tokens: int, pieces: int) -> None:
        """Pieces of a request were left out or shortened."""
        counts = self._all()
        counts["requests"] += 1
        counts["pieces"] += pieces
        counts["repeated_tokens"] += repeated_tokens
        counts["generated_tokens"] += generated_tokens
        if pieces:
            self._keep()

    def judged(self, tier: str, reason: str) -> None:
        """A request was judged; an empty tier is no hint."""
        counts = self._all()
        counts["hints"][tier or "none"] = counts["hints"].get(tier or "none", 0) + 1
        if tier:
            counts["latest"] = [[tier, reason], *counts["latest"]][:_REASONS_MAX]
        self._keep()

    def called(self, model: str, tokens: int, cost_nano_usd: int) -> None:
        """A model was asked, and this is what it took."""
        models = self._all()["models"]
        if model not in models and len(models) >= _MODELS_MAX:
            model = "others"
        calls, had, spent = models.get(model, (0, 0, 0))
        models[model] = [calls + 1, had + tokens, spent + cost_nano_usd]
        self._keep()

    def reset(self) -> None:
        """Begin anew."""
        self._counts = _fresh()
        self._keep()

    def blocks(self) -> list[dict[str, Any]]:
        """What the panel shows."""
        counts = self._all()
        left_out = counts["repeated_tokens"] + counts["generated_tokens"]
        blocks = [
            steward.markdown(_in_words(counts, left_out)),
            steward.table("What models really took", list(_COLUMNS), _models(counts["models"])),
        ]
        if counts["latest"]:
            blocks.append(
                steward.items(
                    "The latest hints",
                    [{"label": reason, "detail": tier} for tier, reason in counts["latest"]],
                )
            )
        return blocks

    def _all(self) -> dict[str, Any]:
        counts = self._counts
        if counts is None:
            counts = self._counts = _fresh() | (steward.storage_get(_KEY) or {})
        return counts

    def _keep(self) -> None:
        steward.storage_set(_KEY, self._all())


_COLUMNS = ("Model", "Calls", "Tokens", "Cost", "Per 1,000 tokens")


def _fresh() -> dict[str, Any]:
    return {
        "requests": 0,
        "pieces": 0,
        "repeated_tokens": 0,
        "generated_tokens": 0,
        "hints": {},
        "latest": [],
        "models": {},
    }


def _in_words(counts: dict[str, Any], left_out: int) -> str:
    hints = counts["hints"]
    lines = [
        f"**{left_out:,} tokens were not sent**, in {counts['pieces']:,} pieces of"
        f" {counts['requests']:,} requests: {counts['repeated_tokens']:,} that another piece said"
        f" already, {counts['generated_tokens']:,} of generated or vendored files.",
        "",
        f"A cheap model was named {hints.get('cheap', 0):,} times, a balanced one"
        f" {hints.get('balanced', 0):,} times, none {hints.get('none', 0):,} times.",
        "",
        _estimate(counts["models"], left_out),
    ]
    return "\n".join(lines)


def _estimate(models: dict[str, list[int]], left_out: int) -> str:
    tokens = sum(had for _, had, _ in models.values())
    spent = sum(cost for _, _, cost in models.values())
    if not tokens or not left_out:
        return "There is not enough to estimate what that saved."
    return (
        "At what a token cost on average here, that is about"
        f" ${spent / tokens * left_out / _NANO:.4f}."
        " It is an estimate: providers charge less for input and for what they have cached, a"
        " piece may be sent in several turns, and a hint need not be followed."
    )


def _models(models: dict[str, list[int]]) -> list[list[str]]:
    rows: list[list[str]] = []
    for name, (calls, tokens, cost) in sorted(models.items(), key=lambda pair: -pair[1][2]):
        per = f"${cost / tokens * 1000 / _NANO:.5f}" if tokens else "?"
        rows.append([name, f"{calls:,}", f"{tokens:,}", f"${cost / _NANO:.4f}", per])
    return rows
