"""Whether the tests of a workspace mention a name, as far as its map knows them."""

import asyncio
import re

from steward.context.map.names import key_of
from steward.context.map.symbol_map import SymbolMap
from steward.core.clock import Clock
from steward.core.limits import TESTED_NAMES_MAX

_KNOWN_S = 10.0
"""So long may a test that was just written go unnoticed."""
_NAME_CHARS_MIN = 4
"""A shorter name may be anybody's."""
_TEST_FILE = re.compile(
    r"(?:^|/)(?:tests?|specs?|__tests__)/|(?:^|/)(?:test_[^/]*|[^/]*(?:_test|_spec|\.test|\.spec|Tests?))"
    r"\.\w+$"
)


def is_test_file(path: str) -> bool:
    """Whether a path of the workspace is where tests are by custom."""
    return _TEST_FILE.search(path) is not None


class Tested:
    """Which names the test files mention."""

    def __init__(self, symbols: SymbolMap, clock: Clock) -> None:
        self._symbols = symbols
        self._clock = clock
        self._known: dict[str, tuple[float, bool | None]] = {}

    async def is_mentioned(self, path: str, name: str) -> bool | None:
        """Whether a test mentions what a file defines; None where nobody can say.

        That is so while the map is not read to its end, where there are no tests at all, and of
        names that are private, short, or of a test themselves.
        """
        self._symbols.want(path)
        is_private = name.startswith("_")
        if is_private or len(name) < _NAME_CHARS_MIN or is_test_file(path):
            return None
        known = self._known.get(name)
        now_s = self._clock.monotonic_s()
        if known is not None and now_s - known[0] < _KNOWN_S:
            return known[1]
        if not self._symbols.is_settled:
            return None
        answer = await asyncio.to_thread(self._look, name)
        self._known.pop(name, None)
        self._known[name] = now_s, answer
        if len(self._known) > TESTED_NAMES_MAX:
            del self._known[next(iter(self._known))]
        return answer

    def _look(self, name: str) -> bool | None:
        key, is_any = key_of(name), False
        for file in self._symbols.mapped():
            if is_test_file(file.path):
                is_any = True
                if key in file.mentioned:
                    return True
        return False if is_any else None
