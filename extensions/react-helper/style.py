"""How this project writes React: read off its files, so that nobody has to be asked."""

import json
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import PurePosixPath

import steward

_LOOKED_AT = 6
"""Components that are read to learn the style."""
_TESTS = re.compile(r"(?:^|/)(?:__tests__/[^/]+|[^/]+\.(?:test|spec))\.[jt]sx?$")


@dataclass(frozen=True, slots=True)
class Style:
    """What a project's files have in common."""

    typescript: bool = True
    arrow: bool = False
    """Components are `const Name = () => …`, not `function Name()`."""
    semicolons: bool = True
    quote: str = '"'
    default_export: bool = False
    runner: str = "vitest"
    has_testing_library: bool = False
    has_user_event: bool = False
    css_modules: str = ""
    """The ending of style sheets that are modules, `.module.css`; empty: none."""
    tests: str = "beside"
    """`beside` the source, or in the folder `__tests__`."""
    test_ending: str = "test"
    """`test` or `spec`."""
    indent: str = "  "

    @property
    def end(self) -> str:
        """What ends a statement."""
        return ";" if self.semicolons else ""


def style_of(folder: str) -> Style:
    """The style of the project around a folder, nearest files first."""
    scripts = steward.list_files("**", limit=5000)
    sources = [path for path in scripts if re.search(r"\.[jt]sx?$", path)]
    sheets = [path for path in scripts if re.search(r"\.module\.(?:css|scss|sass|less)$", path)]
    tests = [path for path in sources if _TESTS.search(path)]
    components = [path for path in sources if path.endswith((".tsx", ".jsx")) and path not in tests]
    components.sort(key=lambda path: (-_shared(path, folder), path))
    texts = [text for path in components[:_LOOKED_AT] if (text := _read(path))]
    package = _package(folder)
    return Style(
        typescript=_is_typescript(sources, scripts),
        arrow=_more(texts, r"\bconst [A-Z]\w*\b[^=\n]*= (?:async )?\(", r"\bfunction [A-Z]\w*\("),
        semicolons=not texts or _more(texts, r";[ \t]*$", r"[\w)\]'\"][ \t]*$"),
        quote="'" if _more(texts, r"from '", r'from "') else '"',
        default_export=_more(texts, r"\bexport default\b", r"\bexport (?:const|function) [A-Z]"),
        runner=_runner(package),
        has_testing_library="@testing-library/react" in package,
        has_user_event="@testing-library/user-event" in package,
        css_modules=re.sub(r".*(\.module\.\w+)$", r"\1", sheets[0]) if sheets else "",
        tests="__tests__"
        if sum("__tests__/" in path for path in tests) * 2 > len(tests)
        else ("beside"),
        test_ending="spec" if sum(".spec." in path for path in tests) * 2 > len(tests) else "test",
        indent=_indent(texts),
    )


def _shared(path: str, folder: str) -> int:
    """How many folders two paths share."""
    count = 0
    own = PurePosixPath(path).parent.parts
    for one, other in zip(own, PurePosixPath(folder).parts, strict=False):
        if one != other:
            break
        count += 1
    return count


def _read(path: str) -> str:
    try:
        return steward.read_file(path)[:20_000]
    except steward.HostError:
        return ""


def _package(folder: str) -> dict[str, str]:
    """The dependencies of the nearest package.json that has any."""
    at = PurePosixPath(folder)
    for place in (at, *at.parents):
        try:
            told = json.loads(steward.read_file(str(place / "package.json")))
        except (steward.HostError, ValueError, RecursionError):
            continue
        named: dict[str, str] = {}
        for key in ("dependencies", "devDependencies", "peerDependencies"):
            part = told.get(key) if isinstance(told, dict) else None
            if isinstance(part, dict):
                named.update({str(name): str(version) for name, version in part.items()})
        return named
    return {}


def _is_typescript(sources: list[str], files: list[str]) -> bool:
    if any(PurePosixPath(path).name == "tsconfig.json" for path in files):
        return True
    typed = sum(path.endswith((".ts", ".tsx")) for path in sources)
    return typed * 2 >= len(sources) and typed > 0


def _more(texts: list[str], one: str, other: str) -> bool:
    """Whether the first pattern is found more often than the second."""
    return sum(len(re.findall(one, text, re.MULTILINE)) for text in texts) > sum(
        len(re.findall(other, text, re.MULTILINE)) for text in texts
    )


def _runner(package: dict[str, str]) -> str:
    for name in ("vitest", "jest", "@jest/globals", "react-scripts"):
        if name in package:
            return "vitest" if name == "vitest" else "jest"
    return "vitest"


def _indent(texts: list[str]) -> str:
    found = Counter(match for text in texts for match in re.findall(r"[{(]\n([ \t]+)\S", text))
    indent = found.most_common(1)[0][0] if found else "  "
    return "\t" if "\t" in indent else indent[:4]
