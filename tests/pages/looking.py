"""Looks at a page as people do: on a phone and at a desk, by day and by night, by keys alone."""

import json
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from playwright.async_api import Browser, ConsoleMessage, Page

from tests.editors.presence import EDITORS
from tests.environment import ROOT

AXE = EDITORS / "axe" / "node_modules" / "axe-core" / "axe.min.js"
PICTURES = ROOT / ".artefacts" / "pages"

DESK, PHONE = (1280, 900), (390, 844)
_NAME = re.compile(r"[^a-z0-9]+")
_AXE = """async (rules) => {
  const only = rules.length ? { runOnly: { type: "rule", values: rules } } : {};
  const found = await axe.run(document, { ...only, resultTypes: ["violations"] });
  return found.violations.map(({ id, impact, help, nodes }) =>
    ({ id, impact, help, where: nodes.map((node) => node.target.join(" ")).slice(0, 5) }));
}"""
_SIDEWAYS = """() => {
  const width = document.documentElement.clientWidth;
  const tooWide = [...document.querySelectorAll("body *")].filter((each) => {
    if (each.closest(".table, .hidden, .skip, .plot") || !each.checkVisibility()) return false;
    return each.getBoundingClientRect().right > width + 1;
  });
  return [document.documentElement.scrollWidth - width,
    tooWide.slice(0, 4).map((each) => each.outerHTML.slice(0, 120))];
}"""
_REACHABLE = """() => [...document.querySelectorAll(
  "a[href], button, input:not([type=hidden]), select, textarea, summary")]
  .filter((each) => each.checkVisibility({ visibilityProperty: true }) && !each.disabled).length"""
_FOCUSED = """() => {
  const each = document.activeElement;
  if (!each || each === document.body) return null;
  window.reached ??= new Set();
  const style = getComputedStyle(each);
  const isSeen = style.outlineStyle !== "none" || each.matches("main, .skip, [type=date]");
  if (each.matches("a, button, input, select, textarea, summary")) window.reached.add(each);
  return [window.reached.size, isSeen ? "" : each.outerHTML.slice(0, 120)];
}"""
_STOPS_MAX = 400


@dataclass
class Look:
    """One browser window, and everything that its page complained of."""

    page: Page
    url: str
    is_signed_in: bool = True
    has_scripts: bool = True
    complaints: list[str] = field(default_factory=list[str])

    def listen(self) -> None:
        """Keep what the browser says of the page."""
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "requestfailed", lambda one: self.complaints.append(f"{one.url} {one.failure}")
        )

    async def open(self, path: str, status: int = 200) -> None:
        """Go to a page, which must be there."""
        await self.page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
        await self.page.emulate_media(color_scheme="light")
        answer = await self.page.goto(self.url + path)
        assert answer is not None
        assert answer.status == status, f"{path}: {answer.status} {await self._words()}"

    async def over(self, path: str, name: str = "", status: int = 200) -> None:
        """Open a page and look it over; fails with everything that is wrong with it."""
        name = name or _NAME.sub("-", path).strip("-")
        await self.open(path, status)
        wrong = await self._at_the_desk(name)
        wrong += await self._otherwise(name)
        wrong += self.complaints
        assert wrong == [], f"{path}:\n" + "\n".join(wrong)

    async def by_keys(self) -> list[str]:
        """What keys alone do not reach or do not show; the tab key goes all the way round."""
        wanted = await self.page.evaluate(_REACHABLE)
        reached, unseen = 0, list[str]()
        for _ in range(_STOPS_MAX):
            await self.page.keyboard.press("Tab")
            found = await self.page.evaluate(_FOCUSED)
            if found is None:
                break
            reached = found[0]
            unseen += [f"focus cannot be seen: {found[1]}"] if found[1] else []
        missed = [f"keys reach {reached} of {wanted} things"] if reached < wanted else []
        return missed + unseen

    async def axe_says(self, *rules: str) -> list[str]:
        """What axe calls serious or critical, by all of its rules or by some."""
        if not await self.page.evaluate("() => 'axe' in window"):
            await self.page.evaluate(AXE.read_text("utf-8") + "; 0")
        found: list[dict[str, Any]] = await self.page.evaluate(_AXE, list(rules))
        return [json.dumps(each) for each in found if each["impact"] in ("serious", "critical")]

    async def picture(self, name: str) -> None:
        """Keep how it looks now."""
        await self.page.evaluate("() => scrollTo(0, 0)")
        await self.page.screenshot(path=PICTURES / f"{name}.png", full_page=True)

    async def _at_the_desk(self, name: str) -> list[str]:
        await self.picture(f"{name}-desk-light")
        landmarks = ["main", "h1", ".skip", "title", *(["nav"] if self.is_signed_in else [])]
        wrong = [
            f"there is no {each}" for each in landmarks if not await self.page.locator(each).count()
        ]
        wrong += await self.sideways(name)
        wrong += await self.axe_says()
        return wrong + await self.by_keys()

    async def _otherwise(self, name: str) -> list[str]:
        await self.page.emulate_media(color_scheme="dark")
        await self.picture(f"{name}-desk-dark")
        wrong = await self.axe_says("color-contrast")
        await self.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        await self.picture(f"{name}-phone-dark")
        wrong += await self.sideways(name)
        await self.page.emulate_media(color_scheme="light")
        await self.picture(f"{name}-phone-light")
        return wrong + await self.axe_says("scrollable-region-focusable", "color-contrast")

    async def sideways(self, name: str) -> list[str]:
        """What is wider than the window."""
        over, wide = await self.page.evaluate(_SIDEWAYS)
        return [f"{name} scrolls sideways by {over}: {wide}"] if over > 0 or wide else []

    async def _words(self) -> str:
        return (await self.page.locator("main").inner_text())[:500]

    def _hear(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"the browser says: {message.text}")


@asynccontextmanager
async def new_look(
    browser: Browser,
    url: str,
    cookies: dict[str, str],
    *,
    has_scripts: bool = True,
    zone: str | None = None,
) -> AsyncGenerator[Look]:
    """A window that is signed in, of somebody who was never here before."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    context = await browser.new_context(
        java_script_enabled=has_scripts,
        timezone_id=zone,
        reduced_motion="reduce",
        permissions=["clipboard-read", "clipboard-write"],
    )
    await context.add_cookies(
        [{"name": name, "value": value, "url": url} for name, value in cookies.items()]
    )
    look = Look(await context.new_page(), url, bool(cookies), has_scripts)
    look.listen()
    try:
        yield look
    finally:
        await context.close()
