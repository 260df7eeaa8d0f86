"""Names that a function binds: parameters, variables and what they were made of."""

from structure import Function, Source, own_tokens

_WORDS = frozenset(["const", "let", "var"])


def pattern_names(source: Source, first: int, last: int) -> list[int]:
    """Indices of the names that a pattern between two tokens binds, types left out.

    `{ a, b: { c }, d = f(x), ...rest }: Props` binds a, c, d and rest.
    """
    found: list[int] = []
    index = first
    while index <= last:
        if source.is_op(index, ":") or source.is_op(index, "="):
            # A type, or a value that stands in: up to the comma at this level.
            index = _comma(source, index + 1, last)
        elif source.kind(index) == "op" and source.text(index) in ("{", "["):
            end = source.ends[index]
            inner = _members(source, index + 1, end - 1)
            found += inner
            index = end
        elif source.kind(index) == "name":
            found.append(index)
        index += 1
    return found


def _comma(source: Source, index: int, last: int) -> int:
    depth = 0
    while index <= last:
        text = source.text(index) if source.kind(index) == "op" else ""
        depth += (text == "<") - (text == ">")
        if text == "," and depth <= 0:
            return index
        index = source.ends.get(index, index) + 1
    return index


def _members(source: Source, index: int, last: int) -> list[int]:
    """Names bound inside of `{…}` or `[…]`: behind a colon stands another pattern."""
    found: list[int] = []
    while index <= last:
        comma = _comma(source, index, last)
        renamed = next(
            (at for at in range(index, min(comma, last + 1)) if _is_level(source, index, at)),
            None,
        )
        start = index if renamed is None else renamed + 1
        found += pattern_names(source, start, min(comma - 1, last))
        index = comma + 1
    return found


def _is_level(source: Source, first: int, at: int) -> bool:
    """Whether a colon stands right behind the first name or key."""
    return source.is_op(at, ":") and at == source.ends.get(first, first) + 1


def parameters(source: Source, function: Function) -> list[int]:
    """Indices of the names that a function's parameters bind."""
    first, last = function.parameters
    if first == last:
        return [first]
    return pattern_names(source, first + 1, last - 1)


def declared(source: Source, function: Function) -> list[tuple[list[int], int]]:
    """Each `const` of a function's own body: the names that it binds, and where its value begins.

    Where there is no value, that is -1.
    """
    found: list[tuple[list[int], int]] = []
    own = own_tokens(function)
    for index in own:
        if source.kind(index) == "name" and source.text(index) in _WORDS:
            equals = _equals(source, index + 1, function.body[1])
            names = pattern_names(source, index + 1, equals - 1)
            found.append((names, equals + 1 if source.is_op(equals, "=") else -1))
    return found


def _equals(source: Source, index: int, last: int) -> int:
    while index <= last:
        text = source.text(index)
        is_end = source.kind(index) == "op" and text in ("=", ";", ")")
        if is_end or (source.kind(index) == "name" and text in ("of", "in")):
            return index
        index = source.ends.get(index, index) + 1
    return index


def reads(source: Source, first: int, last: int) -> list[int]:
    """Indices of names that are read as variables: no properties, keys, types or attributes."""
    found: list[int] = []
    for index in range(first, last + 1):
        if source.kind(index) == "tag":
            if source.kind(index - 1) == "open":
                found.append(index)
            continue
        if (
            source.kind(index) != "name"
            or source.is_op(index - 1, ".")
            or (source.is_op(index - 1, "?."))
        ):
            continue
        is_key = source.is_op(index + 1, ":") and source.text(index - 1) in ("{", ",")
        if not is_key and source.text(index - 1) not in ("as", "satisfies", "type", "interface"):
            found.append(index)
    return found


def bound_inside(source: Source, first: int, last: int) -> set[str]:
    """Every name that is bound anywhere between two tokens."""
    names: set[str] = set()
    for index in range(first, last + 1):
        if (function := source.at_start.get(index)) is not None:
            names |= {source.text(at) for at in parameters(source, function)}
            names.add(function.name)
        if source.kind(index) == "name" and source.text(index) in _WORDS:
            equals = _equals(source, index + 1, last)
            names |= {source.text(at) for at in pattern_names(source, index + 1, equals - 1)}
    return names - {""}
