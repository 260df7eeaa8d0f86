"""Which tests belong to a file, and which file to a test."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from conventions import Convention, convention_of, imports_of, stem_of, subject_of

_SORTING = frozenset(
    (
        *("src", "lib", "app", "main", "test", "tests", "spec", "specs", "__tests__", "java"),
        *("kotlin", "scala", "unit", "integration", "e2e", "source", "pkg", "internal", "python"),
    )
)
"""Folders that only sort, and say nothing of what a file is about."""
_READ_MAX = 40
"""Tests that are read to see whether they import a file."""
FOUND_MAX = 50


@dataclass(frozen=True, slots=True)
class Found:
    """A file that belongs to another, and why."""

    path: str
    why: str
    score: int


@dataclass(frozen=True, slots=True)
class Own:
    """A convention of this project: `{path}` stands for any folders and a name."""

    source: str
    test: str


@dataclass(slots=True)
class Index:
    """The files of a workspace, by what they are called and what they test."""

    sources: dict[tuple[str, str], list[str]] = field(
        default_factory=lambda: defaultdict[tuple[str, str], list[str]](list)
    )
    """Language and name → sources."""
    tests: dict[tuple[str, str], list[str]] = field(
        default_factory=lambda: defaultdict[tuple[str, str], list[str]](list)
    )
    """Language and what they test → tests."""
    all_tests: dict[str, list[str]] = field(
        default_factory=lambda: defaultdict[str, list[str]](list)
    )
    """Language → tests."""
    paths: frozenset[str] = frozenset()


def index_of(paths: Iterable[str]) -> Index:
    """The index of these files."""
    listed = list(paths)
    index = Index(paths=frozenset(listed))
    for path in listed:
        convention = convention_of(path)
        if convention is None:
            continue
        subject = subject_of(path, convention)
        if subject is None:
            key = convention.language, stem_of(path, convention).lower()
            index.sources[key].append(path)
        else:
            index.tests[convention.language, subject.lower()].append(path)
            index.all_tests[convention.language].append(path)
    return index


def belonging_to(
    path: str, index: Index, own: Iterable[Own], read: Callable[[str], str]
) -> list[Found]:
    """What belongs to a file, best first: its tests, or what it is a test of.

    Args:
        path: The file.
        index: All files.
        own: The project's own conventions, which go first.
        read: Gives the text of a file; empty where there is none.
    """
    found = {each.path: each for each in _by_own(path, index, own)}
    convention = convention_of(path)
    if convention is not None:
        subject = subject_of(path, convention)
        if subject is None:
            others = _tests_of(path, convention, index, read)
        else:
            others = _sources_of(path, subject, convention, index, read)
        for each in others:
            known = found.get(each.path)
            if known is None or known.score < each.score:
                found[each.path] = each
    found.pop(path, None)
    return sorted(found.values(), key=lambda each: (-each.score, each.path))[:FOUND_MAX]


def _by_own(path: str, index: Index, own: Iterable[Own]) -> Iterable[Found]:
    for each in own:
        for here, there in ((each.source, each.test), (each.test, each.source)):
            pattern = re.escape(here)
            for word, means in (("{path}", "(?P<path>.+)"), ("{name}", "(?P<name>[^/]+)")):
                pattern = pattern.replace(re.escape(word), means, 1)
            if not (match := re.fullmatch(pattern, path)):
                continue
            wanted = there
            for word, value in match.groupdict().items():
                wanted = wanted.replace(f"{{{word}}}", value or "")
            if wanted in index.paths and wanted != path:
                yield Found(wanted, f"by your pattern {each.test}", 100)


def _tests_of(
    path: str, convention: Convention, index: Index, read: Callable[[str], str]
) -> Iterable[Found]:
    name = stem_of(path, convention)
    named = index.tests.get((convention.language, name.lower()), [])
    rivals = index.sources.get((convention.language, name.lower()), [])
    for test in named:
        near = _near(path, test)
        # Of several files of one name, a test belongs to the nearest.
        if all(near >= _near(rival, test) for rival in rivals):
            yield Found(test, "it is named after it", 50 + near)
    pattern = imports_of(name, convention)
    if pattern is None or len(name) < 2:
        return
    listed = index.all_tests.get(convention.language, [])
    others = sorted(set(listed) - set(named), key=lambda test: (-_near(path, test), test))
    for test in others[:_READ_MAX]:
        if (match := pattern.search(read(test))) and _means(match[0], path, rivals):
            yield Found(test, "it imports it", 20 + _near(path, test))


def _means(imported: str, path: str, rivals: list[str]) -> bool:
    """Whether an import means this file and none of the others that are called the same."""
    if len(rivals) <= 1:
        return True
    words = set(re.findall(r"\w+", imported))
    best = max(len(words.intersection(_folders(rival))) for rival in rivals)
    return len(words.intersection(_folders(path))) == best > 0


def _sources_of(
    path: str, subject: str, convention: Convention, index: Index, read: Callable[[str], str]
) -> Iterable[Found]:
    named = index.sources.get((convention.language, subject.lower()), [])
    best = max((_near(path, source) for source in named), default=0)
    for source in named:
        if _near(path, source) == best:
            yield Found(source, "it is named after it", 50 + best)
    text = read(path)
    words = {word.lower() for word in re.findall(r"\w+", _imports_in(text))}
    for word in words - {subject.lower()}:
        for source in index.sources.get((convention.language, word), [])[:20]:
            pattern = imports_of(stem_of(source, convention), convention)
            match = pattern.search(text) if pattern else None
            rivals = index.sources[convention.language, word]
            if match and _means(match[0], source, rivals):
                yield Found(source, "it imports it", 20 + _near(path, source))


def _imports_in(text: str) -> str:
    """The lines of a text that may import something."""
    lines = text[:20_000].split("\n")
    words = ("import", "require", "from ", "use ", "new ")
    return "\n".join(line for line in lines if any(word in line for word in words))


def _folders(path: str) -> list[str]:
    return [part for part in path.split("/")[:-1] if part.lower() not in _SORTING]


def _near(one: str, other: str) -> int:
    """How near two files are: the folders that both stand in, and the very same folder most."""
    folder, other_folder = one.rpartition("/")[0], other.rpartition("/")[0]
    if folder == other_folder:
        return 20
    mine, theirs = _folders(one), _folders(other)
    shared = len(set(mine).intersection(theirs))
    tail = 0
    while tail < min(len(mine), len(theirs)) and mine[-1 - tail] == theirs[-1 - tail]:
        tail += 1
    return min(shared + tail, 19)
