"""How languages name their tests; the table is data."""

import json
import re
from dataclasses import dataclass
from functools import cache

import steward


@dataclass(frozen=True, slots=True)
class Convention:
    """How one language names the tests of a file."""

    language: str
    endings: tuple[str, ...]
    tests: tuple[re.Pattern[str], ...]
    """What the name of a test looks like, without its ending; the group is what it tests."""
    folders: frozenset[str]
    """Folders in which every file is a test of what is called the same."""
    whole_folder: str
    """The name of a file that stands for its folder."""
    imports: tuple[str, ...]
    """What an import of `{name}` looks like."""


@cache
def conventions() -> tuple[Convention, ...]:
    """All that are known."""
    return tuple(
        Convention(
            each["language"],
            tuple(each["endings"]),
            tuple(re.compile(_pattern(test)) for test in each["tests"]),
            frozenset(each["folders"]),
            each["whole_folder"],
            tuple(each["imports"]),
        )
        for each in json.loads(steward.resource("conventions.json"))
    )


def _pattern(test: str) -> str:
    return re.escape(test).replace(re.escape("{name}"), "(?P<name>.+)")


def convention_of(path: str) -> Convention | None:
    """The convention of a file's language; None: not known."""
    ending = path[path.rfind(".") :] if "." in path.rpartition("/")[2] else ""
    return next((each for each in conventions() if ending in each.endings), None)


def stem_of(path: str, convention: Convention) -> str:
    """What a file is called without its ending; one that stands for its folder, as that."""
    folder, _, name = path.rpartition("/")
    stem = name[: name.rfind(".")]
    if stem == convention.whole_folder and folder:
        return folder.rpartition("/")[2]
    return stem


def subject_of(path: str, convention: Convention) -> str | None:
    """What a test is the test of; None: it is no test."""
    folder, _, name = path.rpartition("/")
    stem = name[: name.rfind(".")]
    for pattern in convention.tests:
        if found := pattern.fullmatch(stem):
            return found["name"]
    return stem if folder.rpartition("/")[2] in convention.folders else None


def imports_of(name: str, convention: Convention) -> re.Pattern[str] | None:
    """What an import of a module of this name looks like in its language."""
    if not convention.imports:
        return None
    named = re.escape(name)
    patterns = (f"(?:{each.replace('{name}', named)})" for each in convention.imports)
    return re.compile("|".join(patterns), re.MULTILINE)
