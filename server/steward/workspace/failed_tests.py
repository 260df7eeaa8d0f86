"""Which tests failed when they ran last: as pytest's cache says, or the output of our own tool.

Both are hints for a person's eyes and nothing else: they are written by programs of the workspace,
and may say anything. pytest's cache is the one file of a test runner that is the same everywhere
(`cache_dir` at its default); of other runners only the output is read, and only where its form is
known.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from steward.core.errors import StewardError
from steward.core.limits import FAILED_TESTS_BYTES_MAX, FAILED_TESTS_MAX
from steward.workspace.files import read_bytes
from steward.workspace.paths import WorkspacePath

_CACHE = WorkspacePath((".pytest_cache", "v", "cache", "lastfailed"))
_PYTEST = re.compile(r"^(?:FAILED|ERROR) ([^\s:]\S*?\.py::\S+)", re.MULTILINE)
_PYTEST_END = re.compile(
    r"^=* ?\d+ (?:failed|passed|error|skipped)[^\n]{0,200} in \d[\d.]*s", re.MULTILINE
)
_UNITTEST = re.compile(r"^(?:FAIL|ERROR): (\w+) \(([\w.]+)\)", re.MULTILINE)
_UNITTEST_END = re.compile(r"^Ran \d+ tests? in [\d.]+s", re.MULTILINE)

_State = tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class FailedTest:
    """One test that failed."""

    path: str
    """Its file, from the workspace's folder on."""
    owner: str
    """The class that it belongs to; empty for a function of the file."""
    name: str

    def is_in(self, path: str) -> bool:
        """Whether it belongs to a file of the workspace."""
        # `unittest discover -s tests` names modules from that folder on.
        return path in (self.path, f"tests/{self.path}")


_Failed = frozenset[FailedTest]


class FailedTests:
    """What is known of a workspace's tests. Whatever ran last counts."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._cached: tuple[_State, _Failed] = (None, frozenset())
        self._told: tuple[_State, _Failed] | None = None
        """What the tool's output said, and the cache as it was then."""

    def note(self, output: str) -> None:
        """Take what a run of all tests printed; what is not known as such is no news. Blocks."""
        found = failures_in(output)
        if found is not None:
            self._told = self._state(), found

    def now(self) -> frozenset[FailedTest]:
        """Those that failed when they ran last. Blocks: call it on a thread."""
        state = self._state()
        told = self._told
        if told is not None and told[0] == state:
            return told[1]
        if self._cached[0] != state:
            self._cached = state, frozenset() if state is None else self._read()
        return self._cached[1]

    def _state(self) -> _State:
        try:
            status = _CACHE.under(self._root).lstat()
        except OSError:
            return None
        return status.st_mtime_ns, status.st_size

    def _read(self) -> _Failed:
        try:
            # Never through a link: a folder that somebody was sent may hold one.
            content = read_bytes(self._root, _CACHE, FAILED_TESTS_BYTES_MAX)
            listed: object = json.loads(content)
        except (StewardError, ValueError, RecursionError):
            return frozenset()
        if not isinstance(listed, dict):
            return frozenset()
        return _named(list(cast("dict[str, object]", listed)))


def failures_in(output: str) -> frozenset[FailedTest] | None:
    """The tests that an output names as failed; None where it is not one of a whole test run."""
    if _PYTEST_END.search(output):
        return _named(_PYTEST.findall(output))
    if _UNITTEST_END.search(output):
        found = (_of_unittest(*each) for each in _UNITTEST.findall(output)[:FAILED_TESTS_MAX])
        return frozenset(each for each in found if each is not None)
    return None


def _named(names: list[str]) -> _Failed:
    """The tests of pytest's node ids, `tests/test_a.py::TestB::test_c[1]`."""
    found: set[FailedTest] = set()
    for name in names[:FAILED_TESTS_MAX]:
        path, *inside = name.partition("[")[0].split("::")
        if inside and inside[-1].isidentifier():
            found.add(FailedTest(path, inside[-2] if len(inside) > 1 else "", inside[-1]))
    return frozenset(found)


def _of_unittest(name: str, place: str) -> FailedTest | None:
    """`test_c`, and `tests.test_a.TestB.test_c`, or without the last part before Python 3.11."""
    *module, owner = place.removesuffix(f".{name}").split(".")
    return FailedTest("/".join(module) + ".py", owner, name) if module else None
