"""From file to file: who mentions what another one defines."""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from steward.context.map.index import Index
from steward.context.map.mapped_file import MappedFile
from steward.context.map.names import Key, key_of
from steward.context.map.resolve import resolved
from steward.syntax.language import language_of

_OFTEN = 5
"""A name that more files define says little about any of them."""
_TOO_OFTEN = 40
"""And beyond this nothing."""
_MENTIONED = 10.0
_UNSPECIFIC = 0.1
_FILES_KEPT_MAX = 256
_CHANGES_MAX = 50
"""So many changes elsewhere may a file's edges not know of: most have nothing to do with it."""
_NAMES_MAX = 120
"""Names of one file that count; the heaviest."""


@dataclass(frozen=True, slots=True)
class Uses:
    """What one file mentions and other files define."""

    names: Mapping[Key, float]
    """Each name with a weight; they sum to 1, or there are none."""
    files: Mapping[str, float]
    """The same by the file that defines it."""


_NOTHING = Uses({}, {})


class Graph:
    """The edges out of each file, worked out when it is first looked at."""

    def __init__(self, index: Index) -> None:
        self._index = index
        self._known: dict[str, tuple[int, MappedFile, Uses]] = {}

    def uses(self, path: str) -> Uses:
        """What a file uses of others."""
        file, age = self._index.file(path), self._index.age
        if file is None:
            return _NOTHING
        known = self._known.pop(path, None)
        if known is None or age - known[0] > _CHANGES_MAX or known[1] is not file:
            known = (age, file, self._uses(file))
        self._known[path] = known
        if len(self._known) > _FILES_KEPT_MAX:
            del self._known[next(iter(self._known))]
        return known[2]

    def edges(self, path: str, mentioned: Collection[Key] = ()) -> Mapping[str, float]:
        """The files a file leads to, with weights; names in `mentioned` weigh ten times as much."""
        uses = self.uses(path)
        named = [name for name in mentioned if name in uses.names]
        if not named:
            return uses.files
        weights = dict(uses.files)
        for name in named:
            places = self._places(name, path)
            for place in places:
                more = (_MENTIONED - 1) * uses.names[name] / len(places)
                weights[place] = weights.get(place, 0.0) + more
        return weights

    def external(self, file: MappedFile) -> frozenset[Key]:
        """The names that a file imports from elsewhere: none in the workspace is meant."""
        language = language_of(file.path)
        return frozenset(
            key_of(name)
            for said in file.imports
            if not resolved(said, file.path, language, self._index.paths)
            for name in said.names
        )

    def _uses(self, file: MappedFile) -> Uses:
        """Square roots of how often, a tenth where a name is private or many files define it."""
        weights: dict[Key, float] = {}
        without = {*file.defined, *self.external(file)}
        for name, count in zip(file.mentioned, file.counts, strict=True):
            places = 0 if name in without else len(self._index.definers(name))
            if 0 < places <= _TOO_OFTEN:
                is_vague = places > _OFTEN or name & 1
                weights[name] = math.sqrt(count) * (_UNSPECIFIC if is_vague else 1.0)
        heaviest = sorted(weights, key=lambda name: -weights[name])[:_NAMES_MAX]
        whole = sum(weights[name] for name in heaviest)
        names = {name: weights[name] / whole for name in heaviest}
        files: dict[str, float] = {}
        for name, weight in names.items():
            places = self._places(name, file.path)
            for place in places:
                files[place] = files.get(place, 0.0) + weight / len(places)
        return Uses(names, files)

    def _places(self, name: Key, path: str) -> tuple[str, ...]:
        return tuple(place for place in self._index.definers(name) if place != path)
