"""The map's two sources of snippets: what is imported, and what else is near."""

from collections.abc import Sequence

from steward.context.cursor import Cursor
from steward.context.map.mapped_file import Mapped
from steward.context.map.outlook import Scored
from steward.context.map.symbol_map import SymbolMap
from steward.context.snippet import Found, Snippet
from steward.syntax.language import language_of
from steward.workspace.paths import WorkspacePath
from steward.workspace.verdicts import RecentVerdicts

_IMPORTED_CHARS_MAX = 8_000
_MAP_CHARS_MAX = 7_000
_SNIPPET_CHARS_MAX = 1_200
_NAMES_CHARS_MAX = 1_200
_MARKS_CHARS = 12
_INDENT = 4


class Imported:
    """Definitions that the cursor's file imports, or that are named around the cursor."""

    name = "imported"

    def __init__(self, symbols: SymbolMap, verdicts: RecentVerdicts) -> None:
        self._symbols = symbols
        self._verdicts = verdicts

    async def find(self, cursor: Cursor) -> Sequence[Snippet]:
        """A snippet a file, best first."""
        found = (await self._symbols.outlook(cursor)).imported
        snippets = shown(found, "imported", _IMPORTED_CHARS_MAX)
        return await allowed(snippets, self._symbols, self._verdicts)


class Overview:
    """The definitions that matter most in the files that are nearest."""

    name = "map"

    def __init__(self, symbols: SymbolMap, verdicts: RecentVerdicts) -> None:
        self._symbols = symbols
        self._verdicts = verdicts

    async def find(self, cursor: Cursor) -> Sequence[Snippet]:
        """A snippet a file, best first."""
        found = (await self._symbols.outlook(cursor)).mapped
        snippets = shown(found, "map", _MAP_CHARS_MAX)
        return await allowed(snippets, self._symbols, self._verdicts)


async def allowed(
    snippets: Sequence[Snippet], symbols: SymbolMap, verdicts: RecentVerdicts
) -> tuple[Snippet, ...]:
    """Those of files that a model may see at this moment; the map forgets the others."""
    places = {snippet.path: WorkspacePath(tuple(snippet.path.split("/"))) for snippet in snippets}
    reasons = await verdicts.why_not_each(places.values())
    for path, place in places.items():
        if reasons[place] is not None:
            symbols.forget(path)
    return tuple(each for each in snippets if reasons[places[each.path]] is None)


def shown(found: Sequence[Scored], source: Found, chars_max: int) -> tuple[Snippet, ...]:
    """The best definitions as far as they fit, put together by file, the best file first.

    Of those that do not fit into a file's share, the names are told.
    """
    files: dict[str, _Excerpt] = {}
    for one in found:
        excerpt = files.get(one.path)
        if excerpt is None:
            excerpt = files[one.path] = _Excerpt(one.path)
            chars_max -= len(one.path) + _MARKS_CHARS
        chars_max -= excerpt.take(one.definition)
        if chars_max <= 0:
            break
    return tuple(
        Snippet(path, excerpt.text, source, min(excerpt.definitions))
        for path, excerpt in files.items()
    )


class _Excerpt:
    """What is shown of one file."""

    def __init__(self, path: str) -> None:
        self.definitions: dict[int, Mapped] = {}
        self._path = path
        self._names: dict[str, None] = {}
        self._left = _SNIPPET_CHARS_MAX
        self._names_left = _NAMES_CHARS_MAX

    def take(self, one: Mapped) -> int:
        """Show a definition, or its name where there is no more room: how many characters more."""
        size = len(one.shown) + 1 + _INDENT * bool(one.container)
        if size <= self._left or not self.definitions:
            self._left -= size
            self.definitions[one.line] = one
            return size
        size = len(one.name) + 2
        if one.name in self._names or size > self._names_left:
            return 0
        self._names[one.name] = None
        self._names_left -= size
        return size

    @property
    def text(self) -> str:
        """Definitions in the file's order; members stand below the name of what holds them."""
        lines: list[str] = []
        holder = ""
        for line in sorted(self.definitions):
            one = self.definitions[line]
            if not one.container:
                holder = one.name
                lines.append(one.shown)
                continue
            if one.container != holder:
                holder = one.container
                lines.append(f"{holder}:")
            lines += [" " * _INDENT + part for part in one.shown.split("\n")]
        if self._names:
            language = language_of(self._path)
            lines.append(f"{language.line_comment or '#'} also: {', '.join(self._names)}")
        return "\n".join(lines) + "\n"
