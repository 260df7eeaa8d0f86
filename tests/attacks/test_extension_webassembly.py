"""Hostile components of raw WebAssembly: what no compiler makes, and what is not even let in."""

import re
from dataclasses import replace

import pytest

from tests.attacks.extension_attacks import ALLOWED, arena, refused
from tests.attacks.extension_webassembly import attacker, attacks, guest
from tests.extension_worker import component


async def test_what_raw_webassembly_tries_is_contained() -> None:
    async with arena() as one:
        one.running.calls.replies["read-file"] = ("ok", "a text that is long enough to need room")
        assert await one.escapes(attacks(), attacker()) == {}


NEEDS = {
    "64-bit memory": "(core module (memory i64 1))",
    "shared memory": "(core module (memory 1 1 shared))",
    "threads": "(core module (memory 1) (func (drop (i32.atomic.load (i32.const 0)))))",
    "garbage collection": "(core module (type (struct (field i32))))",
    "exceptions": "(core module (tag))",
    "functions by reference": "(core module (type $f (func)) (func (param (ref $f))))",
    "pages of another size": "(core module (memory 1 1 (pagesize 1)))",
    "numbers of 128 bits": "(core module (func (param i64 i64 i64 i64) (result i64 i64)"
    " (i64.add128 (local.get 0) (local.get 1) (local.get 2) (local.get 3))))",
    "components that wait": "(type (func async (result string)))",
}
"""All of these are switched off."""
IMPORTS = {
    "another room": '(import "steward:extension/approvals@1.0.0" (instance (export "a" (func))))',
    "another version": '(import "steward:extension/host@9.0.0" (instance (export "a" (func))))',
    "no version": '(import "steward:extension/host" (instance (export "a" (func))))',
    "a disk": '(import "acme:disk/files@1.0.0" (instance (export "a" (func))))',
    "a plain function": '(import "system" (func (param "a" string)))',
    "another shape of a function": '(import "steward:extension/host@1.0.0" (instance'
    ' (export "read-file" (func (param "path" u64) (result (list u64))))))',
    "the disk of WASI alone": '(import "wasi:filesystem/types@0.2.0" (instance'
    ' (export "open" (func))))',
}
"""Nobody offers these."""


async def test_a_component_that_needs_or_wants_what_there_is_not_is_refused() -> None:
    async with arena() as one:
        let_in: list[str] = []
        for name, text in (NEEDS | IMPORTS).items():
            said = await refused(one, guest(f"(component {text})"))
            expected = "cannot be run" if name in NEEDS else "built for version|wants|not offer"
            let_in += [] if re.search(expected, said) else [f"{name}: {said}"]
        assert let_in == []


_ROWS = "(table 10 funcref)"
AT_LOADING = {
    "a start that never ends": "(func $begin (local $i i64) (loop $again (local.set $i (i64.add"
    " (local.get $i) (i64.const 1))) (br_if $again (i64.lt_u (local.get $i)"
    " (i64.const 2_000_000_000))))) (start $begin)",
    "a start that crashes": "(func $begin unreachable) (start $begin)",
    "a memory that is too large": "(memory $more 65000)",
    "more memories than there may be": "(memory 1)" * 5,
    "a table that is too large": "(table 50_000_000 funcref)",
    "more tables than there may be": _ROWS * 90,
    "data beyond its memory": f'(data (i32.const -16) "{"x" * 64}")',
}


async def test_a_component_that_attacks_when_it_is_made_is_stopped() -> None:
    async with arena(replace(ALLOWED, load_ms=300)) as one:
        before = one.running.process_id()
        let_in: list[str] = []
        for name, more in AT_LOADING.items():
            hostile = component("(i32.const 64)", more=more, extension="test.attacker")
            said = await refused(one, hostile)
            let_in += [] if re.search("stopped|crashed", said) else [f"{name}: {said}"]
            await one.neighbour()
        assert let_in == []
        assert one.running.process_id() == before


@pytest.mark.parametrize(
    "count", [5_000, pytest.param(100_000, marks=[pytest.mark.soak, pytest.mark.timeout(300)])]
)
async def test_very_many_functions_are_compiled_aside_and_hold_nobody_up(count: int) -> None:
    many = "".join(f"(func (result i32) (i32.const {number}))" for number in range(count))
    async with arena() as one:
        before = one.running.process_id()
        said = await refused(one, component("(i32.const 64)", more=many, extension="test.attacker"))
        assert said == "" or "cannot be run" in said
        await one.neighbour()
        assert one.running.process_id() == before
