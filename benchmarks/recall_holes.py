"""Holes that cannot be filled from the file alone: the line needs a name that another file defines.

A hole is a line that was cut out. The name that it needs is defined elsewhere in the package, and
nowhere else in the file but in its imports; in the harder kind those are gone too.
"""

import random
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from steward.syntax.language import Language, language_of
from steward.syntax.symbols import Import, Symbols, symbols_of

NAME = re.compile(r"[^\W\d]\w*")
_NAME_CHARS_MIN = 4
_FILES_DEFINING_MAX = 3
_HOLES_OF_FILE = 3
_FILE_BYTES_MAX = 200_000

Kind = Literal["imported", "removed", "member"]
"""The import stands there; it was removed; a member of a class, which nothing imports by name."""


@dataclass(frozen=True, slots=True)
class Hole:
    """A file without one line, and the name that belongs there."""

    path: str
    before: str
    after: str
    needed: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class _File:
    path: str
    lines: Sequence[str]
    symbols: Symbols
    imports: frozenset[int]
    """The lines that import something."""


def holes(root: Path, language: str, seed: int, most: int) -> list[Hole]:
    """At most so many holes of each kind from the package in a folder, always the same ones."""
    files = list(_files(root, language))
    places, members = _places(files)
    folders = frozenset(part for file in files for part in file.path.split("/")[:-1])
    chance = random.Random(seed)
    chance.shuffle(files)
    found: dict[Kind, list[Hole]] = {"imported": [], "removed": [], "member": []}
    for file in files:
        lines = list(_needing(file, places, folders))
        chance.shuffle(lines)
        for at, name in lines[:_HOLES_OF_FILE]:
            for hole in _cut(file, at, name, is_member=name in members):
                if len(found[hole.kind]) < most:
                    found[hole.kind].append(hole)
    return [hole for kind in found.values() for hole in kind]


def _files(root: Path, language: str) -> Iterator[_File]:
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        known = language_of(name)
        if not known.name.startswith(language) or not path.is_file() or _is_test(name):
            continue
        if path.stat().st_size > _FILE_BYTES_MAX:
            continue
        text = path.read_text("utf-8", "replace")
        symbols = symbols_of(known, text)
        if symbols is not None:
            lines = text.split("\n")
            yield _File(name, lines, symbols, frozenset(_import_lines(known, lines)))


def _is_test(name: str) -> bool:
    return (
        re.search(r"(^|[/_.])(tests?|spec|testing|_vendor|testdata|d)([/_.]|$)", name) is not None
    )


def _places(files: Sequence[_File]) -> tuple[Mapping[str, set[str]], set[str]]:
    """Where each name is defined, and the names that only members have."""
    places: dict[str, set[str]] = defaultdict(set)
    tops: set[str] = set()
    for file in files:
        for one in file.symbols.definitions:
            places[one.name].add(file.path)
            if not one.container:
                tops.add(one.name)
    return places, set(places) - tops


def _needing(
    file: _File, places: Mapping[str, set[str]], folders: frozenset[str]
) -> Iterator[tuple[int, str]]:
    """The lines that alone in the file use a name which a few other files define."""
    where: dict[str, list[int]] = defaultdict(list)
    for at, line in enumerate(file.lines):
        for name in set(NAME.findall(line)):
            where[name].append(at)
    for name, lines in where.items():
        uses = [at for at in lines if at not in file.imports]
        defining = places.get(name, set())
        if (
            len(uses) == 1
            and len(name) >= _NAME_CHARS_MIN
            and 0 < len(defining) <= _FILES_DEFINING_MAX
            and file.path not in defining
            and name in file.symbols.references
            and not _is_external(file, folders, name, file.lines[uses[0]])
        ):
            yield uses[0], name


def _is_external(file: _File, folders: frozenset[str], name: str, line: str) -> bool:
    """Whether the line means the thing of a library that has the same name."""
    owners = set(re.findall(rf"([^\W\d]\w*)(?:\.|::){name}\b", line))
    for one in file.symbols.imports:
        if _is_of_library(file, folders, one):
            local = {*one.names, *NAME.findall(one.module)[-1:]}
            if name in local or owners & local:
                return True
    return False


def _is_of_library(file: _File, folders: frozenset[str], said: Import) -> bool:
    if said.level > 0 or said.module.startswith((".", "@/", "~/")):
        return False
    parts = [part for part in re.split(r"[./]", said.module) if part]
    if language_of(file.path).name == "python":
        return parts[:1] != [file.path.split("/")[0]]
    return language_of(file.path).name != "go" or not folders.intersection(parts[1:])


def _cut(file: _File, at: int, name: str, *, is_member: bool) -> Iterator[Hole]:
    imports = [line for line in file.imports if name in NAME.findall(file.lines[line])]
    if is_member:
        yield _hole(file, at, name, file.lines, "member")
        return
    yield _hole(file, at, name, file.lines, "imported")
    if imports:
        without = [
            _without(line, name) if number in imports else line
            for number, line in enumerate(file.lines)
        ]
        yield _hole(file, at, name, without, "removed")


def _without(line: str, name: str) -> str:
    """An import line that does not bring this name any more; empty where it brought only that."""
    left = re.sub(rf"\b(?:type\s+)?{re.escape(name)}\b(\s+as\s+\w+)?\s*,?\s*", "", line)
    is_empty = re.search(r"import\s*$|\{\s*\}|import\s*\(\s*\)|import\s+from", left) is not None
    return "" if is_empty else left


def _hole(file: _File, at: int, name: str, lines: Sequence[str], kind: Kind) -> Hole:
    line = lines[at]
    indent = line[: len(line) - len(line.lstrip())]
    before = "".join(f"{one}\n" for one in lines[:at]) + indent
    after = "".join(f"\n{one}" for one in lines[at + 1 :])
    return Hole(file.path, before, after, name, kind)


def _import_lines(language: Language, lines: Sequence[str]) -> Iterator[int]:
    """The lines of import statements, those that go on over several lines too."""
    opened = False
    for at, line in enumerate(lines):
        text = line.strip()
        if not opened:
            starts = ("import ", "import{", "import(", "from ", "export {", "export *", "export{")
            is_import = text.startswith(starts)
            if language.name == "go":
                is_import = text.startswith("import")
            if not is_import:
                continue
            yield at
            counts = Counter(text)
            opened = counts["("] > counts[")"] or counts["{"] > counts["}"]
            continue
        yield at
        opened = not text.startswith((")", "}")) and not text.endswith(")")
