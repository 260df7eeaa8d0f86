"""How well answers are made to fit: an oracle model tells the truth and then too much."""

import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from benchmarks import corpora
from benchmarks.holes import Cut, Kind, Source, functions, sample
from benchmarks.overruns import Overrun, answers
from steward.completion.shape.fit import fit
from steward.completion.shape.stopper import Stopper
from steward.completion.suggestion import Suggestion
from steward.context.cursor import Cursor

LANGUAGES = ("python", "typescript", "go")
_SEED = 20_26
_FILES, _EACH = 60, 3
_PIECE_CHARS = 4
_FUNCTION_LINES_MAX = 30
_FUNCTIONS_MAX = 200


@dataclass(frozen=True, slots=True)
class Outcome:
    """One answer and what was made of it."""

    cut: Cut
    overrun: Overrun
    answer: str
    found: Suggestion | None
    is_right: bool
    """Whether the document would be as it was before the hole was cut."""
    took_ms: float
    """Processor time of the last look at it, which is what the person waits for."""


def outcomes(files: Sequence[Source], *, seed: int = _SEED, count: int = _FILES) -> list[Outcome]:
    """Cut holes into some of the files, and have every answer of the oracle made to fit."""
    random = Random(seed)
    writable = _functions(files, random)
    return [
        _outcome(cut, overrun, answer)
        for cut in sample(files, seed, count, _EACH)
        for overrun, answer in answers(cut, writable, random).items()
    ]


def measured(*, is_held_out: bool = True) -> list[Outcome]:
    """All languages' outcomes on the packages that are measured, or on those tuned on."""
    return [
        outcome
        for language in LANGUAGES
        for outcome in outcomes(corpora.sources(is_held_out=is_held_out, language=language))
    ]


def share(found: Iterable[Outcome]) -> float:
    """The share of outcomes that are right."""
    right = [outcome.is_right for outcome in found]
    return statistics.fmean(right) if right else 1.0


def of(
    found: Iterable[Outcome],
    *,
    language: str | None = None,
    kind: Kind | None = None,
    overrun: Overrun | None = None,
) -> list[Outcome]:
    """Those outcomes that are of a language, a kind of hole and a kind of answer."""
    return [
        outcome
        for outcome in found
        if language in (None, outcome.cut.language)
        and kind in (None, outcome.cut.kind)
        and overrun in (None, outcome.overrun)
    ]


def kept(found: Iterable[Outcome]) -> list[Outcome]:
    """The answers that were right as they were."""
    return [outcome for outcome in found if outcome.overrun == "none"]


def overruns(found: Iterable[Outcome]) -> list[Outcome]:
    """The answers that held more than the truth."""
    return [outcome for outcome in found if outcome.overrun != "none"]


def _functions(files: Sequence[Source], random: Random) -> list[str]:
    chosen = random.sample(list(files), min(len(files), _FILES))
    found = [text for file in chosen for text in functions(file)]
    short = [text for text in found if 1 < text.count("\n") < _FUNCTION_LINES_MAX]
    return random.sample(short, min(len(short), _FUNCTIONS_MAX))


def _outcome(cut: Cut, overrun: Overrun, answer: str) -> Outcome:
    stopper = Stopper(cut.cursor)
    is_stopped = any(
        stopper.feed(answer[at : at + _PIECE_CHARS]) for at in range(0, len(answer), _PIECE_CHARS)
    )
    started = time.thread_time()
    found = fit(stopper.text, cut.cursor, is_whole=not is_stopped)
    took_ms = (time.thread_time() - started) * 1000
    return Outcome(cut, overrun, answer, found, _is_right(found, cut.cursor, cut.truth), took_ms)


def _is_right(found: Suggestion | None, cursor: Cursor, truth: str) -> bool:
    if found is None:
        return False
    line_after = cursor.line_after
    shown = found.text + line_after[found.replaces :]
    return shown.rstrip() == (truth + line_after).rstrip() and (
        found.replaces > 0 or found.text.rstrip() == truth.rstrip()
    )
