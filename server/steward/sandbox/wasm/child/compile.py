"""The program that compiles: a component on standard input, what it becomes on standard output."""

import json
import os
import sys

from wasmtime import WasmtimeError
from wasmtime.component import Component

from .confine import confine
from .engine import engine

_REFUSED = 3


def main(orders: str) -> None:
    """Compile one component."""
    given = json.loads(orders)
    made = engine(given["stack_bytes"], shares=given["shares"])
    confine(given)
    wasm = sys.stdin.buffer.read()
    try:
        code = Component(made, wasm).serialize()
    except WasmtimeError as error:
        os.write(2, str(error).encode("utf-8", "replace")[:2000])
        os._exit(_REFUSED)
    view = memoryview(code)
    while view:
        view = view[os.write(1, view) :]
    os._exit(0)
