"""Elements that a list is made of and that have no `key`."""

from dataclasses import dataclass
from typing import Literal

from structure import Function, Source, own_tokens

_LISTS = frozenset(("map", "flatMap"))


@dataclass(frozen=True, slots=True)
class Remark:
    """A remark on a few tokens, first and last included."""

    first: int
    last: int
    code: str
    message: str
    severity: Literal["warning", "error"] = "warning"


def missing_keys(source: Source) -> list[Remark]:
    """A remark for each element that a function given to `map` returns without a key."""
    remarks: list[Remark] = []
    for function in source.functions:
        if function.called_with not in _LISTS or not _is_in_list(source, function):
            continue
        roots = _returned(source, function)
        remarks += [_remark(source, root) for root in roots if not _has_key(source, root)]
    return remarks


def _is_in_list(source: Source, function: Function) -> bool:
    """Whether it is the first argument of `….map(`, where nothing of `Children` gives the keys."""
    opening = function.start - 1
    return (
        source.is_op(opening, "(")
        and (source.is_op(opening - 2, ".") or source.is_op(opening - 2, "?."))
        and source.text(opening - 3) != "Children"
        and not _is_in_to_array(source, opening)
    )


def _is_in_to_array(source: Source, index: int) -> bool:
    """Whether a call is the argument of `Children.toArray(`."""
    at = index - 1
    while at >= 0 and at not in source.ends:
        at = source.begins[at] - 1 if at in source.begins else at - 1
    return at > 0 and source.is_op(at, "(") and source.text(at - 1) == "toArray"


def _returned(source: Source, function: Function) -> list[int]:
    """Indices of the outermost elements of what a function returns."""
    if not function.has_block:
        return _roots(source, *function.body)
    roots: list[int] = []
    for index in own_tokens(function):
        if source.kind(index) == "name" and source.text(index) == "return":
            roots += _roots(source, index + 1, function.body[1])
    return roots


def _roots(source: Source, index: int, last: int) -> list[int]:
    """Elements of one expression: over parentheses and branches, not into calls and braces."""
    found: list[int] = []
    while index <= last:
        if source.kind(index) == "open":
            found.append(index)
            index = source.ends[index]
        elif source.kind(index) == "op" and source.text(index) in (";", "}"):
            break
        elif (
            source.is_op(index, "(")
            and source.kind(index - 1) == "name"
            and (source.text(index - 1) != "return")
        ) or (source.kind(index) == "op" and source.text(index) in ("{", "[")):
            index = source.ends[index]
        index += 1
    return found


def _has_key(source: Source, root: int) -> bool:
    """Whether an element has a key, or takes attributes that may hold one."""
    index = root + 1
    while index < len(source.tokens) and source.kind(index) not in ("end", "self"):
        if source.kind(index) == "attr" and source.text(index) == "key":
            return True
        if source.is_op(index, "{"):
            if source.is_op(index + 1, "..."):
                return True
            index = source.ends[index]
        index += 1
    return False


def _remark(source: Source, root: int) -> Remark:
    if source.kind(root + 1) != "tag":
        message = (
            "A fragment of a list needs a key, which `<>` cannot have:"
            " write <Fragment key={…}> with a key that stays with the item."
        )
        return Remark(root, root + 1, "missing-key", message)
    name = source.text(root + 1)
    message = (
        f"<{name}> is one of a list and has no key: give it `key={{…}}`"
        " with something that stays with the item."
    )
    return Remark(root, root + 1, "missing-key", message)
