"""What the VS Code stories have in common: the agent's errand, and waiting for what it leads to."""

import asyncio
import json
from collections.abc import Callable
from typing import TypeVar

import pytest

from demo.replies import JsonObject, Reply, Script, call, say
from demo.script import RIGHT, SOURCE, WRONG
from tests.editors.vscode import Window
from tests.flows.scripts import after_plan, task_of

T = TypeVar("T")

PLAN = "Plan of the agent Fix"
GOAL = "Make the failing test pass"
WITHIN_S = 40.0

EDIT = {"do": "edit", "path": SOURCE, "old_text": WRONG, "new_text": RIGHT}
_STEP = {"title": "Tidy up the shop", "tool": "change_files", "detail": "All of it as one."}


def changing(*changes: object) -> Script:
    """The agent plans to change files, proposes these changes, and is done."""
    acting = after_plan(call("change_files", changes=changes))

    def script(request: JsonObject) -> Reply:
        if task_of(request) == "plan":
            return say(json.dumps({"summary": "Tidy up.", "steps": [_STEP]}))
        return acting(request)

    return script


async def ask_for_the_fix(window: Window) -> None:
    """Start the agent from the palette."""
    await window.open_file("tests/test_basket.py")
    await window.run_command("Steward: Fix with Agent…")
    await window.answer_input(GOAL)


async def get_to_the_diff(window: Window) -> None:
    """Start the agent and approve its plan; then its proposal is on the screen."""
    await ask_for_the_fix(window)
    await window.press_button("Approve plan", question=PLAN)
    # The diff comes first and takes the keys; the message with the buttons comes when it is there.
    await window.is_offered("Apply")


async def becomes(read: Callable[[], T], wanted: T) -> None:
    """Wait until it is so; what it was instead is in the failure."""
    seen = read()
    try:
        async with asyncio.timeout(WITHIN_S):
            while (seen := read()) != wanted:
                await asyncio.sleep(0.05)
    except TimeoutError:
        trouble = f"still {seen!r}, not {wanted!r}"
        window = Window.playing
        pytest.fail(trouble if window is None else await window.described(trouble))
