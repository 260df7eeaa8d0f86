"""The clock that stops extensions: it rests while none of them runs."""

import threading
import time
from collections.abc import Sequence

from wasmtime import Engine

_IDLE_TICKS = 100


def ticks(ms: float, tick_ms: int) -> int:
    """So many ticks are at least so many milliseconds."""
    return int(ms / tick_ms) + 2


class Ticker(threading.Thread):
    """Moves the time of the engines on."""

    def __init__(self, engines: Sequence[Engine], tick_ms: int) -> None:
        super().__init__(daemon=True)
        self._engines = engines
        self._tick_ms = tick_ms
        self._running = 0
        self._is_asleep = False
        self._turn = threading.Lock()
        self._changed = threading.Condition(self._turn)

    def begin(self) -> None:
        """An extension runs from now on."""
        with self._turn:
            self._running += 1
            if self._is_asleep:
                self._changed.notify()

    def finish(self) -> None:
        """It does not run any more."""
        with self._turn:
            self._running -= 1

    def run(self) -> None:
        """Tick for ever."""
        idle, told = 0, time.monotonic()
        while True:
            # Waking it costs each event some time, so it stays awake between those of a burst.
            idle = 0 if self._running else idle + 1
            if idle > _IDLE_TICKS:
                self._sleep()
                told = time.monotonic()
            time.sleep(self._tick_ms / 1000)
            # On a busy machine it sleeps longer than it meant to; the ticks do not get longer.
            due = int((time.monotonic() - told) * 1000 / self._tick_ms)
            told += due * self._tick_ms / 1000
            for _ in range(due):
                for engine in self._engines:
                    engine.increment_epoch()

    def _sleep(self) -> None:
        with self._changed:
            self._is_asleep = True
            while self._running == 0:
                self._changed.wait()
            self._is_asleep = False
