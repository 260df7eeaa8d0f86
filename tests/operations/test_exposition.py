"""The text format, as a parser that is not ours reads it; and its bounds."""

from hypothesis import given, strategies

from steward.operations.exposition import (
    OTHER,
    Counter,
    Family,
    Histogram,
    Names,
    as_text,
    standing,
)
from tests.operations.scrape import Scrape


@given(strategies.text(strategies.characters(exclude_categories=["Cs"]), max_size=20))
def test_whatever_a_name_holds_it_comes_back_whole_and_alone(name: str) -> None:
    counter = Counter(Family("calls_total", 'says "what"\nand \\why', ("model", "task")))
    counter.add(3, name, "chat")
    found = Scrape(as_text(counter.lines()).decode())
    assert found.of("calls_total", model=name, task="chat") == 3
    assert len(found.families["calls"].samples) == 1


def test_a_histogram_counts_everything_below_each_bound() -> None:
    histogram = Histogram(Family("took_seconds", "how long", ("task",)), (0.1, 1, 10))
    for figure in (0.05, 0.1, 0.5, 50):
        histogram.note(figure, "chat")
    found = Scrape(as_text(histogram.lines()).decode())
    buckets = [found.of("took_seconds_bucket", le=bound) for bound in ("0.1", "1", "10", "+Inf")]
    assert buckets == [2, 3, 3, 4]
    assert found.of("took_seconds_count", task="chat") == 4
    assert found.of("took_seconds_sum") == 50.65


def test_money_is_exact_to_the_last_nano_dollar() -> None:
    counter = Counter(Family("cost_usd_total", "cost"), is_money=True)
    counter.add(12_345_678_901_234_567_890)
    assert "cost_usd_total 12345678901.234567890" in as_text(counter.lines()).decode()


def test_a_figure_without_labels_and_none_at_all() -> None:
    open_ = standing("gauge", Family("holds_open", "open"), ((), 2))
    none = standing("gauge", Family("limit_usd", "limit", ("scope",)))
    found = Scrape(as_text((*open_, *none)).decode())
    assert found.of("holds_open") == 2
    assert found.families["limit_usd"].samples == []


def test_names_beyond_the_first_so_many_are_one() -> None:
    names = Names(most=2)
    assert [names.of(each) for each in ("a", "b", "c", "a", "d")] == ["a", "b", OTHER, "a", OTHER]
