"""The log: bounded, a line a record, and in nobody's way."""

import asyncio
import logging
import os
import threading
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from steward.cli.log import BoundedHandler, OneLine
from steward.core.clock import ManualClock
from steward.core.limits import LOG_CHARS_A_MINUTE_MAX, LOG_RECORD_CHARS_MAX
from tests.environment import steward_environment
from tests.fuzz.peer import STEWARD, open_peer
from tests.person import DEADLINE_S

BAD_MESSAGES = 12_000
FORGED = "harmless\n2026-01-01 00:00:00,000 ERROR steward: forged\x1b[2J\u202e"


async def test_a_flood_of_bad_messages_leaves_a_short_log(tmp_path: Path) -> None:
    environment = steward_environment(tmp_path / "data", "http://127.0.0.1:9/v1")
    async with open_peer(tmp_path, environment, lambda _asked: []) as peer:
        await _flood(peer.process.stdin)
        await peer.until(lambda: peer.count[None] == BAD_MESSAGES, "not every message was refused")
        await peer.say({"method": "exit"})
        async with asyncio.timeout(DEADLINE_S):
            await peer.process.wait()
    lines = peer.log.decode().splitlines()
    assert len(peer.log) < 1_000_000
    written = sum("refused a message" in line for line in lines)
    assert f"Records left out of the log: {BAD_MESSAGES - written}." in lines


async def test_a_log_that_nobody_reads_stops_nobody(tmp_path: Path) -> None:
    environment = steward_environment(tmp_path / "data", "http://127.0.0.1:9/v1")
    reading, writing = os.pipe()
    try:
        process = await asyncio.create_subprocess_exec(
            *STEWARD,
            cwd=tmp_path,
            env=environment,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=writing,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        flooding = asyncio.create_task(_flood(process.stdin))
        async with asyncio.timeout(DEADLINE_S):
            for _ in range(BAD_MESSAGES):
                await process.stdout.readuntil(b"}}")
            await flooding
            process.stdin.close()
            assert await process.wait() == 1
    finally:
        os.close(reading)
        os.close(writing)


async def _flood(stdin: asyncio.StreamWriter | None) -> None:
    assert stdin is not None
    for _ in range(BAD_MESSAGES):
        stdin.write(b"Content-Length: 3\r\n\r\n{}}")
        await stdin.drain()


@contextmanager
def opened(clock: ManualClock) -> Generator[tuple[logging.Logger, list[str]]]:
    """A logger, and the lines that it has written once the block is left."""
    reading, writing = os.pipe()
    handler = BoundedHandler(writing, clock)
    handler.setFormatter(OneLine("%(levelname)s %(message)s"))
    logger = logging.getLogger("steward.test_log")
    logger.propagate = False
    logger.addHandler(handler)
    lines: list[str] = []
    reader = threading.Thread(target=_read_lines, args=(reading, lines))
    reader.start()
    try:
        yield logger, lines
    finally:
        logger.removeHandler(handler)
        handler.close()
        os.close(writing)
        reader.join()


def _read_lines(reading: int, lines: list[str]) -> None:
    with os.fdopen(reading, encoding="utf-8") as stream:
        lines += stream.read().splitlines()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 21, 9, 30, tzinfo=UTC))


def test_text_from_outside_cannot_pass_for_a_record(clock: ManualClock) -> None:
    with opened(clock) as (logger, lines):
        logger.error("the editor says: %s", FORGED)
        try:
            _break()
        except ValueError:
            logger.exception("it broke")
    assert len([line for line in lines if not line.startswith("  | ")]) == 2
    assert all(line.isprintable() for line in lines)
    assert any("forged" in line for line in lines)


def _break() -> None:
    raise ValueError(FORGED)


def test_a_record_has_a_size(clock: ManualClock) -> None:
    with opened(clock) as (logger, lines):
        logger.error("x" * (10 * LOG_RECORD_CHARS_MAX))
    (line,) = lines
    assert len(line) < LOG_RECORD_CHARS_MAX + 100
    assert line.endswith(f"({10 * LOG_RECORD_CHARS_MAX + 6} characters in all)")


def test_a_minute_has_a_size_and_the_next_says_what_was_left_out(clock: ManualClock) -> None:
    text = "x" * 1_000
    many = LOG_CHARS_A_MINUTE_MAX // 1_000
    with opened(clock) as (logger, lines):
        for _ in range(2 * many):
            logger.warning(text)
        logger.error(5 * text)
        clock.advance(timedelta(minutes=1))
        logger.warning("a new minute")
    warnings = lines.count(f"WARNING {text}")
    assert 0 < warnings < many
    assert f"ERROR {5 * text}" in lines, "an error has room where nothing else has"
    assert lines[-2:] == [
        f"Records left out of the log: {2 * many - warnings}.",
        "WARNING a new minute",
    ]


def test_a_record_that_cannot_be_written_is_left_out_and_counted(clock: ManualClock) -> None:
    with opened(clock) as (logger, lines):
        record = logger.makeRecord("x", logging.ERROR, "x", 1, "%d", ("no number",), None)
        logger.handlers[-1].handle(record)
        logger.error("the next one")
    assert lines == ["ERROR the next one", "Records left out of the log: 1."]
