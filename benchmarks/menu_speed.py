"""How soon the menu of actions is there: in a long document, and right behind a key."""

import statistics
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.client import Client
from benchmarks.measure import environment_of, p99_of
from benchmarks.page import Row
from benchmarks.typing_speed import Typist
from demo.editor import STEWARD

FUNCTION = (
    'def function_{0}(first, second):\n    """What both are worth together."""\n'
    "    if first > second:\n        return first - second\n"
    "    total = first + second\n    for number in range(total):\n        total += number\n"
    "    return total\n\n\n"
)
LINES, MENUS = 5_000, 300
LIMIT_MS = 10


@dataclass(frozen=True, slots=True)
class Menus:
    """Times in ms."""

    first_ms: float
    """The first of the document, which loads the grammar and reads it."""
    still_ms: list[float] = field(default_factory=list[float])
    """Where nothing was typed since the last one."""
    typed_ms: list[float] = field(default_factory=list[float])
    """Right behind a key."""


def menus() -> Menus:
    """Menus at one place after another of a document."""
    text = "".join(FUNCTION.format(number) for number in range(LINES // 10))
    with tempfile.TemporaryDirectory() as name, Client(STEWARD, environment_of(Path(name))) as one:
        typist = Typist(one, Path(name), text)
        one.request("workspace/executeCommand", {"command": "steward.status"})
        seen = Menus(typist.answered([_menu(typist, 0)]))
        for number in range(MENUS):
            line = number * (LINES // MENUS)
            seen.typed_ms.append(typist.answered([typist.keystroke(line), _menu(typist, line)]))
        typist.answered([_menu(typist, 0)])
        for number in range(MENUS):
            line = number * (LINES // MENUS)
            seen.still_ms.append(typist.answered([_menu(typist, line)]))
        return seen


def menu_row(seen: Menus) -> Row:
    """What a person waits for before the menu is there."""
    still, typed = p99_of(seen.still_ms), p99_of(seen.typed_ms)
    return Row(
        f"the menu of actions in {LINES:,} lines, p99",
        f"{still:.1f} ms (p50 {statistics.median(seen.still_ms):.1f} ms); right behind a key"
        f" {typed:.1f} ms; the first {seen.first_ms:.0f} ms",
        "",
        f"{LIMIT_MS} ms",
        still <= LIMIT_MS and typed <= LIMIT_MS,
        "a menu waits four milliseconds for what the document defines, and does without it then;"
        " only the first one of a document waits longer, up to a quarter of a second",
    )


def _menu(typist: Typist, line: int) -> dict[str, Any]:
    place = {"line": line, "character": 0}
    params: dict[str, Any] = {
        "textDocument": {"uri": typist.uri},
        "range": {"start": place, "end": place},
        "context": {"diagnostics": []},
    }
    return {"id": typist.client.number(), "method": "textDocument/codeAction", "params": params}
