"""Texts to and from WebAssembly, for the few shapes that the interface has.

The package's own conversion asks for the types of each value again, keeps what two threads would
overwrite, and cannot tell the absence of a text from a refusal. So these shapes have their own;
whatever else an extension claims a function to be is refused here, by its kind.
"""

import ctypes
from collections.abc import Callable, Sequence
from typing import Any, Literal, cast

from wasmtime import WasmtimeError, _bindings

api = cast("Any", _bindings)
"""The C interface itself; what the package makes of it is not asked."""

_Value = api.wasmtime_component_val_t
_call, _post_return = (
    api._wasmtime_component_func_call,
    api._wasmtime_component_func_post_return,
)


def _at_once(name: str, *arguments: Any) -> Any:
    """A function that is over in no time: other threads need not have their turn meanwhile."""
    place = ctypes.cast(getattr(api, f"_{name}"), ctypes.c_void_p).value
    return ctypes.PYFUNCTYPE(None, *arguments)(place or 0)


_delete = _at_once("wasmtime_component_val_delete", ctypes.c_void_p)
_new_bytes = _at_once("wasm_byte_vec_new", ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p)
_STRING, _VARIANT, _OPTION, _RESULT = 12, 16, 18, 19

Shape = Literal["text", "perhaps a text", "nothing", "no result"]
"""What a host function gives: `result<string, error>`, `result<option<string>, error>`,
`result<_, error>`, or nothing at all."""

Host = Callable[[Sequence[str | None]], tuple[str, str]]
"""Gives `text`, `none` or the name of a refusal, and a text. It raises nothing."""


class MismatchError(Exception):
    """A value is not of the kind that the interface has there."""


def call(function: Any, store: Any, texts: Sequence[str]) -> tuple[bool, str]:
    """Call `func(string…) -> result<string, string>`; whether it is ok, and the text.

    Raises:
        WasmtimeError: it trapped, or is another kind of function.
        MismatchError: it gave something else.
    """
    given = (_Value * len(texts))()
    result: Any = _Value()
    called, context = ctypes.byref(function._func), store._context()
    try:
        for slot, text in zip(given, texts, strict=True):
            _put(slot, text)
        error = _call(called, context, given, len(texts), ctypes.byref(result), 1)
    finally:
        for slot in given:
            _delete(ctypes.byref(slot))
    if error:
        raise _complaint(error)
    try:
        found = result.of.result
        if result.kind != _RESULT or not found.val:
            raise MismatchError
        told = found.is_ok, _text(found.val.contents)
    finally:
        _delete(ctypes.byref(result))
    error = _post_return(called, context)
    if error:
        raise _complaint(error)
    return told


def when_due(more_ticks: Callable[[], int]) -> Any:
    """What is asked, on the thread of a store, whenever its time seems up; nought stops it."""

    @_DUE
    def due(_context: Any, _data: Any, ticks: Any, kind: Any) -> int:
        try:
            ticks[0], kind[0] = more_ticks(), _GO_ON
            if ticks[0]:
                return 0
        except Exception:  # noqa: BLE001, S110  Then it is stopped.
            pass
        return _error(b"wasm trap: interrupt")

    return due


def ask_when_due(store: Any, due: Any) -> None:
    """Have `due` asked about this store; it must be kept as long as any store."""
    api.wasmtime_store_epoch_deadline_callback(store.ptr(), due, None, _NO_FINALIZER)


_DUE = api._wasmtime_store_epoch_deadline_callback.argtypes[1]
_NO_FINALIZER = api._wasmtime_store_epoch_deadline_callback.argtypes[3](0)
_GO_ON = 0


def define(instance: Any, name: str, shape: Shape, host: Host) -> None:
    """Define a function of texts in an instance of a linker."""
    encoded = name.encode("ascii")
    _functions.append((shape, host))
    error = api.wasmtime_component_linker_instance_add_func(
        instance.ptr(),
        ctypes.create_string_buffer(encoded),
        len(encoded),
        _called,
        len(_functions) - 1,
        _forgotten,
    )
    if error:
        raise _complaint(error)


_functions: list[tuple[Shape, Host]] = []
"""Of all components; they stay as long as the worker."""


@api.wasmtime_component_func_callback_t
def _called(
    place: int | None, _context: Any, _type: Any, given: Any, count: int, results: Any, wanted: int
) -> int:
    """What the engine calls. Nothing that goes wrong in here may come out as an exception."""
    try:
        shape, host = _functions[place or 0]
        if wanted == (shape != "no result"):
            how, text = host([_taken(given[index]) for index in range(count)])
            if wanted and how != "stop":
                _fill(results[0], shape, how, text)
            if how != "stop":
                return 0
    except Exception:  # noqa: BLE001, S110  The instance ends, whatever it was.
        pass
    return _error(b"refused by the host")


@ctypes.CFUNCTYPE(None, ctypes.c_void_p)
def _forgotten(_place: int | None) -> None:
    """The engine does not need a function any more; we keep them all."""


def _error(words: bytes) -> int:
    made = api.wasmtime_error_new(ctypes.create_string_buffer(words))
    return ctypes.cast(made, ctypes.c_void_p).value or 0


def _complaint(error: Any) -> WasmtimeError:
    kind: Any = WasmtimeError
    return kind._from_ptr(error)


def _taken(value: Any) -> str | None:
    """A text, or perhaps one."""
    if value.kind == _OPTION:
        return _text(value.of.option.contents) if value.of.option else None
    return _text(value)


def _text(value: Any) -> str:
    if value.kind != _STRING:
        raise MismatchError
    found = value.of.string
    size = found.size
    return ctypes.string_at(found.data, size).decode("utf-8") if size else ""


def _put(slot: Any, text: str) -> None:
    encoded = text.encode("utf-8", "replace")
    slot.kind = _STRING
    _copied(slot.of.string, encoded)


def _copied(into: Any, encoded: bytes) -> None:
    _new_bytes(ctypes.byref(into), len(encoded), encoded)


def _boxed(fill: Callable[[Any], None]) -> Any:
    value: Any = _Value()
    fill(value)
    return api.wasmtime_component_val_new(ctypes.byref(value))


def _fill(slot: Any, shape: Shape, how: str, text: str) -> None:
    slot.kind = _RESULT
    slot.of.result.is_ok = how in ("text", "none")
    if how not in ("text", "none"):
        slot.of.result.val = _boxed(lambda value: _refuse(value, how, text))
    elif shape == "text":
        slot.of.result.val = _boxed(lambda value: _put(value, text))
    elif shape == "perhaps a text":
        slot.of.result.val = _boxed(lambda value: _offer(value, how, text))
    else:
        slot.of.result.val = None


def _refuse(value: Any, how: str, text: str) -> None:
    value.kind = _VARIANT
    _copied(value.of.variant.discriminant, how.encode("ascii"))
    value.of.variant.val = _boxed(lambda inner: _put(inner, text))


def _offer(value: Any, how: str, text: str) -> None:
    value.kind = _OPTION
    value.of.option = None if how == "none" else _boxed(lambda inner: _put(inner, text))
