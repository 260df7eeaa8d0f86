"""Extensions that attack, in a real worker, and a judge that looks at what they did from outside.

The judge believes nothing that an attacker says. It looks at the canaries of this account (a file
that everybody may read, a folder that everybody may write, two listeners, the environment), at the
worker's process, at the time and memory that were used, at what arrived here, and at a neighbour in
the same worker. Every attack ends by itself where a protection fails, and then does no harm.
"""

import asyncio
import json
import os
import resource
import secrets
import shutil
import socket
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from steward.core.errors import (
    ExtensionKilledError,
    ExtensionRaisedError,
    InvalidInputError,
    LimitError,
)
from steward.sandbox.wasm.jail import LAYERS
from steward.sandbox.wasm.worker import Guest, WasmBounds
from tests.attacks.canary import seen
from tests.extension_worker import BOUNDS, Running, python, running

DEADLINE_S = 30.0
"""Nothing here takes as long, however busy the machine is."""
NEIGHBOUR = "test.neighbour"
COMPUTED_S_MAX = 0.6
"""More processor time than the longest call may take, a tick and the start of an instance more."""
GROWN_BYTES_MAX = 140 << 20
"""The memory of one extension, and what copies of its answer take on the way."""
OWN_GROWN_BYTES_MAX = 64 << 20
ALLOWED = replace(BOUNDS, host_calls=1_000, log_lines=200)
"""As they are, but for two that many questions would take long to reach."""
_NEIGHBOURS_MS = 20_000
_STRAIN = ("held its neighbour", "took ", "computed ")
"""How findings begin that a machine can cause which stands still for a second. They count where
the same attack causes them twice in a row; whatever was reached or told counts at once."""
_TICKS_A_SECOND = os.sysconf("SC_CLK_TCK")


Noting = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Attack:
    """What an extension tries."""

    name: str
    code: str
    ends: tuple[str, ...] = ("answered", "raised")
    """How it may end: `answered`, `raised`, or why it was stopped."""
    is_greedy: bool = False
    """Whether it lasts long enough for a neighbour to notice."""
    topic: str = "command:run"

    def __str__(self) -> str:
        return self.name


class Canaries:
    """What an attacker would like to reach, all of it within reach of any account."""

    def __init__(self) -> None:
        self.secret = secrets.token_hex(16)
        self.folder = Path(tempfile.mkdtemp(prefix="steward-canary-"))
        self.folder.chmod(0o755)
        self.file = self.folder / "secret.txt"
        self.file.write_text(self.secret)
        self.file.chmod(0o666)
        self.open = self.folder / "open"
        self.open.mkdir()
        self.open.chmod(0o777)
        (self.open / "way-out").symlink_to(self.folder)
        # Whoever lists the folder tells the secret too.
        (self.open / self.secret).touch()
        self.arrived: list[str] = []
        """Which listener was connected to."""
        self.abstract = f"steward-canary-{secrets.token_hex(8)}"
        self.port = 0

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator[None]:
        """Listen on a port, on a path and on an abstract name."""
        own = socket.socket(socket.AF_UNIX)
        own.bind(f"\0{self.abstract}")
        path = str(self.folder / "listener")
        servers = [
            await asyncio.start_server(self._noting("port"), "127.0.0.1", 0),
            await asyncio.start_unix_server(self._noting("path"), path),
            await asyncio.start_unix_server(self._noting("abstract"), sock=own),
        ]
        (self.folder / "listener").chmod(0o777)
        self.port = servers[0].sockets[0].getsockname()[1]
        os.environ["STEWARD_CANARY"] = self.secret
        try:
            yield
        finally:
            os.environ.pop("STEWARD_CANARY", None)
            for server in servers:
                server.close()
                await server.wait_closed()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _noting(self, name: str) -> Noting:
        async def note(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.arrived.append(name)
            writer.close()

        return note

    def put_in(self, code: str) -> str:
        """The code with the places of the canaries where it names them."""
        places = {
            "SECRET_FILE": str(self.file),
            "OPEN_FOLDER": str(self.open),
            "LISTENER": str(self.folder / "listener"),
            "ABSTRACT": self.abstract,
            "PORT": str(self.port),
            "SERVER": str(os.getpid()),
        }
        for name, place in places.items():
            code = code.replace(f"@{name}@", place)
        return code

    def found(self, texts: Sequence[str]) -> list[str]:
        """What became of them, in words."""
        told = [f"told the secret ({form})" for text in texts for form in seen(self.secret, text)]
        if self.file.read_text() != self.secret or self.file.stat().st_nlink != 1:
            told.append("changed a file")
        others = {each.name for each in self.folder.iterdir()} - {"secret.txt", "open", "listener"}
        made = {each.name for each in self.open.iterdir()} - {"way-out", self.secret}
        told += [f"made the file {name!r}" for name in sorted(others | made)]
        if not (self.open / self.secret).exists():
            told.append("removed a file")
        told += [f"connected to the listener on a {name}" for name in self.arrived]
        return told


@dataclass(frozen=True, slots=True)
class Look:
    """The worker and this process, at one moment."""

    process_id: int
    open_files: frozenset[str]
    seconds: dict[str, float]
    """Processor time of each of its threads."""
    bytes: int
    own_bytes: int


def look_at(process_id: int) -> Look:
    """How the worker stands."""
    process = Path("/proc", str(process_id))
    opened = frozenset(each.readlink().as_posix() for each in (process / "fd").iterdir())
    threads = {each.name: _seconds(each) for each in (process / "task").iterdir()}
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10
    return Look(process_id, opened, threads, resident_bytes(process_id), peak)


def resident_bytes(process_id: int) -> int:
    """Its memory."""
    rows = Path("/proc", str(process_id), "status").read_text().splitlines()
    return next(int(row.split()[1]) << 10 for row in rows if row.startswith("VmRSS:"))


def offspring(process_id: int) -> list[int]:
    """The other processes of its session: whatever it started, and whoever owns them by now."""
    found: list[int] = []
    for place in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = place.read_text().rpartition(")")[2].split()
        except OSError:
            continue  # It has ended meanwhile.
        if int(words[3]) == process_id != int(place.parent.name):
            found.append(int(place.parent.name))
    return found


def _seconds(thread: Path) -> float:
    words = (thread / "stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / _TICKS_A_SECOND


@dataclass
class Course:
    """How one attack went."""

    ended: str
    """`answered`, `raised`, or why it was stopped."""
    text: str
    neighbours: int = 0
    """How often the neighbour answered meanwhile."""
    bytes_most: int = 0
    escapes: list[str] = field(default_factory=list[str])
    """What it should not have been able to do, in words; none: it was contained."""


class Arena:
    """A worker with an attacker and a neighbour in it."""

    def __init__(self, running: Running, canaries: Canaries, allowed: WasmBounds) -> None:
        self.running = running
        self.canaries = canaries
        self.allowed = allowed
        """What the judge thinks the bounds are; in a control run they are wider."""
        self._counted = 0

    async def escapes(self, attacks: Sequence[Attack], guest: Guest) -> dict[str, list[str]]:
        """Play them all; those that were not contained, with what they did."""
        found = {each.name: await self._escapes(each, guest) for each in attacks}
        return {name: told for name, told in found.items() if told}

    async def _escapes(self, attack: Attack, guest: Guest) -> list[str]:
        told = (await self.play(attack, guest)).escapes
        if told and all(each.startswith(_STRAIN) for each in told):
            print(f"{attack.name}: {told}; once more")
            self._counted = 0  # The neighbour may have begun afresh, in another worker.
            await self.running.load(counting())
            return (await self.play(attack, guest)).escapes
        return told

    async def play(self, attack: Attack, guest: Guest) -> Course:
        """Load the attacker afresh, let it attack, and judge what came of it."""
        await self.running.load(guest)
        await self.neighbour()
        self.running.calls.calls.clear()
        before = await asyncio.to_thread(look_at, self.running.process_id())
        payload = json.dumps({"place": {}, "arguments": self.canaries.put_in(attack.code)})
        attacking = asyncio.ensure_future(self._ended(guest.id, attack.topic, payload))
        course = await self._meanwhile(attacking, before, is_greedy=attack.is_greedy)
        course.escapes += await self._judged(attack, guest, before, course)
        return course

    async def _ended(self, extension: str, topic: str, payload: str) -> Course:
        try:
            async with asyncio.timeout(DEADLINE_S):
                text = await self.running.workers.handle(extension, topic, payload)
        except ExtensionRaisedError as error:
            return Course("raised", str(error))
        except ExtensionKilledError as error:
            return Course(error.reason, str(error))
        return Course("answered", text)

    async def _meanwhile(
        self, attacking: "asyncio.Task[Course]", before: Look, *, is_greedy: bool
    ) -> Course:
        answered, most = 0, before.bytes
        while is_greedy and not attacking.done():
            await self.neighbour()
            answered += not attacking.done()
            most = max(most, await asyncio.to_thread(resident_bytes, before.process_id))
        course = await attacking
        course.neighbours, course.bytes_most = answered, most
        return course

    async def neighbour(self) -> None:
        """It answers, and remembers what it was asked before."""
        workers = self.running.workers
        told = await workers.handle(NEIGHBOUR, "command:run", "{}", within_ms=_NEIGHBOURS_MS)
        self._counted += 1
        assert json.loads(told) == {"message": str(self._counted)}

    async def _judged(
        self, attack: Attack, guest: Guest, before: Look, course: Course
    ) -> list[str]:
        told = self._arrived(guest.id, course)
        # Whoever is stopped because a busy machine was slow did not get through either.
        if course.ended not in (*attack.ends, "deadline"):
            told.append(f"ended otherwise than it may: {course.ended}: {course.text[:300]}")
        if attack.is_greedy and course.ended == "deadline" and not course.neighbours:
            told.append("held its neighbour up")
        if self.running.workers.standing().workers[0].process_id != before.process_id:
            return [*told, "took its worker and its neighbours along"]
        after = await asyncio.to_thread(look_at, before.process_id)
        return told + await asyncio.to_thread(self._changed, before, after, course)

    def _arrived(self, extension: str, course: Course) -> list[str]:
        """What the attacker made arrive here."""
        told: list[str] = []
        calls = [call for call in self.running.calls.calls if call[1] != "log"]
        lines = self.running.calls.named("log")
        size = sum(len(text or "") for _, _, texts in calls for text in texts)
        if {caller for caller, _, _ in self.running.calls.calls} - {extension}:
            told.append("called as somebody else")
        if len(calls) > self.allowed.host_calls or size > self.allowed.host_bytes:
            told.append(f"called {len(calls)} times with {size} characters")
        if len(lines) > self.allowed.log_lines or any(len(text or "") > 2000 for _, text in lines):
            told.append(f"logged {len(lines)} lines")
        if len(course.text) > self.allowed.answer_bytes:
            told.append(f"answered {len(course.text)} characters")
        said = [text or "" for _, _, texts in self.running.calls.calls for text in texts]
        return told + self.canaries.found([course.text, *said])

    def _changed(self, before: Look, after: Look, course: Course) -> list[str]:
        """What it did to its process and to this one."""
        told: list[str] = []
        if more := after.open_files - before.open_files:
            told.append(f"opened {sorted(more)}")
        if started := offspring(before.process_id):
            told.append(f"started the processes {started}")
        computed = max(
            seconds - before.seconds.get(thread, 0.0) for thread, seconds in after.seconds.items()
        )
        if computed > COMPUTED_S_MAX:
            told.append(f"computed {computed:.1f} seconds")
        grown = max(course.bytes_most, after.bytes) - before.bytes
        if grown > GROWN_BYTES_MAX:
            told.append(f"took {grown >> 20} MB of the worker")
        if (grown := after.own_bytes - before.own_bytes) > OWN_GROWN_BYTES_MAX:
            told.append(f"took {grown >> 20} MB of the server")
        return told


@asynccontextmanager
async def arena(
    bounds: WasmBounds = ALLOWED, layers: Sequence[str] = LAYERS
) -> AsyncGenerator[Arena]:
    """A worker with these bounds and a neighbour in it, and canaries around it.

    The judge expects `ALLOWED` whatever the bounds are.
    """
    canaries = Canaries()
    async with canaries.listening(), running(bounds=bounds, layers=layers) as workers:
        await workers.load(counting())
        yield Arena(workers, canaries, ALLOWED)


async def refused(arena: Arena, guest: Guest) -> str:
    """Why a guest is not even loaded; empty where it was."""
    try:
        await arena.running.load(guest)
    except (ExtensionKilledError, ExtensionRaisedError, InvalidInputError, LimitError) as error:
        return str(error) or type(error).__name__
    return ""


def counting() -> Guest:
    """A neighbour that keeps something."""
    return python(
        """
        import steward

        counted = 0

        @steward.command("run")
        def run(request):
            global counted
            counted += 1
            return str(counted)
        """,
        NEIGHBOUR,
    )
