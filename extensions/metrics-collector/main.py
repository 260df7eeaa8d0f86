"""Counts of what happens: for the panel, for Prometheus and for OpenTelemetry."""

from typing import Any

import page
from counts import Counts
from published import Published

import steward

_NANO = 1_000_000_000
_REFUSED = ("not_permitted", "beyond_plan", "over_budget", "denied", "rejected", "veto")
_counts = Counts()
_published = Published()


@steward.hook("onFileSave")
def saved(_: dict[str, Any]) -> None:
    """A file was saved; which one is not noted."""
    _counts.add("saves")
    _published.count("saves_total")
    _published.send()


@steward.engine_hook("after-task")
@steward.engine_hook("error-task")
def run_ended(moment: dict[str, Any]) -> None:
    """A run is over."""
    outcome = _outcome(moment)
    _counts.add("runs", outcome=outcome)
    _counts.of("agents", moment["agent"] or "none", *_took(moment))
    _published.count("runs_total", agent=moment["agent"], outcome=outcome)
    _published.send()
    _counts.keep()


@steward.engine_hook("after-tool")
@steward.engine_hook("error-tool")
def tool_used(moment: dict[str, Any]) -> None:
    """A tool was called."""
    outcome = _outcome(moment)
    _counts.add("tool_calls", outcome=outcome)
    _counts.of("tools", moment["name"] or "none")
    _published.count("tool_calls_total", tool=moment["name"], outcome=outcome)
    _published.send()


@steward.engine_hook("after-model")
@steward.engine_hook("error-model")
def model_asked(moment: dict[str, Any]) -> None:
    """A model was asked."""
    outcome = _outcome(moment)
    tokens, cost = _took(moment)
    _counts.add("model_calls", outcome=outcome)
    _counts.of("models", moment["name"] or "none", tokens, cost)
    about = {"model": moment["name"], "agent": moment["agent"]}
    _published.count("model_calls_total", **about, outcome=outcome)
    if tokens:
        _published.count("tokens_total", tokens, **about)
    if cost:
        _published.count("cost_usd_total", cost / _NANO, **about)
    _published.send()


@steward.hook("onUnload")
def unloaded(_: dict[str, Any]) -> None:
    """Keep what waits."""
    _published.send()
    _counts.keep()


@steward.command("show")
def show(_: dict[str, Any]) -> None:
    """Show the counts."""
    week = _counts.week()
    _counts.keep()
    steward.show_panel("counts", *page.blocks(week))


@steward.command("reset")
def reset(_: dict[str, Any]) -> str:
    """Forget the counts of the panel."""
    _counts.forget()
    return "The counts of the panel are forgotten. What was published stays where it went."


def _took(moment: dict[str, Any]) -> tuple[int, int]:
    return moment["tokens"] or 0, moment["cost_nano_usd"] or 0


def _outcome(moment: dict[str, Any]) -> str:
    if moment["time"] != "error" and not moment["error"]:
        return "ok"
    return "refused" if any(word in moment["error"] for word in _REFUSED) else "failed"
