"""What of the map matters at a cursor: definitions with scores, from the map and from nothing else.

All of this takes milliseconds: call it on a thread.
"""

import threading
from collections.abc import Collection, Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steward.context.cursor import Cursor
from steward.context.map.graph import Graph
from steward.context.map.index import Index
from steward.context.map.mapped_file import Mapped, MappedFile, map_file
from steward.context.map.names import Key, is_private, key_of, words_of
from steward.context.map.nearby import Nearby, nearby
from steward.context.map.paths import folder_of
from steward.context.map.rank import ranks
from steward.context.map.resolve import beside, resolved
from steward.syntax.language import Language

if TYPE_CHECKING:  # See `mapped_file`.
    from steward.syntax.symbols import Import

_NEAR_CHARS = 32_000
_HEAD_CHARS = 8_000
_HOPS_MAX = 3
"""How far a name is followed that a package only passes on."""
_PASSED_ON_MAX = 20
"""Files whose whole content is taken for that of a module which passes it on."""
_PLACES_MAX = 5
"""A name that more files define is not looked up by itself."""
_CLASSES_MAX = 4
_FILES_RANKED_MAX = 30
_SIBLINGS_MAX = 20

_RECEIVER = 20.0
_UNUSED_IMPORT = 8.0
_IMPORT = 3.0
_MENTIONED = 3.0
_MEMBER = 1.5
_OF_MODULE = 1.0
_BESIDE = 0.5
_PREFIX = 4.0
_PRIVATE = 0.1
_UNMENTIONED = 0.02


@dataclass(frozen=True, slots=True)
class Scored:
    """A definition, and how much it matters here."""

    path: str
    definition: Mapped
    score: float


@dataclass(frozen=True, slots=True)
class Outlook:
    """The definitions that matter, best first."""

    imported: tuple[Scored, ...]
    """Those that the cursor's file imports, or that are named around the cursor."""
    mapped: tuple[Scored, ...]
    """Others, from the files that are nearest by what mentions what."""
    files: tuple[str, ...]
    """The files that the imports mean, mapped or not."""


class Lookout:
    """Looks at one map, one cursor at a time."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._graph = Graph(index)
        # Only threads wait here: a look that was cancelled may not have ended yet.
        self._looking = threading.Lock()

    def look(self, cursor: Cursor, seeds: Mapping[str, float]) -> Outlook:
        """What matters at the cursor. `seeds`: other files that matter now → weight up to 1."""
        with self._looking:
            own = self._index.file(cursor.path)
            if own is None:
                own = map_file(cursor.path, _text_of(cursor), (0, 0), cursor.language_id)
            look = _Look(self._index, self._graph, cursor, own)
            imported = look.imported()
            mapped = look.mapped(seeds, {(one.path, one.definition.name) for one in imported})
            return Outlook(imported, mapped, look.files)


def _text_of(cursor: Cursor) -> str:
    """The document, or of a long one its head and what is near the cursor."""
    text = cursor.before + cursor.after
    if len(text) <= 2 * _NEAR_CHARS:
        return text
    return "\n".join((text[:_HEAD_CHARS], cursor.before[-_NEAR_CHARS:], cursor.after[:_HEAD_CHARS]))


class _Look:
    """One look: what was found, by place, with the best score it got."""

    def __init__(self, index: Index, graph: Graph, cursor: Cursor, own: MappedFile) -> None:
        self._index = index
        self._graph = graph
        self._cursor = cursor
        self._own = own
        self._near: Nearby = nearby(cursor)
        self._mentioned = frozenset(own.mentioned)
        self._not_ours = {*own.defined, *graph.external(own)}
        self._pulls: dict[str, float] = {}
        self._files: dict[str, None] = {}
        self._found: dict[tuple[str, str, str], Scored] = {}

    @property
    def files(self) -> tuple[str, ...]:
        """The files that the imports mean."""
        return tuple(self._files)

    def imported(self) -> tuple[Scored, ...]:
        """What the file imports and what is named around the cursor."""
        for said in self._own.imports:
            self._follow(said)
        for path in beside(self._cursor.path, self._cursor.language, self._index.paths):
            self._files[path] = None
            self._add_all(path, _BESIDE)
        self._add_named()
        self._add_members()
        return _best(self._found.values())

    def mapped(
        self, seeds: Mapping[str, float], without: Collection[tuple[str, str]]
    ) -> tuple[Scored, ...]:
        """What the nearest files define, as far as it is not in `without`."""
        weights = dict(seeds)
        siblings = self._index.paths.in_folder(folder_of(self._cursor.path))
        for path, weight in (
            *((path, 0.02) for path in siblings[:_SIBLINGS_MAX]),
            *((path, 0.3) for path in self._files),
            (self._cursor.path, 1.0),
        ):
            weights[path] = max(weight, weights.get(path, 0.0))
        named = [key for key in map(key_of, self._near.names) if len(self._index.definers(key)) > 0]
        rank = ranks(weights, lambda path: self._graph.edges(path, named))
        nearest = sorted(rank, key=lambda path: -rank[path])[:_FILES_RANKED_MAX]
        wanted = self._wanted(nearest, rank)
        found = {
            (path, one.name): Scored(path, one, self._pull(one) * weight)
            for path in nearest
            if path != self._cursor.path
            for one in self._definitions(path)
            if not one.container and (path, one.name) not in without
            for weight in (wanted.get(key_of(one.name), 0.0) + _UNMENTIONED * rank[path],)
        }
        return _best(found.values())

    def _wanted(self, nearest: Iterable[str], rank: Mapping[str, float]) -> dict[Key, float]:
        """How much of the rank of the nearest files goes to each name that they mention."""
        wanted: dict[Key, float] = {}
        for path in nearest:
            for name, weight in self._graph.uses(path).names.items():
                wanted[name] = wanted.get(name, 0.0) + rank[path] * weight
        return wanted

    def _follow(self, said: "Import") -> None:
        """One import: the names it brings, or what its module offers."""
        files = resolved(said, self._cursor.path, self._cursor.language, self._index.paths)
        self._files.update(dict.fromkeys(files))
        for name in said.names:
            is_used = key_of(name) in self._mentioned
            score = _IMPORT if is_used else _UNUSED_IMPORT
            for path, one in self._defined_as(name, files, _HOPS_MAX):
                # Who imports a private name has a right to it.
                self._add(path, one, score / (_PRIVATE if is_private(name) else 1.0))
        is_whole = not said.names or "*" in said.names
        offered = self._passed_on(files) if is_whole else files
        is_receiver = bool(said.alias) and said.alias == self._near.receiver
        for path in offered:
            score = _OF_MODULE / (1 if is_whole else 2)
            self._add_all(path, _RECEIVER if is_receiver else score)

    def _passed_on(self, files: Iterable[str]) -> tuple[str, ...]:
        """These files, and those of which they pass everything on."""
        found = dict.fromkeys(files)
        fresh = list(found)
        while fresh and len(found) < _PASSED_ON_MAX:
            path = fresh.pop(0)
            file = self._index.file(path)
            for said in file.imports if file is not None else ():
                if _passes_all_on(said, self._cursor.language):
                    more = resolved(said, path, self._cursor.language, self._index.paths)
                    fresh += [one for one in more if one not in found]
                    found |= dict.fromkeys(more)
        return tuple(found)[:_PASSED_ON_MAX]

    def _defined_as(
        self, name: str, files: Iterable[str], hops: int
    ) -> Generator[tuple[str, Mapped]]:
        """Where a name that these files offer is really defined."""
        for path in files:
            found = [one for one in self._definitions(path) if one.name == name]
            yield from ((path, one) for one in found)
            file = self._index.file(path)
            if found or file is None or hops == 0:
                continue
            for said in file.imports:
                if not said.names or name in said.names or "*" in said.names:
                    passed_on = resolved(said, path, self._cursor.language, self._index.paths)
                    yield from self._defined_as(name, passed_on, hops - 1)

    def _add_named(self) -> None:
        """What is named around the cursor and defined in a few other files."""
        for name, nearness in self._near.names.items():
            if (key := key_of(name)) in self._not_ours:
                continue
            places = self._index.definers(key)
            if len(places) > _PLACES_MAX:
                continue
            for path in places:
                for one in self._definitions(path):
                    if one.name == name:
                        self._add(path, one, _MENTIONED * nearness / len(places))

    def _add_members(self) -> None:
        """The members of classes that are spoken of; of the receiver's before all others."""
        if self._near.receiver_class:
            self._add_members_of(self._near.receiver_class, _RECEIVER)
        classes = [
            one
            for one in _best(self._found.values())
            if one.definition.kind in ("class", "interface", "struct", "trait", "type", "enum")
        ]
        for one in classes[:_CLASSES_MAX]:
            self._add_members_of(one.definition.name, _MEMBER)

    def _add_members_of(self, name: str, score: float) -> None:
        for path in self._index.definers(key_of(name))[:_PLACES_MAX]:
            for one in self._definitions(path):
                if one.container.rpartition(".")[2] == name:
                    self._add(path, one, score)

    def _add_all(self, path: str, score: float) -> None:
        """What a file offers at its top."""
        stem = path.rpartition("/")[2].partition(".")[0]
        if self._near.receiver and self._near.receiver in (stem, folder_of(path).split("/")[-1]):
            score = _RECEIVER
        for one in self._definitions(path):
            if not one.container:
                self._add(path, one, score)

    def _add(self, path: str, one: Mapped, score: float) -> None:
        if path == self._cursor.path:
            return
        score *= self._pull(one)
        place = (path, one.container, one.name)  # Of overloads one is enough.
        known = self._found.get(place)
        if known is None or known.score < score:
            self._found[place] = Scored(path, one, score)

    def _pull(self, one: Mapped) -> float:
        """How well a definition's name goes with the text around the cursor."""
        known = self._pulls.get(one.name)
        if known is not None:
            return known
        words = words_of(one.name)
        shared = sum(self._near.words.get(word, 0.0) for word in words)
        pull = 1.0 + 2.0 * shared / max(1, len(words))
        if len(self._near.prefix) > 1 and one.name.startswith(self._near.prefix):
            pull *= _PREFIX
        if is_private(one.name) or (one.name.startswith("__") and one.name != "__init__"):
            pull *= _PRIVATE
        self._pulls[one.name] = pull
        return pull

    def _definitions(self, path: str) -> tuple[Mapped, ...]:
        file = self._index.file(path)
        return file.definitions if file is not None else ()


def _passes_all_on(said: "Import", language: Language) -> bool:
    """Python's `from a import *`, and `export * from "a"`, which reads like `import "a"`."""
    is_script = language.name.startswith(("javascript", "typescript"))
    return "*" in said.names or (is_script and not said.names and not said.alias)


def _best(found: Iterable[Scored]) -> tuple[Scored, ...]:
    return tuple(sorted(found, key=lambda one: (-one.score, one.path, one.definition.line)))
