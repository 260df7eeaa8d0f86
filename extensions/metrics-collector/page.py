"""The panel: today by the hour, the week by the day, and who took what."""

from typing import Any

import steward

_NANO = 1_000_000_000
_LINES = {"saves": "Saves", "tool_calls": "Tool calls", "model_calls": "Model calls"}
_ROWS_MAX = 30


def blocks(week: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    """What is shown of seven days, the last of them today."""
    today = week[-1][1]
    shown = [steward.markdown(_in_words(today)), _today(today), *_week(week)]
    for group, title in (("agents", "Agent"), ("models", "Model"), ("tools", "Tool")):
        rows = _rows(week, group)
        if rows:
            columns = [title, "Calls", "Tokens", "Cost"]
            shown.append(steward.table(f"By {title.lower()}, in these seven days", columns, rows))
    return shown


def _in_words(today: dict[str, Any]) -> str:
    failed, refused = today["failed"], today["refused"]
    return (
        f"**Today** (by UTC): {today['saves']:,} saves, {today['runs']:,} runs"
        f" ({today['runs_failed']:,} not finished), {today['tool_calls']:,} tool calls,"
        f" {today['model_calls']:,} model calls; {refused:,} refused, {failed:,} failed."
        f" {today['tokens']:,} tokens, ${today['cost_nano_usd'] / _NANO:.4f}."
    )


def _today(today: dict[str, Any]) -> dict[str, Any]:
    hours = [today["hours"].get(str(hour), {}) for hour in range(24)]
    series = {title: [float(hour.get(what, 0)) for hour in hours] for what, title in _LINES.items()}
    labels = [f"{hour:02}" for hour in range(24)]
    return steward.plot("Today, by hour of UTC", labels, series, "bar")


def _week(week: list[tuple[str, dict[str, Any]]]) -> list[dict[str, Any]]:
    labels = [day[5:] for day, _ in week]
    money = [day["cost_nano_usd"] / _NANO for _, day in week]
    tokens = [float(day["tokens"]) for _, day in week]
    counts = {
        title: [float(day[what]) for _, day in week]
        for what, title in {**_LINES, "runs": "Runs"}.items()
    }
    return [
        steward.plot("Seven days: how often", labels, counts),
        steward.plot("Seven days: US dollars", labels, {"Cost": money}, "bar"),
        steward.plot("Seven days: tokens", labels, {"Tokens": tokens}, "bar"),
    ]


def _rows(week: list[tuple[str, dict[str, Any]]], group: str) -> list[list[str]]:
    sums: dict[str, tuple[int, int, int]] = {}
    for _, day in week:
        for name, (calls, tokens, cost) in day[group].items():
            had = sums.get(name, (0, 0, 0))
            sums[name] = (had[0] + calls, had[1] + tokens, had[2] + cost)
    ordered = sorted(sums.items(), key=lambda pair: (-pair[1][2], -pair[1][0], pair[0]))
    return [
        [name[:480], f"{calls:,}", f"{tokens:,}", f"${cost / _NANO:.4f}"]
        for name, (calls, tokens, cost) in ordered[:_ROWS_MAX]
    ]
