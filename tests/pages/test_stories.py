"""The main jobs of a team lead at pages, each done as with a mouse, with scripts and without."""

from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Locator, Page, expect

from steward.core.login import login_name
from tests.pages.conftest import Site, served
from tests.pages.house import Steward
from tests.pages.looking import Look, new_look

pytestmark = [
    pytest.mark.editor,
    pytest.mark.timeout(240),  # The first one fills the house.
    pytest.mark.asyncio(loop_scope="session"),
]


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def worked_in(
    filled: Steward, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Site]:
    """One house for all of these stories: each changes something else in it."""
    house = filled.copy(tmp_path_factory.mktemp("worked") / "data")
    async with served(house) as site:
        yield site


@pytest_asyncio.fixture(loop_scope="session", params=[True, False], ids=["scripts", "plain"])
async def lead(
    browser: Browser, worked_in: Site, request: pytest.FixtureRequest
) -> AsyncGenerator[Look]:
    """The owner, with scripts in the browser and without."""
    has_scripts: bool = request.param
    cookies = worked_in.cookies
    async with new_look(browser, worked_in.url, cookies, has_scripts=has_scripts) as look:
        yield look
        assert look.complaints == []


def row(page: Page, text: str) -> Locator:
    """The line of a table that holds a text."""
    return page.locator("main tbody tr", has_text=text)


async def test_who_spent_it_leads_to_each_call_and_to_why_one_failed(lead: Look) -> None:
    page = lead.page
    await lead.open("/usage")
    await page.locator("select[name=by]").select_option("user")
    await page.get_by_role("button", name="Show").click()
    await row(page, login_name()).get_by_role("link").first.click()
    await expect(page.locator("h1")).to_have_text("Requests")
    await expect(page.get_by_label("User")).to_have_value(login_name())
    await page.get_by_label("Outcome").select_option(label="failed")
    await page.get_by_role("button", name="Show").click()
    failed = page.locator("main tbody tr")
    assert await failed.count() == await failed.filter(has_text="failed").count() > 0
    await failed.first.get_by_role("link").first.click()
    await expect(page.locator("main")).to_contain_text("nothing was bought")


async def test_a_budget_is_looked_at_set_and_told(lead: Look) -> None:
    page = lead.page
    await lead.open("/")
    await page.get_by_role("link", name="team:delivery").click()
    await page.get_by_label("Limit in dollars").fill("0.0015")
    await page.get_by_role("button", name="Look what would change").click()
    await expect(page.locator("#preview")).to_contain_text("is refused where it does not")
    await page.get_by_role("button", name="Let it hold").click()
    await expect(page.locator(".told")).to_contain_text("team:delivery")
    await expect(row(page, "team:delivery")).to_contain_text("nearly used up")
    await lead.open("/")
    await expect(page.locator("#budgets tbody tr").first).to_contain_text("of $0.001500")


async def test_a_token_is_made_seen_once_and_revoked_after_a_second_word(lead: Look) -> None:
    page = lead.page
    name = "a laptop" if lead.has_scripts else "a desk"
    await lead.open("/tokens")
    await page.get_by_label("Name").fill(name)
    await page.get_by_role("button", name="Make").click()
    await expect(page.locator("main")).to_contain_text(name)
    await lead.open("/tokens")
    made = row(page, name)
    yes = made.get_by_role("button", name="Yes, revoke")
    await expect(yes).to_be_hidden()
    await made.locator("summary").click()
    await yes.click()
    await expect(made).to_have_count(0)


async def test_a_person_and_a_team_are_added(lead: Look) -> None:
    page = lead.page
    name = "cy" if lead.has_scripts else "dee"
    await lead.open("/people")
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Team").fill(f"team of {name}")
    await page.get_by_role("button", name="Add").click()
    await expect(page.locator("main")).to_contain_text(name)
    await lead.open("/teams")
    await row(page, f"team of {name}").get_by_role("link").first.click()
    await expect(page.locator("main")).to_contain_text(name)


async def test_a_grant_of_an_extension_is_taken_back(lead: Look) -> None:
    page = lead.page
    await lead.open("/extensions")
    await page.get_by_role("link", name="Git workflow helper").click()
    what = "git.read" if lead.has_scripts else "storage"
    await page.get_by_role("button", name=f"Take back {what}").click()
    await expect(page.locator(".told")).to_contain_text(what)
    await expect(row(page, f"({what})").first).to_contain_text("not allowed")


async def test_the_whole_trail_is_checked(lead: Look) -> None:
    page = lead.page
    await lead.open("/audit")
    await page.get_by_role("button", name="Check the whole trail").click()
    await expect(page.locator("#check")).to_contain_text("The chain holds", timeout=10_000)


async def test_a_question_is_refused_with_a_reason_and_its_run_rated(lead: Look) -> None:
    page = lead.page
    if lead.has_scripts:
        await lead.open("/")
        await page.get_by_role("link", name="Plan of the agent Fix").click()
        await page.get_by_label("Why not, or what to do instead").fill("Not on a Sunday.")
        await page.get_by_role("button", name="Reject plan").click()
        await expect(page.locator("main")).to_contain_text("Not on a Sunday.")
        await expect(page.locator(".badge")).to_have_count(0)
    await lead.open("/runs?state=failed")
    await page.get_by_role("link", name="Weigh parcels.").click()
    await expect(page.locator("main")).to_contain_text("does not take this request")
    await page.get_by_label("bad").check()
    await page.get_by_role("button", name="Say so").click()
    await expect(page.locator(".told")).to_contain_text("kept")
