"""What the process that runs litellm gets to know, whom it may tell, and what the log keeps."""

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest

from steward.gateway.provider import Text
from steward.gateway.reach.keys import SettingsKeys
from steward.gateway.settings import GatewaySettings
from steward.gateway.worker.provider import LitellmProvider, Route
from tests.environment import ROOT
from tests.gateway.desk import asked
from tests.gateway.litellm_worker import KEY, MODEL, Given, until


async def test_it_sees_nothing_of_our_environment_and_no_key_but_in_the_call(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STEWARD_CANARY", "canary")
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    there = given("""
        call = ready()
        seen = {"environ": dict(os.environ), "argv": sys.argv, "call": call,
                "files": os.listdir("/proc/self/fd"), "home": os.listdir(os.environ["HOME"])}
        say({"id": call["id"], "text": json.dumps(seen)})
        say({"id": call["id"], "end": {"kind": "done"}})
        hear()
    """)
    (said,) = await there.ask()
    assert isinstance(said, Text)
    seen = json.loads(said.text)
    assert seen["call"]["key"] == KEY
    assert KEY not in json.dumps([seen["environ"], seen["argv"], seen["call"]["request"]])
    assert "canary" not in said.text
    assert not [name for name in seen["environ"] if "PROXY" in name.upper()]
    assert seen["environ"]["HOME"] != str(Path.home())
    assert seen["home"] == []
    # The three standard ones, and the one that lists them.
    assert len(seen["files"]) == 4


HEARS = """
    call = ready()
    say({"id": call["id"], "text": json.dumps([call["url"], call["homes"], call["key"]])})
    say({"id": call["id"], "end": {"kind": "done"}})
    hear()
"""


@pytest.mark.parametrize(
    ("name", "homes", "key"),
    [
        ("cohere", ["https://api.cohere.com/v1", "https://api.cohere.ai"], KEY),
        ("nowhere", [], None),
    ],
)
async def test_where_litellm_finds_the_way_the_key_still_has_a_home(
    given: Given, name: str, homes: list[str], key: str | None
) -> None:
    """It gets the one that was set for the first of its homes, and may speak to no other host."""
    keys = SettingsKeys(GatewaySettings.model_validate({"providers": {"cohere": {"key": KEY}}}))
    route = Route(name, homes=tuple(homes))
    provider = LitellmProvider(name, None, keys, given(HEARS).worker, route)
    prepared = provider.encode(MODEL, asked())
    (said,) = [piece async for piece in provider.stream(prepared, lambda: None)]
    assert isinstance(said, Text)
    assert json.loads(said.text) == [None, homes, key]


async def test_what_it_complains_of_is_logged_without_keys_and_prompts(
    given: Given, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    there = given(f"""
        print("cannot start with {KEY}", file=sys.stderr, flush=True)
        call = ready()
        print('  File "x.py", line 3, in call', file=sys.stderr, flush=True)
        print("some.ValueError: my private code", file=sys.stderr, flush=True)
        print("my private code", file=sys.stderr, flush=True)
        print("x" * 1_000_000, file=sys.stderr, flush=True)
        say({{"id": call["id"], "end": {{"kind": "done"}}}})
        hear()
    """)
    await there.ask()
    await there.worker.close()
    await until(lambda: "ValueError" in caplog.text)
    assert "cannot start with" in caplog.text
    assert 'File "x.py", line 3, in call' in caplog.text
    assert KEY not in caplog.text
    assert "my private code" not in caplog.text
    assert len(caplog.text) < 10_000


async def test_complaints_without_end_are_cut_off(
    given: Given, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    there = given("""
        print("oh no\\n" * 100_000, file=sys.stderr, flush=True)
        call = ready()
        say({"id": call["id"], "end": {"kind": "done"}})
        hear()
    """)
    await there.ask()
    assert caplog.text.count("oh no") <= 100


GUARDED = """
import sys
sys.path.append(sys.argv[1])
from child.guard import Guard
guard = Guard()
guard.watch()
if sys.argv[2] != "nothing":
    guard.allow(None if sys.argv[2] == "any" else sys.argv[2])
event, host = sys.argv[3:]
try:
    sys.audit(event, *((None, (host, 443)) if event == "socket.connect" else (host, 443)))
except PermissionError:
    print("refused")
else:
    print("allowed")
"""


@pytest.mark.parametrize(
    ("allowed", "event", "host", "wanted"),
    [
        ("nothing", "getaddrinfo", "example.org", "refused"),
        ("nothing", "connect", "192.0.2.1", "refused"),
        ("https://example.org/v1", "getaddrinfo", "example.org", "allowed"),
        ("https://example.org/v1", "getaddrinfo", "EXAMPLE.org.", "allowed"),
        ("https://example.org/v1", "getaddrinfo", "huggingface.co", "refused"),
        ("https://example.org/v1", "connect", "192.0.2.1", "allowed"),
        ("https://example.org/v1", "connect", "169.254.169.254", "refused"),
        ("http://127.0.0.1:8080/v1", "connect", "127.0.0.1", "allowed"),
        ("http://127.0.0.1:8080/v1", "connect", "127.0.0.2", "refused"),
        ("any", "getaddrinfo", "example.org", "allowed"),
        ("any", "connect", "169.254.169.254", "refused"),
        ("any", "connect", "fe80::1%eth0", "refused"),
        ("any", "getaddrinfo", "metadata.google.internal", "refused"),
    ],
)
def test_the_process_speaks_to_the_providers_host_only(
    allowed: str, event: str, host: str, wanted: str
) -> None:
    folder = ROOT / "server" / "steward" / "gateway" / "worker"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", GUARDED, folder, allowed, f"socket.{event}", host],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == wanted
    assert (host.lower().rstrip(".") in done.stderr) == (wanted == "refused")
