"""What stands in a file, by light patterns: names of functions and classes, imports, lengths."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

LINE_CHARS_MAX = 2000
"""Longer lines are no person's, and no pattern is tried on them."""


@dataclass(frozen=True, slots=True)
class Named:
    """A name and where it stands, counted from nought."""

    kind: str
    """`functions` or `classes`."""
    name: str
    line: int
    start: int


@dataclass(frozen=True, slots=True)
class Imported:
    """What a line imports, as it is written."""

    name: str
    line: int
    start: int


_JS = ("js", "jsx", "ts", "tsx", "mjs", "cjs", "mts", "cts")
_C_LIKE_TYPE = r"^\s*(?:[\w@]+\s+)*?(?:class|interface|enum|record|struct|trait)\s+([A-Za-z_]\w*)"
_FUNCTIONS = {
    "py": r"^\s*(?:async\s+)?def\s+([^\W\d]\w*)",
    "go": r"^func\s+(?:\([^)]*\)\s*)?([A-Za-z_]\w*)",
    "rs": r"^\s*(?:pub(?:\([^)]*\))?\s+)?(?:const\s+|async\s+|unsafe\s+)*fn\s+([A-Za-z_]\w*)",
    "rb": r"^\s*def\s+(?:self\.)?([A-Za-z_]\w*)",
    "php": r"^\s*(?:(?:public|private|protected|static|final|abstract)\s+)*function\s+(\w+)",
    "kt": r"^\s*(?:\w+\s+)*fun\s+(?:<[^>]*>\s*)?(?:\w+\.)?(\w+)",
    "swift": r"^\s*(?:\w+\s+)*func\s+(\w+)",
    "lua": r"^\s*(?:local\s+)?function\s+(?:\w+[.:])*(\w+)",
    "java": r"^\s*(?:(?:public|private|protected|static|final|abstract|synchronized)\s+)+"
    r"[\w<>\[\], .?]{1,80}\s(\w+)\s*\(",
    "cs": r"^\s*(?:(?:public|private|protected|internal|static|async|override|virtual)\s+)+"
    r"[\w<>\[\], .?]{1,80}\s(\w+)\s*\(",
    **dict.fromkeys(
        _JS,
        r"^\s*(?:export\s+)?(?:default\s+)?(?:async\s+)?function\s*\*?\s*([A-Za-z_$][\w$]*)"
        r"|^\s*(?:export\s+)?const\s+([A-Za-z_$][\w$]*)\s*=\s*(?:async\s*)?(?:\([^()]*\)|\w+)\s*=>",
    ),
}
_CLASSES = {
    "py": r"^\s*class\s+([^\W\d]\w*)",
    "go": r"^type\s+([A-Za-z_]\w*)\s+(?:struct|interface)\b",
    "rs": r"^\s*(?:pub(?:\([^)]*\))?\s+)?(?:struct|enum|trait)\s+([A-Za-z_]\w*)",
    "rb": r"^\s*(?:class|module)\s+(?:\w+::)*([A-Za-z_]\w*)",
    **dict.fromkeys((*_JS, "php", "kt", "swift", "java", "cs"), _C_LIKE_TYPE),
}
_FUNCTIONS_RE = {language: re.compile(pattern) for language, pattern in _FUNCTIONS.items()}
_CLASSES_RE = {language: re.compile(pattern) for language, pattern in _CLASSES.items()}
_PY_IMPORT = re.compile(r"^\s*(?:from\s+(\.*[\w.]*)\s+import\s+(.*)|import\s+(.+))$")
_JS_IMPORT = re.compile(
    r"""(?:^\s*import\s+(?:[^'"]{0,500}?\sfrom\s+)?|\}\s*from\s+|^\s*export\s[^'"]{0,500}?\sfrom\s+"""
    r"""|\b(?:require|import)\(\s*)(['"])([^'"]+)\1"""
)
_LINE_IMPORT = {
    "java": re.compile(r"^\s*import\s+(?:static\s+)?([\w.]+)"),
    "kt": re.compile(r"^\s*import\s+([\w.]+)"),
    "cs": re.compile(r"^\s*using\s+(?:static\s+)?([\w.]+)\s*;"),
    "rs": re.compile(r"^\s*(?:pub\s+)?use\s+([\w:]+)"),
    "go": re.compile(r'^\s*(?:import\s+)?(?:[\w.]+\s+)?"([\w./-]+)"\s*$'),
    "rb": re.compile(r"""^\s*require(?:_relative)?\s+['"]([^'"]+)['"]"""),
    "php": re.compile(r"^\s*use\s+([\w\\]+)"),
}


def language_of(path: str) -> str:
    """What the file's name ends with."""
    return posixpath.basename(path).rpartition(".")[2].lower()


def named(path: str, lines: list[str]) -> Iterator[Named]:
    """The functions and classes of a file."""
    language = language_of(path)
    both = (("functions", _FUNCTIONS_RE.get(language)), ("classes", _CLASSES_RE.get(language)))
    for kind, pattern in both:
        if pattern is None:
            continue
        for number, line in enumerate(lines):
            found = pattern.match(line) if len(line) <= LINE_CHARS_MAX else None
            if found is not None:
                group = next(at for at, said in enumerate(found.groups(), 1) if said)
                yield Named(kind, found[group], number, found.start(group))


def imported(path: str, lines: list[str]) -> Iterator[Imported]:
    """What a file imports, relative names made paths."""
    language = language_of(path)
    folder = posixpath.dirname(path)
    for number, line in enumerate(lines):
        if len(line) > LINE_CHARS_MAX:
            continue
        for name in _of_line(language, folder, line):
            yield Imported(name, number, len(line) - len(line.lstrip()))


def _of_line(language: str, folder: str, line: str) -> Iterator[str]:
    if language == "py":
        if found := _PY_IMPORT.match(line):
            yield from _python(folder, found)
    elif language in _JS:
        for found in _JS_IMPORT.finditer(line):
            yield _relative(folder, found[2]) if found[2].startswith(".") else found[2]
    elif (pattern := _LINE_IMPORT.get(language)) and (found := pattern.match(line)):
        yield re.sub(r"\.|::|\\", "/", found[1]) if language not in ("go", "rb") else found[1]


def _python(folder: str, found: re.Match[str]) -> Iterator[str]:
    module, names, plain = found[1], found[2], found[3]
    if plain is not None:
        for each in plain.split("#")[0].split(",")[:50]:
            yield each.split(" as ")[0].strip().replace(".", "/")
        return
    dots = len(module) - len(module.lstrip("."))
    path = module.lstrip(".").replace(".", "/")
    if dots:
        for _ in range(dots - 1):
            folder = posixpath.dirname(folder)
        path = posixpath.join(folder, path).rstrip("/")
    yield path
    # `from a import b` may name the module a/b.
    for each in names.split("#")[0].strip("() \\").split(",")[:50]:
        name = each.split(" as ")[0].strip()
        if name.isidentifier():
            yield f"{path}/{name}"


def _relative(folder: str, name: str) -> str:
    path = posixpath.normpath(posixpath.join(folder, name))
    return re.sub(r"\.[cm]?[jt]sx?$", "", path)


def function_lengths(path: str, lines: list[str]) -> Iterator[tuple[Named, int]]:
    """Each function and how many lines it has, by what is indented below its first line."""
    functions = [each for each in named(path, lines) if each.kind == "functions"]
    for function in functions:
        first = lines[function.line]
        indent = len(first) - len(first.lstrip())
        yield function, _lines_below(lines, function.line, indent)


def _lines_below(lines: list[str], begun: int, indent: int) -> int:
    last = begun
    for number in range(begun + 1, len(lines)):
        line = lines[number]
        if not line.strip():
            continue
        depth = len(line) - len(line.lstrip())
        closes = line.lstrip()[0] in ")}]" or line.strip() == "end"
        if depth > indent:
            last = number
        elif depth == indent and closes:
            last = number
            if not line.rstrip().endswith(("{", ":", "(")):
                break
        else:
            break
    return last - begun + 1
