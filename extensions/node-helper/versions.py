"""Versions and ranges of versions, as `engines` and version files write them."""

import re
from dataclasses import dataclass

Version = tuple[int, int, int]
_PART = r"(\d{1,5}|[xX*])"
_VERSION = re.compile(rf"[v=]?\s*{_PART}(?:\.{_PART})?(?:\.{_PART})?(?:[-+][\w.+-]*)?")
_HYPHEN = re.compile(r"(\S+)\s+-\s+(\S+)")
_COMPARED = re.compile(r"(>=|<=|>|<|\^|~>?|=)?\s*(v?[\dxX*][^\s<>=^~]*)")
TOP: Version = (1_000_000, 0, 0)


@dataclass(frozen=True, slots=True)
class Span:
    """Versions from the first, and below the second."""

    low: Version = (0, 0, 0)
    high: Version = TOP

    def meets(self, other: "Span") -> bool:
        """Whether some version is in both."""
        return max(self.low, other.low) < min(self.high, other.high)

    def cut(self, other: "Span") -> "Span":
        """What is in both."""
        return Span(max(self.low, other.low), min(self.high, other.high))


def span_of(text: str) -> Span | None:
    """The versions that a whole or partial version means: `18` is all of 18."""
    found = _VERSION.fullmatch(text.strip())
    if found is None:
        return None
    parts = [int(part) for part in found.groups() if part and part not in "xX*"]
    if not parts:
        return Span()
    low = (*parts, 0, 0)[:3]
    raised = [*parts[:-1], parts[-1] + 1]
    return Span((low[0], low[1], low[2]), _padded(raised))


def _padded(parts: list[int]) -> Version:
    whole = [*parts, 0, 0]
    return whole[0], whole[1], whole[2]


def range_of(text: str) -> list[Span] | None:
    """The versions that a range means; None where it cannot be read."""
    spans: list[Span] = []
    for part in text.split("||"):
        span = _all_of(part.strip())
        if span is None:
            return None
        spans.append(span)
    return spans


def _all_of(text: str) -> Span | None:
    if text in ("", "*", "x", "X"):
        return Span()
    hyphen = _HYPHEN.fullmatch(text)
    if hyphen is not None:
        low, high = span_of(hyphen[1]), span_of(hyphen[2])
        return Span(low.low, high.high) if low and high else None
    left = _COMPARED.sub("", text).strip()
    if left:
        return None
    whole = Span()
    for found in _COMPARED.finditer(text):
        span = span_of(found[2])
        if span is None:
            return None
        whole = whole.cut(_compared(found[1] or "", span, found[2]))
    return whole


def _compared(sign: str, span: Span, text: str) -> Span:
    low = span.low
    match sign:
        case ">=":
            return Span(low)
        case ">":
            return Span(span.high)
        case "<":
            return Span(high=low)
        case "<=":
            return Span(high=span.high)
        case "^":
            if low[0]:
                return Span(low, (low[0] + 1, 0, 0))
            return Span(low, (0, low[1] + 1, 0) if low[1] else span.high)
        case "~" | "~>":
            return Span(low, (low[0], low[1] + 1, 0) if "." in text else (low[0] + 1, 0, 0))
        case _:
            return span


def fits(version: str, wanted: str) -> bool | None:
    """Whether some version of the first is in the range; None where one cannot be read."""
    span, spans = span_of(version), range_of(wanted)
    if span is None or spans is None:
        return None
    return any(span.meets(each) for each in spans)


def said_versions(path: str, text: str) -> list[tuple[str, int]]:
    """Versions of Node that a file names, and the line of each."""
    name = path.rpartition("/")[2]
    if name in (".nvmrc", ".node-version"):
        pattern = r"\A\s*v?(\d[\w.]*)"
    elif name == ".tool-versions":
        pattern = r"^nodejs[ \t]+(\d[\w.]*)"
    elif name.startswith("Dockerfile") or name.endswith(".Dockerfile"):
        pattern = r"^FROM\s+(?:--\S+\s+)?(?:\S+/)?node:(\d[\d.]*)"
    elif name.endswith((".yml", ".yaml")):
        pattern = r"""(?:node[-_]version['"]?\s*:\s*(?:\[\s*)?|image\s*:\s*['"]?(?:\S+/)?node:)"""
        pattern += r"""['"]?v?(\d[\dxX.]*)"""
    else:
        return []
    found = [
        (match[1].rstrip("."), text.count("\n", 0, match.start(1)))
        for match in re.finditer(pattern, text, re.MULTILINE)
    ]
    more = r"""node[-_]version['"]?\s*:\s*\[([^\]\n]*)\]"""
    for match in re.finditer(more, text) if name.endswith((".yml", ".yaml")) else ():
        line = text.count("\n", 0, match.start())
        rest = re.findall(r"""['"]?v?(\d[\dxX.]*)""", match[1])[1:]
        found += [(version.rstrip("."), line) for version in rest]
    return found


def loose(version: str) -> str | None:
    """What is wrong with the version of a dependency; None: nothing."""
    stripped = version.strip()
    if stripped in ("", "*", "x", "X", "latest", "next"):
        return "takes whatever is newest, so that two installations differ: name a range"
    if re.fullmatch(r">=?\s*v?[\d.]+", stripped):
        return "has no upper end, so that the next incompatible version is taken too"
    is_git = re.match(r"git(?:\+\w+)?:|https?:|github:|[\w-]+/[\w.-]+(?:#|$)", stripped)
    if is_git and not re.search(r"#(?:[0-9a-f]{7,40}|semver:|v?\d)", stripped):
        return "follows a branch or an address, so that its content may change: name a commit"
    return None
