"""The process that runs litellm: when it starts, how it ends, and what becomes of its calls."""

import asyncio
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path

import pytest
from pydantic import SecretStr

from steward.core.errors import (
    RateLimitedError,
    UnavailableError,
)
from steward.gateway.provider import Text
from steward.gateway.worker import process as process_module
from steward.gateway.worker.launch import LITELLM_VERSION
from steward.gateway.worker.worker import Worker
from tests.gateway.desk import asked
from tests.gateway.litellm_worker import KEY, MODEL, URL, Elsewhere, Given, is_alive, until

SPEAKS = """
call = ready()
while True:
    say({"id": call["id"], "text": str(os.getpid())})
    say({"id": call["id"], "end": {"kind": "done"}})
    call = hear()
"""


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
