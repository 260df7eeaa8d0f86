"""The world that an extension sees: what Steward answers, coarse clocks, a little randomness.

Of WASI nothing else is there. Its ready-made host side is not used: with it an extension can wait
inside of the host, where nothing interrupts it. What is not defined here traps when it is called.
"""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from wasmtime import Engine, WasmtimeError
from wasmtime.component import Component, Linker, Record

from .running import RefusedError, Running, current
from .values import Host, Shape, define

_API = "steward:extension"
_VERSION = "1.0.0"
_HOST = f"{_API}/host@{_VERSION}"
GUEST = f"{_API}/guest@{_VERSION}"

_CALLS: dict[str, Shape] = {
    "read-file": "text",
    "list-files": "text",
    "git-read": "text",
    "product-state": "text",
    "propose-edit": "text",
    "ask-model": "text",
    "run-command": "text",
    "storage-get": "perhaps a text",
    "storage-set": "nothing",
    "emit": "nothing",
    "log": "no result",
    "show-message": "nothing",
    "show-panel": "nothing",
    "config-get": "text",
}
"""Every host call, and what it gives."""

_MS_NS = 1_000_000


class World:
    """A component, and all that its instances are joined with."""

    def __init__(self, engine: Engine, component: Component) -> None:
        """Join it.

        Raises:
            RefusedError: it wants something that extensions are not given, or offers nothing.
        """
        self.engine = engine
        self.component = component
        imports = list(component.type.imports(engine))
        _check(imports, list(component.type.exports(engine)))
        self.linker = Linker(engine)
        with self.linker.root() as root:
            if _HOST in imports:
                with root.add_instance(_HOST) as host:
                    for name, shape in _CALLS.items():
                        define(host, name, shape, _asking(name))
            for name in imports:
                functions = _SYSTEM.get(name.partition("@")[0])
                if functions:
                    with root.add_instance(name) as system:
                        for function, act in functions.items():
                            system.add_func(function, _guarded(act))
        # Whatever is left is WASI's: everything else was refused above.
        self.linker.define_unknown_imports_as_traps(component)


def _check(imports: Iterable[str], exports: Iterable[str]) -> None:
    for name in imports:
        if name.startswith("wasi:") or name == _HOST:
            continue
        if name.startswith(f"{_API}/"):
            version = name.partition("@")[2] or "none"
            raise RefusedError(
                f"it was built for version {version} of the interface {_API}, and this Steward"
                f" offers {_VERSION}. Build it against {_VERSION}, or install the Steward that it"
                " was made for."
            )
        raise RefusedError(
            f"it wants {name!r}, which extensions are not given. Build it against the world"
            f" 'extension' of {_API}@{_VERSION} and nothing else."
        )
    if GUEST not in exports:
        offered = [name for name in exports if name.startswith(f"{_API}/guest")]
        found = f", but {offered[0]}" if offered else ""
        raise RefusedError(
            f"it does not offer {GUEST}{found}. Build it against the world 'extension' of"
            f" {_API}@{_VERSION}."
        )


def _asking(name: str) -> Host:
    """The function as `values` calls it. Whose call it is, the thread says and no argument."""

    def ask(words: Sequence[str | None]) -> tuple[str, str]:
        running = current()
        try:
            return running.log(words) if name == "log" else running.ask(name, words)
        except RefusedError as refusal:
            running.fault = refusal.reason, str(refusal)
        except Exception as error:  # noqa: BLE001  Whatever it is, it ends this instance only.
            running.fault = "trap", type(error).__name__
        return "stop", ""

    return ask


def _guarded(act: Callable[..., Any]) -> Callable[..., Any]:
    """A function of WASI's as the package calls it.

    It keeps exceptions of ours in one place for all threads: none may reach it.
    """

    def called(_store: object, *arguments: Any) -> Any:
        running = current()
        try:
            return act(running, *arguments)
        except RefusedError as refusal:
            running.fault = refusal.reason, str(refusal)
        except Exception as error:  # noqa: BLE001  Whatever it is, it ends this instance only.
            running.fault = "trap", type(error).__name__
        raise WasmtimeError("refused by the host")

    return called


def _wall_clock(_running: Running) -> Any:
    told: Any = Record()
    now_ms = time.time_ns() // _MS_NS
    told.seconds = now_ms // 1000
    told.nanoseconds = now_ms % 1000 * _MS_NS
    return told


def _steady_clock(_running: Running) -> int:
    return time.monotonic_ns() // _MS_NS * _MS_NS


def _random_bytes(running: Running, size: int) -> bytes:
    running.take_random(size)
    return os.urandom(size)


def _random_number(running: Running) -> int:
    return int.from_bytes(_random_bytes(running, 8), "little")


def _seed(running: Running) -> tuple[int, int]:
    return _random_number(running), _random_number(running)


def _empty(_running: Running) -> list[Any]:
    return []


_SYSTEM: dict[str, dict[str, Callable[..., Any]]] = {
    "wasi:clocks/wall-clock": {"now": _wall_clock},
    "wasi:clocks/monotonic-clock": {"now": _steady_clock},
    "wasi:random/random": {
        "get-random-bytes": _random_bytes,
        "get-random-u64": _random_number,
    },
    "wasi:random/insecure": {
        "get-insecure-random-bytes": _random_bytes,
        "get-insecure-random-u64": _random_number,
    },
    "wasi:random/insecure-seed": {"insecure-seed": _seed},
    "wasi:cli/environment": {"get-environment": _empty, "get-arguments": _empty},
    "wasi:filesystem/preopens": {"get-directories": _empty},
}
"""All of WASI that does something."""
