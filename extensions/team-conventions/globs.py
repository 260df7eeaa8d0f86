"""Globs for paths of the workspace: `*`, `?`, `[abc]`, `{a,b}` and `**` for any folders."""

import re
from functools import lru_cache


def is_in(path: str, globs: tuple[str, ...]) -> bool:
    """Whether the path is like one of them; one without a slash means the name in any folder."""
    return any(_compiled(glob).match(path) for glob in globs)


@lru_cache(maxsize=1000)
def _compiled(glob: str) -> re.Pattern[str]:
    glob = glob.removeprefix("./")
    if "/" not in glob.rstrip("/"):
        glob = f"**/{glob}"
    return re.compile(_regex(glob + "**" if glob.endswith("/") else glob) + r"\Z", re.DOTALL)


_PARTS = re.compile(
    r"(/\*\*\Z)|(\*\*/)|(\*\*)|(\*)|(\?)|(\[[^\]/]+\])|(\{)|(\})|(,)|((?:(?!/\*\*\Z)[^*?\[{},])+|\[)"
)


def _regex(glob: str) -> str:
    found: list[str] = []
    braces = 0
    for part in _PARTS.finditer(glob):
        text, kind = part[0], part.lastindex
        if kind == 7:
            braces += 1
        if kind == 8 and braces:
            braces -= 1
            found.append(")")
            continue
        comma = "|" if braces else ","
        said = {
            1: "(?:/.*)?",  # A folder's glob holds the folder itself too.
            2: "(?:.*/)?",
            3: ".*",
            4: "[^/]*",
            5: "[^/]",
            6: text.replace("[!", "[^").replace("\\", "\\\\"),
            7: "(?:",
            8: "}",
            9: comma,
        }
        found.append(said.get(kind or 0, re.escape(text)))
    return "".join(found) + ")" * braces
