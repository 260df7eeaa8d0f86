"""What is put around a worker: orders to give up every right that it does not need.

The worker carries them out itself, before it has read a byte of any extension: Landlock leaves it
no file at all, the filter leaves it some thirty system calls, none of which opens, connects or
starts anything, and limits bound the rest. Then it tries what it must not be able to do, and tells.
"""

import base64
import os
import sys
from collections.abc import Collection, Mapping
from typing import Any, Literal

from steward.core.errors import SandboxUnavailableError
from steward.core.wasm_limits import (
    WASM_COMPILE_ADDRESS_MAX,
    WASM_COMPILE_S_MAX,
    WASM_COMPILED_BYTES_MAX,
    WASM_WORKER_DATA_MAX,
)
from steward.sandbox.calls import newer
from steward.sandbox.filter import only_computing
from steward.sandbox.system import LANDLOCK_NEEDED, landlock_version
from steward.sandbox.view import NOBODY

Layer = Literal["landlock", "seccomp"]
"""What stands around the WebAssembly."""

LAYERS: tuple[Layer, ...] = ("landlock", "seccomp")

_FILES_OPEN_MAX = 64

_WORKER_LIMITS = {
    "RLIMIT_CORE": 0,
    "RLIMIT_FSIZE": 0,
    "RLIMIT_MEMLOCK": 0,
    "RLIMIT_MSGQUEUE": 0,
    "RLIMIT_NOFILE": _FILES_OPEN_MAX,
    # The address space is no measure: each instance reserves gigabytes that it never touches.
    "RLIMIT_DATA": WASM_WORKER_DATA_MAX,
}
_COMPILER_LIMITS = {
    "RLIMIT_CORE": 0,
    "RLIMIT_FSIZE": WASM_COMPILED_BYTES_MAX,
    "RLIMIT_MEMLOCK": 0,
    "RLIMIT_MSGQUEUE": 0,
    "RLIMIT_NOFILE": _FILES_OPEN_MAX,
    "RLIMIT_AS": WASM_COMPILE_ADDRESS_MAX,
    "RLIMIT_CPU": WASM_COMPILE_S_MAX,
}


def worker_orders(layers: Collection[Layer]) -> dict[str, Any]:
    """What a worker gives up. Blocks for a moment."""
    return _orders(layers, _WORKER_LIMITS)


def compiler_orders(layers: Collection[Layer]) -> dict[str, Any]:
    """What the process gives up that compiles a component. Blocks for a moment."""
    return _orders(layers, _COMPILER_LIMITS)


def _orders(layers: Collection[Layer], limits: Mapping[str, int]) -> dict[str, Any]:
    missing: dict[str, str] = {}
    orders: dict[str, Any] = {
        # With the rights of the system's own account a fault in here would be everybody's.
        "account": NOBODY if os.geteuid() == 0 else None,
        "limits": dict(limits),
        "landlock": None,
        "filter": None,
        "missing": missing,
    }
    if sys.platform != "linux":
        missing["landlock"] = missing["seccomp"] = "only Linux has it"
        return orders
    version = landlock_version()
    if "landlock" not in layers:
        missing["landlock"] = "it is switched off"
    elif version < LANDLOCK_NEEDED:
        found = f"version {version}" if version else "none"
        missing["landlock"] = f"it needs version {LANDLOCK_NEEDED} (Linux 6.12) and finds {found}"
    else:
        orders["landlock"] = [newer("landlock_create"), newer("landlock_self")]
    if "seccomp" not in layers:
        missing["seccomp"] = "it is switched off"
        return orders
    try:
        orders["filter"] = base64.b64encode(only_computing()).decode("ascii")
    except SandboxUnavailableError:
        missing["seccomp"] = "nobody has written down this processor's call numbers"
    return orders


def judged(report: Mapping[str, Any], orders: Mapping[str, Any]) -> tuple[set[Layer], str]:
    """Which layers hold, by what the worker tried; and what is wrong with the others, in words."""
    failed = {str(name): str(why) for name, why in dict(report.get("failed") or {}).items()}
    reasons = {**orders["missing"], **failed}
    escaped = [str(each) for each in report.get("succeeded") or ()]
    holding: set[Layer] = {each for each in LAYERS if each not in reasons}
    if escaped and holding:
        # Something was promised and is not kept: nothing is said to hold.
        return set(), f"a probe in the worker could {', '.join(escaped)}"
    why = "; ".join(f"{_NAMES[each]}: {reasons[each]}" for each in LAYERS if each in reasons)
    return holding, why


_NAMES = {"landlock": "Landlock", "seccomp": "the filter of system calls"}


def in_words(holding: Collection[Layer], why: str) -> str:
    """What keeps extensions in, for people."""
    inner = "Extensions run as WebAssembly in a process of their own"
    if set(holding) == set(LAYERS):
        return (
            f"{inner}, without a file, a network or another program within reach: Landlock and a"
            " filter of system calls see to that."
        )
    return (
        f"{inner}, but the jail around that process is not whole ({why}): should WebAssembly itself"
        " fail, less stands behind it."
    )
