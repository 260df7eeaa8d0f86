"""What one process does, a page that another one serves shows as it happens."""

from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, expect

from steward.core.login import login_name
from tests.client import PLAIN
from tests.pages.conftest import Site
from tests.pages.looking import Look, new_look
from tests.person import Person, approve, leave_open

pytestmark = [
    pytest.mark.editor,
    pytest.mark.timeout(240),  # The first one fills the house.
    pytest.mark.asyncio(loop_scope="session"),
]

_GOAL = "Let the basket count its goods."


async def test_a_run_its_question_its_cost_and_a_budget_are_seen_while_they_happen(
    browser: Browser, fresh: Site, workspace: Path
) -> None:
    house = fresh.house
    async with new_look(browser, fresh.url, fresh.cookies) as look:
        overview = await _opened(look, "/")
        budgets = await _opened(look, "/budgets")
        waiting = await _tile(overview, "Waiting for you")
        spent = await _tile(overview, "Today")
        person = Person(leave_open)
        window = await house.window(workspace, person, PLAIN)
        try:
            run_id = await window.run_agent(_GOAL)
            plan = await person.sees("plan")
            await expect(overview.locator("#runs")).to_contain_text(_GOAL)
            await _shows(overview, "Waiting for you", str(int(waiting) + 1))
            run = await _opened(look, f"/runs/{run_id}")
            await expect(run.locator("#run")).to_contain_text("Waits for an answer")
            approvals = await _opened(look, "/approvals")
            link = approvals.locator("#approvals").get_by_role("link", name="Plan of the agent Fix")
            await expect(link).to_have_count(1)
            person.decide = approve
            plan.answer("approve")
            await expect(link).to_have_count(0)
            await expect(run.locator("#run")).not_to_contain_text("Waits for an answer")
            assert (await window.until_ended(run_id))["state"] == "finished"
            await expect(run.locator("#run .state").first).to_have_text("finished")
            await expect(run.locator("#run tr[id^='step-']").nth(3)).to_be_visible()
            await _shows(overview, "Waiting for you", waiting)
            await expect(overview.locator("#runs")).not_to_contain_text(_GOAL)
            await expect(overview.locator("#figures .tile", has_text="Today")).not_to_contain_text(
                spent
            )
        finally:
            await window.close()
        bar = budgets.locator("#accounts tr", has_text=f"user:{login_name()}").locator(".bar")
        await house.run("budget", "set", "user", "--limit", "50")
        await expect(bar).to_contain_text("of $50.00")
        assert look.complaints == []


async def _opened(look: Look, path: str) -> Page:
    """Another tab, which follows what happens."""
    page = await look.page.context.new_page()
    await page.goto(look.url + path)
    await expect(page.locator("[data-live-state]")).to_have_text("live")
    return page


async def _tile(page: Page, name: str) -> str:
    tile = page.locator("#figures .tile", has_text=name).locator(".value")
    return (await tile.inner_text()).strip()


async def _shows(page: Page, name: str, value: str) -> None:
    tile = page.locator("#figures .tile", has_text=name).locator(".value")
    await expect(tile).to_have_text(value)
