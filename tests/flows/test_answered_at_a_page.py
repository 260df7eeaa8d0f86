"""A run waits in one process and is answered at a page that another one serves: it goes on."""

import asyncio
import re
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from demo.script import RIGHT, WRONG
from demo.scripted_model import ScriptedModel
from steward.core.clock import SystemClock
from steward.core.database import open_database
from steward.core.ids import random_id
from steward.core.login import login_name
from steward.core.principal import Principal
from steward.permissions.sessions import Sessions
from steward.permissions.tokens import TOKEN_BYTES
from tests.flows.books import repository
from tests.flows.headless import STEWARD, shell
from tests.flows.screen import Screen
from tests.flows.scripts import EDIT, after_plan
from tests.flows.test_serve import WITHIN_S, ask, running
from tests.places import Place, execute
from tests.template import up_to_date

pytestmark = pytest.mark.timeout(120)

_CSRF = re.compile(r'name="csrf" value="([0-9a-f]{64})"')


@asynccontextmanager
async def browsing(place: Place, url: str) -> AsyncGenerator[httpx.AsyncClient]:
    """A browser in which the person of this machine has signed in by a link."""
    async with open_database(place) as database:
        fresh = partial(secrets.token_urlsafe, TOKEN_BYTES)
        sessions = Sessions(database, SystemClock(), random_id, fresh)
        secret = await sessions.link(Principal(login_name(), "", ""))
    headers = {"Origin": url, "Sec-Fetch-Site": "same-origin", "Accept": "text/html"}
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=WITHIN_S) as client:
        came = await client.post("/sign-in/link", data={"link": secret})
        assert came.status_code == 303, came.text
        page = await client.get("/approvals")
        found = _CSRF.search(page.text)
        assert found is not None, page.text
        client.headers["X-CSRF-Token"] = found[1]
        yield client


async def answered(client: httpx.AsyncClient, seen: dict[str, str]) -> None:
    """Answer what waits: no to trust, yes to all else, each exactly as the page shows it."""
    found: Any = (await client.get("/api/v1/approvals")).json()
    for each in found["items"]:
        whole = (await client.get(f"/api/v1/approvals/{each['id']}")).json()
        page = (await client.get(f"/approvals/{each['id']}")).text
        assert whole["digest"] in page
        choice = "reject" if each["kind"] == "trust" else "approve"
        fields = {
            "digest": whole["digest"],
            "answer": choice,
            "csrf": client.headers["X-CSRF-Token"],
        }
        sent = await client.post(f"/approvals/{each['id']}", data=fields)
        assert sent.status_code == 303, sent.text
        seen[each["kind"]] = whole["markdown"]


@pytest.fixture(params=["sqlite", "postgresql"])
def url_of_database(request: pytest.FixtureRequest) -> str:
    """An empty database on PostgreSQL; empty where the data folder's own file is meant."""
    return "" if request.param == "sqlite" else str(request.getfixturevalue("postgresql"))


async def test_a_run_that_waits_goes_on_and_lands_when_it_is_answered_at_a_page(
    url_of_database: str,
    workspace: Path,
    data_folder: Path,
    tmp_path: Path,
    scripted_model: ScriptedModel,
) -> None:
    scripted_model.script = after_plan(EDIT)
    (tmp_path / "home").mkdir()
    job = shell(workspace, data_folder, scripted_model.url, tmp_path / "home")
    place: Place = up_to_date(data_folder / "steward.db")
    if url_of_database:
        place = job.environment["STEWARD_DATABASE"] = url_of_database
    before = repository(workspace)
    seen: dict[str, str] = {}
    async with running(job.environment) as (_, url), browsing(place, url) as client:
        async with Screen(job.workspace, job.environment, rows=12) as screen:
            await screen.begin(*STEWARD, "agent", "run", "fix", "Fix it")
            ended = asyncio.create_task(screen.left())
            async with asyncio.timeout(3 * WITHIN_S):
                while not ended.done():
                    await answered(client, seen)
                    await asyncio.wait((ended,), timeout=0.05)
            assert ended.result() == 0, screen.text
        runs: Any = (await client.get("/api/v1/runs")).json()
        (run,) = runs["items"]
        whole: Any = (await client.get(f"/api/v1/runs/{run['id']}")).json()
        page = (await client.get(f"/runs/{run['id']}")).text
    assert repository(workspace).text == before.text.replace(WRONG, RIGHT)
    assert set(seen) == {"trust", "plan", "edit"}
    assert f"+    if {RIGHT}" in seen["edit"]
    channels = execute(place, "SELECT DISTINCT channel FROM approval")
    assert channels == [("page",)]
    assert run["state"] == "finished"
    assert {each["channel"] for each in whole["asked"]} == {"page"}
    (proposal,) = whole["proposals"]
    assert (proposal["kind"], proposal["state"]) == ("edit", "applied")
    assert proposal["body"] == seen["edit"]
    assert sum(step["cost_nano_usd"] for step in whole["steps"]) == run["cost_nano_usd"] > 0
    assert "shop/delivery.py" in page


async def test_what_is_piped_in_answers_nothing(data_folder: Path, tmp_path: Path) -> None:
    job = shell(tmp_path, data_folder, "http://127.0.0.1:9", tmp_path)
    ended = await asyncio.to_thread(
        partial(ask, job.environment, "approvals", "answer", "any", typed="y\n")
    )
    assert ended.returncode == 2
    assert "no terminal" in ended.stderr
