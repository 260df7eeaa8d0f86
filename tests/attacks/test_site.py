"""What strangers, other sites and people of little standing try at the API and the pages.

The routes are taken from the application itself, so one that is added tomorrow is tried too.
"""

import hashlib
import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from html import escape
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter
from fastapi.routing import iter_route_contexts
from sqlmodel import Session

from steward.core.principal import Principal
from steward.permissions import people
from steward.permissions.roles import Person
from steward.permissions.tokens import Scope, Wish
from steward.web.pages.site import router as pages
from steward.web.rest.application import build_routes
from steward.web.rest.caller import WHO_MAY
from tests.ledger.bank import ANN, START
from tests.web.browsing import browser, proof, signed_in
from tests.web.conftest import serving
from tests.web.serving import Serving, status_of

__all__ = ["serving"]

ALL: frozenset[Scope] = frozenset(["models", "reports", "manage"])
OPEN = ("/sign-in", "/sign-in/link", "/static/{digest}/{name:path}")
CLOSE = {"Connection": "close"}
_MINUTE = timedelta(minutes=1)
_OF_TRYING = ("audit", "personal_token", "page_session", "sign_in_link")
_PARAMETER = re.compile(r"\{[^}]+\}")
_EVIL = {"Origin": "https://evil.example"}


@dataclass(frozen=True)
class Route:
    """One address with one method."""

    method: str
    template: str
    who: str
    """What it asks for: reports, manage or a person."""

    @property
    def path(self) -> str:
        return _PARAMETER.sub("x1", self.template)

    @property
    def changes(self) -> bool:
        return self.method not in ("GET", "HEAD")


def routes() -> list[Route]:
    """Every one of the API and of the pages."""
    return [*_found(build_routes().router), *_found(pages)]


def _found(router: APIRouter) -> Iterator[Route]:
    for each in iter_route_contexts(router.routes):
        if each.path is None or each.path in OPEN:
            continue
        named = {WHO_MAY.get(call) for call in _calls(each.dependant)} - {None}
        for method in each.methods or ():
            yield Route(method, each.path, str(next(iter(named), "any")))


def _calls(dependant: Any) -> Iterator[Any]:
    for each in dependant.dependencies:
        yield each.call
        yield from _calls(each)


ROUTES = routes()


async def status(serving: Serving, route: Route, headers: dict[str, str]) -> int:
    """What asking ends with, for whoever shows no more than these headers."""
    body: dict[str, Any] = (
        {"json": {}} if route.template.startswith("/api/") else {"data": {"x": "y"}}
    )
    request = serving.client.build_request(
        route.method, route.path, **(body if route.changes else {})
    )
    del request.headers["Authorization"]
    for name, value in headers.items():
        request.headers[name] = value
    return (await serving.client.send(request)).status_code


def held(folder: Path) -> str:
    """Everything that the database holds but who tried what, and when a token was last used."""
    digest = hashlib.sha256()
    with closing(sqlite3.connect(folder / "steward.db")) as connection:
        names = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        for (name,) in sorted(names):
            if name not in _OF_TRYING:
                rows = connection.execute(f'SELECT * FROM "{name}"').fetchall()
                digest.update(f"{name}{rows}".encode())
    return digest.hexdigest()


async def hire(serving: Serving) -> None:
    """From now on there are people, and eve is none of them."""

    def work(session: Session) -> None:
        for user, role in (("ann", "owner"), ("bob", "viewer")):
            people.add(session, ANN, Person(user, role), START)  # pyright: ignore[reportArgumentType]

    await serving.desk.database.run(work)


def test_every_route_is_tried() -> None:
    tried = {each.template for each in ROUTES}
    assert {"/api/v1/usage", "/usage", "/", "/sign-out", "/api/v1/openapi.json"} <= tried
    unsaid = {each.template for each in ROUTES if each.who == "any"}
    assert unsaid <= {"/api/v1/openapi.json", "/sign-out"}, "these ask for no scope"


async def test_ws_01_no_route_opens_without_a_token_that_holds_and_covers_it(
    serving: Serving, tmp_path: Path
) -> None:
    await hire(serving)
    gone, token = await serving.fresh_token(scopes=ALL)
    await serving.revoke(token)
    brief = Wish("a test", ALL, timedelta(seconds=1))
    late, _ = await serving.tokens.create(ANN, "ann", brief, _anybody)
    strange = (await serving.fresh_token("eve", ALL))[0]
    calls, _ = await serving.fresh_token(scopes=frozenset(["models"]))
    reads, _ = await serving.fresh_token(scopes=frozenset(["reports"]))
    before = held(tmp_path)
    for route in ROUTES:
        for shown in (
            {},
            {"Authorization": ""},
            {"Authorization": "Bearer"},
            {"Authorization": f"Bearer {serving.token[:-1]}"},
            {"Authorization": f"Basic {serving.token}"},
            {"Authorization": f"Bearer {gone}"},
            {"Authorization": f"Bearer {late}"},
            {"Cookie": f"steward-{serving.port}={'x' * 43}; token={serving.token}"},
            {"X-Forwarded-For": "127.0.0.1", "Forwarded": "for=127.0.0.1"},
        ):
            serving.clock.advance(_MINUTE)
            assert await status(serving, route, shown) == 401, (route, shown)
        below = [strange, *([] if route.who == "any" else [calls])]
        below += [reads] if route.who in ("manage", "person") else []
        for each in below:
            answer = await status(serving, route, {"Authorization": f"Bearer {each}"})
            assert answer == 403, (route, each)
    assert held(tmp_path) == before


async def test_ws_02_ws_03_ws_20_no_route_answers_another_name_or_another_site(
    serving: Serving, tmp_path: Path
) -> None:
    full, _ = await serving.fresh_token(scopes=ALL)
    before = held(tmp_path)
    async with signed_in(serving) as ann:
        cookie = "; ".join(f"{name}={value}" for name, value in ann.cookies.items())
        bears = {"Cookie": cookie, "X-CSRF-Token": await proof(ann)}
    for route in ROUTES:
        for who in ({"Authorization": f"Bearer {full}"}, bears):
            for foreign in (
                {"Host": "evil.example"},
                {"Host": f"127.0.0.1.nip.io:{serving.port}"},
                _EVIL,
                {"Origin": "null"},
                {"Origin": f"http://127.0.0.1:{serving.port + 1}"},
                {"Sec-Fetch-Site": "cross-site"},
                {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "cors"},
            ):
                assert await status(serving, route, who | foreign) == 403, (route, foreign)
    assert held(tmp_path) == before


async def test_ws_04_ws_20_a_change_by_cookie_shows_what_only_our_pages_know(
    serving: Serving, tmp_path: Path
) -> None:
    before = held(tmp_path)
    async with signed_in(serving) as ann, signed_in(serving) as other:
        cookie = "; ".join(f"{name}={value}" for name, value in ann.cookies.items())
        wrong: tuple[dict[str, str], ...] = (
            {},
            {"X-CSRF-Token": ""},
            {"X-CSRF-Token": await proof(other)},
        )
        for route in (each for each in ROUTES if each.changes):
            for shown in wrong:
                found = await status(serving, route, {"Cookie": cookie, **shown})
                assert found == 403, (route, shown)
        for kind in ("text/plain", "multipart/form-data; boundary=x", ""):
            body = f"csrf={await proof(ann)}"
            sent = await ann.post("/sign-out", content=body, headers={"Content-Type": kind})
            assert sent.status_code == 403, kind
        assert (await ann.get("/usage")).status_code == 200
    assert held(tmp_path) == before


async def test_a_get_changes_nothing(serving: Serving, tmp_path: Path) -> None:
    full, _ = await serving.fresh_token(scopes=ALL)
    before = held(tmp_path)
    for route in (each for each in ROUTES if not each.changes):
        assert await status(serving, route, {"Authorization": f"Bearer {full}"}) < 500, route
        override = {"Authorization": f"Bearer {full}", "X-HTTP-Method-Override": "DELETE"}
        assert await status(serving, route, override) < 500, route
    assert held(tmp_path) == before


async def test_ws_07_a_path_in_disguise_is_no_other_path(serving: Serving) -> None:
    full, _ = await serving.fresh_token(scopes=ALL)
    spellings = [
        *("//api/v1/usage", "/api//v1/usage", "/api/v1/./usage", "/api/v1/x/../usage"),
        *("/API/v1/usage", "/api/v1/usage/", "/api/v1/usage;x=1", "/api/v1/usage%00"),
        *("/api/v1/usage.", "/api\\v1/usage", "/api/v1%2fusage%2f", "/static/../usage"),
        *("/static/%2e%2e/usage", "/static/x/..%2f..%2fusage", "/sign-in/../usage", "/sign-in/"),
        *("/sign-in%2f..%2fusage", "/static//usage", "/usage/%2e", "/static/%5c..%5cusage"),
    ]
    for path in spellings:
        for token in (full, "none"):
            serving.clock.advance(_MINUTE)
            head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{serving.port}\r\nConnection: close\r\n"
            answer = await serving.say(f"{head}Authorization: Bearer {token}\r\n\r\n".encode())
            is_static = path.startswith("/static/")
            assert status_of(answer) == (404 if token == full or is_static else 401), path
            assert b"cost_nano_usd" not in answer
    # Another spelling of the same path is the same path, and asks for the same.
    for path in ("/%61pi/v1/usage", "/api/v1/us%61ge"):
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{serving.port}\r\nConnection: close\r\n\r\n"
        serving.clock.advance(_MINUTE)
        assert status_of(await serving.say(head.encode())) == 401, path


async def test_ws_08_a_secret_is_read_from_a_header_or_a_form_alone(serving: Serving) -> None:
    full, _ = await serving.fresh_token(scopes=ALL)
    link = await serving.link()
    query = f"token={full}&api_key={full}&access_token={full}&link={link}"
    for path in ("/api/v1/usage", "/usage", "/"):
        assert (await _bare(serving, f"{path}?{query}")) == 401
    async with browser(serving) as ann:
        assert (await ann.get(f"/sign-in/link?{query}")).status_code == 200
        assert not ann.cookies
        assert await serving.sessions.is_waiting(link), "a program that looks uses nothing up"
        page = await ann.get("/sign-in/link")
        assert page.headers["referrer-policy"] == "same-origin"
    trail = str(await serving.trail())
    assert full not in trail
    assert link not in trail


async def test_ws_09_guesses_at_the_sign_in_are_told_and_bounded(serving: Serving) -> None:
    async with browser(serving) as eve:
        found = [
            (await eve.post(path, data={name: f"stw_{number:043d}"})).status_code
            for number in range(15)
            for path, name in (("/sign-in", "token"), ("/sign-in/link", "link"))
        ]
    assert found[:10] == [401] * 10
    assert set(found[10:]) == {429}
    failed = [each for each in await serving.trail() if each.action == "sign_in.failed"]
    assert len(failed) == 10
    async with signed_in(serving) as ann:  # From the same address.
        assert (await ann.get("/usage")).status_code == 200


async def test_ws_11_ws_12_who_asks_and_what_they_may_is_not_theirs_to_say(
    serving: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    await hire(serving)
    token, _ = await serving.fresh_token("bob", ALL)
    claims = {"X-User": "ann", "X-Forwarded-User": "ann", "X-Role": "owner", "X-Tenant": "other"}
    headers = {"Authorization": f"Bearer {token}", **claims}
    query = "?user=ann&role=owner&tenant_id=other&is_person=true&scope=manage"
    page = await serving.client.get(f"/usage{query}", headers=headers)
    assert page.status_code == 200
    said = page.text.replace(escape(query), "")  # What is asked for anew while the page is open.
    assert "bob" in said
    assert "owner" not in said


async def test_a_page_of_another_port_neither_signs_in_nor_fixes_a_session(
    serving: Serving,
) -> None:
    theirs = {"Origin": f"http://127.0.0.1:{serving.port + 1}", "Sec-Fetch-Site": "same-site"}
    link, (token, _) = await serving.link("bob"), await serving.fresh_token("bob", ALL)
    async with browser(serving) as ann:
        for data, path in (({"link": link}, "/sign-in/link"), ({"token": token}, "/sign-in")):
            assert (await ann.post(path, data=data, headers=theirs)).status_code == 403
            del ann.headers["Origin"]
            assert (await ann.post(path, data=data)).status_code == 403, "a browser says its origin"
            ann.headers["Origin"] = f"http://127.0.0.1:{serving.port}"
        assert not ann.cookies
        # A session that somebody planted is not the one that signing in goes on with.
        name = f"steward-{serving.port}"
        ann.cookies.set(name, "p" * 43, domain="127.0.0.1")
        await ann.post("/sign-in/link", data={"link": await serving.link()})
        (kept,) = {value for each, value in ann.cookies.items() if each == name} - {"p" * 43}
        assert await serving.sessions.verify("p" * 43) is None
        assert await serving.sessions.verify(kept) is not None
        # Of two cookies of one name nobody can say which is ours.
        twice = {"Cookie": f"{name}={kept}; {name}={'p' * 43}"}
    async with browser(serving) as both:
        assert (await both.get("/usage", headers=twice)).status_code == 303


async def test_a_token_and_a_session_at_once_are_refused(serving: Serving) -> None:
    full, _ = await serving.fresh_token(scopes=ALL)
    async with signed_in(serving) as ann:
        both = await ann.get("/api/v1/usage", headers={"Authorization": f"Bearer {full}"})
        assert both.status_code == 400
        assert (await ann.get("/api/v1/usage")).status_code == 200


def _anybody(_session: Session, _principal: Principal, _user: str) -> None:
    """Everybody may do everything here."""


async def _bare(serving: Serving, path: str) -> int:
    """What whoever shows nothing is answered."""
    request = serving.client.build_request("GET", path)
    del request.headers["Authorization"]
    return (await serving.client.send(request)).status_code
