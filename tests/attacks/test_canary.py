"""Keys that are put everywhere a key may be stand nowhere else afterwards (SE-01, 02, 03, 08, 11).

Each canary is looked for in every usual encoding: in what the server wrote to its log, its editor
and its data folder, in what the model was sent, and in the list of processes. The provider does
its worst: it knows the key, and repeats it in whatever it answers.
"""

import asyncio
import base64
import json
import logging
import re
import string
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from traceback import format_exception

import pytest
from hypothesis import given, strategies as st
from pydantic import SecretStr

from demo import wire
from steward.cli.log import QUIET
from steward.core.errors import StewardError
from steward.core.events import Events
from steward.gateway.call.pacing import Pacing
from steward.gateway.gateway import Gateway
from steward.gateway.reach.http import HttpClient
from steward.gateway.reach.keys import FirstKey, SettingsKeys
from steward.gateway.reach.providers import open_providers
from steward.gateway.vault.check import Address
from steward.ledger.ledger import Ledger
from steward.ledger.settings import LedgerSettings
from tests.attacks.canary import files_below, process_lines, seen
from tests.client import ASKING, Window
from tests.environment import steward_environment
from tests.gateway.desk import asked, gateway_settings
from tests.gateway.key_server import KeyServer, key_server
from tests.gateway.safe import Safe, open_safe
from tests.ledger.bank import ANN, key_in
from tests.person import DEADLINE_S, Person, leave_open

# Put together here, so that no scanner takes this file for a leak. The second has the form of no
# known key: nothing recognises it by its looks.
CANARIES = {
    "OpenAI": "sk-proj-" + "Q7nKx2VbTz9LmWc4" + "RfHd8sYpGj3uEa6",
    "plain": "m1stRaL" + "9vQx4LkT7wZb2NcE8hJd5Rg0",
    "Anthropic": "sk-ant-" + "api03-W4xQz8Kv" + "T2bNm7LcR9fHd3sYp",
}
Hostile = Callable[[str], bytes]


def _stream(*events: str) -> bytes:
    body = "".join(f"data: {event}\n\n" for event in events).encode()
    head = {"Content-Type": "text/event-stream", "Content-Length": str(len(body))}
    return wire.head(200, head) + body


def _echo(status: int) -> Hostile:
    """Says the key wherever an error can say something."""

    def answer(key: str) -> bytes:
        coded = base64.b64encode(key.encode()).decode()
        error = {"message": f"Wrong key: {key} ({coded})", "type": key, "code": key, "param": key}
        headers = {"Retry-After": key, "X-Request-Id": key, "WWW-Authenticate": f"Bearer {key}"}
        return wire.json_response(status, {"error": error, "detail": key}, headers)

    return answer


HOSTILE: dict[str, Hostile] = {
    **{str(status): _echo(status) for status in (400, 401, 403, 404, 429, 500, 502, 503)},
    "redirect": lambda key: wire.head(307, {"Location": f"http://127.0.0.1:9/?key={key}"}),
    "no stream": lambda key: wire.json_response(200, {"key": key}),
    "plain text": lambda key: wire.head(500, {"Content-Length": str(len(key))}) + key.encode(),
    "no HTTP": lambda key: f"{key}\r\n\r\n".encode(),
    "bad header": lambda key: f"HTTP/1.1 200 OK\r\n{key}\r\n\r\n".encode(),
    "bad length": lambda key: f"HTTP/1.1 200 OK\r\nContent-Length: {key}\r\n\r\n".encode(),
    "bad reason": lambda key: f"HTTP/1.1 401 {key}\r\nContent-Length: 0\r\n\r\n".encode(),
    "bad chunk": lambda key: wire.stream_head() + f"{key}\r\n{key}\r\n".encode(),
    "no JSON": lambda key: _stream("{" + key),
    "error in the stream": lambda key: _stream(
        json.dumps({"error": {"message": key, "type": key, "code": key}})
    ),
    "nothing": lambda _key: b"",
    "torn": lambda key: _stream(f'{{"choices":"{key}"}}')[:-20],
}


@given(
    st.text(string.ascii_letters + string.digits + "-_/+", min_size=16, max_size=80),
    st.binary(max_size=9),
    st.binary(max_size=9),
)
def test_the_search_finds_a_key_in_every_encoding(key: str, before: bytes, after: bytes) -> None:
    raw = before + key.encode() + after
    assert "plain" in seen(key, raw)
    assert "reversed" in seen(key, raw[::-1])
    assert "hex" in seen(key, raw.hex())
    assert any(name.startswith("base 64,") for name in seen(key, base64.b64encode(raw)))
    coded = base64.urlsafe_b64encode(raw)
    assert any(name.startswith("base 64 for URLs") for name in seen(key, coded))
    assert "JSON, every character" in seen(key, "".join(f"\\u{ord(c):04x}" for c in key))


@dataclass(frozen=True)
class House:
    """A gateway on a data folder of its own, with the canary where a test wants it."""

    safe: Safe
    gateway: Gateway
    address: Address


async def no_pause(_seconds: float) -> None:
    """Between two attempts no time passes."""


@asynccontextmanager
async def open_house(folder: Path, url: str, key: str, where: str) -> AsyncGenerator[House]:
    """Keys come from the settings first and then from the vault, as in a window."""
    settings = gateway_settings(url, key=key if where == "settings" else None)
    client = HttpClient()
    async with open_safe(folder / "steward.db", folder) as safe:
        if where == "vault":
            await safe.put(url, SecretStr(key))
        keys = FirstKey(SettingsKeys(settings), safe.keys())
        ledger = Ledger(safe.database, safe.clock, Events(), LedgerSettings(), key_in(folder))
        pacing = Pacing(safe.clock, no_pause, lambda: 0.0)
        gateway = Gateway(open_providers(settings, keys, client), ledger, settings, pacing)
        try:
            yield House(safe, gateway, Address("custom", url))
        finally:
            await gateway.close()
            await client.close()


def repeat_key(server: KeyServer, answer: Hostile) -> None:
    """Let the provider answer so, with the key that it was just shown."""

    def said(request: wire.HttpRequest) -> bytes:
        return answer(request.headers.get("authorization", "").removeprefix("Bearer "))

    server.answer = said


async def failures(house: House, number: int) -> str:
    """What comes of a call and of a question about the key, with all that stands behind it."""
    told: list[str] = []
    try:
        async with house.gateway.call(ANN, asked(request_id=f"r{number}")) as answer:
            told += [piece async for piece in answer]
    except StewardError as error:
        told += format_exception(error)
    try:
        told.append(repr(await house.safe.vault.validate(ANN, house.address)))
    except StewardError as error:
        told += format_exception(error)
    return "".join(told)


@pytest.mark.parametrize("where", ["settings", "vault"])
@pytest.mark.parametrize("form", CANARIES)
async def test_a_provider_that_repeats_the_key_finds_nobody_who_says_it_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, where: str, form: str
) -> None:
    key = CANARIES[form]
    for name, level in QUIET.items():
        caplog.set_level(level, name)
    caplog.set_level(logging.DEBUG)  # Last: each call sets the level of what is kept, too.
    told: dict[str, str] = {}
    async with AsyncExitStack() as open_:
        server = await open_.enter_async_context(key_server())
        house = await open_.enter_async_context(open_house(tmp_path, server.url, key, where))
        for number, (name, answer) in enumerate(HOSTILE.items()):
            repeat_key(server, answer)
            house.safe.clock.advance(timedelta(hours=1))  # It is asked again after so many faults.
            told[name] = await failures(house, number)
        server.close()
        told["refused"] = await failures(house, len(HOSTILE))
        told["trail"] = repr(await house.safe.trail())
        told["list"] = repr(await house.safe.vault.stored(ANN))
        told["key"] = repr((house, await house.safe.keys().key("custom", server.url)))
    shown = [request.headers.get("authorization") for request in server.asked]
    assert shown.count(f"Bearer {key}") >= len(HOSTILE), "the canary was never in danger"
    for name, text in (told | {"log": caplog.text}).items():
        assert seen(key, text) == [], f"{name}: {text}"
    for file, content in files_below(tmp_path):
        assert seen(key, content) == [], file


async def test_a_window_leaves_its_keys_nowhere(tmp_path: Path, workspace: Path) -> None:
    async with key_server() as server:
        repeat_key(server, HOSTILE["401"])
        environment = await _with_keys_everywhere(tmp_path, server.url)
        window = Window(workspace, environment, ASKING, Person(leave_open))
        await window.start()
        try:
            # What has the form of a key stays at home even if it stands in the person's code.
            code = f'KEYS = "{CANARIES["OpenAI"]} {CANARIES["Anthropic"]}"\ndef total(self):\n    '
            document = window.open("shop/basket.py", code)
            for answer in ("401", "500", "redirect", "no HTTP", "error in the stream"):
                repeat_key(server, HOSTILE[answer])
                window.change(document, document.text + " ")
                assert await window.ghost_text(document) == ""
            run = await window.until_ended(await window.run_agent())
            assert run["state"] == "failed"
            await window.command("steward.status")
            lines = list(process_lines())
            limits = Path(f"/proc/{window.pid}/limits").read_text("utf-8")
        finally:
            await window.close()
    assert re.search(r"^Max core file size +0 +0 ", limits, re.MULTILINE)
    assert any(b"steward\0lsp" in line for line in lines)
    shown = {request.headers.get("authorization") for request in server.asked}
    assert shown == {f"Bearer {CANARIES['OpenAI']}"}
    prompts = b"".join(request.body for request in server.asked)
    assert b"def total" in prompts
    places = {"messages": json.dumps(window.messages()).encode(), "log": window.log.encode()}
    places |= {"prompts": prompts, "processes": b"\n".join(lines)}
    places |= {str(file): content for file, content in files_below(tmp_path)}
    del places[str(tmp_path / "config" / "settings.toml")]
    for place, content in places.items():
        for key in CANARIES.values():
            assert seen(key, content) == [], place


async def _with_keys_everywhere(folder: Path, url: str) -> dict[str, str]:
    """The environment of a server that has keys in it, in the settings and in the vault."""
    config = folder / "config"
    config.mkdir()
    settings = f'[gateway]\nopenai_key = "{CANARIES["plain"]}"\n'
    (config / "settings.toml").write_text(settings, "utf-8")
    own = {
        "STEWARD_COMPLETION__WAIT": "PT0S",
        "STEWARD_CONFIG_DIR": str(config),
        "STEWARD_MODEL_KEY": CANARIES["OpenAI"],
        "HOME": str(folder / "home"),
    }
    environment = steward_environment(folder / "data", url, own)
    add = ("add", "custom", "--url", url, "--unchecked")
    said, _ = await _steward_key(environment, CANARIES["Anthropic"], *add)
    assert "kept for" in said
    return environment


async def _steward_key(
    environment: dict[str, str], key: str, *arguments: str, meanwhile: KeyServer | None = None
) -> tuple[str, list[bytes]]:
    """What the command said, and the command lines of all processes while a provider was asked."""
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "steward", "--log-level", "debug", "key", *arguments),
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert child.stdin is not None
    child.stdin.write(f"{key}\n".encode())
    lines: list[bytes] = []
    async with asyncio.timeout(DEADLINE_S):
        if meanwhile is not None and meanwhile.hold is not None:
            await meanwhile.is_asked.wait()
            lines = list(process_lines())
            meanwhile.hold.set()
        said, _ = await child.communicate()
    return said.decode(), lines


async def test_a_key_that_is_taken_at_a_shell_stands_in_no_process_list_and_no_log(
    tmp_path: Path,
) -> None:
    key = CANARIES["plain"]
    async with key_server() as server:
        environment = steward_environment(tmp_path / "data", server.url)
        server.hold = asyncio.Event()
        repeat_key(server, HOSTILE["401"])
        arguments = ("add", "custom", "--url", server.url)
        refused, lines = await _steward_key(environment, key, *arguments, meanwhile=server)
        server.accepted, server.answer = {key}, None
        taken, _ = await _steward_key(environment, key, *arguments)
    assert "does not accept" in refused
    assert "The provider accepts it" in taken
    assert any(b"key\0add\0custom" in line for line in lines)
    for text in (refused, taken, b"\n".join(lines)):
        assert seen(key, text) == [], text
    for file, content in files_below(tmp_path):
        assert seen(key, content) == [], file
