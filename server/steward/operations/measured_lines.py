"""How long things took, what is not as usual and what people think, in Prometheus' text format."""

from collections.abc import Iterable, Iterator, Sequence

from sqlmodel import Session

from steward.core.timings import Series, Steps, Timings, most_s
from steward.operations.anomalies import Anomaly
from steward.operations.exposition import Family, Names, standing
from steward.operations.feedback import counts

_EVERY_STEPS = 8
"""So many steps of the scale lie between two bounds: each is four times the one before."""
_BOUNDS = tuple(range(0, 96, _EVERY_STEPS))
_TOOK = Family(
    "steward_part_seconds",
    "How long parts of this process took: database, sandbox, socket, extension.",
    ("part", "name", "measure", "outcome"),
)
_UNUSUAL = Family(
    "steward_anomaly",
    "1 where something is slower, or fails more often, than it usually does. Alert on it.",
    ("part", "name", "measure", "kind"),
)
_SAID = Family(
    "steward_feedback", "What people said of answers, suggestions and runs.", ("about", "verdict")
)


def timing_lines(timings: Timings) -> Iterator[str]:
    """What this process measured; providers have figures of their own."""
    names, measures, outcomes = Names(), Names(), Names()
    yield from _TOOK.head("histogram")
    seen: dict[tuple[str, ...], Steps] = {}
    for series, steps in timings.since_start():
        if series.part != "provider":
            labels = _labels(series, names, measures, outcomes)
            _join(seen.setdefault(labels, {}), steps)
    for labels, steps in seen.items():
        for bound in _BOUNDS:
            below = sum(kept.count for step, kept in steps.items() if step <= bound)
            yield _TOOK.line(labels, below, f'le="{most_s(bound):.6g}"', "_bucket")
        count = sum(kept.count for kept in steps.values())
        yield _TOOK.line(labels, count, 'le="+Inf"', "_bucket")
        took_us = sum(kept.took_us for kept in steps.values())
        yield _TOOK.line(labels, took_us / 1e6, suffix="_sum")
        yield _TOOK.line(labels, count, suffix="_count")


def anomaly_lines(found: Sequence[Anomaly]) -> Iterator[str]:
    """What is not as usual now."""
    names, measures = Names(), Names()
    marks = {
        (each.part, names.of(each.name), measures.of(each.measure), each.kind): 1 for each in found
    }
    yield from standing("gauge", _UNUSUAL, *marks.items())


def feedback_lines(session: Session, tenant_id: str) -> tuple[str, ...]:
    """What people said, counted. A gauge: whoever said it may take it back."""
    told: Iterable[tuple[tuple[str, ...], float]] = [
        ((about, "good" if is_good else "bad"), count)
        for about, is_good, count in counts(session, tenant_id)
    ]
    return tuple(standing("gauge", _SAID, *told))


def _labels(series: Series, names: Names, measures: Names, outcomes: Names) -> tuple[str, ...]:
    name, measure = names.of(series.name), measures.of(series.measure)
    return (series.part, name, measure, outcomes.of(series.outcome))


def _join(into: Steps, steps: Steps) -> None:
    for step, kept in steps.items():
        known = into.get(step)
        if known is None:
            known = into[step] = type(kept)()
        known.count += kept.count
        known.took_us += kept.took_us
