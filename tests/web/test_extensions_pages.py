"""Extensions at pages: seen as they are, allowed by a person who read it, by nobody else."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC
from pathlib import Path

import httpx
import pytest

from steward.extensions.activity import Figures, Happened, _add as add_figures, note
from steward.extensions.packages.installed import Installed
from steward.extensions.packages.package import verified
from steward.extensions.settings import ExtensionsSettings
from steward.permissions.tokens import Scope
from tests.extensions.packages.making import packed
from tests.ledger.bank import ANN, START
from tests.web.serving import Serving, open_serving
from tests.web.test_signing import browser
from tests.web.versatile_model import VersatileModel

API = "/api/v1/extensions"
SHIPPED, PAINTER = "steward.git-workflow", "acme.painter"
BOTH: frozenset[Scope] = frozenset(["reports", "manage"])
HOSTILE = "<img src=x onerror=alert(1)>\u202e"
DENIED = ExtensionsSettings(deny_capabilities=("messages.show",))


@pytest.fixture
async def serving(tmp_path: Path) -> AsyncGenerator[Serving]:
    async with (
        VersatileModel() as model,
        open_serving(tmp_path, model, extensions=DENIED) as opened,
    ):
        yield opened


async def install(serving: Serving, *granted: str) -> Installed:
    """Ann installs the painter at her terminal."""
    found = set(granted) or {"files.read"}
    package = verified(packed())
    return await serving.rooms.packages.install(ANN, package, found)  # pyright: ignore[reportArgumentType]


@asynccontextmanager
async def ann_at(serving: Serving, path: str) -> AsyncGenerator[tuple[httpx.AsyncClient, str]]:
    """Ann before a page, and the proof that her forms bear."""
    async with browser(serving) as ann:
        secret = await serving.sessions.link(ANN)
        await ann.post("/sign-in/link", data={"link": secret})
        page = await ann.get(path)
        assert page.status_code == 200, page.text
        proof = re.search(r'name="csrf" value="([0-9a-f]{64})"', page.text)
        assert proof is not None
        yield ann, proof[1]


async def state(serving: Serving, extension: str) -> tuple[str, set[str]]:
    each = await serving.rooms.packages.one(ANN, extension)
    return each.state, set(each.granted)


async def bearer(serving: Serving, user: str = "ann") -> dict[str, str]:
    token, _ = await serving.fresh_token(user, BOTH)
    return {"Authorization": f"Bearer {token}"}


async def test_everybody_sees_their_own_and_what_comes_with_steward(serving: Serving) -> None:
    await install(serving)
    mine = (await serving.client.get(API, headers=await bearer(serving))).json()
    by_id = {each["id"]: each for each in mine}
    assert by_id[PAINTER]["state"] == "enabled"
    assert by_id[SHIPPED]["state"] == "offered"
    grants = {each["capability"]: each for each in by_id[PAINTER]["grants"]}
    assert (grants["files.read"]["is_granted"], grants["files.read"]["globs"]) == (True, ["src/**"])
    assert (grants["messages.show"]["is_granted"], grants["messages.show"]["is_denied"]) == (
        False,
        True,
    )
    bob = await bearer(serving, "bob")
    assert PAINTER not in [
        each["id"] for each in (await serving.client.get(API, headers=bob)).json()
    ]
    assert (await serving.client.get(f"{API}/{PAINTER}", headers=bob)).status_code == 404
    for path in (f"{API}/{PAINTER}/disable", f"{API}/{PAINTER}/enable"):
        assert (await serving.client.post(path, headers=bob)).status_code == 404
    assert (await serving.client.delete(f"{API}/{PAINTER}", headers=bob)).status_code == 404
    assert await state(serving, PAINTER) == ("enabled", {"files.read"})


async def test_a_page_shows_every_word_of_the_question_and_only_a_person_says_yes(
    serving: Serving,
) -> None:
    headers = await bearer(serving)
    shown = (await serving.client.get(f"{API}/{SHIPPED}", headers=headers)).json()
    assert shown["consent"]["is_needed"]
    wants = [each["capability"] for each in shown["extension"]["grants"]]
    yes = {"digest": shown["consent"]["digest"], "granted": wants[:1]}
    by_token = await serving.client.put(f"{API}/{SHIPPED}/grants", json=yes, headers=headers)
    assert (by_token.status_code, "answered by people" in by_token.text) == (403, True)
    enabled = await serving.client.post(f"{API}/{SHIPPED}/enable", headers=headers)
    assert enabled.status_code == 403
    async with ann_at(serving, f"/extensions/{SHIPPED}") as (ann, proof):
        page = (await ann.get(f"/extensions/{SHIPPED}")).text
        for line in shown["consent"]["page"].splitlines():
            assert line.replace("&", "&amp;").replace("'", "&#39;").replace('"', "&#34;") in page
        form = {"action": "allow", "capability": wants[0], "csrf": proof, "digest": "0" * 64}
        stale = await ann.post(f"/extensions/{SHIPPED}", data=form)
        assert stale.status_code == 409, stale.text
        form["digest"] = yes["digest"]
        done = await ann.post(f"/extensions/{SHIPPED}", data=form)
        assert done.status_code == 303
    assert await state(serving, SHIPPED) == ("enabled", {wants[0]})
    assert "extension.granted" in [entry.action for entry in await serving.trail()]


async def test_a_session_of_a_token_allows_nothing_either(serving: Serving) -> None:
    token, _ = await serving.fresh_token(scopes=BOTH)
    async with browser(serving) as ann:
        await ann.post("/sign-in", data={"token": token})
        page = await ann.get(f"/extensions/{SHIPPED}")
        assert "Let it do this and no more" not in page.text
        proof = re.search(r'name="csrf" value="([0-9a-f]{64})"', page.text)
        digest = (await serving.rooms.packages.one(ANN, SHIPPED)).digest
        form = {"action": "allow", "digest": digest, "csrf": proof[1] if proof else ""}
        assert (await ann.post(f"/extensions/{SHIPPED}", data=form)).status_code == 403
    assert SHIPPED not in await serving.rooms.packages.ids(ANN)


async def test_a_page_takes_grants_back_switches_off_and_on_and_removes(serving: Serving) -> None:
    await install(serving, "files.read")
    async with ann_at(serving, f"/extensions/{PAINTER}") as (ann, proof):

        async def press(action: str, **more: str) -> httpx.Response:
            form = {"action": action, "csrf": proof, **more}
            return await ann.post(f"/extensions/{PAINTER}", data=form)

        assert (await press("disable")).status_code == 303
        assert await state(serving, PAINTER) == ("disabled", {"files.read"})
        assert (await press("enable")).status_code == 303
        assert await state(serving, PAINTER) == ("enabled", {"files.read"})
        assert (await press("revoke", capability="files.read")).status_code == 303
        assert (await press("revoke", capability="files.read")).status_code == 400
        assert await state(serving, PAINTER) == ("enabled", set())
        assert (await press("remove")).headers["location"] == "/extensions"
    assert PAINTER not in await serving.rooms.packages.ids(ANN)


async def test_what_it_did_and_keeps_is_told_as_text(serving: Serving) -> None:
    await install(serving)
    today = serving.clock.now().astimezone(UTC).date().isoformat()
    figures = Figures(events=3, took_ms=90, refused=1, faults=1, cost_nano_usd=7)
    said = Happened(START, "refused", HOSTILE, HOSTILE)
    await serving.rooms.database.run(
        lambda session: (
            add_figures(session, ANN, PAINTER, today, figures),
            note(session, ANN, PAINTER, "h1", said),
        )
    )
    serving.rooms.timings.note("extension", PAINTER, HOSTILE, 0.02)
    found = (await serving.client.get(f"{API}/{PAINTER}", headers=await bearer(serving))).json()
    assert (found["extension"]["events"], found["extension"]["cost_nano_usd"]) == (3, 7)
    assert found["today"]["refused"] == 1
    assert "\u202e" not in found["happened"][0]["said"]
    async with ann_at(serving, f"/extensions/{PAINTER}") as (ann, _):
        page = (await ann.get(f"/extensions/{PAINTER}")).text
    assert "onerror" in page
    assert "<img" not in page
    assert "\u202e" not in page
