"""What every page has around it: the menu, the theme, and charts with their tables."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from playwright.async_api import Browser, expect

from tests.pages.conftest import Site
from tests.pages.looking import PHONE, Look, new_look

pytestmark = [
    pytest.mark.editor,
    pytest.mark.timeout(240),  # The first one fills the house.
    pytest.mark.asyncio(loop_scope="session"),
]

_BACKGROUND = "() => getComputedStyle(document.body).backgroundColor"


async def test_a_theme_that_was_chosen_stays_and_the_systems_comes_back(look: Look) -> None:
    await look.open("/")
    page = look.page
    light = await page.evaluate(_BACKGROUND)
    switch = page.locator(".side [data-theme-switch]")
    await switch.click()
    await expect(switch).to_have_accessible_name("Theme: dark")
    dark = await page.evaluate(_BACKGROUND)
    assert dark != light
    await look.open("/usage")
    assert await page.evaluate(_BACKGROUND) == dark
    await switch.click()
    assert await page.evaluate(_BACKGROUND) == light
    await page.emulate_media(color_scheme="dark")
    assert await page.evaluate(_BACKGROUND) == light
    await switch.click()
    await expect(switch).to_have_accessible_name("Theme: system")
    assert await page.evaluate(_BACKGROUND) == dark
    assert look.complaints == []


async def test_the_first_stop_of_the_tab_key_leads_past_the_menu(look: Look) -> None:
    await look.open("/usage")
    await look.page.keyboard.press("Tab")
    await expect(look.page.locator(".skip")).to_be_focused()
    await look.page.keyboard.press("Enter")
    await expect(look.page.locator("main")).to_be_focused()


async def test_without_scripts_the_menu_opens_and_charts_are_tables(
    browser: Browser, shown: Site
) -> None:
    async with new_look(browser, shown.url, shown.cookies, has_scripts=False) as look:
        await look.open("/")
        page = look.page
        await page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        await page.locator(".menu summary").click()
        await page.locator(".menu").get_by_role("link", name="Usage").click()
        await expect(page.locator("h1")).to_have_text("Usage")
        await expect(page.locator(".menu a[aria-current]")).to_have_text("Usage")
        await look.open("/")
        await expect(page.locator(".plot")).to_be_hidden()
        await expect(page.locator("[data-theme-switch]").first).to_be_hidden()
        await page.locator(".chart summary").click()
        await expect(page.locator(".chart tbody tr").last).to_contain_text("$0.0")


async def test_a_chart_is_drawn_of_the_figures_in_its_table(look: Look) -> None:
    await look.open("/")
    await expect(look.page.locator(".chart canvas")).to_be_visible()
    days = await look.page.locator(".chart details tbody tr").count()
    told = await look.page.evaluate(
        "() => JSON.parse(document.querySelector('.chart script').textContent)"
    )
    assert days == len(told["days"]) == len(told["series"]["cost"])
    assert look.complaints == []


async def test_times_are_of_the_clock_of_whoever_looks(browser: Browser, shown: Site) -> None:
    async with new_look(browser, shown.url, shown.cookies, zone="Asia/Tokyo") as look:
        await look.open("/audit")
        first = look.page.locator("main time").first
        at = datetime.fromisoformat(await first.get_attribute("datetime") or "")
        here = at.astimezone(ZoneInfo("Asia/Tokyo"))
        await expect(first).to_have_text(here.strftime("%Y-%m-%d %H:%M"))
        await expect(first).to_have_attribute("title", at.strftime("%Y-%m-%d %H:%M:%S UTC"))
        await expect(look.page.locator("[data-zone]")).to_contain_text("Asia/Tokyo")
        assert look.complaints == []
