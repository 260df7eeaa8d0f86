"""Where the lines of a file come from: carried backwards through what agents' proposals made of it.

Between two landed proposals a text was changed by its person, or by git, or by another program:
whatever differs there is nobody's run. A line that a proposal added or changed is from its run.
Where a line may come from several, all of them are given and none is chosen.
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Literal

from steward.core.agent_limits import (
    WHY_CHARS_MAX,
    WHY_LANDINGS_MAX,
    WHY_STATES_MAX,
)
from steward.workspace.history.descent import Descents, is_telling, lines_in
from steward.workspace.history.descent_search import descents
from steward.workspace.history.landings import Landed, LandedText, Landing, Place, Records

Kind = Literal["agent", "person", "unknown"]
"""`person`: no agent of ours; `unknown`: it is older than what is looked at."""

_LANDINGS_AT_ONCE = 64
_CHARS_AT_ONCE = 2 * 1024 * 1024
"""About so much is read in one go."""
_CHARS_SMALL = 20_000
_NESTED_MAX = 6
"""How often a line is followed to another file, or past something that was undone."""


@dataclass(frozen=True, slots=True)
class Source:
    """From what a line comes."""

    kind: Kind
    proposal_id: str = ""
    run_id: str = ""
    place: Place | None = None
    """The file in which the proposal put it."""
    at: datetime | None = None
    """When that landed."""
    is_changed: bool = False
    """Somebody changed the line since by hand."""
    is_reformatted: bool = False
    """Its whitespace was changed since."""
    has_moved: bool = False
    """It stood elsewhere then: further up or down, or in another file."""
    is_partial: bool = False
    """The proposal was applied in part, and nobody knows whether this line was."""


@dataclass(frozen=True, slots=True)
class Ancestry:
    """What is known of one line."""

    sources: tuple[Source, ...]
    """One where it is certain, else all that come into question."""

    @property
    def verdict(self) -> Literal["agent", "person", "unclear", "unknown"]:
        """From whom it is; `unclear` where there are several answers."""
        if len(self.sources) != 1 or self.sources[0].is_partial:
            return "unclear"
        return self.sources[0].kind


@dataclass(frozen=True, slots=True)
class _State:
    """A line of the text that the walk has come to."""

    line: int
    is_changed: bool = False
    is_reformatted: bool = False
    has_moved: bool = False

    def source(self, kind: Kind, landing: Landing | None = None, run_id: str = "") -> Source:
        found = Source(
            kind,
            is_changed=self.is_changed,
            is_reformatted=self.is_reformatted,
            has_moved=self.has_moved,
        )
        if landing is None:
            return found
        return replace(
            found,
            proposal_id=landing.proposal_id,
            run_id=run_id,
            place=landing.place,
            at=landing.at,
        )

    def through(self, descent_lines: Descents) -> tuple[Sequence["_State"], bool, bool]:
        """The lines it may have been before, whether it may be new, whether it is hopeless."""
        descent = descent_lines.of(self.line)
        olds = [
            replace(
                self,
                line=old,
                is_reformatted=self.is_reformatted or descent.is_reformatted,
                has_moved=self.has_moved or descent.has_moved,
            )
            for old in descent.olds
        ]
        return olds, descent.may_be_new, descent.is_unclear


_Lines = dict[int, set[_State]]
"""Line that was asked about → what it may be in the text that the walk has come to."""


def ordered(sources: Iterable[Source]) -> list[Source]:
    """Each once, the newest first; of the same one, what is true of it in every case."""
    merged: dict[tuple[str, str], Source] = {}
    for each in sources:
        key = each.kind, each.proposal_id
        known = merged.setdefault(key, each)
        merged[key] = replace(
            known,
            is_changed=known.is_changed or each.is_changed,
            is_reformatted=known.is_reformatted or each.is_reformatted,
            has_moved=known.has_moved or each.has_moved,
            is_partial=known.is_partial or each.is_partial,
        )
    agents = [each for each in merged.values() if each.kind == "agent"]
    agents.sort(key=lambda each: (each.at is not None and each.at.timestamp(), each.proposal_id))
    return [*reversed(agents), *(each for each in merged.values() if each.kind != "agent")]


@dataclass(slots=True)
class Walk:
    """Carries lines backwards; one for each question."""

    records: Records
    chars_left: int = WHY_CHARS_MAX
    is_cut: bool = False
    """Whether there is more to look at than is looked at."""
    _read: dict[str, Landed | None] = field(default_factory=dict[str, Landed | None])
    _at_once: int = 1

    async def ancestry(
        self, places: Sequence[Place], text: str, lines: Iterable[int]
    ) -> dict[int, Ancestry]:
        """Where these lines, counted from nought, of a file's text come from."""
        landings = await self.records.at(places)
        return await self.from_landings(landings, lines_in(text), lines)

    async def from_landings(
        self, landings: Sequence[Landing], text: Sequence[str], lines: Iterable[int]
    ) -> dict[int, Ancestry]:
        """Where lines of a text come from that was there after all of these landings."""
        states: _Lines = {line: {_State(line)} for line in lines}
        found = await self._walk(landings, text, states, 0)
        return {line: Ancestry(tuple(ordered(sources))) for line, sources in found.items()}

    async def load(self, ahead: Sequence[Landing]) -> Landed | None:
        """The first of these with its texts, as long as not too much was read.

        Those behind it are read along, the more the smaller they are.
        """
        wanted = ahead[0].proposal_id
        if wanted not in self._read and self.chars_left > 0:
            ids = list(dict.fromkeys(each.proposal_id for each in ahead[: self._at_once]))
            self._read = dict.fromkeys(ids)
            chars = 0
            for found in await self.records.landed(ids):
                self._read[found.proposal_id] = found
                chars += sum(len(each.before or "") + len(each.after or "") for each in found.files)
            self.chars_left -= chars
            fit = _CHARS_AT_ONCE * len(ids) // max(1, chars)
            self._at_once = max(1, min(fit, 4 * len(ids), _LANDINGS_AT_ONCE))
        self.is_cut = self.is_cut or wanted not in self._read
        return self._read.get(wanted)

    async def _walk(
        self, landings: Sequence[Landing], text: Sequence[str], states: _Lines, depth: int
    ) -> dict[int, set[Source]]:
        found: dict[int, set[Source]] = {line: set() for line in states}
        now = text
        todo = deque(landings)
        is_cut = len(todo) >= WHY_LANDINGS_MAX or depth > _NESTED_MAX
        while todo and any(states.values()) and depth <= _NESTED_MAX:
            landed = await self.load(list(islice(todo, _LANDINGS_AT_ONCE)))
            landing = todo.popleft()
            if landed is None:
                is_cut = is_cut or self.is_cut
                if self.is_cut:
                    break
                continue
            file = landed.of(landing.place.path)
            if file is None or file.after is None:
                continue  # It was deleted; what is there now came back from elsewhere.
            step = _Step(landing, landed, file)
            later = await _off_the_loop(step, now, states, found)
            if later:
                for line, sources in (await self._aside(step, later, todo, depth)).items():
                    found[line] |= sources
            if landing.is_whole:
                now = step.before
                if file.moved_from:
                    todo = deque(
                        await self._older(Place(landing.place.workspace, file.moved_from), landing)
                    )
        for line, left in states.items():
            found[line] |= {each.source("unknown" if is_cut else "person") for each in left}
        return found

    async def _older(self, place: Place, landing: Landing) -> list[Landing]:
        """What landed at a place before."""
        return [each for each in await self.records.at([place]) if each.at < landing.at]

    async def _aside(
        self, step: "_Step", later: _Lines, todo: Iterable[Landing], depth: int
    ) -> dict[int, set[Source]]:
        """Follow the lines that a proposal added and did not write.

        It took them from another of its files, or it put back what was there before.
        """
        found: dict[int, set[Source]] = {line: set() for line in later}
        for line, states in later.items():
            for state in states:
                found[line] |= await self._one_aside(step, state, todo, depth)
        return found

    async def _one_aside(
        self, step: "_Step", state: _State, todo: Iterable[Landing], depth: int
    ) -> set[Source]:
        if step.landed.undoes:
            return await self._before_undone(step, state, todo, depth)
        for other, at in step.taken_from(state.line):
            place = Place(step.landing.place.workspace, other.path)
            older = await self._older(place, step.landing)
            moved = {0: {replace(state, line=at, has_moved=True)}}
            return (await self._walk(older, lines_in(other.before or ""), moved, depth + 1))[0]
        return {state.source("agent", step.landing, step.landed.run_id)}

    async def _before_undone(
        self, step: "_Step", state: _State, todo: Iterable[Landing], depth: int
    ) -> set[Source]:
        """What an undo put back was there before the oldest proposal that it took back."""
        todo = list(todo)
        undone = [at for at, each in enumerate(todo) if each.proposal_id in step.landed.undoes]
        if not undone:
            return {state.source("unknown")}
        landing = todo[undone[-1]]
        landed = await self.load([landing])
        file = landed and landed.of(landing.place.path)
        if file is None or file.before is None:
            return {state.source("unknown")}
        before = lines_in(file.before)
        olds, may_be_new, is_unclear = state.through(descents(before, step.after))
        if not olds or is_unclear:
            return {state.source("unknown")}
        older = todo[undone[-1] + 1 :]
        found = (await self._walk(older, before, {0: set(olds)}, depth + 1))[0]
        return found | ({state.source("unknown")} if may_be_new else set())


@dataclass(slots=True)
class _Step:
    """What one landed proposal says of the lines."""

    landing: Landing
    landed: Landed
    file: LandedText
    before: list[str] = field(default_factory=list[str])
    after: list[str] = field(default_factory=list[str])

    def take(self, now: Sequence[str], states: _Lines, found: Mapping[int, set[Source]]) -> _Lines:
        """Carry the lines to before the proposal; gives those that it added.

        What is certain by then goes to `found`.
        """
        self.before, self.after = lines_in(self.file.before or ""), lines_in(self.file.after or "")
        by_person = descents(self.after, now)
        by_agent = descents(self.before, self.after)
        if not self.landing.is_whole:
            self._suspect(by_person, by_agent, states, found)
            return {}
        added: _Lines = {}
        for line, ones in states.items():
            after = self._past_person(by_person, ones, found[line])
            states[line], new = _past_agent(by_agent, after, found[line])
            if new:
                added[line] = new
            if len(states[line]) > WHY_STATES_MAX:
                states[line] = set()
                found[line].add(Source("unknown"))
        return added

    def taken_from(self, line: int) -> Iterable[tuple[LandedText, int]]:
        """The other file of the proposal that lost a line which this one gained, if it is one."""
        text = self.after[line]
        if not is_telling(text) or self.after.count(text) != 1:
            return
        lost: list[tuple[LandedText, int]] = []
        for other in self.landed.files:
            if other.before is None or other is self.file or other.moved_from:
                continue
            olds = lines_in(other.before)
            if olds.count(text) == 1 and text not in lines_in(other.after or ""):
                lost.append((other, olds.index(text)))
        if len(lost) == 1:
            yield lost[0]

    def _past_person(
        self, by_person: Descents, states: set[_State], found: set[Source]
    ) -> set[_State]:
        after: set[_State] = set()
        for state in states:
            olds, may_be_new, is_unclear = state.through(by_person)
            after.update(olds)
            if is_unclear:
                found.add(state.source("unknown"))
            if by_person.of(state.line).is_new:
                changed = by_person.changed_from(state.line)
                after.update(replace(state, line=old, is_changed=True) for old in changed)
                may_be_new = not changed
            if may_be_new:
                found.add(state.source("person"))
        return after

    def _suspect(
        self,
        by_person: Descents,
        by_agent: Descents,
        states: _Lines,
        found: Mapping[int, set[Source]],
    ) -> None:
        """Nobody knows what of it was applied: it comes into question, and nothing is certain."""
        for line, ones in states.items():
            for state in ones:
                olds, _, _ = state.through(by_person)
                if any(by_agent.of(old.line).may_be_new for old in olds):
                    source = state.source("agent", self.landing, self.landed.run_id)
                    found[line].add(replace(source, is_partial=True))


async def _off_the_loop(
    step: _Step, now: Sequence[str], states: _Lines, found: Mapping[int, set[Source]]
) -> _Lines:
    """What `take` gives; the way to a thread takes longer than a small text."""
    if len(step.file.before or "") + len(step.file.after or "") < _CHARS_SMALL:
        return step.take(now, states, found)
    return await asyncio.to_thread(step.take, now, states, found)


def _past_agent(
    by_agent: Descents, states: set[_State], found: set[Source]
) -> tuple[set[_State], set[_State]]:
    """The lines as they were before the proposal, and those that it may have added."""
    before: set[_State] = set()
    added: set[_State] = set()
    for state in states:
        olds, may_be_new, is_unclear = state.through(by_agent)
        before.update(olds)
        if is_unclear:
            found.add(state.source("unknown"))
        if may_be_new:
            added.add(state)
    return before, added
