"""Actions in an editor that are repeated until their effect is seen.

A busy VS Code swallows keys while the focus moves, and clicks on what is being drawn anew. A person
looks, and does it again; so does a story. Nothing here makes anything happen twice: an action that
arrived is not repeated.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from playwright.async_api import ElementHandle, Error, Locator, Page

SHOWN_MS = 40_000
"""How long something may take to appear on the screen: a deadline, met only when a story fails."""

PATIENCE_S = 90.0
"""How long an action is repeated before the story fails."""

TRY_MS = 8_000
"""How long one try may wait for what it needs on the screen."""

SEEN_S = 3.0
"""How long the effect of one try may take before there is another, where it may be done twice."""

ONCE_S = 20.0
"""So long where a second one would be another action: a slow editor may still be at the first."""

Find = Callable[[], Awaitable[None]]
"""Brings what is to be clicked to where it can be."""
Click = Callable[[Locator], Awaitable[bool]]
"""Clicks, and tells whether the click arrived."""

_LOOK_AGAIN_S = 0.05

# The listener is called in the same breath as the editor's own, or not at all.
_LISTEN = """(element, event) => {
    const heard = { it: false };
    element.addEventListener(event, () => { heard.it = true; }, { capture: true });
    return heard;
}"""


async def becomes_true(holds: Callable[[], Awaitable[bool]], *, within_s: float = SEEN_S) -> bool:
    """Whether it came to hold in time; what cannot be told at a moment is looked at again."""
    with suppress(TimeoutError):
        async with asyncio.timeout(within_s):
            while True:
                with suppress(Error):
                    if await holds():
                        return True
                await asyncio.sleep(_LOOK_AGAIN_S)
    return False


def none_of(things: Locator) -> Callable[[], Awaitable[bool]]:
    """Whether all of them are gone."""

    async def is_gone() -> bool:
        return await things.count() == 0

    return is_gone


async def repeat(
    page: Page,
    act: Callable[[], Awaitable[None]],
    done: Callable[[], Awaitable[bool]],
    *,
    within_s: float = SEEN_S,
) -> bool:
    """Do `act` until `done`; whether it was done before patience ended."""
    has_acted = False
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            while not page.is_closed():
                with suppress(Error, AssertionError):
                    await act()
                    has_acted = True
                if has_acted and await becomes_true(done, within_s=within_s):
                    return True
                await asyncio.sleep(_LOOK_AGAIN_S)
    return False


async def nothing() -> None:
    """It is there already."""


async def click_arrives(target: Locator) -> bool:
    """Click, and tell whether the click reached what was clicked."""
    element = await target.element_handle(timeout=TRY_MS)
    return await _arrives(element, "click", partial(element.click, timeout=TRY_MS))


async def link_click_arrives(target: Locator) -> bool:
    """As `click_arrives`. VS Code draws links above a text anew at any moment, so the click may
    have reached another than was looked at; that it did is seen by their going away."""
    return await click_arrives(target) or await target.count() == 0


async def key_arrives(target: Locator, key: str) -> bool:
    """Press a key, and tell whether it reached what it was meant for."""
    element = await target.element_handle(timeout=TRY_MS)
    return await _arrives(element, "keydown", partial(element.press, key, timeout=TRY_MS))


async def _arrives(element: ElementHandle, event: str, act: Callable[[], Awaitable[None]]) -> bool:
    heard = await element.evaluate_handle(_LISTEN, event)

    async def is_heard() -> bool:
        return bool(await heard.evaluate("heard => heard.it"))

    with suppress(Error):
        # What is drawn anew meanwhile, or lies under something, is looked for again.
        await act()
    # It may be on its way although the time to send it was over.
    return await becomes_true(is_heard)
