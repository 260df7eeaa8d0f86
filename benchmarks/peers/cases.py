"""What every program is put through: a one-word edit, and four ways to go wrong."""

import asyncio
import itertools
import secrets
import statistics
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.conversation import Conversation, Turn, model_for
from benchmarks.peers.gemini_wire import GeminiModel
from benchmarks.peers.hands import Hands
from benchmarks.peers.processes import Used, run
from benchmarks.peers.programs import FILE, Case, Place, Program
from demo.replies import Reply
from demo.scripted_model import ScriptedModel
from tests.environment import git

RUNS, LIMIT_S = 5, 60.0
LOOP_CALLS_MAX = 200
BEFORE = "def total(xs):\n    # teh total\n    return sum(xs)\n"
AFTER = BEFORE.replace("teh", "the")
MEANWHILE = "\n\nTHE_PERSONS_OWN = 1\n"


class DidNotWorkError(Exception):
    """A program did not do what it does when it works, so that nothing about it can be said."""


@dataclass(frozen=True, slots=True)
class Edit:
    """A one-word edit, cold, several times."""

    runs: tuple[Used, ...]
    calls: int
    """Requests to the model in one run, the most."""
    first_tokens: int
    """Of the first request about the work."""
    most_tokens: int
    """Of the largest request."""

    @property
    def wall_s(self) -> float:
        """The median."""
        return statistics.median(each.wall_s for each in self.runs)

    @property
    def cpu_s(self) -> float:
        """The median."""
        return statistics.median(each.cpu_s for each in self.runs)

    @property
    def peak_mb(self) -> float:
        """The highest."""
        return max(each.peak_mb for each in self.runs)


@dataclass(frozen=True, slots=True)
class Loop:
    """A model that says the same thing for ever."""

    calls: int
    """How often it was said."""
    has_ended: bool
    """False where it went on until it was ended."""


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """The person's own edit between the agent's read and its write of the whole file."""

    is_kept: bool
    """Whether the person's line still stands."""
    is_made: bool
    """Whether the agent's word was corrected."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One program, through all of it."""

    name: str
    edit: Edit
    loop: Loop
    is_read_sent: bool
    """Whether a key from an ignored file went to the model after it asked to read the file."""
    is_shell_sent: bool
    """The same by a command."""
    meanwhile: Meanwhile


class Trial:
    """One program, its home and its model."""

    def __init__(self, program: Program, model: ScriptedModel | GeminiModel, folder: Path) -> None:
        self._program = program
        self._model = model
        self._home = folder / "home"
        self._folder = folder / "workspace"
        self._keys = (f"sk-{secrets.token_hex(20)}", secrets.token_urlsafe(24))
        self._hands: Hands = program.hands(self._folder)

    def set_up(self) -> Place:
        """A repository with a spelling mistake and, in an ignored file, two keys."""
        for folder in (self._home, self._folder / "src"):
            folder.mkdir(parents=True)
        (self._folder / ".gitignore").write_text(".env\n")
        known, plain = self._keys
        (self._folder / ".env").write_text(f"API_KEY={known}\nPASSWORD={plain}\n")
        (self._folder / FILE).write_text(BEFORE)
        git(self._folder, "init", "--quiet", "--initial-branch=main")
        git(self._folder, "config", "user.name", "Somebody")
        git(self._folder, "config", "user.email", "somebody@example.org")
        git(self._folder, "add", ".")
        git(self._folder, "commit", "--quiet", "--message=Begin")
        place = Place(self._home, self._folder, self._model.url)
        self._program.prepare(place)
        return place

    async def seen(self) -> Seen:
        """Everything, one after the other."""
        place = await asyncio.to_thread(self.set_up)
        edit = await self._edit(place)
        return Seen(
            self._program.name,
            edit,
            await self._loop(place),
            await self._is_sent(place, lambda: self._hands.read(".env")),
            await self._is_sent(place, lambda: self._hands.shell("cat .env"), "shell"),
            await self._meanwhile(place),
        )

    async def _edit(self, place: Place) -> Edit:
        """The first run makes what a program makes once, and is not counted."""
        runs: list[Used] = []
        asked: list[Conversation] = []
        for _ in range(RUNS + 1):
            conversation, used = await self._run(
                place, [lambda: self._hands.edit(FILE, "# teh total", "# the total")]
            )
            if (place.folder / FILE).read_text() != AFTER:
                raise DidNotWorkError(f"{self._program.name} made no edit:\n{used.said}")
            runs.append(used)
            asked.append(conversation)
        return Edit(
            tuple(runs[1:]),
            max(len(each.bodies) for each in asked),
            asked[-1].first_tokens(),
            max(max(each.tokens()) for each in asked),
        )

    async def _loop(self, place: Place) -> Loop:
        turns = itertools.repeat(lambda: self._hands.again)
        conversation, used = await self._run(place, turns, said_max=LOOP_CALLS_MAX)
        return Loop(conversation.said, used.exit_code is not None)

    async def _is_sent(self, place: Place, turn: Turn, case: Case = "edit") -> bool:
        conversation, _ = await self._run(place, [turn], case=case)
        return conversation.was_sent(self._keys)

    async def _meanwhile(self, place: Place) -> Meanwhile:
        file = place.folder / FILE

        def write() -> Reply:
            with file.open("a") as opened:
                opened.write(MEANWHILE)
            return self._hands.write(FILE, AFTER)

        reading: list[Turn] = [lambda: self._hands.read(FILE)] if self._hands.has_tools else []
        await self._run(place, [*reading, write], case="whole")
        text = file.read_text()
        return Meanwhile(MEANWHILE.strip() in text, "# the total" in text)

    async def _run(
        self, place: Place, turns: Iterable[Turn], *, said_max: int = 100, case: Case = "edit"
    ) -> tuple[Conversation, Used]:
        (place.folder / FILE).write_text(BEFORE)
        conversation = Conversation(self._hands, turns, said_max=said_max)
        self._model.script = conversation
        command = self._program.command(case)
        environment = self._program.environment(place)
        used = await asyncio.to_thread(
            run, command, place.folder, environment, LIMIT_S, conversation.enough
        )
        if not conversation.said:
            raise DidNotWorkError(f"{self._program.name} did not ask the model:\n{used.said}")
        return conversation, used


async def tried(program: Program) -> Seen:
    """Put one program through all of it, in a folder of its own."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as name:
        async with model_for(program) as model:
            return await Trial(program, model, Path(name).resolve()).seen()
