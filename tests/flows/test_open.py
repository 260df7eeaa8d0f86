"""`steward open` as a person runs it, beside a server that really runs."""

import asyncio
import os
import stat
import sys
from pathlib import Path

import httpx

from tests.environment import steward_environment
from tests.flows.test_serve import WITHIN_S, ask, running

_OPENS = """#!{python}
import sys, urllib.parse, pathlib
page = pathlib.Path(urllib.parse.urlsplit(sys.argv[1]).path)
pathlib.Path({seen!r}).write_text(oct(page.stat().st_mode) + " " + page.read_text())
"""


async def test_ws_08_a_browser_is_not_told_the_secret_as_an_argument(tmp_path: Path) -> None:
    seen, browser = tmp_path / "seen", tmp_path / "browser"
    browser.write_text(_OPENS.format(python=sys.executable, seen=str(seen)))
    browser.chmod(0o700)
    own = {"BROWSER": str(browser), "DISPLAY": ":9"}
    environment = steward_environment(tmp_path / "data", "http://127.0.0.1:9/v1", own)
    environment.pop("SSH_CONNECTION", None)
    async with running(environment) as (server, url):
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
        server.terminate()
        await server.wait()
    assert ended.returncode == 0
    assert not list((tmp_path / "data").glob("open-*")), os.listdir(tmp_path / "data")
    assert not (tmp_path / "data" / "serve.json").exists()
