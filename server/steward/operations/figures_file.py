"""What extensions have counted, in a file of the data folder that all processes on it share.

Editors run extensions and `steward serve` answers Prometheus: they are different processes. Each
change is added under a lock, so a counter never falls, whoever comes and goes.
"""

import fcntl
import json
import logging
import os
from collections import Counter
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from steward.core.errors import StewardError
from steward.core.extension_limits import (
    EXTENSION_FIGURES_BYTES_MAX,
    EXTENSION_FIGURES_KEPT_DAYS,
    EXTENSION_FIGURES_MAX,
    EXTENSION_FIGURES_NAMES_MAX,
    EXTENSION_FIGURES_OF_ONE_MAX,
)
from steward.core.private_files import read_private, write_private
from steward.operations.exposition import OTHER, Family

_log = logging.getLogger(__name__)

Labels = tuple[tuple[str, str], ...]
PREFIX = "steward_extension_"
"""What the name of every figure begins with, wherever it is told."""
TOTAL = "_total"
"""What the name of every counter ends with, and of nothing else."""


@dataclass(frozen=True, slots=True)
class Series:
    """One number: whose, of what, with which labels in order of their names."""

    extension: str
    name: str
    labels: Labels = ()

    @property
    def is_counter(self) -> bool:
        """Whether it only rises."""
        return self.name.endswith(TOTAL)


@dataclass(frozen=True, slots=True)
class Figure:
    """A number and how it stands."""

    series: Series
    value: float


class _Kept(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    extension: str
    name: str
    labels: tuple[tuple[str, str], ...]
    value: Annotated[float, Field(allow_inf_nan=False)]
    on: date


_FILE = TypeAdapter(tuple[_Kept, ...])
_State = dict[Series, tuple[float, date]]


class FiguresFile:
    """Reads and adds; both touch the disk, so they are no work for the event loop."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "extension-figures.json"
        self._lock = folder / "extension-figures.lock"
        self._seen: tuple[tuple[int, int], tuple[Figure, ...]] | None = None

    def read(self) -> tuple[Figure, ...]:
        """All figures, in order; what cannot be read is none."""
        try:
            state = self._file.stat()
            mark = (state.st_mtime_ns, state.st_size)
            if self._seen is None or self._seen[0] != mark:
                self._seen = (mark, _told(self._load()))
        except FileNotFoundError:
            return ()
        except OSError:
            _log.info("the figures of extensions could not be read")
            return ()
        return self._seen[1]

    def add(self, changes: Mapping[Series, float], today: date) -> None:
        """Add to counters, and set what is no counter.

        Raises:
            OSError: the disk refused; nothing was added.
        """
        with self._alone():
            known = _recent(self._load(), today)
            for series, value in changes.items():
                _put(known, series, value, today)
            self._write(known)

    @contextmanager
    def _alone(self) -> Generator[None]:
        self._lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield
        finally:
            os.close(file)

    def _load(self) -> _State:
        try:
            text = read_private(self._file, EXTENSION_FIGURES_BYTES_MAX)
            kept = () if text is None else _FILE.validate_json(text)
        except (StewardError, ValidationError) as error:
            # Counts begin anew; Prometheus takes that as a restart.
            _log.warning("the figures of extensions could not be read: %s", type(error).__name__)
            return {}
        return {
            Series(each.extension, each.name, each.labels): (each.value, each.on) for each in kept
        }

    def _write(self, known: _State) -> None:
        kept = [
            {
                "extension": series.extension,
                "name": series.name,
                "labels": series.labels,
                "value": value,
                "on": on.isoformat(),
            }
            for series, (value, on) in known.items()
        ]
        content = json.dumps(kept, separators=(",", ":")).encode()
        write_private(self._file, content, may_replace=True)


def as_lines(figures: Iterable[Figure]) -> Iterator[str]:
    """Figures in order of their names, in Prometheus' text format."""
    for name, those in groupby(figures, key=lambda figure: figure.series.name):
        is_begun = False
        for figure in those:
            series = figure.series
            labels = ("extension", *(label for label, _ in series.labels))
            family = Family(f"{PREFIX}{name}", "Told by an extension.", labels)
            if not is_begun:
                yield from family.head("counter" if series.is_counter else "gauge")
                is_begun = True
            yield family.line(
                (series.extension, *(said for _, said in series.labels)), figure.value
            )


def _told(known: _State) -> tuple[Figure, ...]:
    ordered = sorted(known, key=lambda each: (each.name, each.extension, each.labels))
    return tuple(Figure(series, known[series][0]) for series in ordered)


def _recent(known: _State, today: date) -> _State:
    """Without what nobody has counted for long: its extension may be gone."""
    first = today - timedelta(days=EXTENSION_FIGURES_KEPT_DAYS)
    return {series: kept for series, kept in known.items() if kept[1] >= first}


def _put(known: _State, series: Series, value: float, today: date) -> None:
    if series not in known:
        found = _with_room(known, series)
        if found is None:
            _log.debug("a figure of %s has no room", series.extension)
            return
        series = found
    before = known.get(series, (0.0, today))[0]
    after = before + value if series.is_counter else value
    # A sum too large for a number would make the whole file unreadable.
    known[series] = (after if abs(after) < _LARGEST else before, today)


_LARGEST = 1e300


def _with_room(known: Iterable[Series], series: Series) -> Series | None:
    """The series itself, or the one of all others where its extension has too many; or none."""
    every = list(known)
    own = Counter(each.name for each in every if each.extension == series.extension)
    if series.name not in own and len(own) >= EXTENSION_FIGURES_NAMES_MAX:
        return None
    if own.total() < EXTENSION_FIGURES_OF_ONE_MAX and len(every) < EXTENSION_FIGURES_MAX:
        return series
    others = Series(
        series.extension, series.name, tuple((name, OTHER) for name, _ in series.labels)
    )
    # Room for these is left beyond the bound.
    room = EXTENSION_FIGURES_OF_ONE_MAX + EXTENSION_FIGURES_NAMES_MAX
    return others if others in every or own.total() < room else None
