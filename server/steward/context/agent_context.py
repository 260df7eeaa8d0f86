"""What an agent's model is shown of the workspace when a run begins.

Every source has its time and its room; what is late or too long is left out, and everything that
is left out is said with the reason, for the run's trace. The ignore oracle judges each file, and
secrets are hidden before anything is cut, so that no half of one is left over.
"""

import asyncio
import logging
import re
from collections.abc import Awaitable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from steward.context.block import Block
from steward.context.cursor import Cursor
from steward.context.defined import defined
from steward.context.found import Found, Piece, each_cut, fitted
from steward.context.git_state import GitSource
from steward.context.goal_words import hits, words_of_goal
from steward.context.instructions.instruction import Instruction
from steward.context.instructions.reader import InstructionReader
from steward.context.left_out import LeftOut
from steward.context.mentions import FileMention, SymbolMention, parse_mention
from steward.context.snippet import Source
from steward.context.stage import Position, Staged, Task
from steward.context.staging import Hide, Outcome, Stages
from steward.context.texts import Texts
from steward.core.agent_limits import MENTIONS_MAX
from steward.core.clock import Clock
from steward.core.errors import InvalidInputError, StewardError
from steward.gateway.request import Hint
from steward.workspace.diff import unified_diff
from steward.workspace.lines import split_lines
from steward.workspace.workspace import Workspace

_log = logging.getLogger(__name__)

START_TOKENS_MAX = 8_000
"""All that is shown at the start: an agent reads more where it needs more."""
_MENTION_TOKENS_MAX = 3_000
_PLACE_TOKENS_MAX = 1_500
_UNSAVED_TOKENS_MAX = 600
_SMALL_TOKENS_MAX = 600
_PLACE_LINES = 40
_UNSAVED_MAX = 5
_LISTED_MAX = 20
_HITS_MAX = 6
_SNIPPETS_MAX = 6
_POINTED_AT = ("what you pointed at", "where you started from")
_PLACE = re.compile(r"(?P<path>.+?)(?::(?P<line>[0-9]{1,9}))?\Z", re.DOTALL)


@dataclass(frozen=True, slots=True)
class AgentContext:
    """What is shown, the most important first, and what is not."""

    goal: str = ""
    """What the person said, without secrets."""
    observations: str = ""
    """What the editor reported, without secrets."""
    blocks: tuple[Block, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    instructions: tuple[Instruction, ...] = ()
    """Those of files that count here, the nearest first."""
    hint: Hint | None = None
    """Which model would do, as a stage said."""

    def said(self) -> str:
        """What is shown and what is not, for a run's trace."""
        followed = "; ".join(f"the instructions of {each.path}" for each in self.instructions)
        titles = "; ".join(block.title for block in self.blocks)
        shown = "; ".join(filter(None, (followed, titles))) or "nothing"
        left_out = "; ".join(f"{each.what}: {each.why}" for each in self.left_out)
        return f"Shown: {shown}." + (f" Left out: {left_out}." if left_out else "")

    def as_json(self) -> dict[str, object]:
        """For the journal: a run that is played again shows the same."""
        return _CONTEXT.dump_python(self, mode="json")


NOTHING_SHOWN = AgentContext()


def context_from_json(value: Mapping[str, object]) -> AgentContext:
    """The inverse of `AgentContext.as_json`.

    Raises:
        InvalidInputError: it is none.
    """
    try:
        return _CONTEXT.validate_python(value)
    except ValidationError as error:
        raise InvalidInputError(
            "What a run's journal says of its context cannot be read; start the run again."
        ) from error


_CONTEXT = TypeAdapter(AgentContext)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a run begins with."""

    goal: str
    place: str = ""
    """`path:line`; empty when nowhere in particular."""
    mentions: tuple[str, ...] = ()
    observations: str = ""
    """What the editor reports there, such as diagnostics."""


@dataclass(frozen=True, slots=True)
class AgentGatherer:
    """Looks at everything that may matter to a goal, all at once."""

    workspace: Workspace
    clock: Clock
    definitions: Source | None = None
    """Definitions that a file uses; None where nothing knows them."""
    git: GitSource | None = None
    """What git says; None where nobody asks it."""
    instructions: InstructionReader | None = None
    """What files tell agents to do; None where no file is asked."""
    stages: Stages | None = None
    """Who else looks at what was found; None where nobody does."""
    source_s: float = 0.15
    """How long each source may take; what the person points at may take ten times as long."""

    async def gather(
        self,
        wanted: Wanted,
        hide: Hide,
        room_tokens: int = START_TOKENS_MAX,
        *,
        is_pointed_at: bool = False,
    ) -> AgentContext:
        """What is found in time, cut to `room_tokens`; `hide` is asked about all of it.

        `is_pointed_at`: nothing but what the person points at, and where they are.
        """
        sources = {
            "what you pointed at": (self._mentioned, 10 * self.source_s),
            "where you started from": (self._around_place, self.source_s),
            "open documents": (self._opened, self.source_s),
            "git": (self._git_state, self.source_s),
            "definitions": (self._used, self.source_s),
            "search": (self._words, self.source_s),
        }
        if is_pointed_at:
            sources = {name: sources[name] for name in _POINTED_AT}
        found = [Found() for _ in sources]
        async with asyncio.TaskGroup() as group:
            for (name, (look, within_s)), into in zip(sources.items(), found, strict=True):
                group.create_task(_in_time(name, look(wanted, hide, into), within_s, into))
        said = await asyncio.to_thread(lambda: (hide(wanted.goal), hide(wanted.observations)))
        asking = _Asking("chat" if is_pointed_at else "agent", said[0], room_tokens, hide)
        hint = await self._looked_at(found, asking)
        blocks, left_out = await asyncio.to_thread(fitted, found, hide, room_tokens)
        context = AgentContext(*said, blocks, left_out, hint=hint)
        return _with(context, await self._staged("chosen", blocks, asking))

    async def finish(self, context: AgentContext, task: Task, hide: Hide) -> AgentContext:
        """The same when those have looked at it who look last."""
        asking = _Asking(task, context.goal, None, hide)
        return _with(context, await self._staged("final", context.blocks, asking))

    async def _looked_at(self, found: list[Found], asking: "_Asking") -> Hint | None:
        """Let stages look at all that was found, before there is no room for some of it."""
        if self.stages is None or not self.stages.at("gathered"):
            return None
        blocks, left_out = await asyncio.to_thread(each_cut, found, asking.hide)
        outcome = await self._staged("gathered", blocks, asking)
        pieces = [Piece(block, START_TOKENS_MAX) for block in outcome.blocks]
        found[:] = [Found(pieces, [*left_out, *outcome.left_out])]
        return outcome.hint

    async def _staged(
        self, position: Position, blocks: tuple[Block, ...], asking: "_Asking"
    ) -> Outcome:
        if self.stages is None:
            return Outcome(blocks)
        staged = Staged(asking.task, asking.goal, blocks, ())
        return await self.stages.look(position, staged, asking.room_tokens, asking.hide)

    def paths(self, wanted: Wanted) -> list[str]:
        """The files that a run is about: where it was started, and what was pointed at."""
        place = self._place(wanted)
        pointed = sorted(path for path in self._pointed_at(wanted) if path is not None)
        return [*([] if place is None else [place[0]]), *pointed]

    async def _mentioned(self, wanted: Wanted, hide: Hide, found: Found) -> None:
        for text in wanted.mentions[MENTIONS_MAX:]:
            found.leave_out(text[:200], f"more than {MENTIONS_MAX} things were pointed at")
        for text in wanted.mentions[:MENTIONS_MAX]:
            try:
                match parse_mention(text):
                    case FileMention() as mention:
                        await self._file(mention, hide, found)
                    case SymbolMention(name):
                        await self._symbol(name, hide, found)
            except StewardError as error:
                found.leave_out(text[:200], str(error))

    async def _file(self, mention: FileMention, hide: Hide, found: Found) -> None:
        path = self.workspace.resolve(mention.path)
        snapshot = await self.workspace.read_for_model(str(path))
        lines = split_lines(await asyncio.to_thread(hide, snapshot.text))
        shown = "".join(lines[mention.first - 1 : mention.last])
        last = min(len(lines), mention.last or len(lines))
        title = f"{path}, lines {mention.first} to {last} of {len(lines)}, which I point at"
        if not shown:
            found.leave_out(f"{path}:{mention.first}", f"the file has {len(lines)} lines")
        found.add("repository", title, shown, _MENTION_TOKENS_MAX, str(path))

    async def _symbol(self, name: str, hide: Hide, found: Found) -> None:
        places = await asyncio.to_thread(defined, name, self._texts(5 * self.source_s), hide)
        if not places:
            found.leave_out(f"#{name}", "nothing of this name was found in time")
        for title, text in places:
            found.add("repository", f"{title}, which I point at", text, _MENTION_TOKENS_MAX)

    async def _around_place(self, wanted: Wanted, hide: Hide, found: Found) -> None:
        place = self._place(wanted)
        if place is None or place[0] in self._pointed_at(wanted):
            return
        path, line = place
        snapshot = await self.workspace.read_for_model(path)
        lines = split_lines(await asyncio.to_thread(hide, snapshot.text))
        first = max(1, line - _PLACE_LINES)
        last = min(len(lines), line + _PLACE_LINES)
        title = f"{path}, lines {first} to {last} of {len(lines)}, where I started from"
        shown = "".join(lines[first - 1 : last])
        found.add("repository", title, shown, _PLACE_TOKENS_MAX, path)

    async def _opened(self, wanted: Wanted, hide: Hide, found: Found) -> None:
        place = self._place(wanted)
        names: list[str] = []
        unsaved = 0
        # The one opened last is at the end; the one that the person is in comes first.
        opened = [self._relative(path) for path in reversed(self.workspace.editor.open_paths())]
        for path in sorted(
            filter(None, opened), key=lambda each: place is None or each != place[0]
        ):
            try:
                relative = await self.workspace.check_for_model(path)
                on_disk = await self.workspace.text_on_disk(relative)
                now = (await self.workspace.current(relative)).text
            except StewardError as error:
                found.leave_out(path, str(error))
                continue
            is_unsaved = now != on_disk
            names.append(f"{path}, with changes that are not saved" if is_unsaved else path)
            if is_unsaved and unsaved < _UNSAVED_MAX:
                unsaved += 1
                diff = await asyncio.to_thread(_unsaved, path, on_disk, now, hide)
                found.add("editor", f"{path}, not saved yet", diff, _UNSAVED_TOKENS_MAX, path)
        for path in names[_LISTED_MAX:]:
            found.leave_out(path, f"more than {_LISTED_MAX} documents are open")
        listed = "".join(f"{name}\n" for name in names[:_LISTED_MAX])
        found.add("editor", "open documents", listed, _SMALL_TOKENS_MAX)

    async def _git_state(self, _wanted: Wanted, hide: Hide, found: Found) -> None:
        if self.git is None:
            return
        state = await self.git()
        head = f"On the branch {state.branch}.\n" if state.branch else "No branch is checked out.\n"
        changed = "".join(f"{line}\n" for line in state.changed[:_LISTED_MAX])
        more = len(state.changed) - _LISTED_MAX
        if more > 0:
            changed += f"and {more} more\n"
        text = hide(head + (changed or "Nothing is changed.\n"))
        found.add("git", "state of the repository", text, _SMALL_TOKENS_MAX)

    async def _used(self, wanted: Wanted, hide: Hide, found: Found) -> None:
        place = self._place(wanted)
        if place is None or self.definitions is None:
            return
        path, line = place
        lines = split_lines((await self.workspace.read_for_model(path)).text)
        before, after = "".join(lines[: line - 1]), "".join(lines[line - 1 :])
        snippets = await self.definitions.find(Cursor(path, before, after, line=line - 1))
        for each in snippets[:_SNIPPETS_MAX]:
            title = f"{each.path}, definitions that {path} uses"
            room = _SMALL_TOKENS_MAX // 2
            found.add("repository", title, hide(each.text), room, each.path)

    async def _words(self, wanted: Wanted, hide: Hide, found: Found) -> None:
        words = words_of_goal(wanted.goal)
        if not words:
            return
        best = await asyncio.to_thread(hits, words, self._texts(0.8 * self.source_s), hide)
        text = "".join(
            f"{hit.path}:{number}: {line}\n"
            for hit in best[:_HITS_MAX]
            for number, line in hit.lines
        )
        found.add("repository", "lines with words of the goal", text, _SMALL_TOKENS_MAX)
        if len(best) > _HITS_MAX:
            found.leave_out("search", f"{len(best) - _HITS_MAX} more files hold words of the goal")

    def _place(self, wanted: Wanted) -> tuple[str, int] | None:
        """Path and line; None where nothing says so, or where it is no path."""
        found = _PLACE.match(wanted.place)
        path = None if found is None else self._relative(Path(found["path"]))
        return None if found is None or path is None else (path, max(1, int(found["line"] or 1)))

    def _pointed_at(self, wanted: Wanted) -> set[str | None]:
        """The files that are shown because somebody pointed at them."""
        pointed: set[str | None] = set()
        for text in wanted.mentions[:MENTIONS_MAX]:
            with suppress(InvalidInputError):
                mention = parse_mention(text)
                if isinstance(mention, FileMention):
                    pointed.add(self._relative(Path(mention.path)))
        return pointed

    def _relative(self, path: Path) -> str | None:
        try:
            return str(self.workspace.resolve(str(path)))
        except StewardError:
            return None

    def _texts(self, within_s: float) -> Texts:
        opened = {
            name: text
            for path, text in self.workspace.editor.open_texts().items()
            if (name := self._relative(path)) is not None
        }
        until_s = self.clock.monotonic_s() + within_s
        return Texts(
            self.workspace.root,
            self.workspace.oracle,
            opened,
            lambda: self.clock.monotonic_s() < until_s,
        )


@dataclass(frozen=True, slots=True)
class _Asking:
    """What stages are told beside the pieces, and what holds for what they add."""

    task: Task
    goal: str
    room_tokens: int | None
    """None: whatever is there has its room."""
    hide: Hide


def _with(context: AgentContext, outcome: Outcome) -> AgentContext:
    return replace(
        context,
        blocks=outcome.blocks,
        left_out=(*context.left_out, *outcome.left_out),
        hint=outcome.hint or context.hint,
    )


async def _in_time(name: str, looking: Awaitable[None], within_s: float, found: Found) -> None:
    try:
        async with asyncio.timeout(within_s):
            await looking
    except TimeoutError:
        found.leave_out(name, f"it took longer than {within_s:g} s; what was found by then counts")
    except StewardError as error:
        found.leave_out(name, str(error))
    except Exception as error:  # An outer boundary: a fault in one source ends no run.
        _log.warning("a source of an agent's context broke: %s", type(error).__name__)
        found.leave_out(name, "something went wrong inside Steward; the log has the details")


def _unsaved(path: str, on_disk: str | None, now: str, hide: Hide) -> str:
    old = None if on_disk is None else f"a/{path}"
    return unified_diff(old, f"b/{path}", hide(on_disk or ""), hide(now))
