"""A thread for each extension, and the WebAssembly instance that only this thread touches."""

import queue
import threading
from typing import Any

from wasmtime import Store, WasmtimeError

from .frames import packed
from .running import RefusedError, Running, current
from .ticker import Ticker, ticks
from .values import ask_when_due, call, when_due
from .world import GUEST, World

_WORDS_CHARS_MAX = 300


def _more_ticks() -> int:
    running = current()
    left_ms = running.more_ms()
    return ticks(left_ms, running.terms["tick_ms"]) if left_ms >= 1 else 0


_DUE = when_due(_more_ticks)
"""One for all stores: it must live longer than each of them."""


class EndedError(Exception):
    """The instance is gone, for this reason."""

    def __init__(self, reason: str, text: str = "") -> None:
        super().__init__(text)
        self.reason = reason


class Instance:
    """A store, what was made in it, and the two functions that are called."""

    def __init__(self, world: World, running: Running, ticker: Ticker) -> None:
        terms = running.terms
        self._running = running
        self._ticker = ticker
        self._store = Store(world.engine)
        self._store.set_limits(
            memory_size=terms["memory_bytes"],
            table_elements=terms["table_elements"],
            instances=terms["instances"],
            tables=terms["tables"],
            memories=terms["memories"],
        )
        ask_when_due(self._store, _DUE)
        self._world = world
        self._functions: dict[str, Any] = {}

    def load(self, number: int, bundle: str, ms: int) -> tuple[str, str]:
        """Make the instance and have it load; how it ended, and what it said."""
        return self._timed(number, ms, lambda: self._made(bundle))

    def handle(self, number: int, topic: str, payload: str, ms: int) -> tuple[str, str]:
        """Have it handle an event; how it ended, and what it said."""
        return self._timed(number, ms, lambda: self._call("handle", topic, payload))

    def _made(self, bundle: str) -> tuple[str, str]:
        store = self._store
        made = self._world.linker.instantiate(store, self._world.component)
        guest = made.get_export_index(store, GUEST)
        for name in ("load", "handle"):
            place = made.get_export_index(store, name, guest)
            function = place and made.get_func(store, place)
            if function is None:
                raise RefusedError(f"it offers {GUEST}, but no {name!r} in it")
            self._functions[name] = function
        return self._call("load", bundle)

    def _call(self, name: str, *words: str) -> tuple[str, str]:
        store = self._store
        function = self._functions[name]
        is_ok, text = call(function, store, words)
        terms = self._running.terms
        if len(text) > terms["answer_bytes"]:
            raise RefusedError(f"{len(text)} characters", "answer")
        return ("ok", text) if is_ok else ("raised", text[: terms["fault_chars"]])

    def _timed(self, number: int, ms: int, act: Any) -> tuple[str, str]:
        running, store = self._running, self._store
        running.set_deadline = lambda left: store.set_epoch_deadline(
            ticks(left, running.terms["tick_ms"])
        )
        self._ticker.begin()
        try:
            running.begin(number, ms)
            return act()
        except RefusedError as refusal:
            raise EndedError(refusal.reason, str(refusal)) from None
        # Whatever has gone wrong: nothing that was touched by it is used again.
        except Exception as error:  # noqa: BLE001
            raise self._why(error) from None
        finally:
            self._ticker.finish()
            running.set_deadline = lambda _left: None

    def _why(self, error: Exception) -> EndedError:
        if self._running.fault is not None:
            return EndedError(*self._running.fault)
        if isinstance(error, WasmtimeError):
            text = _cause(error)
            for words, reason in _TEXTS.items():
                if words in text:
                    return EndedError(reason)
            return EndedError("trap", text)
        return EndedError("trap", type(error).__name__)


_TEXTS = {
    "wasm trap: interrupt": "deadline",
    "call stack exhausted": "stack",
    "memory minimum size": "memory",
    "resource limit exceeded": "memory",
}


def _cause(error: Exception) -> str:
    """The last of its causes, without the frames in between."""
    return str(error).rpartition("Caused by:")[2].strip()[-_WORDS_CHARS_MAX:]


class Resident(threading.Thread):
    """One extension: takes its orders one by one."""

    def __init__(self, running: Running, ticker: Ticker, send: Any) -> None:
        super().__init__(daemon=True)
        self.orders: queue.SimpleQueue[tuple[Any, ...] | None] = queue.SimpleQueue()
        """`("load", call, world, bundle, ms)` or `("handle", call, topic, payload, ms)`; None is
        the last."""
        self.running = running
        self._ticker = ticker
        self._send = send
        self._instance: Instance | None = None

    def run(self) -> None:
        """Take orders until there are no more."""
        self.running.enter()
        while (order := self.orders.get()) is not None:
            number = order[1]
            try:
                how, text = self._carried_out(*order)
            except EndedError as end:
                self._instance = None
                how, text = end.reason, str(end)
            self._send(["done", number, how], packed(text))
        self._instance = None

    def _carried_out(
        self, what: str, number: int, first: Any, text: str, ms: int
    ) -> tuple[str, str]:
        running = self.running
        if running.cancelled == number:
            raise EndedError("cancelled")
        if what == "load":
            self._instance = None
            self._instance = Instance(first, running, self._ticker)
            how, said = self._instance.load(number, text, ms)
            if how != "ok":
                self._instance = None
            return how, said
        if self._instance is None:
            raise EndedError("gone")
        return self._instance.handle(number, first, text, ms)
