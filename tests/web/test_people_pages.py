"""Pages of people and of the trail, as a browser without scripts sees and uses them."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest

from tests.ledger.bank import ANN
from tests.web.organisation import Organisation, open_organisation
from tests.web.serving import DEADLINE_S, NO_TLS, Serving

PAGES = [
    *("/people", "/people/dan", "/teams", "/teams/red", "/tokens", "/tokens?every=yes"),
    *("/workspaces", "/audit", "/audit/1", "/security", "/activity"),
]
HOSTILE = "<script>alert(1)</script>\u202e'\"{{7*7}}"
_CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


@pytest.fixture
async def firm(serving: Serving) -> AsyncGenerator[Organisation]:
    async with open_organisation(serving) as opened:
        yield opened


@asynccontextmanager
async def browser(serving: Serving, user: str) -> AsyncGenerator[httpx.AsyncClient]:
    """A browser in which this person has signed in by a link of their own."""
    address = f"http://127.0.0.1:{serving.port}"
    headers = {"Accept": "text/html", "Origin": address, "Sec-Fetch-Site": "same-origin"}
    async with httpx.AsyncClient(
        base_url=address, headers=headers, timeout=DEADLINE_S, trust_env=False, verify=NO_TLS
    ) as opened:
        secret = await serving.sessions.link(replace(ANN, user=user))
        came = await opened.post("/sign-in/link", data={"link": secret, "then": "/people"})
        assert came.status_code == 303
        yield opened


async def send(person: httpx.AsyncClient, path: str, **fields: str | list[str]) -> httpx.Response:
    """Fill in a form of this page, and send it."""
    found = _CSRF.search((await person.get(path)).text)
    assert found is not None
    return await person.post(path, data={"csrf": found[1], **fields})


@pytest.mark.parametrize("user", ["olga", "lea", "vera"])
async def test_every_page_shows_for_every_role(firm: Organisation, user: str) -> None:
    async with browser(firm.serving, user) as person:
        for path in PAGES:
            shown = await person.get(path)
            is_others = path == "/audit/1" and user != "olga"
            assert shown.status_code == (404 if is_others else 200), (path, shown.text)
            assert "<script>" not in shown.text
            assert " style=" not in shown.text


async def test_alone_on_ones_own_database_one_is_the_owner_and_can_become_a_team(
    serving: Serving,
) -> None:
    async with browser(serving, "ann") as ann:
        alone = (await ann.get("/people")).text
        assert "You are alone here, and the owner." in alone
        assert 'value="ann" required' in alone
        assert "No team yet." in (await ann.get("/teams")).text
        assert "No workspace yet." in (await ann.get("/workspaces")).text
        added = await send(ann, "/people", user="ann", role="owner")
        assert (added.status_code, added.headers["location"]) == (303, "/people")
        shown = (await ann.get("/people")).text
        assert "ann belongs to the organisation now." in shown
        assert "You are alone" not in shown
        await send(ann, "/people", user="bob", role="viewer", team="red")
        assert "/teams/red" in (await ann.get("/people")).text


async def test_an_owner_changes_people_by_forms(firm: Organisation) -> None:
    async with browser(firm.serving, "olga") as olga:
        changed = await send(
            olga, "/people/dan", act="change", role="maintainer", team="red", is_lead="yes"
        )
        assert changed.headers["location"] == "/people/dan"
        assert "maintainer" in (await olga.get("/people/dan")).text
        assert not (await firm.get("olga", "/people/lea"))["is_lead"]
        gone = await send(olga, "/people/dan", act="remove")
        assert gone.headers["location"] == "/people"
        assert (await olga.get("/people/dan")).status_code == 404


async def test_who_may_not_sees_no_form_and_is_refused_without_one(firm: Organisation) -> None:
    async with browser(firm.serving, "lea") as lea:
        assert "Add somebody" not in (await lea.get("/people")).text
        refused = await send(lea, "/people/lea", act="change", role="owner", team="red")
        assert refused.status_code == 403
        assert "does not include this change" in refused.text
    assert (await firm.serving.trail())[-1].action == "people.refused"


async def test_a_tokens_text_stands_on_one_page_and_on_no_other(firm: Organisation) -> None:
    async with browser(firm.serving, "dan") as dan:
        made = await send(dan, "/tokens", act="make", name="laptop", scopes=["models", "reports"])
        assert made.status_code == 201
        found = re.search(r"stw_[A-Za-z0-9_-]{43}", made.text)
        assert found is not None
        assert made.headers["cache-control"] == "no-store"
        for path in PAGES:
            assert found[0] not in (await dan.get(path)).text
        (token,) = [
            each for each in (await firm.get("dan", "/tokens"))["items"] if each["name"] == "laptop"
        ]
        assert token["scopes"] == ["models", "reports"]
        await send(dan, "/tokens", act="revoke", id=token["id"])
        listed = (await firm.get("dan", "/tokens", every=True))["items"]
        assert [each["state"] for each in listed if each["id"] == token["id"]] == ["revoked"]


async def test_a_person_ends_their_own_sessions_and_no_others(firm: Organisation) -> None:
    async with browser(firm.serving, "dan") as dan, browser(firm.serving, "dan") as elsewhere:
        (other,) = [
            each
            for each in (await dan.get("/api/v1/tokens/sessions")).json()["items"]
            if not each["is_this"]
        ]
        async with browser(firm.serving, "olga") as olga:
            assert (await send(olga, "/tokens", act="end", id=other["id"])).status_code == 404
        assert (await elsewhere.get("/people")).status_code == 200
        assert (await send(dan, "/tokens", act="end", id=other["id"])).status_code == 303
        firm.serving.clock.advance(timedelta(seconds=1))
        assert (await elsewhere.get("/people")).status_code == 303


async def test_hostile_names_are_text(firm: Organisation) -> None:
    name = HOSTILE.replace("\u202e", "")
    added = await firm.ask(
        "olga", "POST", "/people", json={"user": name, "role": "viewer", "team": name}
    )
    assert added.status_code == 201
    await firm.ask("olga", "POST", "/tokens", json={"name": name})
    for action in ("run.finished", "approval.asked", "tool.denied"):
        await firm.happened(HOSTILE, action, HOSTILE, message=HOSTILE, title=HOSTILE, **{name: "x"})
    last = (await firm.serving.trail())[-1].seq
    async with browser(firm.serving, "olga") as olga:
        for path in (*PAGES, f"/audit/{last}", "/security?group=denied+tools"):
            shown = (await olga.get(path)).text
            assert "<script>alert" not in shown, path
            assert "\u202e" not in shown, path
            assert "49" not in re.findall(r"\{\{|49(?='|\")", shown), path
