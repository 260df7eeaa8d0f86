"""Static files: found by name alone, kept for ever, and carried by the wheel."""

import re
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from demo.scripted_model import ScriptedModel
from steward.web.pages.static_files import static_address, static_files
from tests.environment import ROOT
from tests.web.serving import Serving, open_serving

PACKAGE = ROOT / "server"
BESIDE = ("vendor/README.md", "vendor/htmx/LICENSE")
"""What lies in the folder and is nobody's to see."""


FILES = static_files()


async def test_a_file_is_sent_once_and_then_kept(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    async with open_serving(tmp_path, scripted_model) as serving:
        for name, file in FILES.items():
            answer = await serving.client.get(static_address(name))
            assert answer.status_code == 200
            assert answer.content == file.content
            assert answer.headers["content-type"] == file.type
            assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
            assert answer.headers["x-content-type-options"] == "nosniff"
            known = {"if-none-match": answer.headers["etag"]}
            again = await serving.client.get(static_address(name), headers=known)
            assert (again.status_code, again.content) == (304, b"")


async def test_an_address_of_another_version_gives_todays_file_and_is_not_kept(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    async with open_serving(tmp_path, scripted_model) as serving:
        answer = await serving.client.get("/static/000000000000/style.css")
        assert answer.content == FILES["style.css"].content
        assert answer.headers["cache-control"] == "no-cache"


async def test_nothing_outside_of_the_folder_and_nothing_beside_the_files_is_sent(
    tmp_path: Path, scripted_model: ScriptedModel
) -> None:
    outside = ("static_files.py", "templates/frame.html", "etc/passwd")
    ways = ("../{}", "..%2f{}", "%2e%2e/{}", "../../{}", "..%5c{}", "/{}", "%2f{}", "./{}%00.css")
    asked = [way.format(name) for name in outside for way in ways]
    async with open_serving(tmp_path, scripted_model) as serving:
        for path in (*asked, *BESIDE, "", "vendor", "vendor/"):
            # As it stands: httpx would tidy the path up before it is sent.
            said = await serving.say(_get(serving, f"/static/0/{path}"))
            assert re.match(rb"HTTP/1\.1 (400|403|404)", said), (path, said[:300])


def _get(serving: Serving, path: str) -> bytes:
    host = f"127.0.0.1:{serving.port}"
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()


@pytest.mark.parametrize("folder", ["static", "templates"])
def test_the_wheel_carries_what_pages_are_made_of(folder: str) -> None:
    packed = {each.distribution_path for each in WheelBuilder(str(ROOT)).recurse_included_files()}
    needed = {
        file.relative_to(PACKAGE).as_posix()
        for file in (PACKAGE / "steward" / "web" / "pages" / folder).rglob("*")
        if file.is_file()
    }
    assert needed
    assert needed <= packed
