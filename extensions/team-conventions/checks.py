"""Which rules a file breaks, and where."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from globs import is_in
from rules import Check, Header, Imports, Length, Naming, Rule, Severity, Text
from source_text import LINE_CHARS_MAX, function_lengths, imported, named

OF_RULE_MAX = 50
"""So many remarks of one rule on one file; more would say the same."""
WORK_MAX = 800_000
"""What one save may cost, about one each 100 nanoseconds: a hook has a quarter of a second."""
_LINE_COSTS = 40
"""To begin with a line costs as much as so many of its characters."""
_READING_COSTS = 20
"""So many characters are looked through at the cost of one that a pattern is tried on."""
_SHOWN_CHARS = 80


@dataclass(frozen=True, slots=True)
class Finding:
    """A place that breaks a rule; columns in UTF-16 units."""

    rule: str
    line: int
    start: int
    end: int
    message: str
    severity: Severity


@dataclass(frozen=True, slots=True)
class _Spot:
    line: int
    start: int
    end: int
    what: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found, and whether everything was looked at."""

    findings: tuple[Finding, ...]
    is_whole: bool
    cost: int


def rules_of(path: str, rules: tuple[Rule, ...]) -> tuple[Rule, ...]:
    """The rules that a file is under."""
    return tuple(
        rule for rule in rules if is_in(path, rule.files) and not is_in(path, rule.not_files)
    )


def checked(path: str, text: str, rules: tuple[Rule, ...], work_max: int = WORK_MAX) -> Checked:
    """What a file breaks, by line."""
    under = rules_of(path, rules)
    findings: list[Finding] = []
    cost = len(text) // _READING_COSTS
    lines = text.replace("\r\n", "\n").split("\n") if under else []
    for rule in under:
        cost += _cost(rule.check, text, lines)
        if cost > work_max:
            break
        if _cannot_be(rule.check, text):
            continue
        spots = islice(_spots(rule.check, path, lines), OF_RULE_MAX)
        findings += [_finding(rule, spot, lines) for spot in spots]
    findings.sort(key=lambda each: (each.line, each.start))
    return Checked(tuple(findings), cost <= work_max, cost)


def _cannot_be(check: Check, text: str) -> bool:
    """Whether nothing of the text can break the rule, as can be seen at once."""
    return isinstance(check, Text) and not check.is_required and check.literal not in text


def _cost(check: Check, text: str, lines: list[str]) -> int:
    """What a rule costs on a text, counted before it is paid."""
    if isinstance(check, Header):
        return len(check.lines) * _LINE_COSTS
    if isinstance(check, Text) and check.literal:
        # Only lines that hold the literal are tried.
        holding = text.count(check.literal)
        return len(text) // _READING_COSTS + (100 * holding + 4 * len(lines) if holding else 0)
    return len(text) + _LINE_COSTS * len(lines)


def in_words(rule: Rule) -> str:
    """What a rule wants, in a sentence."""
    said = rule.message or _wants(rule.check)
    return f"{said} Instead: {rule.instead}" if rule.instead else said


def _finding(rule: Rule, spot: _Spot, lines: list[str]) -> Finding:
    line = lines[spot.line] if spot.line < len(lines) else ""
    message = rule.message or f"{_wants(rule.check)} {spot.what}".strip()
    if rule.message and spot.what and not isinstance(rule.check, Text):
        message = f"{message} ({spot.what})"
    if rule.instead:
        message = f"{message} Instead: {rule.instead}"
    start, end = _utf16(line[: spot.start]), _utf16(line[: spot.end])
    return Finding(rule.id, spot.line, start, max(start, end), message, rule.severity)


def _utf16(text: str) -> int:
    return len(text) + sum(character > "\uffff" for character in text)


def _wants(check: Check) -> str:
    match check:
        case Text(pattern, is_required, _):
            shown = pattern.pattern[:_SHOWN_CHARS]
            return f"`{shown}` must stand here." if is_required else f"`{shown}` must not stand."
        case Naming(names, style):
            return f"Names of {names} are {style}."
        case Length(of, most):
            of_what = "characters" if of == "line" else "lines"
            return f"A {of} has at most {most} {of_what}."
        case Header(lines):
            return f"A file begins with “{lines[0][:_SHOWN_CHARS]}”."
        case Imports(forbidden):
            return f"Nothing here imports {', '.join(forbidden)[:_SHOWN_CHARS]}."


def _spots(check: Check, path: str, lines: list[str]) -> Iterator[_Spot]:
    match check:
        case Text():
            yield from _text(check, lines)
        case Naming():
            yield from _naming(check, path, lines)
        case Length():
            yield from _length(check, path, lines)
        case Header():
            yield from _header(check, lines)
        case Imports():
            yield from _imports(check, path, lines)


def _text(check: Text, lines: list[str]) -> Iterator[_Spot]:
    literal = check.literal
    for number, line in enumerate(lines):
        if literal not in line or len(line) > LINE_CHARS_MAX:
            continue
        for found in check.pattern.finditer(line):
            if check.is_required:
                return
            yield _Spot(number, found.start(), found.end(), "")
    if check.is_required:
        yield _Spot(0, 0, len(lines[0]), "")


def _naming(check: Naming, path: str, lines: list[str]) -> Iterator[_Spot]:
    if check.names == "files":
        name = posixpath.basename(path).lstrip(".").partition(".")[0]
        if name and not check.pattern.fullmatch(name):
            yield _Spot(0, 0, len(lines[0]), f"This file is called “{name}”.")
        return
    for each in named(path, lines):
        is_special = each.name.startswith("__") and each.name.endswith("__")
        if each.kind == check.names and not is_special and not check.pattern.fullmatch(each.name):
            yield _Spot(
                each.line, each.start, each.start + len(each.name), f"“{each.name}” is not."
            )


def _length(check: Length, path: str, lines: list[str]) -> Iterator[_Spot]:
    match check.of:
        case "line":
            for number, line in enumerate(lines):
                if len(line) > check.most:
                    yield _Spot(number, check.most, len(line), f"This one has {len(line):,}.")
        case "file":
            count = len(lines) - (not lines[-1])
            if count > check.most:
                last = min(check.most, len(lines) - 1)
                yield _Spot(last, 0, len(lines[last]), f"This one has {count:,}.")
        case "function":
            for function, count in function_lengths(path, lines):
                if count > check.most:
                    end = function.start + len(function.name)
                    yield _Spot(function.line, function.start, end, f"This one has {count:,}.")


def _header(check: Header, lines: list[str]) -> Iterator[_Spot]:
    begins = 1 if lines[0].startswith(("#!", "<?php")) else 0
    found = [line.rstrip() for line in lines[begins : begins + len(check.lines)]]
    for offset, wanted in enumerate(check.lines):
        # A year changes; what a header says does not.
        here = found[offset] if offset < len(found) else ""
        if _without_year(here) != _without_year(wanted):
            number = min(begins + offset, len(lines) - 1)
            yield _Spot(number, 0, len(lines[number]), f"Line {offset + 1} of it is missing here.")
            return


def _without_year(line: str) -> str:
    return re.sub(r"\b(19|20)\d\d(\s*[-\u2013,]\s*(19|20)\d\d)*\b", "YEAR", line)


def _imports(check: Imports, path: str, lines: list[str]) -> Iterator[_Spot]:
    seen: set[int] = set()
    for each in imported(path, lines):
        names = [posixpath.join(root, each.name) for root in check.roots] or [each.name]
        if each.line not in seen and any(is_in(name, check.forbidden) for name in names):
            seen.add(each.line)
            line = lines[each.line]
            yield _Spot(each.line, each.start, len(line), f"“{each.name}” is imported.")
