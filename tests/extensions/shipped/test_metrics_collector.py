"""Metrics collector: what it counts, keeps, publishes and shows."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from tests.extensions.shipped.sdk import Shipped, World

TODAY = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)


class _Clock(datetime):
    """The clock of the sandbox, where a test can turn it."""

    today_is = TODAY

    @classmethod
    def now(cls, tz: Any = None) -> Any:
        return cls.today_is.astimezone(tz)


def loaded(world: World | None = None, at: datetime = TODAY) -> Shipped:
    extension = Shipped("metrics-collector", world or World())
    turn(extension, at)
    return extension


def turn(extension: Shipped, at: datetime) -> None:
    """Let it be another time."""
    clock = type("Clock", (_Clock,), {"today_is": at})
    vars(extension.module("counts"))["datetime"] = clock


def moment(point: str, time: str = "after", **more: Any) -> dict[str, Any]:
    return {"run": "r1", "agent": "coder", "point": point, "time": time, **more}


def worked(extension: Shipped) -> None:
    """A save, and a run with a tool and a model."""
    extension.saved("secret/path.py", "canary = 1\n")
    extension.engine("after-tool", **moment("tool", name="read_file"))
    extension.engine(
        "after-model", **moment("model", name="custom/small", tokens=1200, cost_nano_usd=3_000_000)
    )
    extension.engine("after-task", **moment("task", tokens=1200, cost_nano_usd=3_000_000))


def kept(extension: Shipped) -> Any:
    return extension.world.storage["day:2026-11-22"]


def published(extension: Shipped) -> dict[str, tuple[float, dict[str, str]]]:
    assert all(name == "metric" for name, _ in extension.world.emitted)
    return {
        metric["name"]: (metric["value"], metric["labels"])
        for _, metrics in extension.world.emitted
        for metric in metrics
    }


def test_a_save_a_tool_a_model_and_a_run_are_published_each_with_its_labels() -> None:
    extension = loaded()
    worked(extension)

    about = {"model": "custom/small", "agent": "coder"}
    assert published(extension) == {
        "saves_total": (1, {}),
        "tool_calls_total": (1, {"tool": "read_file", "outcome": "ok"}),
        "model_calls_total": (1, {**about, "outcome": "ok"}),
        "tokens_total": (1200, about),
        "cost_usd_total": (0.003, about),
        "runs_total": (1, {"agent": "coder", "outcome": "ok"}),
    }


@pytest.mark.parametrize(
    ("error", "outcome"),
    [("steward.not_permitted", "refused"), ("steward.over_budget", "refused"), ("boom", "failed")],
)
def test_what_was_refused_is_told_apart_from_what_failed(error: str, outcome: str) -> None:
    extension = loaded()
    extension.engine("error-tool", **moment("tool", "error", name="run_command", error=error))

    assert published(extension)["tool_calls_total"][1]["outcome"] == outcome
    extension.command("show")
    said = extension.world.panels["counts"][0]["text"]
    assert ("1 refused, 0 failed" in said) == (outcome == "refused")


def test_the_panel_shows_today_the_week_and_who_took_what() -> None:
    extension = loaded()
    worked(extension)

    extension.command("show")

    text, today, often, money, tokens, agents, models, tools = extension.world.panels["counts"]
    assert "1 saves, 1 runs (0 not finished), 1 tool calls, 1 model calls" in text["text"]
    assert "1,200 tokens, $0.0030" in text["text"]
    assert today["series"]["Saves"][9] == 1
    assert sum(today["series"]["Saves"]) == 1
    assert often["labels"][-1] == "11-22"
    assert money["series"]["Cost"] == [0, 0, 0, 0, 0, 0, 0.003]
    assert tokens["series"]["Tokens"][-1] == 1200
    assert agents["rows"] == [["coder", "1", "1,200", "$0.0030"]]
    assert models["rows"] == [["custom/small", "1", "1,200", "$0.0030"]]
    assert tools["rows"][0][0] == "read_file"


def test_counts_outlive_a_restart_and_the_next_day_begins_at_nought() -> None:
    extension = loaded()
    worked(extension)
    extension.hook("onUnload")

    again = loaded(World(storage=extension.world.storage), TODAY + timedelta(days=1))
    again.saved("a.py", "")
    again.command("show")

    text, _, often, *_ = again.world.panels["counts"]
    assert "1 saves, 0 runs" in text["text"]
    assert often["series"]["Saves"][-2:] == [1, 1]
    assert often["series"]["Runs"][-2:] == [1, 0]


def test_old_days_are_forgotten_and_storage_stays_small() -> None:
    extension = loaded(World(config={"days_kept": 7}))
    for day in range(20):
        turn(extension, TODAY + timedelta(days=day))
        extension.saved("a.py", "")
        extension.hook("onUnload")

    kept = sorted(key for key in extension.world.storage if key.startswith("day:"))
    assert kept[0] == f"day:{date(2026, 11, 22) + timedelta(days=12)}"
    assert len(kept) == 8


def test_many_changes_are_kept_together_and_none_is_lost_by_much() -> None:
    extension = loaded()
    for _ in range(60):
        extension.saved("a.py", "")

    assert kept(extension)["saves"] == 50
    assert len(extension.world.emitted) == 60


def test_names_of_a_day_are_bounded() -> None:
    extension = loaded()
    for number in range(150):
        extension.engine("after-tool", **moment("tool", name=f"tool{number}"))
    extension.command("show")
    assert len(kept(extension)["tools"]) == 101
    assert extension.world.panels["counts"][-1]["rows"][0] == ["others", "50", "0", "$0.0000"]


def test_publishing_can_be_off_or_nameless() -> None:
    off = loaded(World(config={"publish": False}))
    worked(off)
    assert off.world.emitted == []

    nameless = loaded(World(config={"name_agents_and_models": False}))
    worked(nameless)
    assert "coder" not in str(nameless.world.emitted)
    assert published(nameless)["runs_total"] == (1, {"outcome": "ok"})


def test_nothing_of_a_file_is_kept_or_published() -> None:
    extension = loaded()
    worked(extension)
    extension.hook("onUnload")
    told = str(extension.world.emitted) + str(extension.world.storage)
    assert "secret" not in told
    assert "canary" not in told


def test_counts_can_be_forgotten() -> None:
    extension = loaded()
    worked(extension)
    extension.command("show")
    extension.command("reset")
    assert extension.world.storage == {}
    extension.command("show")
    assert "0 saves" in extension.world.panels["counts"][0]["text"]


def test_what_is_refused_for_now_goes_with_the_next() -> None:
    extension = loaded()
    sdk = vars(extension.module("published"))["steward"]
    emit = sdk.emit

    def too_much(*_: Any) -> None:
        raise sdk.Limit("too many events in this minute")

    sdk.emit = too_much
    extension.saved("a.py", "")
    extension.saved("a.py", "")
    sdk.emit = emit
    extension.saved("a.py", "")

    assert published(extension) == {"saves_total": (3, {})}
