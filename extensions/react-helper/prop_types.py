"""The props of a component: what they are called, and of which types they are."""

import re
from dataclasses import dataclass

from bindings import declared, parameters
from scaffold import type_of
from structure import Function, Source, skip_back

_MEMBERS_MAX = 200


@dataclass(frozen=True, slots=True)
class Taken:
    """How a component takes its props."""

    pattern: tuple[int, int]
    """First and last token of the first parameter, without its type."""
    type: tuple[int, int] | None
    """First and last token of its type; None: it has none."""


def taken(source: Source, component: Function) -> Taken | None:
    """How the first parameter is written; None where there is none."""
    first, last = component.parameters
    if first == last:
        return Taken((first, first), None)
    if last == first + 1:
        return None
    colon = comma = last
    index = first + 1
    while index < last:
        if source.is_op(index, ":") and colon == last:
            colon = index
        if source.is_op(index, ",") and not _in_angles(source, colon, index):
            comma = index
            break
        index = source.ends.get(index, index) + 1
    if colon >= comma:
        return Taken((first + 1, comma - 1), None)
    return Taken((first + 1, colon - 1), (colon + 1, comma - 1))


def _in_angles(source: Source, first: int, last: int) -> bool:
    depth = 0
    for index in range(first, last):
        if source.kind(index) == "op":
            depth += (source.text(index) == "<") - (source.text(index) == ">")
    return depth > 0


def written(source: Source, text: str, first: int, last: int) -> str:
    """What stands between two tokens, both included."""
    return text[source.tokens[first].start : source.tokens[last].end]


def members(source: Source, text: str, opening: int) -> dict[str, str]:
    """The members of the type literal that begins here: name → type."""
    found: dict[str, str] = {}
    index = opening + 1
    last = source.ends.get(opening, opening)
    while index < last and len(found) < _MEMBERS_MAX:
        end = _member_end(source, index, last)
        colon = next((at for at in range(index, end) if source.is_op(at, ":")), None)
        if colon is not None and colon + 1 < end:
            name = next((at for at in range(index, colon) if source.kind(at) == "name"), index)
            found[source.text(name)] = written(source, text, colon + 1, end - 1)
        index = end + (source.kind(end) == "op" and source.text(end) in (";", ","))
        index = max(index, end)
    return found


def _member_end(source: Source, first: int, last: int) -> int:
    index = source.ends.get(first, first) + 1
    while index < last:
        if source.kind(index) == "op" and source.text(index) in (";", ","):
            if not _in_angles(source, first, index):
                return index
        elif source.lines[index] != source.lines[index - 1] and source.kind(index) == "name":
            following = index + 1 + source.is_op(index + 1, "?")
            if source.is_op(following, ":"):
                return index
        index = source.ends.get(index, index) + 1
    return last


def known_types(source: Source, text: str, component: Function) -> dict[str, str]:
    """The types of a component's props and states that stand in the file: name → type."""
    types: dict[str, str] = {}
    how = taken(source, component)
    if how is not None and how.type is not None:
        first, last = how.type
        if source.is_op(first, "{"):
            types.update(members(source, text, first))
        elif first == last:
            types.update(_named(source, text, source.text(first)))
        if how.pattern[0] == how.pattern[1] and source.kind(how.pattern[0]) == "name":
            types[source.text(how.pattern[0])] = written(source, text, first, last)
    for names, value in declared(source, component):
        if value >= 0 and source.text(value) == "useState" and names:
            kind = _state(source, text, value + 1)
            types[source.text(names[0])] = kind
            if len(names) > 1:
                types[source.text(names[1])] = f"(value: {kind}) => void"
    return types


def _named(source: Source, text: str, name: str) -> dict[str, str]:
    """Members of `interface Name { … }` or `type Name = { … }`."""
    for index in range(len(source.tokens) - 3):
        if source.text(index) in ("interface", "type") and source.text(index + 1) == name:
            opening = next(
                (
                    at
                    for at in range(index + 2, min(index + 40, len(source.tokens)))
                    if source.is_op(at, "{")
                ),
                None,
            )
            if opening is not None:
                return members(source, text, opening)
    return {}


def _state(source: Source, text: str, index: int) -> str:
    """The type of a state, from `<…>` or from its first value."""
    if source.is_op(index, "<"):
        for at in range(index + 1, min(index + 60, len(source.tokens))):
            if source.is_op(at, "("):
                return written(source, text, index + 1, at - 2)
        return "unknown"
    end = source.ends.get(index, index)
    return (
        type_of("", "{" + written(source, text, index + 1, end - 1))
        if end > index + 1
        else ("unknown")
    )


def guessed(source: Source, text: str, component: Function) -> list[tuple[str, str, bool]]:
    """Props that a component without types takes: name, type, and whether it can be left out."""
    how = taken(source, component)
    if how is None:
        return []
    first, last = how.pattern
    if source.is_op(first, "{"):
        found: list[tuple[str, str, bool]] = []
        index = first + 1
        while index < last:
            name = source.text(index)
            end = index
            while end < last and not source.is_op(end, ","):
                end = source.ends.get(end, end) + 1
            equals = next((at for at in range(index, end) if source.is_op(at, "=")), None)
            if source.kind(index) == "name":
                value = written(source, text, equals + 1, end - 1) if equals else "{"
                kind = type_of(name, value if equals is None else "{" + value)
                found.append((name, kind, equals is not None))
            index = end + 1
        return found
    props = source.text(first)
    read = {
        source.text(at + 2)
        for at in range(component.body[0], component.body[1])
        if source.text(at) == props and source.is_op(at + 1, ".")
    }
    return [(name, type_of(name, "{"), False) for name in sorted(read)]


def bound_around(source: Source, index: int) -> dict[str, Function]:
    """Names that the functions around a token bind: name → the function."""
    names: dict[str, Function] = {}
    for function in reversed(source.around(index)):
        for at in parameters(source, function):
            names[source.text(at)] = function
        for found, _ in declared(source, function):
            names.update({source.text(at): function for at in found})
        for inner in function.inner:
            if inner.name and source.text(inner.start) == "function":
                names[inner.name] = function
    return names


def statement_offset(source: Source, text: str, index: int) -> int:
    """Where the top-level statement around a token begins, its comment included."""
    at = index
    while at > 0:
        before = at - 1
        if before in source.begins:
            # Behind a whole bracket: a new statement begins unless this goes on with it.
            goes_on = source.kind(at) == "op" or source.text(at) in ("from", "as", "satisfies")
            if source.is_op(before, "}") and not goes_on:
                break
            if source.is_break(before):
                break
            at = skip_back(source, before)
        elif source.is_op(before, ";") or source.is_break(before):
            if not _is_inside(source, before):
                break
            at = before
        else:
            at = before
    start = source.tokens[at].start
    comment = re.search(
        r"(?:(?:/\*\*(?:(?!\*/)[\s\S]){0,5000}\*/|//[^\n]*)\s*?\n[ \t]*)+\Z",
        text[max(0, start - 6000) : start],
    )
    return start - (len(comment[0]) if comment else 0)


def _is_inside(source: Source, index: int) -> bool:
    return any(opening < index < end for opening, end in source.ends.items())
