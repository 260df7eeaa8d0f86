"""Signing in with a real browser, and what pages of other sites can do to somebody who has."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, Page, Route, expect

from tests.pages.conftest import Site
from tests.pages.looking import Look, new_look

pytestmark = [
    pytest.mark.editor,
    pytest.mark.asyncio(loop_scope="session"),
]

_FORMS = """<!doctype html><title>prizes</title><script>
const frame = (name) => {{
  const made = document.createElement("iframe");
  made.name = name;
  document.body.append(made);
}};
const send = (path, fields, kind) => {{
  const form = document.createElement("form");
  Object.assign(form, {{ action: "{url}" + path, method: "post", target: path, enctype: kind }});
  for (const [name, value] of Object.entries(fields)) {{
    const field = document.createElement("input");
    Object.assign(field, {{ name, value }});
    form.append(field);
  }}
  frame(path);
  document.body.append(form);
  form.submit();
}};
addEventListener("load", async () => {{
  for (const kind of ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data"]) {{
    send("/sign-out", {{ everywhere: "yes" }}, kind);
    send("/sign-in", {{ token: "{token}" }}, kind);
    send("/sign-in/link", {{ link: "{link}" }}, kind);
  }}
  frame("{url}/usage");
  window.learnt = [];
  for (const mode of ["no-cors", "cors"]) {{
    for (const path of ["/usage", "/api/v1/usage", "/sign-out"]) {{
      const method = path === "/sign-out" ? "POST" : "GET";
      try {{
        const got = await fetch("{url}" + path, {{ mode, method, credentials: "include" }});
        window.learnt.push(await got.text());
      }} catch (error) {{ /* The browser keeps the answer to itself. */ }}
    }}
  }}
  window.isDone = true;
}});
</script><body>"""


@asynccontextmanager
async def visiting(browser: Browser, site: Site) -> AsyncGenerator[Look]:
    """Somebody who has not signed in yet."""
    async with new_look(browser, site.url, {}) as look:
        yield look


async def link_to(site: Site, path: str) -> str:
    return (await site.house.run("open", path, "--print")).strip()


async def signs_in(look: Look, site: Site, path: str = "/usage") -> str:
    """Follow a link and press its button; gives the secret that was in it."""
    link = await link_to(site, path)
    await look.page.goto(link)
    await look.page.get_by_role("button", name="Sign in").click()
    await look.page.wait_for_url(site.url + path)
    return link.partition("#")[2]


async def test_a_link_signs_in_and_leaves_nothing_behind(browser: Browser, bare: Site) -> None:
    async with visiting(browser, bare) as look:
        link = await link_to(bare, "/usage")
        asked: list[str] = []
        look.page.on("request", lambda one: asked.append(f"{one.url} {one.headers}"))
        await look.page.goto(link)
        assert look.page.url == link.partition("#")[0], "a script took the secret out"
        await look.page.get_by_role("button", name="Sign in").click()
        await look.page.wait_for_url(f"{bare.url}/usage")
        await expect(look.page.locator("h1")).to_have_text("Usage")
        secret = link.partition("#")[2]
        assert not [each for each in asked if secret in each], "no address and no referrer has it"
        kept = "JSON.stringify([document.cookie, localStorage, sessionStorage])"
        assert (await look.page.evaluate(kept)).startswith('["",'), "scripts see no cookie"
        assert secret not in await look.page.evaluate(kept)
        await look.page.go_back()
        assert secret not in look.page.url
        await look.page.goto(link)
        await look.page.get_by_role("button", name="Sign in").click()
        await expect(look.page.get_by_role("alert")).to_contain_text("opens nothing")
        # The browser itself writes down that the last form was refused.
        assert not [each for each in look.complaints if "401" not in each]


async def test_the_page_that_steward_open_shows_a_browser_goes_on_to_the_link(
    browser: Browser, bare: Site, tmp_path: Path
) -> None:
    page = tmp_path / "open.html"
    link = await link_to(bare, "/")
    page.write_text(f'<meta http-equiv="refresh" content="0;url={link.replace("&", "&amp;")}">')
    async with visiting(browser, bare) as look:
        await look.page.goto(page.as_uri())
        await look.page.wait_for_url(f"{bare.url}/sign-in/link**")
        await look.page.get_by_role("button", name="Sign in").click()
        await look.page.wait_for_url(f"{bare.url}/")


async def test_without_scripts_the_secret_is_pasted(browser: Browser, bare: Site) -> None:
    link = await link_to(bare, "/usage")
    async with new_look(browser, bare.url, {}, has_scripts=False) as look:
        await look.page.goto(link)
        await look.page.get_by_label("What stands behind").fill(link.partition("#")[2])
        await look.page.get_by_role("button", name="Sign in").click()
        await look.page.wait_for_url(f"{bare.url}/usage")


async def test_a_person_signs_out(browser: Browser, bare: Site) -> None:
    async with visiting(browser, bare) as look:
        await signs_in(look, bare)
        await look.page.locator(".side").get_by_role("button", name="Sign out").click()
        await look.page.wait_for_url(f"{bare.url}/sign-in")
        await look.page.goto(f"{bare.url}/usage")
        await look.page.wait_for_url(f"{bare.url}/sign-in?then=%2Fusage")


async def test_a_link_in_a_message_leads_to_the_page_and_not_to_the_sign_in(
    browser: Browser, bare: Site
) -> None:
    async with visiting(browser, bare) as look:
        await signs_in(look, bare)
        there = f'<a href="{bare.url}/usage?by=user">look</a>'
        await look.page.route("https://chat.example/*", _answering(there))
        await look.page.goto("https://chat.example/channel")
        await look.page.get_by_role("link").click()
        await expect(look.page.locator("h1")).to_have_text("Usage")
        assert look.page.url == f"{bare.url}/usage?by=user"


async def test_ws_20_ws_03_pages_of_other_sites_and_ports_change_and_learn_nothing(
    browser: Browser, bare: Site
) -> None:
    """Another port is the same site to a browser: the session's cookie does go along."""
    async with visiting(browser, bare) as look:
        await signs_in(look, bare)
        token = await bare.house.token("reports")
        link = (await link_to(bare, "/")).partition("#")[2]
        page = _FORMS.format(url=bare.url, token=token, link=link)
        before = await look.page.context.cookies(bare.url)
        for origin in ("https://evil.example", "http://127.0.0.1:9999"):
            other = await look.page.context.new_page()
            await other.route(f"{origin}/*", _answering(page))
            await other.goto(f"{origin}/prizes")
            await other.wait_for_function("window.isDone")
            assert not [each for each in await other.evaluate("window.learnt") if each]
            await _framed_nothing(other, bare.url)
            await other.close()
        assert await look.page.context.cookies(bare.url) == before
        await look.page.goto(f"{bare.url}/usage")
        await expect(look.page.locator("h1")).to_have_text("Usage")
        await look.page.goto(f"{bare.url}/sign-in/link#{link}")
        await look.page.get_by_role("button", name="Sign in").click()
        await look.page.wait_for_url(f"{bare.url}/")  # Nobody had used it up.


async def _framed_nothing(other: Page, url: str) -> None:
    for frame in other.frames[1:]:
        assert "Usage" not in await frame.content(), frame.url
        assert not (frame.url.startswith(url) and "sign-in?then" in frame.url)


def _answering(body: str) -> Callable[[Route], Awaitable[None]]:
    async def answer(route: Route) -> None:
        await route.fulfill(body=body, content_type="text/html")

    return answer
