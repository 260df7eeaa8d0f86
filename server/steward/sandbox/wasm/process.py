"""One worker, as we see it: started, talked to, watched, and ended where it does not obey."""

import asyncio
import logging
import socket
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, cast

from steward.core.errors import ExtensionKilledError, SandboxUnavailableError
from steward.core.wasm_limits import (
    WASM_GRACE_MS,
    WASM_LOG_LINES_MAX,
    WASM_STARVED_LOOK_MS,
    WASM_STARVED_MS,
    WASM_TROUBLE_BYTES_MAX,
    WASM_WORKER_ENDS_S,
    WASM_WORKER_LOOK_S,
    WASM_WORKER_START_S,
)
from steward.sandbox.computed import processor_s
from steward.sandbox.memory import own_bytes
from steward.sandbox.wasm.child.frames import packed, written
from steward.sandbox.wasm.guest import Answer
from steward.sandbox.wasm.line import Asked, Done, Line, Logged
from steward.sandbox.wasm.reader import Reader

_log = logging.getLogger(__name__)
_ERRORS = 2


class Process(asyncio.SubprocessProtocol):
    """One worker process and the extensions in it."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes = most_bytes
        self._loop = asyncio.get_running_loop()
        self._lines: dict[int, Line] = {}
        self._last = 0
        self._transport: asyncio.SubprocessTransport | None = None
        self._ours: socket.socket | None = None
        """Our end of its socket, until the event loop has it."""
        self._pipe: asyncio.Transport | None = None
        self._trouble = bytearray()
        self._look: asyncio.TimerHandle | None = None
        self._late: asyncio.TimerHandle | None = None
        self.ready: asyncio.Future[dict[str, Any]] = self._loop.create_future()
        """What the worker found about itself, once it can be given extensions."""
        self.gone = asyncio.Event()
        self._is_retired = False
        self.lost: str | None = None
        """Why it is of no use any more."""
        self.components: set[str] = set()
        """What it was given to make extensions of."""
        self.own_bytes = 0

    async def start(self, argv: Sequence[str]) -> None:
        """Start the program, which waits for its orders. It is given nothing else of ours.

        Raises:
            SandboxUnavailableError: it cannot be started.
        """
        self._ours, its = socket.socketpair()
        try:
            self._ours.setblocking(False)
            await self._loop.subprocess_exec(
                lambda: self,
                *argv,
                stdin=its.fileno(),
                stdout=asyncio.subprocess.DEVNULL,
                stderr=asyncio.subprocess.PIPE,
                env={},
                cwd="/",
                start_new_session=True,
            )
        except OSError as error:
            self.kill("could not be started")
            raise self._never_ready(f"cannot be started ({error})") from error
        finally:
            its.close()

    async def begin(self, orders: dict[str, Any], given: Sequence[int]) -> None:
        """Give it its orders, and these open files.

        Raises:
            SandboxUnavailableError: it is gone already.
        """
        assert self._ours is not None
        self._late = self._loop.call_later(WASM_WORKER_START_S, self.kill, "was not ready in time")
        try:
            # So little fits into the empty socket in one piece.
            socket.send_fds(self._ours, [written(["begin", orders])], given)
            await self._loop.create_connection(lambda: Reader(self), sock=self._ours)
        except OSError as error:
            self.kill("could not be spoken to")
            raise self._never_ready(f"ended at once ({error})") from error
        self._ours = None

    @property
    def process_id(self) -> int:
        """Its number in the operating system."""
        return 0 if self._transport is None else self._transport.get_pid()

    @property
    def trouble(self) -> str:
        """What it wrote to its standard error."""
        return self._trouble.decode("utf-8", "replace").strip()

    def send(self, words: list[Any], behind: bytes = b"") -> None:
        """Say something to it."""
        if self._pipe is not None:
            self._pipe.write(written(words, behind))

    def load(self, extension: str, component: str, bundle: str, ms: int) -> Line:
        """Have it make a fresh instance of the extension.

        Raises:
            ExtensionKilledError: the worker is gone.
        """
        line = self._begin(extension, ms)
        self.send(["load", line.number, extension, component, ms], packed(bundle))
        return line

    def handle(self, extension: str, topic: str, payload: str, ms: int) -> Line:
        """Have the extension handle an event.

        Raises:
            ExtensionKilledError: the worker is gone.
        """
        line = self._begin(extension, ms)
        self.send(["handle", line.number, extension, ms, topic], packed(payload))
        return line

    def answer(self, line: Line, answer: Answer) -> None:
        """Give an extension what it asked for, and let its time go on."""
        if line.is_done:
            return
        how, text = answer
        kind = ("none" if text is None else "text") if how == "ok" else how
        self.send(["answer", line.number, kind], packed(text or ""))
        self._resume(line)

    def hang_up(self, line: Line) -> None:
        """Nobody waits for this call any more; if it still runs, its instance is given up."""
        if not line.is_done:
            self.send(["cancel", line.number])
            if line.late is None:
                self._resume(line)

    def _begin(self, extension: str, ms: int) -> Line:
        if self.lost is not None:
            raise _gone(self.lost)
        self._last += 1
        line = self._lines[self._last] = Line(self._last, extension, ms)
        self._resume(line)
        if self._look is None:
            self._look = self._loop.call_later(WASM_WORKER_LOOK_S, self._watch)
        return line

    def _resume(self, line: Line) -> None:
        line.resumed_s = self._loop.time()
        wait_s = (max(line.left_ms, 0.0) + WASM_GRACE_MS) / 1000
        line.late = self._loop.call_later(wait_s, self._overdue, line)

    def _pause(self, line: Line) -> None:
        if line.late is not None:
            line.late.cancel()
            line.late = None
            line.left_ms -= (self._loop.time() - line.resumed_s) * 1000

    def _overdue(self, line: Line, until_s: float = 0.0) -> None:
        """It should have stopped: kill it where it computes on, or was waited for long enough.

        On a machine that stands still for a moment it had no chance, and its neighbours shall not
        pay for that.
        """
        until_s = until_s or self._loop.time() + WASM_STARVED_MS / 1000
        computed_s = processor_s(self.process_id)
        line.late = self._loop.call_later(
            WASM_STARVED_LOOK_MS / 1000, self._looked_at, line, computed_s, until_s
        )

    def _looked_at(self, line: Line, computed_s: float, until_s: float) -> None:
        more_s = processor_s(self.process_id) - computed_s
        if more_s < WASM_STARVED_LOOK_MS / 2000 and self._loop.time() < until_s:
            self._overdue(line, until_s)
            return
        # What is said of it goes to whoever waits for it; all others only lose their worker.
        self._finish(line, Done("deadline", "it did not stop when its time was up"))
        self.kill(f"did not stop {line.extension!r} in time")

    @property
    def takes_calls(self) -> bool:
        """Whether extensions may be given events in it."""
        return self.lost is None and not self._is_retired

    def retire(self) -> None:
        """Take no new call, and end after the last one."""
        self._is_retired = True
        if not self._lines:
            self._lose("was replaced")

    async def end(self) -> None:
        """End it, and wait for that."""
        self._lose("was ended")
        if self._transport is None:
            return
        try:
            async with asyncio.timeout(WASM_WORKER_ENDS_S):
                await self.gone.wait()
        except TimeoutError:
            self._transport.kill()
            await self.gone.wait()

    def kill(self, why: str) -> None:
        """End it at once, whatever it does."""
        if self._transport is not None and not self.gone.is_set() and self.lost is None:
            _log.warning("the worker for extensions %s; it is killed", why)
            with suppress(ProcessLookupError):
                self._transport.kill()
        self._lose(why)

    # --- What the event loop tells us ---------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """It runs."""
        self._transport = cast("asyncio.SubprocessTransport", transport)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """It complains."""
        if fd == _ERRORS:
            self._trouble += data[: WASM_TROUBLE_BYTES_MAX - len(self._trouble)]

    def process_exited(self) -> None:
        """It has ended."""
        self.gone.set()
        self._lose("ended by itself")
        if self._transport is not None:
            self._transport.close()

    def attached(self, pipe: asyncio.Transport) -> None:
        """Its socket is open."""
        self._pipe = pipe

    def detached(self) -> None:
        """Its socket is closed."""
        self.kill("closed its socket")

    def take(self, words: object, text: str) -> None:
        """It says something; whatever is not as it should be is the end of it."""
        try:
            self._take(words, text)
        except (ValueError, KeyError):
            self.nonsense()

    def nonsense(self) -> None:
        """It said what it should not."""
        self.kill("said what it should not")

    # ------------------------------------------------------------------------------------------

    def _take(self, words: object, text: str) -> None:
        match words:
            case ["done", int(number), str(how)]:
                self._finish(self._lines[number], Done(how, text))
            case ["ready", dict()]:
                self._arrived()
                if not self.ready.done():
                    self.ready.set_result(cast("tuple[str, dict[str, Any]]", words)[1])
            case ["unfit", str(reason)]:
                self._lose(reason)
            case ["ask", int(number), str(name), list()]:
                line = self._lines[number]
                if line.late is None:  # It asks while it waits, which no extension can.
                    raise ValueError
                self._pause(line)
                asked = cast("list[object]", cast("list[object]", words)[3])
                line.put(Asked(name, _texts(asked)))
            case ["log", int(number), str(level)]:
                line = self._lines[number]
                if len(line.heard) > WASM_LOG_LINES_MAX:  # It never logs so much by itself.
                    raise ValueError
                line.put(Logged(level, text))
            case _:
                raise ValueError

    def _finish(self, line: Line, done: Done) -> None:
        self._lines.pop(line.number, None)
        self._pause(line)
        line.is_done = True
        line.put(done)
        if self._is_retired and not self._lines:
            self._lose("was replaced")

    def _arrived(self) -> None:
        if self._late is not None:
            self._late.cancel()

    def _lose(self, why: str) -> None:
        """Nothing more is heard of it: whatever waits is told so."""
        if self.lost is not None:
            return
        self.lost = why
        self._arrived()
        if self._look is not None:
            self._look.cancel()
        if self._pipe is not None:
            self._pipe.close()
        elif self._ours is not None:
            self._ours.close()
        if not self.ready.done():
            self.ready.set_exception(self._never_ready(why))
            # Nobody may be waiting for it.
            self.ready.exception()
        for line in tuple(self._lines.values()):
            self._finish(line, Done("gone", why))

    def _never_ready(self, why: str) -> SandboxUnavailableError:
        said = f" It said: {self.trouble[-500:]!r}." if self.trouble else ""
        return SandboxUnavailableError(
            f"The worker for extensions {why}, so none runs.{said} Install Steward anew, or tell"
            " whoever looks after this machine."
        )

    def _watch(self) -> None:
        self._look = None
        if self.lost is None and self._lines:
            looked = self._loop.run_in_executor(None, own_bytes, self.process_id)
            looked.add_done_callback(self._looked)

    def _looked(self, looked: "asyncio.Future[int]") -> None:
        if looked.cancelled() or looked.exception() is not None or self.lost is not None:
            return
        self.own_bytes = looked.result()
        if self.own_bytes > self._most_bytes:
            self.kill("used more memory than all extensions may together")
        elif self._lines and self._look is None:
            self._look = self._loop.call_later(WASM_WORKER_LOOK_S, self._watch)


def _texts(values: list[object]) -> tuple[str | None, ...]:
    texts = tuple(value for value in values if value is None or isinstance(value, str))
    if len(texts) != len(values):
        raise ValueError
    return texts


def _gone(why: str) -> ExtensionKilledError:
    return ExtensionKilledError(
        "gone", f"The worker for extensions {why}. The next event starts another one."
    )
