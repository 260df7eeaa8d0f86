"""What a worker says is a stranger's, should an extension ever have got hold of it."""

import pytest

from steward.core.wasm_limits import WASM_LOG_LINES_MAX
from steward.sandbox.wasm.line import Done
from steward.sandbox.wasm.process import Process

_MB = 1024 * 1024


@pytest.mark.parametrize(
    "words",
    [
        ["ask", 1, "log", []],  # While it waits for the answer to the one before.
        ["ask", 2, "log", []],
        ["ask", 1, "log", [1]],
        ["done", -1, "ok"],
        ["log", 1],
        ["answer", 1, "ok"],
        ["ready"],
        [],
        {"ask": 1},
        None,
    ],
)
async def test_a_frame_that_is_out_of_place_ends_its_worker_and_nothing_else(words: object) -> None:
    process = Process(_MB)
    line = process.handle("acme.painter", "onLoad", "{}", 1_000)
    process.take(["ask", 1, "storage-get", ["key"]], "")
    assert process.lost is None
    process.take(words, "")
    assert process.lost is not None
    said = list(line.heard)
    assert isinstance(said[-1], Done)
    assert said[-1].how == "gone"


async def test_lines_that_nobody_has_read_yet_are_bounded() -> None:
    process = Process(_MB)
    line = process.handle("acme.painter", "onLoad", "{}", 1_000)
    for _ in range(2 * WASM_LOG_LINES_MAX):
        process.take(["log", 1, "info"], "a line")
    assert process.lost is not None
    assert len(line.heard) <= WASM_LOG_LINES_MAX + 2


async def test_an_answer_is_taken_for_the_call_that_it_names_and_once() -> None:
    process = Process(_MB)
    first = process.handle("acme.painter", "onLoad", "{}", 1_000)
    second = process.handle("acme.roller", "onLoad", "{}", 1_000)
    process.take(["done", 2, "ok"], "second")
    assert (list(first.heard), list(second.heard)) == ([], [Done("ok", "second")])
    process.take(["done", 2, "ok"], "again")
    assert process.lost is not None
