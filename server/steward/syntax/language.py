"""The languages we know by name: how they comment, and how their blocks are written.

Names are those of the protocol (LSP 3.18, "Text Document Language Identifiers"). A language that
is not here is `PLAIN`, and gets by with indentation.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import PurePosixPath


@dataclass(frozen=True, slots=True)
class Language:
    """One language."""

    name: str
    line_comment: str | None = None
    """What begins a comment that ends with its line."""
    block_comment: tuple[str, str] | None = None
    is_indented: bool = False
    """Whether indentation makes the blocks, and not brackets or words."""
    suffixes: tuple[str, ...] = ()
    """How the names of its files end."""
    file_names: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    """What editors call it besides its name."""
    opening_line: str | None = None
    """A pattern that fits a line, without its indentation, behind which a block of words begins."""


PLAIN = Language("plaintext")
_C = ("/*", "*/")
_XML = ("<!--", "-->")

_RUBY = (
    r"(?:def|class|module|if|unless|while|until|case|begin|for)\b(?!.*\bend$).*"
    r"|.*\bdo(?:\s*\|[^|]*\|)?|else|elsif\b.*|when\b.*|rescue\b.*|ensure"
)
_LUA = r"(?:local\s+)?function\b.*\)|.*\bfunction\s*\([^)]*\)|.*\b(?:do|then)|else|repeat"
_SHELL = r".*\b(?:do|then)|else|case\b.*\bin|[^()\s]+\)"
# A tag that is open, of an element that has an end (HTML Standard, 13.1.2).
_HTML = (
    r".*<(?!(?:area|base|br|col|embed|hr|img|input|link|meta|param|source|track|wbr)\b)"
    r"[\w-]+(?:\s[^<>]*)?(?<!/)>"
)

LANGUAGES = (
    Language("python", "#", None, True, (".py", ".pyi", ".pyw")),
    Language(
        "javascript", "//", _C, False, (".js", ".mjs", ".cjs", ".jsx"), (), ("javascriptreact",)
    ),
    Language("typescript", "//", _C, False, (".ts", ".mts", ".cts")),
    Language("typescriptreact", "//", _C, False, (".tsx",)),
    Language("go", "//", _C, False, (".go",)),
    Language("rust", "//", _C, False, (".rs",)),
    Language("java", "//", _C, False, (".java",)),
    Language("c", "//", _C, False, (".c", ".h")),
    Language("cpp", "//", _C, False, (".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx", ".ipp")),
    Language("csharp", "//", _C, False, (".cs", ".csx"), (), ("cs",)),
    Language(
        "ruby",
        "#",
        ("=begin", "=end"),
        False,
        (".rb", ".rake", ".gemspec"),
        ("Rakefile", "Gemfile"),
        opening_line=_RUBY,
    ),
    Language("php", "//", _C, False, (".php", ".phtml")),
    Language("lua", "--", ("--[[", "]]"), False, (".lua",), opening_line=_LUA),
    Language(
        "shellscript",
        "#",
        None,
        False,
        (".sh", ".bash", ".zsh"),
        (".bashrc", ".profile", ".zshrc"),
        ("sh", "bash", "zsh"),
        _SHELL,
    ),
    Language("html", None, _XML, False, (".html", ".htm"), opening_line=_HTML),
    Language("css", None, _C, False, (".css",)),
    Language("json", None, None, False, (".json",)),
    Language("jsonc", "//", _C, False, (".jsonc",)),
    Language("yaml", "#", None, True, (".yaml", ".yml")),
    Language("markdown", None, _XML, False, (".md", ".markdown")),
    # From here on without a grammar: by brackets and indentation.
    Language("kotlin", "//", _C, False, (".kt", ".kts")),
    Language("swift", "//", _C, False, (".swift",)),
    Language("scala", "//", _C, False, (".scala", ".sc")),
    Language("dart", "//", _C, False, (".dart",)),
    Language("groovy", "//", _C, False, (".groovy", ".gradle"), ("Jenkinsfile",)),
    Language("objective-c", "//", _C, False, (".m", ".mm"), (), ("objective-cpp",)),
    Language("zig", "//", None, False, (".zig",)),
    Language("proto", "//", _C, False, (".proto",), (), ("proto3",)),
    Language("scss", "//", _C, False, (".scss",)),
    Language("less", "//", _C, False, (".less",)),
    Language("sass", "//", None, True, (".sass",)),
    Language("sql", "--", _C, False, (".sql",)),
    Language("toml", "#", None, False, (".toml",)),
    Language("ini", ";", None, False, (".ini", ".cfg"), (), ("properties",)),
    Language("terraform", "#", _C, False, (".tf", ".tfvars"), (), ("hcl",)),
    Language("dockerfile", "#", None, False, (".dockerfile",), ("Dockerfile", "Containerfile")),
    Language("makefile", "#", None, False, (".mk",), ("Makefile", "GNUmakefile")),
    Language("cmake", "#", ("#[[", "]]"), False, (".cmake",), ("CMakeLists.txt",)),
    Language("perl", "#", None, False, (".pl", ".pm")),
    Language("r", "#", None, False, (".r",)),
    Language("julia", "#", ("#=", "=#"), False, (".jl",)),
    Language("elixir", "#", None, False, (".ex", ".exs")),
    Language("haskell", "--", ("{-", "-}"), True, (".hs",)),
    Language("powershell", "#", ("<#", "#>"), False, (".ps1", ".psm1")),
    Language("xml", None, _XML, False, (".xml", ".xsd", ".svg")),
    Language("vue", "//", _XML, False, (".vue",)),
    Language("svelte", "//", _XML, False, (".svelte",)),
    Language("graphql", "#", None, False, (".graphql", ".gql")),
    Language("nix", "#", _C, False, (".nix",)),
)

_BY_ID = {id_: language for language in LANGUAGES for id_ in (language.name, *language.ids)}
_BY_SUFFIX = {suffix: language for language in LANGUAGES for suffix in language.suffixes}
_BY_FILE_NAME = {name: language for language in LANGUAGES for name in language.file_names}


@lru_cache(maxsize=256)
def language_of(path: str, language_id: str = "") -> Language:
    """The language of a document: by what the editor calls it, else by the file's name."""
    if (named := _BY_ID.get(language_id)) is not None:
        return named
    file = PurePosixPath(path)
    return _BY_FILE_NAME.get(file.name) or _BY_SUFFIX.get(file.suffix.lower(), PLAIN)
