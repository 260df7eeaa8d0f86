"""How far something has come, on standard error, where a person watches it on a terminal."""

import sys
from types import TracebackType
from typing import Self

_CELLS = 24
_ERASE = "\r\x1b[K"


class Progress:
    """A bar that is gone when the work is over; nothing at all where nobody watches."""

    def __init__(self, what: str, steps: int | None = None) -> None:
        """Say what is done, and in how many steps, if that is known."""
        self._what = what
        self._steps = steps
        self._done = 0
        self._is_watched = sys.stderr.isatty()

    def step(self, at: str = "", by: int = 1) -> None:
        """One step begins; `at` says which."""
        self._show(at)
        self._done += by

    def _show(self, at: str) -> None:
        if not self._is_watched:
            return
        if self._steps:
            full = min(_CELLS, self._done * _CELLS // self._steps)
            bar = f" [{'#' * full}{'.' * (_CELLS - full)}] {self._done}/{self._steps}"
        else:
            bar = f" {self._done:,}" if self._done else ""
        sys.stderr.write(f"{_ERASE}{self._what}{bar} {at}"[:100])
        sys.stderr.flush()

    def __enter__(self) -> Self:
        self._show("")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._is_watched:
            sys.stderr.write(_ERASE)
            sys.stderr.flush()
