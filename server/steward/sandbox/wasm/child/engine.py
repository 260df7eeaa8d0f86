"""The engine, with everything off that extensions do not need."""

from typing import Any

from wasmtime import Config, Engine, Module, WasmtimeError, _bindings

_OFF = (
    "wasm_threads",
    "shared_memory",
    "wasm_memory64",
    "wasm_gc",
    "wasm_function_references",
    "wasm_exceptions",
    "wasm_stack_switching",
    "wasm_custom_page_sizes",
    "wasm_wide_arithmetic",
    "wasm_component_model_async",
    "wasm_component_model_more_async_builtins",
    "wasm_component_model_async_stackful",
    "wasm_component_model_map",
)
"""Each is code that has had or may have holes, and nothing that is compiled for us uses it."""

_HEAD = b"\x00asm\x01\x00\x00\x00"
_MUST_FAIL = {
    "shared memory": b"\x05\x04\x01\x03\x01\x01",
    "64-bit memory": b"\x05\x03\x01\x04\x01",
    "garbage collection": b"\x01\x03\x01\x5f\x00",
    "exceptions": b"\x01\x04\x01\x60\x00\x00\x0d\x03\x01\x00\x00",
}
"""What is off → a module that does nothing but need it."""


class UnfitError(Exception):
    """This wasmtime cannot be told what it must be told."""


def engine(stack_bytes: int, *, shares: bool) -> Engine:
    """An engine whose instances can be stopped at any time.

    Args:
        stack_bytes: how much of a stack each instance has.
        shares: whether instances share the first contents of their memory with the file that they
            were made of. Of code that comes as bytes there is no file, and the one that the engine
            would make for it is hidden memory, which the filter refuses.

    Raises:
        UnfitError: a switch is missing, or does nothing.
    """
    config = Config()
    config.wasm_component_model = True
    config.epoch_interruption = True
    config.max_wasm_stack = stack_bytes
    for name, value in {**dict.fromkeys(_OFF, False), "memory_init_cow": shares}.items():
        switch: Any = getattr(_bindings, f"wasmtime_config_{name}_set", None)
        if switch is None:
            raise UnfitError(f"this wasmtime has no switch {name!r}")
        switch(config.ptr(), value)
    made = Engine(config)
    for name, module in _MUST_FAIL.items():
        if _is_taken(made, _HEAD + module):
            raise UnfitError(f"this wasmtime takes {name} though it is switched off")
    return made


def _is_taken(made: Engine, module: bytes) -> bool:
    try:
        Module.validate(made, module)
    except WasmtimeError:
        return False
    return True
