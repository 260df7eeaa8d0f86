"""`steward open` as a person runs it, beside a server that really runs."""

import asyncio
import os
import stat
import sys
from pathlib import Path

import httpx

from steward.core.login import login_name
from tests.environment import steward_environment
from tests.flows.test_serve import WITHIN_S, ask, running

_OPENS = """#!{python}
import sys, urllib.parse, pathlib
page = pathlib.Path(urllib.parse.urlsplit(sys.argv[1]).path)
pathlib.Path({seen!r}).write_text(oct(page.stat().st_mode) + " " + page.read_text())
"""


async def test_a_link_that_is_printed_signs_in_whoever_ran_the_command(tmp_path: Path) -> None:
    environment = steward_environment(tmp_path, "http://127.0.0.1:9/v1")
    none = await asyncio.to_thread(ask, environment, "open")
    assert none.returncode == 2
    assert "steward serve" in none.stderr
    async with running(environment) as (process, url):
        printed = await asyncio.to_thread(ask, environment, "open", "/usage", "--print")
        page, _, secret = printed.stdout.strip().partition("#")
        assert page == f"{url}/sign-in/link?then=%2Fusage"
        headers = {"Origin": url, "Accept": "text/html"}
        async with httpx.AsyncClient(timeout=WITHIN_S, headers=headers) as ann:
            assert (await ann.get(page)).status_code == 200
            form = {"link": secret, "then": "/usage"}
            came = await ann.post(f"{url}/sign-in/link", data=form)
            assert (came.status_code, came.headers["location"]) == (303, "/usage")
            assert login_name() in (await ann.get(f"{url}/usage")).text
            out = await asyncio.to_thread(ask, environment, "open", "--sign-out")
            assert out.stdout == "1 session is over.\n"
            async with asyncio.timeout(WITHIN_S):
                while (await ann.get(f"{url}/usage")).status_code == 200:
                    pass
        process.terminate()
        await process.wait()
    assert not list(tmp_path.glob("**/serve.json"))


async def test_ws_08_a_browser_is_not_told_the_secret_as_an_argument(tmp_path: Path) -> None:
    seen, browser = tmp_path / "seen", tmp_path / "browser"
    browser.write_text(_OPENS.format(python=sys.executable, seen=str(seen)))
    browser.chmod(0o700)
    own = {"BROWSER": str(browser), "DISPLAY": ":9"}
    environment = steward_environment(tmp_path / "data", "http://127.0.0.1:9/v1", own)
    environment.pop("SSH_CONNECTION", None)
    async with running(environment) as (_, url):
        opening = asyncio.create_task(asyncio.to_thread(ask, environment, "open"))
        async with asyncio.timeout(WITHIN_S):
            while not seen.exists() or "#" not in seen.read_text():
                await asyncio.sleep(0)
        mode, _, page = seen.read_text().partition(" ")
        assert stat.S_IMODE(int(mode, 8)) == 0o600
        address = page.partition('content="0;url=')[2].partition('"')[0]
        assert address.startswith(f"{url}/sign-in/link?then=%2F#")
        async with httpx.AsyncClient(headers={"Origin": url}) as ann:
            form = {"link": address.partition("#")[2]}
            came = await ann.post(f"{url}/sign-in/link", data=form)
            assert came.status_code == 303
        ended = await opening
    assert ended.returncode == 0
    assert not list((tmp_path / "data").glob("open-*")), os.listdir(tmp_path / "data")
