"""Signing in at a page: by a link, by a token, and out again."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import Session

from demo.scripted_model import ScriptedModel
from steward.core.principal import Role
from steward.permissions import people
from steward.permissions.roles import Person
from steward.permissions.tokens import Scope
from steward.web.settings import WebSettings
from tests.ledger.bank import ANN, START
from tests.web.browsing import browser, proof, signed_in
from tests.web.conftest import serving
from tests.web.serving import Serving, open_serving

__all__ = ["serving"]

REPORTS: frozenset[Scope] = frozenset(["reports"])
MODELS: frozenset[Scope] = frozenset(["models"])
SECOND = timedelta(seconds=1)


async def test_a_link_signs_its_person_in_once(serving: Serving) -> None:
    secret = await serving.link()
    async with browser(serving) as ann, browser(serving) as other:
        away = await ann.get("/usage?by=user")
        assert away.status_code == 303
        assert away.headers["location"] == "/sign-in?then=%2Fusage%3Fby%3Duser"
        assert (await ann.get("/sign-in/link")).status_code == 200, "looking uses nothing up"
        came = await ann.post("/sign-in/link", data={"link": secret, "then": "/usage?by=user"})
        assert (came.status_code, came.headers["location"]) == (303, "/usage?by=user")
        assert (await ann.get("/usage?by=user")).status_code == 200
        again = await other.post("/sign-in/link", data={"link": secret})
        assert again.status_code == 401
        assert "was used" in again.text
        assert (await other.get("/usage")).status_code == 303


async def test_whoever_signs_out_is_out_here_or_everywhere(serving: Serving) -> None:
    async with signed_in(serving) as desk, signed_in(serving) as phone, signed_in(serving) as lost:
        out = await desk.post("/sign-out", data={"csrf": await proof(desk)})
        assert (out.status_code, out.headers["location"]) == (303, "/sign-in")
        assert not desk.cookies
        assert [(await each.get("/usage")).status_code for each in (desk, phone, lost)] == [
            *(303, 200, 200)
        ]
        everywhere = {"csrf": await proof(phone), "everywhere": "yes"}
        assert (await phone.post("/sign-out", data=everywhere)).status_code == 303
        assert [(await each.get("/usage")).status_code for each in (phone, lost)] == [303, 303]


async def test_a_session_of_a_token_has_its_scopes_and_ends_with_it(serving: Serving) -> None:
    written, token = await serving.fresh_token(scopes=REPORTS)
    weak, _ = await serving.fresh_token(scopes=MODELS)
    async with browser(serving) as ann:
        refused = await ann.post("/sign-in", data={"token": weak})
        assert (refused.status_code, "opens no page" in refused.text) == (403, True)
        came = await ann.post("/sign-in", data={"token": f" {written} "})
        assert (came.status_code, came.headers["location"]) == (303, "/")
        assert (await ann.get("/usage")).status_code == 200
        await serving.revoke(token)
        serving.clock.advance(SECOND)
        assert (await ann.get("/usage")).status_code == 303


async def test_whoever_has_signed_in_goes_on_to_a_page_of_ours_alone(serving: Serving) -> None:
    elsewhere = [
        *("https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"),
        *("/\t/evil.example", "\\\\evil.example", "/a\r\nSet-Cookie: x=y", "evil.example", ""),
    ]
    for then in elsewhere:
        async with browser(serving) as ann:
            shown = await ann.get("/sign-in", params={"then": then})
            assert 'name="then" value="/"' in shown.text, then
            came = await ann.post(
                "/sign-in/link", data={"link": await serving.link(), "then": then}
            )
            assert (came.status_code, came.headers["location"]) == (303, "/"), then


async def test_the_cookie_is_for_this_server_and_for_no_script(serving: Serving) -> None:
    async with browser(serving) as ann:
        came = await ann.post("/sign-in/link", data={"link": await serving.link()})
        name, _, bounds = came.headers["set-cookie"].partition("=")
        assert name == f"steward-{serving.port}"
        assert set(bounds.split("; ")[1:]) >= {"Path=/", "HttpOnly", "SameSite=Strict"}
        assert "Domain" not in bounds
        assert came.headers["cache-control"] == "no-store"


async def test_behind_a_proxy_the_cookie_is_secure_and_the_origin_https(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    web = WebSettings(hosts=("steward.example.org",))
    headers = {"Host": "steward.example.org", "Origin": "https://steward.example.org"}
    async with open_serving(tmp_path, scripted_model, web=web, is_behind_proxy=True) as serving:
        form = {"link": await serving.link()}
        async with browser(serving, **headers) as ann:
            plain = {"Origin": "http://steward.example.org"}
            assert (await ann.post("/sign-in/link", data=form, headers=plain)).status_code == 403
            came = await ann.post("/sign-in/link", data=form)
            assert came.headers["set-cookie"].startswith("__Host-steward=")
            assert came.headers["set-cookie"].endswith("; Secure")
            assert came.headers["strict-transport-security"].startswith("max-age=")


async def test_a_link_on_another_site_leads_to_a_page_with_nobodys_data_that_goes_on(
    serving: Serving,
) -> None:
    arrival = {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }
    async with signed_in(serving) as ann:
        del ann.headers["Origin"]
        came = await ann.get("/usage?by=user&x=%22%3E", headers=arrival)
        assert came.status_code == 200
        assert 'content="0;url=/usage?by=user&amp;x=%22%3E"' in came.text
        assert "ann" not in came.text
        assert (await ann.get("/sign-in/link", headers=arrival)).status_code == 200
        for change in (
            {"Sec-Fetch-Mode": "no-cors"},
            {"Sec-Fetch-Dest": "iframe"},
            {"Sec-Fetch-Dest": "image"},
            {"Origin": "https://evil.example"},
        ):
            assert (await ann.get("/usage", headers=arrival | change)).status_code == 403, change
        assert (await ann.get("/api/v1/usage", headers=arrival)).status_code == 403
        assert (await ann.post("/sign-out", headers=arrival)).status_code == 403


@pytest.mark.parametrize("role", ["viewer", None])
async def test_a_session_knows_within_a_second_what_its_person_became(
    serving: Serving, role: Role | None
) -> None:
    def hire(session: Session) -> None:
        people.add(session, ANN, Person("ann", "owner"), START)
        people.add(session, ANN, Person("bob", "admin"), START)

    def change(session: Session) -> None:
        if role is None:
            people.remove(session, ANN, "bob", START)
        else:
            people.set_role(session, ANN, "bob", role, START)

    await serving.desk.database.run(hire)
    async with signed_in(serving, "bob") as bob:
        assert "admin" in (await bob.get("/usage")).text
        await serving.desk.database.run(change)
        serving.clock.advance(SECOND)
        after = await bob.get("/usage")
        assert after.status_code == (200 if role else 303)
        assert "admin" not in after.text
