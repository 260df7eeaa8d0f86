"""What a server's tool is called here, so that none is taken for another."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping

from steward.tools.extension_name import EXTENSIONS, MARK

_CHARS_MAX = 64
"""What every provider takes."""
_TOOL = re.compile(r"[A-Za-z0-9_-]+")
_ALIKE = str.maketrans({"0": "o", "1": "l", "i": "l", "5": "s", "8": "b", "2": "z"})
_JOINS = re.compile(r"[-_]+")


def offered_name(server: str, tool: str) -> str:
    """What the tool is called for models, plans and rules."""
    return f"{server}{MARK}{tool}"


def server_of(name: str) -> str | None:
    """The server whose tool bears this name, or all of whose tools it means; None for others."""
    server, mark, rest = name.partition(MARK)
    return server if mark and rest and server != EXTENSIONS else None


def look_alike(name: str) -> str:
    """The same for names that a hasty reader takes for one another."""
    plain = unicodedata.normalize("NFKC", name).casefold().translate(_ALIKE)
    return _JOINS.sub("_", plain)


def why_not_called(server: str, tools: Iterable[str], built_in: Iterable[str]) -> Mapping[str, str]:
    """Tool → why it cannot be called by its name; those that can be are left out.

    Names are not mended: a mended name could be another one's.
    """
    named = list(tools)
    alike = Counter(look_alike(tool) for tool in named)
    ours = {look_alike(name): name for name in built_in}
    found: dict[str, str] = {}
    for tool in named:
        full = offered_name(server, tool)
        if _TOOL.fullmatch(tool) is None or len(full) > _CHARS_MAX:
            found[tool] = (
                f"its name is not made of at most {_CHARS_MAX - len(server) - len(MARK)} letters,"
                " digits, hyphens and underscores"
            )
        elif alike[look_alike(tool)] > 1:
            found[tool] = "another tool of the server has the same name, or one that looks like it"
        elif (shadowed := ours.get(look_alike(full))) is not None:
            found[tool] = f"{full!r} looks like Steward's own {shadowed!r}"
    return found
