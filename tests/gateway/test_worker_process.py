"""Whatever runs in the place of litellm: it harms nobody, and its end is everybody's good."""

import asyncio
import json
import logging
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import Path
from typing import Protocol

import pytest
from pydantic import SecretStr

from steward.core.errors import (
    InvalidInputError,
    LimitError,
    ProviderRefusedError,
    RateLimitedError,
    UnavailableError,
)
from steward.gateway.provider import Finished, Text
from steward.gateway.request import Fill, ModelRequest, Usage
from steward.gateway.worker import process as process_module
from steward.gateway.worker.launch import LITELLM_VERSION
from steward.gateway.worker.provider import Route
from steward.gateway.worker.worker import Worker
from tests.environment import ROOT
from tests.gateway.desk import asked
from tests.gateway.litellm_worker import KEY, MODEL, Elsewhere, program

URL = "http://127.0.0.1:9/v1"


class Given(Protocol):
    """Gives a provider behind a program with this code."""

    def __call__(self, code: str, idle_s: float = 600.0) -> Elsewhere: ...


@pytest.fixture
async def given(tmp_path: Path) -> AsyncGenerator[Given]:
    workers: list[Worker] = []

    def given(code: str, idle_s: float = 600.0) -> Elsewhere:
        workers.append(Worker(program(tmp_path, code), idle_s))
        return Elsewhere(workers[-1], URL)

    yield given
    for worker in workers:
        await worker.close()
        assert worker.process_id is None


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.01)


def is_alive(process_id: int) -> bool:
    return Path(f"/proc/{process_id}").exists()


async def test_an_answer_arrives_piece_by_piece(given: Given) -> None:
    there = given("""
        call = ready()
        for said in ({"text": "a"}, {"usage": [9, 4, 2, 1, 3]},
                     {"finished": "stop"}, {"end": {"kind": "done"}}):
            say({"id": call["id"], **said})
        hear()
    """)
    assert await there.ask() == [Text("a"), Usage(9, 4, 2, 1, 3), Finished("stop")]
    assert there.is_sent


@pytest.mark.parametrize(
    "said",
    [
        "os.write(1, bytes([255]) * 100)",
        'say(b"no json")',
        'say(b"[" * 100_000)',
        "say([1])",
        'say({"id": call["id"]})',
        'say({"id": call["id"], "text": 7})',
        'say({"id": call["id"], "call": [-1, "", "", ""]})',
        'say({"id": call["id"], "usage": [1, 2]})',
        'say({"id": call["id"], "usage": [-1, 2, 0, 0, 0]})',
        'say({"id": call["id"], "usage": [10**30, 2, 0, 0, 0]})',
        'say({"id": call["id"], "vector": [0, ["x"]]})',
        'say({"id": call["id"], "end": {"kind": "free of charge"}})',
        'say({"id": call["id"] + 1, "text": "for somebody else"})',
    ],
)
async def test_nonsense_ends_the_process_and_may_be_billed(given: Given, said: str) -> None:
    there = given(f"call = ready()\n{said}\nhear()\nhear()")
    error = await there.fails()
    assert isinstance(error, UnavailableError)
    assert not isinstance(error, ProviderRefusedError | RateLimitedError)
    assert there.is_sent
    await until(lambda: there.worker.process_id is None)


async def test_an_answer_without_measure_is_cut_off(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_module, "WORKER_ANSWER_BYTES_MAX", 100_000)
    there = given("""
        call = ready()
        for _ in range(100):
            say({"id": call["id"], "text": "x" * 8000})
        assert hear()["cancel"]
        say({"id": call["id"], "end": {"kind": "cancelled"}})
        hear()
    """)
    received: list[object] = []
    with pytest.raises(LimitError, match="100000"):
        await there.ask(on_piece=received.append)
    assert len(received) < 20


async def test_a_refusal_after_the_first_piece_is_billed_all_the_same(given: Given) -> None:
    there = given("""
        call = ready()
        say({"id": call["id"], "text": "a"})
        say({"id": call["id"], "end": {"kind": "refused", "status": 400}})
        hear()
    """)
    error = await there.fails()
    assert "broke off" in str(error)
    assert not isinstance(error, ProviderRefusedError | RateLimitedError)
    assert there.is_sent


async def test_a_refusal_without_a_refusing_status_is_billed_all_the_same(given: Given) -> None:
    there = given("""
        call = ready()
        say({"id": call["id"], "end": {"kind": "refused", "status": 200}})
        hear()
    """)
    assert not isinstance(await there.fails(), ProviderRefusedError | RateLimitedError)
    assert there.is_sent


async def test_what_never_left_is_not_billed(given: Given) -> None:
    there = given("""
        call = ready()
        say({"id": call["id"], "end": {"kind": "unreachable", "word": "ConnectError"}})
        hear()
    """)
    assert "cannot be reached" in str(await there.fails())
    assert not there.is_sent


async def test_a_process_that_dies_in_the_middle_is_replaced(given: Given) -> None:
    there = given("""
        call = ready()
        say({"id": call["id"], "text": str(os.getpid())})
        os.kill(os.getpid(), 9)
    """)
    seen: list[object] = []
    for _ in range(2):
        with pytest.raises(UnavailableError, match="another one is started"):
            await there.ask(on_piece=seen.append)
        assert there.is_sent
    assert len(set(map(str, seen))) == 2


async def test_a_process_that_does_not_hang_up_is_killed(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_module, "WORKER_HANGS_UP_S", 0.1)
    there = given("""
        call = ready()
        say({"id": call["id"], "text": "a"})
        time.sleep(20)
    """)
    prepared = there.provider.encode(MODEL, asked())
    async with aclosing(there.provider.stream(prepared, lambda: None)) as pieces:
        assert await anext(pieces) == Text("a")
        process_id = there.worker.process_id
    assert process_id is not None
    await until(lambda: not is_alive(process_id))


async def test_a_call_that_hangs_up_leaves_the_others_alone(given: Given) -> None:
    there = given("""
        first = ready()
        second = hear()
        say({"id": first["id"], "text": "a"})
        assert hear() == {"id": first["id"], "cancel": True}
        say({"id": first["id"], "end": {"kind": "cancelled"}})
        say({"id": second["id"], "text": "b"})
        say({"id": second["id"], "end": {"kind": "done"}})
        hear()
    """)
    prepared = there.provider.encode(MODEL, asked())
    pieces = there.provider.stream(prepared, lambda: None)
    async with asyncio.TaskGroup() as group:
        first = group.create_task(anext(pieces))
        second = group.create_task(there.ask())
        assert await first == Text("a")
        await pieces.aclose()
    assert second.result() == [Text("b")]


SPEAKS = """
call = ready()
while True:
    say({"id": call["id"], "text": str(os.getpid())})
    say({"id": call["id"], "end": {"kind": "done"}})
    call = hear()
"""


async def test_an_idle_process_ends(given: Given) -> None:
    there = given(SPEAKS, 0.05)
    first = await there.ask()
    process_id = there.worker.process_id
    assert process_id is not None
    await until(lambda: not is_alive(process_id))
    assert await there.ask() != first


async def test_a_process_knows_one_key_only(given: Given) -> None:
    there = given(SPEAKS)
    first = await there.ask()
    assert await there.ask() == first
    process_id = there.worker.process_id
    assert process_id is not None
    there.keys.value = "sk-" + "another-one-0123456789"
    assert await there.ask() != first
    await until(lambda: not is_alive(process_id))


async def test_a_process_that_grows_is_replaced_after_its_call(
    given: Given, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(process_module, "WORKER_LOOK_S", 0.01)
    monkeypatch.setattr(process_module, "WORKER_RESIDENT_BYTES_MAX", 40 * 1024 * 1024)
    there = given(f"""
        call = ready()
        kept = bytearray(os.urandom(1)) * (60 * 1024 * 1024)
        say({{"id": call["id"], "text": "grown"}})
        wait({str(tmp_path / "go")!r})
        say({{"id": call["id"], "end": {{"kind": "done"}}}})
        hear()
    """)
    grown = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        call = group.create_task(there.ask(on_piece=lambda _: grown.set()))
        async with asyncio.timeout(20):
            await grown.wait()
        process = there.worker._process
        assert process is not None
        await until(lambda: not process.takes(SecretStr(KEY)))
        (tmp_path / "go").touch()
    assert call.result() == [Text("grown")]
    await until(process.gone.is_set)


async def test_a_process_that_takes_too_much_memory_is_killed(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_module, "WORKER_LOOK_S", 0.01)
    monkeypatch.setattr(process_module, "WORKER_RESIDENT_BYTES_WALL", 40 * 1024 * 1024)
    there = given("""
        call = ready()
        kept = bytearray(os.urandom(1)) * (60 * 1024 * 1024)
        hear()
    """)
    error = await there.fails()
    assert "MiB of memory" in str(error)
    assert there.is_sent


async def test_more_calls_than_it_takes_are_put_off_and_cost_nothing(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_module, "WORKER_CALLS_MAX", 1)
    there = given("""
        call = ready()
        say({"id": call["id"], "text": "a"})
        hear()
        say({"id": call["id"], "end": {"kind": "cancelled"}})
        hear()
    """)
    prepared = there.provider.encode(MODEL, asked())
    async with aclosing(there.provider.stream(prepared, lambda: None)) as pieces:
        assert await anext(pieces) == Text("a")
        assert isinstance(await there.fails(), RateLimitedError)
        assert not there.is_sent


async def test_whoever_stops_waiting_leaves_it_loading_for_the_next_call(
    given: Given, tmp_path: Path
) -> None:
    there = given(f"wait({str(tmp_path / 'go')!r})\n{SPEAKS}")
    impatient = asyncio.ensure_future(there.ask())
    await until(lambda: there.worker.process_id is not None)
    process_id = there.worker.process_id
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    assert not there.is_sent
    (tmp_path / "go").touch()
    assert await there.ask() == [Text(str(process_id))]


async def test_a_process_that_ends_before_it_is_ready_says_what_to_do(given: Given) -> None:
    there = given("sys.exit(3)")
    error = await there.fails()
    assert "could not be loaded" in str(error)
    assert "steward[litellm]" in str(error)
    assert not there.is_sent


async def test_without_litellm_the_message_has_the_command() -> None:
    worker = Worker(Path(sys.executable))
    error = await Elsewhere(worker, URL).fails()
    assert "pip install 'steward[litellm]'" in str(error)
    assert LITELLM_VERSION in str(error)
    await worker.close()


async def test_another_version_of_litellm_is_never_loaded(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "v"], check=True)
    (packages,) = (tmp_path / "v").glob("lib/python*/site-packages")
    (packages / "litellm.py").write_text(f"open({str(tmp_path / 'loaded')!r}, 'w')", "utf-8")
    (packages / "litellm-9.9.9.dist-info").mkdir()
    metadata = "Metadata-Version: 2.1\nName: litellm\nVersion: 9.9.9\n"
    (packages / "litellm-9.9.9.dist-info" / "METADATA").write_text(metadata, "utf-8")
    worker = Worker(tmp_path / "v" / "bin" / "python")
    assert "9.9.9 is installed" in str(await Elsewhere(worker, URL).fails())
    assert not (tmp_path / "loaded").exists()
    await worker.close()


async def test_an_interpreter_that_is_none_is_named(tmp_path: Path) -> None:
    worker = Worker(tmp_path / "nothing")
    assert "gateway.worker.python" in str(await Elsewhere(worker, URL).fails())
    await worker.close()


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


async def test_closing_ends_a_process_that_does_not_listen(
    given: Given, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process_module, "WORKER_ENDS_S", 0.1)
    there = given("""
        call = ready()
        say({"id": call["id"], "end": {"kind": "done"}})
        time.sleep(20)
    """)
    await there.ask()
    process_id = there.worker.process_id
    assert process_id is not None
    await there.worker.close()
    assert not is_alive(process_id)


def test_a_gap_is_not_filled_by_way_of_a_chat() -> None:
    request = ModelRequest("r1", "completion", (), 50, fill=Fill("a", "b"))
    with pytest.raises(InvalidInputError, match="fill in the middle"):
        Elsewhere(Worker(), URL).provider.encode(MODEL, request)


@pytest.mark.parametrize("name", ["api_base", "success_callback", "aws_profile_name"])
def test_litellm_is_not_told_what_chooses_hosts_code_or_files(name: str) -> None:
    with pytest.raises(InvalidInputError, match=name):
        Route("bedrock", parameters={name: "x"})


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


def test_the_version_is_the_same_everywhere() -> None:
    wanted = f"litellm=={LITELLM_VERSION}"
    assert f'litellm = ["{wanted}"]' in (ROOT / "pyproject.toml").read_text("utf-8")
    assert f"\n{wanted} " in (ROOT / "requirements-litellm.lock").read_text("utf-8")
