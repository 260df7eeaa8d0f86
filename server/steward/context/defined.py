"""Where something of a name is defined, for whoever points at it by its name."""

from collections.abc import Callable

from steward.context.texts import Texts
from steward.workspace.lines import split_lines

_SYMBOL_LINES_MAX = 80
_SYMBOLS_MAX = 5


def defined(name: str, texts: Texts, hide: Callable[[str], str]) -> list[tuple[str, str]]:
    """Where something of this name is defined: title and text. On a thread."""
    # Loads the grammars, which the start of a server has no time for.
    from steward.syntax.language import language_of
    from steward.syntax.symbols import symbols_of

    found: list[tuple[str, str]] = []
    for path, text in texts:
        if name not in text:
            continue
        symbols = symbols_of(language_of(path), text)
        lines = split_lines(hide(text))
        for one in symbols.definitions if symbols else ():
            if one.name == name:
                last = min(one.end_line, one.line + _SYMBOL_LINES_MAX)
                title = f"{path}, lines {one.line + 1} to {last + 1}, {one.kind} {name}"
                found.append((title, "".join(lines[one.line : last + 1])))
            if len(found) >= _SYMBOLS_MAX:
                return found
    return found
