"""Every page that there is, looked at: nobody can add one that is not."""

import re

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from playwright.async_api import Browser

from steward.web.pages import site
from tests.pages.conftest import Site
from tests.pages.house import WITHIN_S
from tests.pages.looking import Look, new_look

pytestmark = [
    pytest.mark.editor,
    pytest.mark.timeout(240),  # The first one fills the house.
    pytest.mark.asyncio(loop_scope="session"),
]

_SHOWN = ('class="empty"', 'class="tile"', "<td", "<dd", "<time")
"""What a page has in it that shows something, or says what would be shown."""
NO_PAGES = re.compile(r"/static/.*|/sign-.*|.*\.(csv|json)")
"""Addresses of the site that show no page of somebody who has signed in."""
PAGES = sorted(
    {
        str(each.path)
        for each in iter_route_contexts(site.router.routes)
        if "GET" in (each.methods or ()) and not NO_PAGES.fullmatch(str(each.path))
    }
)


async def first_of(site: Site, pattern: str) -> str:
    """The address of the first thing that a list links to, for a page such as `/runs/{id}`."""
    listing, _, rest = pattern.partition("/{")
    if not rest:
        return pattern
    _, _, below = rest.partition("}")
    page = listing if listing in PAGES else listing.rpartition("/")[0]
    async with httpx.AsyncClient(cookies=site.cookies, timeout=WITHIN_S) as client:
        listed = (await client.get(site.url + page)).text
    links = re.findall(rf'href="({re.escape(listing)}/[^/"?#]+)([?#][^"]*)?"', listed)
    assert links, f"{page} links to nothing like {pattern}"
    first, more = links[0]
    return f"{first}{below}{more}"


@pytest.mark.parametrize("pattern", PAGES)
async def test_a_page_is_fit_for_every_screen_and_for_everybody(
    pattern: str, look: Look, shown: Site
) -> None:
    await look.over(await first_of(shown, pattern), name=_name(pattern))


def _name(pattern: str) -> str:
    return re.sub(r"[^a-z]+", "-", pattern).strip("-") or "overview"


@pytest.mark.parametrize("path", ["/sign-in", "/sign-in/link"])
async def test_a_page_for_everybody_is_fit_for_every_screen(
    path: str, browser: Browser, shown: Site
) -> None:
    async with new_look(browser, shown.url, {}) as look:
        await look.over(path)


async def test_what_did_not_work_is_told_on_a_page_of_its_own(look: Look) -> None:
    await look.open("/nothing-here", status=404)
    await look.picture("failed-desk-light")
    assert await look.axe_says() == []
    assert "Failed to load resource" in "".join(look.complaints)
    assert len(look.complaints) == 1


@pytest.mark.parametrize("path", [each for each in PAGES if "{" not in each])
async def test_a_page_of_an_empty_house_says_what_would_fill_it(path: str, bare: Site) -> None:
    async with httpx.AsyncClient(cookies=bare.cookies, timeout=WITHIN_S) as client:
        answer = await client.get(bare.url + path)
    assert answer.status_code == 200, answer.text
    _, _, content = answer.text.partition("<main")
    assert any(each in content for each in _SHOWN), path


async def test_what_is_renewed_by_itself_is_not_renewed_by_a_click(shown: Site) -> None:
    async with httpx.AsyncClient(cookies=shown.cookies, timeout=WITHIN_S) as client:
        for path in PAGES:
            if "{" not in path:
                parts = re.findall(r"<[^>]*hx-get[^>]*>", (await client.get(shown.url + path)).text)
                assert [each for each in parts if "hx-trigger" not in each] == [], path


async def test_hostile_names_are_text_on_every_page(shown: Site) -> None:
    async with httpx.AsyncClient(cookies=shown.cookies, timeout=WITHIN_S) as client:
        for path in PAGES:
            if "{" not in path:
                text = (await client.get(shown.url + path)).text
                assert "<b onclick" not in text, path
