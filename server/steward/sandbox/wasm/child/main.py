"""The program of a worker: takes its orders, gives up its rights, and runs extensions."""

import json
import os
import socket
import threading
from typing import Any, Protocol

from wasmtime import Engine, WasmtimeError
from wasmtime.component import Component

from .confine import confine, succeeded
from .engine import UnfitError, engine
from .frames import LENGTHS, written
from .resident import Resident
from .running import RefusedError, Running
from .ticker import Ticker
from .world import World

_ORDERS_BYTES_MAX = 1 << 16
_STACK_BYTES = 4 << 20
"""Of each thread; WebAssembly takes its share of it and stops there."""


def main(_: str) -> None:
    """Serve until the socket is closed."""
    link = socket.socket(fileno=0)
    orders, given = _begun(link)
    send = Sending(link)
    try:
        shared, copied = (engine(orders["stack_bytes"], shares=each) for each in (True, False))
        components = {
            name: Component.deserialize_file(shared, f"/dev/fd/{descriptor}")
            for name, descriptor in zip(orders["components"], given, strict=True)
        }
    except (UnfitError, WasmtimeError) as error:
        send(["unfit", f"cannot run them here: {error}"])
        return
    for descriptor in given:
        os.close(descriptor)
    # One thread up to here: what is given up now, all later ones are without.
    failed = confine(orders)
    threading.stack_size(_STACK_BYTES)
    serving = Serving((shared, copied), orders, send)
    for name, component in components.items():
        serving.offer(name, shared, component)
    send(["ready", {"failed": failed, "succeeded": succeeded()}])
    # Not by way of the socket's own file, whose every read is one in Python.
    with open(link.fileno(), "rb", buffering=1 << 16, closefd=False) as source:
        serving.serve(source)
    # Extensions that still compute are not waited for.
    os._exit(0)


class Source(Protocol):
    """Where orders come from."""

    def read(self, size: int, /) -> bytes:
        """So many bytes, or fewer at the end."""
        ...


class Sending:
    """Says things, one at a time, whichever thread says them."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._turn = threading.Lock()

    def __call__(self, words: list[Any], behind: bytes = b"") -> None:
        """Say this."""
        frame = written(words, behind)
        with self._turn:
            self._link.sendall(frame)


class Serving:
    """All extensions of this worker."""

    def __init__(
        self, engines: tuple[Engine, Engine], terms: dict[str, Any], send: Sending
    ) -> None:
        self._copied = engines[1]
        self._terms = terms
        self._send = send
        self._ticker = Ticker(engines, terms["tick_ms"])
        self._ticker.start()
        self._worlds: dict[str, World | RefusedError] = {}
        self._residents: dict[str, Resident] = {}
        self._calls: dict[int, Resident] = {}

    def offer(self, name: str, made: Engine, component: Component) -> None:
        """Let extensions be made of this component."""
        try:
            self._worlds[name] = World(made, component)
        except RefusedError as refusal:
            self._worlds[name] = refusal
        except WasmtimeError as error:
            self._worlds[name] = RefusedError(str(error)[:1000])

    def serve(self, source: Source) -> None:
        """Take what comes until nothing does."""
        while len(lengths := source.read(LENGTHS.size)) == LENGTHS.size:
            head, behind = LENGTHS.unpack(lengths)
            words: list[Any] = json.loads(source.read(head).decode("ascii"))
            self._take(words, source.read(behind))

    def _take(self, words: list[Any], behind: bytes) -> None:
        match words:
            case ["handle", call, extension, ms, topic]:
                self._order(extension, ("handle", call, topic, behind.decode(), ms))
            case ["answer", call, how]:
                self._answer(call, how, behind.decode())
            case ["load", call, extension, component, ms]:
                self._load(call, extension, component, behind.decode(), ms)
            case ["cancel", call]:
                self._answer(call, "cancelled", "")
            case ["unload", extension]:
                self._unload(extension)
            case ["component", name]:
                self._component(name, behind)
            case _:
                raise ValueError(words[0])

    def _order(self, extension: str, order: tuple[Any, ...]) -> None:
        resident = self._residents.get(extension)
        if resident is None:
            self._send(["done", order[1], "gone"])
            return
        self._calls[order[1]] = resident
        resident.orders.put(order)

    def _answer(self, call: int, how: str, text: str) -> None:
        resident = self._calls.get(call)
        if resident is None:
            return
        if how == "cancelled":
            resident.running.cancelled = call
        resident.running.answers.put((call, how, text))

    def _load(self, call: int, extension: str, component: str, bundle: str, ms: int) -> None:
        world = self._worlds[component]
        if isinstance(world, RefusedError):
            self._send(["done", call, "refused"], str(world).encode("utf-8", "replace"))
            return
        if extension not in self._residents:
            running = Running(self._terms, self._send)
            resident = Resident(running, self._ticker, self._ended)
            self._residents[extension] = resident
            resident.start()
        self._order(extension, ("load", call, world, bundle, ms))

    def _ended(self, words: list[Any], behind: bytes) -> None:
        self._calls.pop(words[1], None)
        self._send(words, behind)

    def _unload(self, extension: str) -> None:
        resident = self._residents.pop(extension, None)
        if resident is None:
            return
        for call, each in list(self._calls.items()):
            if each is resident:
                self._answer(call, "cancelled", "")
        resident.orders.put(None)

    def _component(self, name: str, code: bytes) -> None:
        try:
            self.offer(name, self._copied, Component.deserialize(self._copied, code))
        except WasmtimeError as error:
            self._worlds[name] = RefusedError(str(error)[:1000])


def _begun(link: socket.socket) -> tuple[dict[str, Any], list[int]]:
    """The orders, and the files that came with them."""
    data, given, _flags, _address = socket.recv_fds(link, _ORDERS_BYTES_MAX, 8)
    while len(data) < LENGTHS.size or len(data) < LENGTHS.size + LENGTHS.unpack_from(data)[0]:
        more = link.recv(_ORDERS_BYTES_MAX)
        if not more:
            os._exit(0)
        data += more
    words = json.loads(data[LENGTHS.size :])
    return words[1], list(given)
