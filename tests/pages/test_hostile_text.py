"""Hostile text in everything that has a name, on every page: in a browser, and in its bytes."""

import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from functools import partial
from html import unescape
from html.parser import HTMLParser

import httpx
import pytest
import pytest_asyncio
from playwright.async_api import Browser, Dialog, Route

from steward.core.limits import PERSON_NAME_CHARS_MAX
from tests.pages.conftest import Site, served
from tests.pages.hostile import CANARY, MARK, texts
from tests.pages.house import WITHIN_S, Steward
from tests.pages.looking import PHONE, Look, new_look
from tests.pages.planting import plant
from tests.pages.test_every_page import PAGES

pytestmark = [
    pytest.mark.editor,
    pytest.mark.timeout(240),  # The first one fills the house.
    pytest.mark.asyncio(loop_scope="session"),
]

TEXTS = texts()
_HEARD = "the canary was called"
_LISTEN = f"window.{CANARY} = (number) => console.error('{_HEARD}: ' + number);"
_STRUCTURE = (
    *("aria-valid-attr-value", "button-name", "definition-list", "dlitem", "duplicate-id-aria"),
    *("document-title", "label", "link-name", "list", "listitem", "td-headers-attr"),
)
_MARKS = re.compile(rf"{MARK}(\d{{3}})")
_DETAILS = {each.partition("/{")[0]: each for each in PAGES if "/{" in each}
_IN_A_BROWSER = 1
"""Pages of one kind that the browser opens; the others are read as bytes."""
_DATA = "application/json"
"""A script of this kind is none: what a chart shows."""


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def overrun(
    filled: Steward, tmp_path_factory: pytest.TempPathFactory
) -> AsyncGenerator[Site]:
    """A house in which every name and every text is one of those."""
    house = filled.copy(tmp_path_factory.mktemp("overrun") / "data")
    for number, text in enumerate(TEXTS):
        plant(house.data / "steward.db", number, partial(_text, text))
    async with served(house) as site:
        yield site


def _text(text: str, column: str) -> str:
    """The text; of a person or team, what of it may be a name and can be an address."""
    if column not in ("user", "team"):
        return text
    plain = "".join(each for each in text if each.isprintable())
    return plain.replace("../", "").replace("//", "/").replace("\\", "|")[:PERSON_NAME_CHARS_MAX]


@dataclass
class Found(HTMLParser):
    """What a page has in it that only a text can have brought, and its links."""

    wrong: list[str] = field(default_factory=list[str])
    links: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        """Begin as a parser does."""
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Look at what the tag says, and where it leads."""
        named = {name: value or "" for name, value in attrs}
        leads = named.get("href") or named.get("src") or named.get("action") or ""
        self.links += [leads] if tag == "a" else []
        is_ours = leads.startswith(("/", "#", "?")) and not leads.startswith("//")
        is_order = any(name.startswith(("on", "hx-on", "style")) for name in named)
        is_strange = tag in ("iframe", "base", "object", "embed", "style", "math", "marquee")
        is_script = tag == "script" and "src" not in named and named.get("type") != _DATA
        if (leads and not is_ours) or is_order or is_strange or is_script or "srcdoc" in named:
            self.wrong.append(self.get_starttag_text() or tag)


async def addresses(site: Site) -> list[str]:
    """Every page; of things that have pages of their own, all that the lists link to."""
    found = [each for each in PAGES if "{" not in each]
    async with httpx.AsyncClient(cookies=site.cookies, timeout=WITHIN_S) as client:
        for listing, pattern in _DETAILS.items():
            page = Found()
            page.feed((await client.get(site.url + listing)).text)
            _, _, rest = pattern.partition("}")
            wanted = re.compile(rf"{re.escape(listing)}/[^/?#]+")
            links = dict.fromkeys(each for each in page.links if wanted.match(each))
            found += [each if not rest else f"{each.partition('?')[0]}{rest}" for each in links]
    return found


async def test_no_page_has_a_tag_or_an_address_that_a_text_brought(overrun: Site) -> None:
    wrong, seen = list[str](), set[str]()
    async with httpx.AsyncClient(cookies=overrun.cookies, timeout=WITHIN_S) as client:
        for path in await addresses(overrun):
            answer = await client.get(overrun.url + path)
            if answer.status_code != 200:
                wrong.append(f"{path}: {answer.status_code} {_told(answer.text)}")
                continue
            page = Found()
            page.feed(answer.text)
            wrong += [f"{path}: {each}" for each in page.wrong]
            seen |= set(_MARKS.findall(unescape(answer.text)))
    assert wrong == [], f"{len(wrong)}:\n" + "\n".join(wrong[:60])
    assert len(seen) == len(TEXTS), "some text is shown nowhere"


def _told(page: str) -> str:
    _, _, main = page.partition("<main")
    return " ".join(re.sub(r"<[^>]*>", " ", main).split())[:300]


def _few(paths: list[str]) -> list[str]:
    """Some of each kind."""
    kept, count = list[str](), dict[str, int]()
    for path in paths:
        kind = next((each for each in _DETAILS if path.startswith(f"{each}/")), path)
        count[kind] = count.get(kind, 0) + 1
        kept += [path] if count[kind] <= _IN_A_BROWSER else []
    return kept


async def test_a_browser_takes_every_text_for_a_text(browser: Browser, overrun: Site) -> None:
    wrong, seen = list[str](), set[str]()
    async with new_look(browser, overrun.url, overrun.cookies) as look:
        await _listen(look)
        for path in _few(await addresses(overrun)):
            wrong += [f"{path}: {each}" for each in await _opened(look, path)]
            wrong += [f"{path}: {each}" for each in await look.axe_says(*_STRUCTURE)]
            await look.page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
            wrong += await look.sideways(path)
            seen |= set(_MARKS.findall(await look.page.locator("body").inner_text()))
    assert wrong == [], f"{len(wrong)}:\n" + "\n".join(wrong[:60])
    assert len(seen) == len(TEXTS), "some text is shown nowhere"


@pytest.mark.parametrize(
    ("is_escaped", "has_policy", "wanted"),
    [(True, True, ""), (False, True, "Content Security Policy"), (False, False, _HEARD)],
)
async def test_the_canary_is_called_where_texts_are_no_texts(
    browser: Browser, overrun: Site, *, is_escaped: bool, has_policy: bool, wanted: str
) -> None:
    async def spoil(route: Route) -> None:
        """The page as it would be without one protection, or both."""
        answer = await route.fetch()
        body = await answer.text()
        headers = dict(answer.headers)
        if not has_policy:
            del headers["content-security-policy"]
        body = body if is_escaped else unescape(body)
        await route.fulfill(status=answer.status, headers=headers, body=body)

    async with new_look(browser, overrun.url, overrun.cookies) as look:
        await _listen(look)
        await look.page.route(re.compile("/people$"), spoil)
        complaints = "\n".join(await _opened(look, "/people"))
    assert (wanted in complaints) if wanted else not complaints, complaints
    assert (_HEARD in complaints) == (wanted == _HEARD), complaints


async def _listen(look: Look) -> None:
    async def dismiss(dialog: Dialog) -> None:
        look.complaints.append(f"a dialog: {dialog.message}")
        await dialog.dismiss()

    await look.page.add_init_script(_LISTEN)
    look.page.on("dialog", dismiss)


async def _opened(look: Look, path: str) -> list[str]:
    """What the browser complains of while a page is open, and somebody goes over it."""
    look.complaints.clear()
    await look.page.goto(look.url + path)
    await look.page.evaluate(
        """() => document.querySelectorAll("main *").forEach((each) => {
          for (const kind of ["mouseover", "focus", "toggle"]) each.dispatchEvent(new Event(kind));
        })"""
    )
    return list(look.complaints)
