"""From what an import says to the files of the workspace that it means.

Nothing is run and no configuration is read: an import is matched with the paths that there are.
What a language adds to that is data, in `_STYLES`.
"""

import posixpath
from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from steward.context.map.paths import Parts, Paths, folder_of
from steward.syntax.language import Language

if TYPE_CHECKING:  # See `mapped_file`.
    from steward.syntax.symbols import Import

_FILES_OF_FOLDER_MAX = 40


@dataclass(frozen=True, slots=True)
class ImportStyle:
    """How the imports of a language name files."""

    separator: str = "/"
    suffixes: Parts = ()
    packages: Parts = ()
    """Files that stand for their folder."""
    names_folder: bool = False
    """Whether an import names a folder, and means all files in it."""
    shares_folder: bool = False
    """Whether the files of one folder see each other without an import."""
    may_end_in_symbol: bool = False
    """Whether the last names of an import may be things in a file and not the file."""


_SCRIPT = ImportStyle(
    "/",
    (".ts", ".tsx", ".d.ts", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs"),
    ("index",),
)
_C_FAMILY = ImportStyle("/", (".h", ".hpp", ".hh", ".hxx", ".c", ".cpp", ".cc", ".cxx"))
_STYLES = {
    "python": ImportStyle(".", (".py", ".pyi"), ("__init__",)),
    "javascript": _SCRIPT,
    "typescript": _SCRIPT,
    "typescriptreact": _SCRIPT,
    "go": ImportStyle("/", (".go",), names_folder=True, shares_folder=True),
    "rust": ImportStyle("::", (".rs",), ("mod", "lib", "main"), may_end_in_symbol=True),
    "java": ImportStyle(".", (".java",), shares_folder=True, may_end_in_symbol=True),
    "csharp": ImportStyle(".", (".cs",), names_folder=True, shares_folder=True),
    "php": ImportStyle("\\", (".php",), may_end_in_symbol=True),
    "c": _C_FAMILY,
    "cpp": _C_FAMILY,
    "ruby": ImportStyle("/", (".rb",)),
    "lua": ImportStyle(".", (".lua",), ("init",)),
    "shellscript": ImportStyle("/", (".sh", ".bash")),
}
_PLAIN = ImportStyle()
_ALIASES = ("@", "~", "#")
"""What many projects call their own top folder."""


def style_of(language: Language) -> ImportStyle:
    """How a language's imports name files; one that resolves nothing where we do not know."""
    return _STYLES.get(language.name, _PLAIN)


def resolved(said: "Import", path: str, language: Language, paths: Paths) -> tuple[str, ...]:
    """The files of the workspace that an import in `path` means; none where it is a library's."""
    style = style_of(language)
    if not style.suffixes:
        return ()
    if style.names_folder:
        return _folder(said, path, style, paths)
    found = dict.fromkeys(
        file
        for is_exact, parts in _readings(said, path, language, style)
        if (file := _file(parts, path, style, paths, is_exact=is_exact)) is not None
    )
    found.pop(path, None)
    return tuple(found)


def beside(path: str, language: Language, paths: Paths) -> tuple[str, ...]:
    """The files that this one sees without any import."""
    style = style_of(language)
    if not style.shares_folder:
        return ()
    return _sources(paths.in_folder(folder_of(path)), path, style)


def _file(
    parts: Parts, path: str, style: ImportStyle, paths: Paths, *, is_exact: bool
) -> str | None:
    """One file: where it must be, or wherever a path ends so."""
    lengths = range(len(parts), 0, -1) if style.may_end_in_symbol else (len(parts),)
    for length in lengths:
        some = parts[:length]
        if is_exact:
            found = paths.first_of(_spelled(some, style))
        elif length == 1 < len(parts):
            break  # The first name alone is the library, and says too little.
        else:
            found = paths.ending(some, path, style.suffixes)
            if found is not None and style.packages == ("__init__",):
                found = found if _is_top(found, some, path, paths) else None
        if found is not None:
            return found
    return None


def _is_top(found: str, tail: Parts, path: str, paths: Paths) -> bool:
    """Whether Python could import the file by these names: no package may hold the first one.

    A single name says little: its file must lie above the one that imports it, or in a `src`.
    """
    parts = found.split("/")
    names = parts[:-1] if parts[-1].startswith("__init__.") else parts
    above = "/".join(names[: len(names) - len(tail)])
    if not above:
        return True
    is_above = path.startswith(f"{above}/") or above.rpartition("/")[2] in ("src", "lib")
    return (len(tail) > 1 or is_above) and f"{above}/__init__.py" not in paths


def _spelled(parts: Parts, style: ImportStyle) -> Generator[str]:
    whole = "/".join(parts)
    for suffix in style.suffixes:
        yield f"{whole}{suffix}"
    for package in style.packages:
        for suffix in style.suffixes:
            yield f"{whole}/{package}{suffix}"


def _readings(
    said: "Import", path: str, language: Language, style: ImportStyle
) -> Generator[tuple[bool, Parts]]:
    """What the import may name: whether it is a place (or only the end of one), and the names."""
    match language.name:
        case "python":
            yield from _python(said, path)
        case "rust":
            yield from _rust(said, path)
        case _:
            yield from _plain(said, path, style)


def _python(said: "Import", path: str) -> Generator[tuple[bool, Parts]]:
    names = tuple(part for part in said.module.split(".") if part)
    is_exact = said.level > 0
    if is_exact:
        folders = path.split("/")[: -said.level]
        names = (*folders, *names)
    if is_exact or said.names:
        # What is imported may be a module itself.
        for name in said.names:
            yield is_exact, (*names, name)
    yield is_exact, names


def _rust(said: "Import", path: str) -> Generator[tuple[bool, Parts]]:
    whole = "::".join((said.module, *said.names[:1])).removesuffix("::*")
    names = tuple(part for part in whole.split("::") if part)
    folders = tuple(path.split("/")[:-1])
    stem = path.rpartition("/")[2].removesuffix(".rs")
    own = folders if stem in ("mod", "lib", "main") else (*folders, stem)
    match names:
        case ("crate", *rest):
            top = folders[: folders.index("src") + 1] if "src" in folders else ()
            yield True, (*top, *rest)
        case ("self", *rest):
            yield True, (*own, *rest)
        case ("super", *rest):
            up = 1
            while rest and rest[0] == "super":
                rest, up = rest[1:], up + 1
            yield True, (*own[: len(own) - up], *rest)
        case (crate, *rest) if rest:
            yield True, (*own, *names)
            yield False, (crate.replace("_", "-"), "src", *rest)
            yield False, (crate, "src", *rest)
        case (module,):
            yield True, (*own, module)
        case _:
            return


def _plain(said: "Import", path: str, style: ImportStyle) -> Generator[tuple[bool, Parts]]:
    module = said.module
    for suffix in style.suffixes:
        if module.endswith(suffix) and style.separator != suffix[0]:
            module = module.removesuffix(suffix)
            break
    folder = folder_of(path)
    # An include is looked for beside its file first, but not only there.
    if module.startswith(".") or (said.level > 0 and style is not _C_FAMILY):
        yield True, _joined(folder, module)
        return
    names = tuple(part for part in module.split(style.separator) if part)
    if style.may_end_in_symbol:
        for name in said.names:
            yield False, (*names, name)
    if names and names[0] in _ALIASES:
        yield False, names[1:]
        return
    if style is _C_FAMILY or style.suffixes[0] == ".sh":
        yield True, _joined(folder, module)
    yield False, tuple(name.lstrip("@~#") for name in names)
    if names and names[0].startswith("@"):
        yield False, names[1:]


def _joined(folder: str, module: str) -> Parts:
    whole = posixpath.normpath(posixpath.join(folder, module))
    return () if whole.startswith("..") else tuple(whole.split("/"))


def _folder(said: "Import", path: str, style: ImportStyle, paths: Paths) -> tuple[str, ...]:
    parts = (*(part for part in said.module.split(style.separator) if part), *said.names)
    folder = paths.folder_ending(parts, path)
    if folder is None:
        return ()
    names = folder.split("/")
    matched = next(n for n in range(len(parts), 0, -1) if parts[-n:] == tuple(names[-n:]))
    # `net/http` is a library's, even where there is a folder `http`.
    if matched < len(parts) and "." not in parts[0] and matched < 2:
        return ()
    return _sources(paths.in_folder(folder), path, style)


def _sources(files: Sequence[str], path: str, style: ImportStyle) -> tuple[str, ...]:
    """Of these files those of the language that are no tests, or not all of a huge folder."""
    found = [
        file
        for file in files
        if file != path and file.endswith(style.suffixes) and not file.endswith("_test.go")
    ]
    return tuple(found[:_FILES_OF_FOLDER_MAX])
