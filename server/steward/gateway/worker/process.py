"""One process that holds litellm, as we see it: started, talked to, watched, ended."""

import asyncio
import functools
import logging
import shutil
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import cast

from pydantic import SecretStr

from steward.core.errors import LimitError, RateLimitedError, StewardError, UnavailableError
from steward.core.limits import (
    WORKER_ANSWER_BYTES_MAX,
    WORKER_CALLS_MAX,
    WORKER_ENDS_S,
    WORKER_HANGS_UP_S,
    WORKER_LOOK_S,
    WORKER_RESIDENT_BYTES_MAX,
    WORKER_RESIDENT_BYTES_WALL,
    WORKER_START_S,
)
from steward.gateway.provider import Piece
from steward.gateway.worker.child.frames import framed, written
from steward.gateway.worker.complaints import Complaints
from steward.gateway.worker.launch import LITELLM_VERSION, command, environment
from steward.gateway.worker.reading import (
    Ended,
    Frame,
    FrameReader,
    Outcome,
    Ready,
    Said,
    Unfit,
)
from steward.sandbox.memory import resident_bytes

_log = logging.getLogger(__name__)

_ANSWERS, _COMPLAINTS = 1, 2

Heard = Piece | Outcome | StewardError
"""What comes back of a call: pieces, and at last an outcome or an error."""


class Line:
    """One call, as it waits for its answer."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.heard: asyncio.Queue[Heard] = asyncio.Queue()
        self.size_bytes = 0
        self.hangs_up: asyncio.TimerHandle | None = None


class Process(asyncio.SubprocessProtocol):
    """One process. It knows one key at most, and takes calls until it is retired or gone."""

    def __init__(self, key: SecretStr | None, on_idle: Callable[[], None]) -> None:
        self._key = key
        self._on_idle = on_idle
        self._loop = asyncio.get_running_loop()
        self._reader = FrameReader()
        self._complaints = Complaints(key)
        self._lines: dict[int, Line] = {}
        self._last = 0
        self._transport: asyncio.SubprocessTransport | None = None
        self._look: asyncio.TimerHandle | None = None
        self._folder = ""
        self._late: asyncio.TimerHandle | None = None
        self._awaited = 0
        self._is_retired = False
        self._is_lost = False
        self.ready: asyncio.Future[None] = self._loop.create_future()
        """Done when litellm is loaded; an error says why it is not."""
        self.gone = asyncio.Event()
        """Set when the process has ended."""

    async def start(self, python: Path) -> None:
        """Start it with an empty home, and nothing else of our environment.

        Raises:
            UnavailableError: there is no such interpreter.
        """
        self._late = self._loop.call_later(WORKER_START_S, self._give_up)
        try:
            self._folder = await asyncio.to_thread(tempfile.mkdtemp, prefix="steward-worker-")
            await self._loop.subprocess_exec(
                lambda: self,
                *command(python),
                cwd=self._folder,
                env=environment(self._folder),
                # The keys that a person presses in our terminal are not for it.
                start_new_session=True,
            )
        except OSError as error:
            self._was_not_started()
            raise UnavailableError(
                f"The interpreter for litellm, {str(python)!r}, cannot be started"
                f" ({type(error).__name__}). Check the setting gateway.worker.python."
            ) from error
        except asyncio.CancelledError:
            self._was_not_started()
            raise

    @property
    def is_idle(self) -> bool:
        """Whether it makes no call, and nobody waits to give it one."""
        return not self._lines and self._awaited == 0

    @property
    def process_id(self) -> int:
        """Its number in the operating system."""
        assert self._transport is not None
        return self._transport.get_pid()

    def takes(self, key: SecretStr | None) -> bool:
        """Whether it may be given a call with this key."""
        return self._key == key and not (self._is_retired or self._is_lost)

    async def call(self, order: bytes) -> Line:
        """Wait until litellm is loaded and hand over a call; `order` is the rest of its JSON.

        Raises:
            UnavailableError: litellm cannot be loaded, or is gone.
            RateLimitedError: it makes too many calls already.
        """
        self._awaited += 1
        try:
            # Whoever does not want to wait any more leaves it loading for the next call.
            await asyncio.shield(self.ready)
            return self._handed_over(order)
        finally:
            self._awaited -= 1
            self._rest_if_idle()

    def _handed_over(self, order: bytes) -> Line:
        if self._is_lost:
            raise _crashed()
        if len(self._lines) >= WORKER_CALLS_MAX:
            raise RateLimitedError(
                f"litellm makes {WORKER_CALLS_MAX} calls at once already, which is the most."
                " Try again in a moment.",
                1.0,
            )
        self._last += 1
        line = self._lines[self._last] = Line(self._last)
        self._complaints.is_private = True
        self._write(framed(b'{"id":%d,%b' % (line.number, order)))
        if self._look is None:
            self._look = self._loop.call_later(WORKER_LOOK_S, self._watch)
        return line

    def hang_up(self, line: Line) -> None:
        """Cancel the call, if it has not ended. It must be confirmed soon."""
        if line.number not in self._lines or line.hangs_up is not None:
            return
        self._write(written({"id": line.number, "cancel": True}))
        line.hangs_up = self._loop.call_later(
            WORKER_HANGS_UP_S, self.kill, "did not hang up when it was told to"
        )

    def retire(self) -> None:
        """Take no new call, and end after the last one."""
        self._is_retired = True
        self._rest_if_idle()

    async def end(self) -> None:
        """End it, and wait for that. Calls that still run are broken off."""
        self._is_retired = True
        self._close()
        try:
            async with asyncio.timeout(WORKER_ENDS_S):
                await self.gone.wait()
        except TimeoutError:
            self.kill("did not end when it was told to")
            await self.gone.wait()

    def kill(self, why: str) -> None:
        """End it at once."""
        if self._transport is not None and not self.gone.is_set():
            _log.warning("the litellm process %s; it is killed", why)
            with suppress(ProcessLookupError):
                self._transport.kill()
        self._lose()

    # --- What the event loop tells us ---------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It runs."""
        self._transport = cast("asyncio.SubprocessTransport", transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """It says something."""
        if fd == _COMPLAINTS:
            self._complaints.feed(data)
            return
        try:
            for frame in self._reader.feed(data):
                self._take(frame)
        except UnavailableError as error:
            self._lose(error)
            self.kill("said what it should not")

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002
        """It says no more."""
        if fd == _ANSWERS:
            self._lose()
            self._close()

    def process_exited(self) -> None:
        """It has ended. What it said before is still read, unless a child of its own lives on."""
        self.gone.set()
        self._loop.call_later(WORKER_ENDS_S, self.connection_lost, None)
        self._remove_folder()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """It has ended, and all that it said is read."""
        self._lose()
        if self._transport is not None:
            self._transport.close()

    # ------------------------------------------------------------------------------------------

    def _take(self, frame: Frame) -> None:
        if self._is_lost:
            return
        match frame:
            case Ready():
                self._load_ended()
                if not self.ready.done():
                    self.ready.set_result(None)
                    self._rest_if_idle()
            case Unfit(version):
                self._lose(_unfit(version))
            case Said(number, piece, size_bytes):
                self._pass_on(self._line(number), piece, size_bytes)
            case Ended(number, outcome):
                line = self._line(number)
                line.heard.put_nowait(outcome)
                self._forget(line)

    def _pass_on(self, line: Line, piece: Piece, size_bytes: int) -> None:
        line.size_bytes += size_bytes
        if line.hangs_up is not None:
            return
        if line.size_bytes > WORKER_ANSWER_BYTES_MAX:
            line.heard.put_nowait(
                LimitError(
                    f"The model's answer takes more than {WORKER_ANSWER_BYTES_MAX} bytes and was"
                    " cut off. Ask for less."
                )
            )
            self.hang_up(line)
            return
        line.heard.put_nowait(piece)

    def _line(self, number: int) -> Line:
        line = self._lines.get(number)
        if line is None:
            raise UnavailableError(
                "The process that runs litellm speaks of a call that it was not given, and was"
                " ended. Try again."
            )
        return line

    def _forget(self, line: Line) -> None:
        del self._lines[line.number]
        if line.hangs_up is not None:
            line.hangs_up.cancel()
        self._rest_if_idle()

    def _rest_if_idle(self) -> None:
        if not self.is_idle or self._is_lost:
            return
        if self._is_retired:
            self._close()
        elif self.ready.done():
            self._on_idle()

    def _lose(self, error: StewardError | None = None) -> None:
        """Nothing more is heard of it: fail whatever waits."""
        if self._is_lost:
            return
        self._is_lost = True
        self._load_ended()
        if not self.ready.done():
            self.ready.set_exception(error or _never_ready())
            # Nobody may be waiting any more.
            self.ready.exception()
        for line in tuple(self._lines.values()):
            line.heard.put_nowait(error or _crashed())
            if line.hangs_up is not None:
                line.hangs_up.cancel()
        self._lines.clear()
        if self._look is not None:
            self._look.cancel()

    def _load_ended(self) -> None:
        if self._late is not None:
            self._late.cancel()

    def _give_up(self) -> None:
        self._lose(_never_ready(f"it took more than {WORKER_START_S:.0f} seconds"))
        self.kill("is not ready in time")

    def _was_not_started(self) -> None:
        self._lose()
        self.gone.set()
        self._remove_folder()

    def _remove_folder(self) -> None:
        remove = functools.partial(shutil.rmtree, self._folder, ignore_errors=True)
        self._loop.run_in_executor(None, remove)

    def _write(self, data: bytes) -> None:
        pipe = self._transport and self._transport.get_pipe_transport(0)
        if isinstance(pipe, asyncio.WriteTransport) and not pipe.is_closing():
            pipe.write(data)

    def _close(self) -> None:
        """It ends when its standard input does, once litellm is loaded."""
        if not self.ready.done():
            self.kill("is not needed any more")
        pipe = self._transport and self._transport.get_pipe_transport(0)
        if pipe is not None:
            pipe.close()

    def _watch(self) -> None:
        """Look at its memory, in a thread, for as long as it makes calls and once after."""
        looked = self._loop.run_in_executor(None, resident_bytes, self.process_id)
        looked.add_done_callback(self._judge)

    def _judge(self, looked: "asyncio.Future[int]") -> None:
        if self._is_lost or looked.cancelled():
            return
        self._look = None
        resident = looked.result()
        if resident > WORKER_RESIDENT_BYTES_WALL:
            self._lose(_too_large(resident))
            self.kill("takes too much memory")
        elif resident > WORKER_RESIDENT_BYTES_MAX:
            self.retire()
        if self._lines and not self._is_lost:
            self._look = self._loop.call_later(WORKER_LOOK_S, self._watch)


def _unfit(version: str) -> UnavailableError:
    found = f"version {version} is" if version else "it is not"
    return UnavailableError(
        f"This model is reached through litellm, and {found} installed; Steward uses exactly"
        f" {LITELLM_VERSION}. Install it with: pip install 'steward[litellm]'"
    )


def _never_ready(why: str = "its process ended before") -> UnavailableError:
    return UnavailableError(
        f"litellm could not be loaded: {why}. The log says more. Try again; if it is damaged,"
        " install it anew with: pip install --force-reinstall 'steward[litellm]'"
    )


def _crashed() -> UnavailableError:
    return UnavailableError(
        "The process that runs litellm ended in the middle of the answer. Try again: another one"
        " is started."
    )


def _too_large(resident: int) -> UnavailableError:
    return UnavailableError(
        f"The process that runs litellm took {resident // 1024**2} MiB of memory and was ended."
        " Try again, with a smaller request if it happens again."
    )
