"""What extensions count: from their events over the shared file to Prometheus and OpenTelemetry."""

import asyncio
import json
import stat
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, strategies as st

from steward.app.house import open_house
from steward.app.site import open_site
from steward.core.clock import ManualClock
from steward.core.events import Events, ExtensionEmitted
from steward.core.extension_limits import (
    EXTENSION_FIGURES_AT_ONCE_MAX,
    EXTENSION_FIGURES_KEPT_DAYS,
    EXTENSION_FIGURES_NAMES_MAX,
    EXTENSION_FIGURES_OF_ONE_MAX,
)
from steward.operations.exposition import as_text
from steward.operations.extension_figures import ExtensionFigures
from steward.operations.figures_file import Figure, FiguresFile, Series, as_lines
from steward.operations.settings import OperationsSettings
from steward.operations.traces import open_traces
from steward.settings import Settings
from tests.ledger.bank import START
from tests.operations.collector import Collector, attributes
from tests.operations.scrape import Scrape
from tests.text_editor import TextEditor

MINE = "acme.counter"
TODAY = START.date()


def emitted(payload: Any, extension: str = MINE, name: str = "metric") -> ExtensionEmitted:
    said = payload if isinstance(payload, str) else json.dumps(payload)
    return ExtensionEmitted("/somewhere", extension, name, said)


def scraped(folder: Path) -> Scrape:
    return Scrape(as_text(as_lines(FiguresFile(folder).read())).decode())


def told(folder: Path, *payloads: Any, extension: str = MINE) -> Scrape:
    """What stands in the figures after an extension told so."""
    figures = ExtensionFigures(FiguresFile(folder), ManualClock(START))
    for payload in payloads:
        figures.note(emitted(payload, extension))
    asyncio.run(figures.flush())
    return scraped(folder)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.01)


def test_a_counter_is_added_up_and_told_with_its_extension_and_labels(tmp_path: Path) -> None:
    one = {"name": "saves_total", "labels": {"language": "go"}}
    found = told(tmp_path, one, {**one, "value": 2.5}, [one, {"name": "opened", "value": 7}])

    assert found.of("steward_extension_saves_total", extension=MINE, language="go") == 4.5
    assert found.of("steward_extension_opened_total", extension=MINE) == 7
    assert found.families["steward_extension_saves"].type == "counter"


def test_a_gauge_is_how_it_stands(tmp_path: Path) -> None:
    found = told(tmp_path, *({"name": "open_total", "kind": "gauge", "value": n} for n in (5, -2)))
    assert found.of("steward_extension_open", extension=MINE) == -2
    assert found.families["steward_extension_open"].type == "gauge"


def test_processes_add_to_the_same_counter_and_lose_nothing(tmp_path: Path) -> None:
    def work(_: int) -> None:
        file = FiguresFile(tmp_path)
        for _ in range(5):
            file.add({Series(MINE, "saves_total"): 1.0}, TODAY)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))

    assert scraped(tmp_path).of("steward_extension_saves_total") == 20


async def test_what_is_told_through_events_is_written_at_once_and_at_the_end(
    tmp_path: Path,
) -> None:
    events = Events()
    figures = ExtensionFigures(FiguresFile(tmp_path), ManualClock(START))
    file = tmp_path / "extension-figures.json"
    async with figures.running(events):
        await asyncio.sleep(0)  # It watches from its first turn on.
        events.send(emitted({"name": "a"}))
        await until(file.exists)
        events.send(emitted({"name": "a"}))
        await asyncio.sleep(0)
    found = await asyncio.to_thread(scraped, tmp_path)
    assert found.of("steward_extension_a_total") == 2
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "somewhere" not in file.read_text("utf-8")


@pytest.mark.parametrize(
    "payload",
    [
        "no json",
        "[1]",
        {"name": "Saves"},
        {"name": "a b"},
        {"name": "a", "value": "many"},
        '{"name": "a", "value": NaN}',
        '{"name": "a", "value": 1e400}',
        {"name": "a", "value": -1},
        {"name": "a", "kind": "histogram"},
        {"name": "a", "labels": {"bad-name": "x"}},
        {"name": "a", "labels": {"b": "two\nlines"}},
        {"name": "a", "labels": {"b": "x" * 81}},
        {"name": "a", "labels": {f"l{n}": "x" for n in range(7)}},
        {"name": "a", "more": 1},
        [{"name": "a"}] * (EXTENSION_FIGURES_AT_ONCE_MAX + 1),
    ],
)
def test_what_is_no_metric_is_left_out_and_the_next_counts(tmp_path: Path, payload: Any) -> None:
    found = told(tmp_path, payload, {"name": "fine"})
    assert set(found.families) <= {"steward_extension_fine", "steward_extension_a"}
    assert found.of("steward_extension_a_total") == 0
    assert found.of("steward_extension_fine_total") == 1


def test_another_event_of_an_extension_is_no_metric(tmp_path: Path) -> None:
    figures = ExtensionFigures(FiguresFile(tmp_path), ManualClock(START))
    figures.note(emitted({"name": "a"}, name="metrics"))
    asyncio.run(figures.flush())
    assert scraped(tmp_path).families == {}


def test_an_extension_cannot_count_in_anothers_name_or_forge_our_labels(
    tmp_path: Path,
) -> None:
    payload = {"name": "steward_cost_usd_total", "labels": {"extension": "other.one", "le": "1"}}
    found = told(tmp_path, payload)
    assert found.labels("steward_extension_cost_usd_total", "extension") == {MINE}
    assert found.of("steward_extension_cost_usd_total", own_extension="other.one", own_le="1") == 1


def test_a_greedy_extension_stays_within_its_bounds_and_leaves_room(tmp_path: Path) -> None:
    file = FiguresFile(tmp_path)
    labels = {
        Series(MINE, "calls_total", (("who", str(n)),)): 1.0
        for n in range(EXTENSION_FIGURES_OF_ONE_MAX + 50)
    }
    file.add(labels, TODAY)
    file.add({Series(MINE, f"n{n}_total"): 1.0 for n in range(100)}, TODAY)
    file.add({Series("other.one", "calls_total"): 1.0}, TODAY)

    found = scraped(tmp_path)
    assert found.of("steward_extension_calls_total", extension=MINE, who="other") == 50
    names = {name for name, family in found.families.items() if family.samples}
    assert len(names) <= EXTENSION_FIGURES_NAMES_MAX
    assert found.of("steward_extension_calls_total", extension="other.one") == 1


def test_what_nobody_counts_any_more_is_forgotten(tmp_path: Path) -> None:
    file = FiguresFile(tmp_path)
    file.add({Series("gone.one", "a_total"): 1.0, Series(MINE, "a_total"): 1.0}, TODAY)
    later = TODAY + timedelta(days=EXTENSION_FIGURES_KEPT_DAYS)
    file.add({Series(MINE, "a_total"): 1.0}, later)
    file.add({Series(MINE, "a_total"): 1.0}, later + timedelta(days=1))

    found = scraped(tmp_path)
    assert found.labels("steward_extension_a_total", "extension") == {MINE}
    assert found.of("steward_extension_a_total") == 3


@pytest.mark.parametrize("content", [b"", b"{", b'[{"extension": 1}]', b"\xff" * 50])
def test_a_spoiled_file_is_begun_anew_and_a_strangers_is_not_read(
    tmp_path: Path, content: bytes
) -> None:
    file = tmp_path / "extension-figures.json"
    file.write_bytes(content)
    file.chmod(0o600)
    assert FiguresFile(tmp_path).read() == ()
    found = told(tmp_path, {"name": "a"})
    assert found.of("steward_extension_a_total") == 1

    file.chmod(0o644)
    assert FiguresFile(tmp_path).read() == ()


def test_what_cannot_be_written_waits_for_the_next_time(tmp_path: Path) -> None:
    blocked = tmp_path / "data"
    blocked.write_text("a file where the folder should be", "utf-8")
    figures = ExtensionFigures(FiguresFile(blocked), ManualClock(START))
    figures.note(emitted({"name": "a"}))
    asyncio.run(figures.flush())
    blocked.unlink()
    figures.note(emitted({"name": "a"}))
    asyncio.run(figures.flush())
    assert scraped(blocked).of("steward_extension_a_total") == 2


@given(st.dictionaries(st.sampled_from(["a", "b_c"]), st.text(max_size=12), max_size=2))
def test_whatever_a_label_says_the_text_can_be_read(labels: dict[str, str]) -> None:
    figures = ExtensionFigures(FiguresFile(Path("nowhere")), ManualClock(START))
    figures.note(emitted({"name": "x", "labels": labels}))
    for series, value in figures._waiting.items():
        text = as_text(as_lines([Figure(series, value)])).decode()
        assert Scrape(text).of("steward_extension_x_total", extension=MINE) == 1


async def test_opentelemetry_is_told_under_the_same_names(
    tmp_path: Path, collector: Collector
) -> None:
    file = FiguresFile(tmp_path)
    add = partial(asyncio.to_thread, file.add)
    await add({Series(MINE, "saves_total", (("language", "go"),)): 3.0}, TODAY)
    settings = OperationsSettings(otlp_endpoint=collector.url)
    async with open_traces(settings, "1.2.3", file.read):
        # What begins after the start is told too.
        await add({Series(MINE, "open"): 2.0, Series(MINE, "saves_total"): 1.0}, TODAY)

    saves = collector.metrics["steward_extension_saves_total"].sum
    assert saves.is_monotonic
    found = {attributes(point).get("language"): point.as_double for point in saves.data_points}
    assert found == {"go": 3.0, None: 1.0}
    (point,) = collector.metrics["steward_extension_open"].gauge.data_points
    assert (point.as_double, attributes(point)) == (2.0, {"extension": MINE})


async def test_what_is_counted_in_an_editor_is_told_by_a_server_on_the_same_folder(
    tmp_path: Path,
) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    async with open_house(settings, None, TextEditor()) as rooms:
        await asyncio.sleep(0)
        rooms.events.send(emitted({"name": "saves_total", "value": 3}))
    async with open_site(settings) as web:
        found = Scrape((await web.metrics.text()).decode())
    assert found.of("steward_extension_saves_total", extension=MINE) == 3
