"""Which packages a file imports, in every way that JavaScript and TypeScript have."""

import json
import re
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from tokens import Token, tokens_of

import steward

_TABLES: dict[str, Any] = json.loads(steward.resource("modules.json"))
BUILTIN = frozenset(_TABLES["builtin"])
BINS: dict[str, str] = _TABLES["bins"]
"""Command → the package that brings it, where they are not called the same."""
_TOOLS: list[str] = _TABLES["tools"]
_NAME = re.compile(r"(?:@[a-z0-9~][a-z0-9-._~]*/)?[a-z0-9~][a-zA-Z0-9-._~]*")
# Quick and generous: they also find what stands in comments and strings. Each begins with letters
# that can be searched for at once, which one pattern for all of them could not.
_SPECIFIER = r"""\s*(?:url)?\(?\s*(?:/\*[^*\n]{0,200}\*/\s*)?['"`](~?[^'"`\n\s]{1,200})['"`]"""
_MAYBE = tuple(
    re.compile(words + _SPECIFIER)
    for words in ("from", "import", "require", r"require\.resolve", "mock", "@use", "@forward")
)
_CALLS = frozenset(("import", "require", "mock", "doMock", "importActual", "requireActual"))


class Import(NamedTuple):
    """One import of a package."""

    package: str
    is_type: bool
    """Whether only types are taken from it."""
    line: int
    """Where its name stands."""


def package_of(specifier: str) -> str | None:
    """The package that a specifier means; None: a file, a part of Node, or a made-up path."""
    named = specifier.partition("?")[0].removeprefix("~")
    if named.startswith((".", "/", "#", "@/", "~")) or ":" in named:
        return None
    parts = named.split("/")
    name = "/".join(parts[: 2 if named.startswith("@") else 1])
    if not _NAME.fullmatch(name) or parts[0] in BUILTIN:
        return None
    return name


def maybe_imported(text: str) -> set[str]:
    """Packages that a file seems to import, and a few more that only a comment speaks of."""
    said = {specifier for pattern in _MAYBE for specifier in pattern.findall(text)}
    names = (package_of(specifier) for specifier in said)
    return {name for name in names if name}


def imports_of(path: str, text: str) -> list[Import]:
    """What a file imports, read as code."""
    tokens = tokens_of(text, has_jsx=not path.endswith((".ts", ".mts", ".cts")))
    found: list[Import] = []
    for index, token in enumerate(tokens):
        if token.kind != "string" or index == 0:
            continue
        package = package_of(token.text[1:-1])
        before = tokens[index - 1]
        is_import = before.text in ("from", "import") and before.kind == "name"
        if before.text == "(" and index > 1 and tokens[index - 2].kind == "name":
            called = tokens[index - 2].text
            is_import = called in _CALLS or (
                called == "resolve" and index > 3 and tokens[index - 4].text == "require"
            )
        if package and is_import:
            is_type = _takes_types(tokens, index)
            found.append(Import(package, is_type, text.count("\n", 0, token.start)))
    return found


def _takes_types(tokens: list[Token], index: int) -> bool:
    """Whether the `import … from` that ends here takes types only."""
    for at in range(index - 1, max(index - 400, -1), -1):
        if tokens[at].kind == "name" and tokens[at].text in ("import", "export"):
            # `import("x").T` in a type cannot be told from a call, so it counts as one.
            return (
                at + 1 < index and tokens[at + 1].text == "type" and tokens[at + 2].text != "from"
            )
        if tokens[at].text == ";":
            break
    return False


def is_tool(package: str) -> bool:
    """Whether a package is used by being there: a linter's plugin, a compiler, types."""
    return any(fnmatchcase(package, pattern) for pattern in _TOOLS)
