"""The rules of hooks: called by components and hooks, each time, in the same order."""

from keys import Remark
from structure import (
    STATEMENTS,
    Function,
    Source,
    is_component_name,
    is_hook_name,
    own_tokens,
    skip_back,
)

WRAPPERS = frozenset(("memo", "forwardRef", "observer", "lazy"))
"""Calls that take a component."""
_BRANCHES = frozenset(("if", "switch"))
_LOOPS = frozenset(("for", "while"))
_SHORT = frozenset(("&&", "||", "??", "?"))


def broken_rules(source: Source) -> list[Remark]:
    """A remark for each call of a hook that React cannot count on."""
    remarks: list[Remark] = []
    for index, token in enumerate(source.tokens):
        if not token.text.startswith("use") or not is_call_of_hook(source, index):
            continue
        why = _why_wrong(source, index)
        if why is not None:
            code, reason = why
            message = f"{source.text(index)} is called {reason}"
            remarks.append(Remark(index, index, code, message, "error"))
    return remarks


def is_call_of_hook(source: Source, index: int) -> bool:
    """Whether a token is the name of a hook that is called here."""
    if source.kind(index) != "name" or not is_hook_name(source.text(index)):
        return False
    if source.is_op(index - 1, ".") and source.text(index - 2) != "React":
        return False
    if source.text(index - 1) in ("function", "get", "set") or source.is_op(index - 1, "?."):
        return False
    opening = _arguments(source, index)
    return opening is not None and opening not in source.at_parameters


def _arguments(source: Source, index: int) -> int | None:
    """The `(` behind a name, over type arguments."""
    at = index + 1
    if source.is_op(at, "<"):
        depth = 0
        for place in range(at, min(at + 60, len(source.tokens))):
            if source.kind(place) == "op":
                depth += source.text(place).count("<") - (
                    source.text(place).count(">") if source.text(place) != "=>" else 0
                )
            if depth == 0:
                at = place + 1
                break
    return at if source.is_op(at, "(") else None


def is_component(source: Source, function: Function) -> bool:
    """Whether React calls this function as a component."""
    if is_component_name(function.name):
        return not function.called_with or function.called_with in WRAPPERS
    return function.called_with in WRAPPERS or _is_default(source, function)


def _is_default(source: Source, function: Function) -> bool:
    return not function.name and source.text(function.start - 1) == "default"


def _why_wrong(source: Source, index: int) -> tuple[str, str] | None:
    functions = source.around(index)
    if not functions:
        return "hook-outside", (
            "outside of every function: hooks work only in components and in other hooks."
        )
    own = functions[0]
    if not (is_component(source, own) or is_hook_name(own.name)):
        return _why_nested(source, functions)
    if source.text(index) == "use":
        return None
    return _why_not_always(source, own, index)


def _why_nested(source: Source, functions: list[Function]) -> tuple[str, str] | None:
    own, outer = functions[0], functions[1:]
    if any(is_component(source, around) or is_hook_name(around.name) for around in outer):
        return "hook-nested", (
            "in a function inside of a component or hook: call it at the top of that instead."
        )
    # An anonymous function may be anything to whoever it is given to: a test, a factory.
    if own.name and not own.called_with and not outer:
        return "hook-outside", (
            f"in {own.name}, which is neither a component (a capital first)"
            " nor a hook (`use` first)."
        )
    return None


def _why_not_always(source: Source, own: Function, index: int) -> tuple[str, str] | None:
    at = index
    while at > own.body[0]:
        around = _condition(source, own, at)
        if around == "loop":
            return "hook-in-loop", "in a loop: it must run once each time, at the top."
        if around == "condition":
            return "hook-conditional", (
                "only sometimes: it must run each time, in the same order. Move it above the"
                " condition."
            )
        at = _opening_around(source, at)
    if _returns_before(source, own, index):
        return "hook-after-return", (
            "after a return that may come first: move it above, so that it runs each time."
        )
    return None


def _opening_around(source: Source, index: int) -> int:
    """The nearest bracket or element that is open before a token; -1: none."""
    at = index - 1
    while at >= 0:
        if at in source.begins:
            at = source.begins[at] - 1
            continue
        if at in source.ends:
            return at
        at -= 1
    return -1


def _condition(source: Source, own: Function, index: int) -> str:
    """What stands before this token in its own statement: "loop", "condition" or nothing."""
    if source.is_op(index, "{"):
        found = _head(source, index - 1)
        if found:
            return found
    at = index - 1
    while at > own.body[0] and not _is_boundary(source, at):
        kind, text = source.kind(at), source.text(at)
        # Behind a colon, `?` belongs to a type: `const a: ?T = …`.
        if kind == "op" and text in _SHORT and not source.is_op(at - 1, ":"):
            return "condition"
        found = _head(source, at)
        if found:
            return found
        if kind == "name" and text in STATEMENTS:
            return _head(source, at - 1)
        at = skip_back(source, at) - 1
    return ""


def _is_boundary(source: Source, at: int) -> bool:
    """Whether what stands behind this token does not hang on what stands before it."""
    if source.is_break(at) or at in source.ends:
        return True
    if source.kind(at) != "op":
        return False
    is_block_end = source.text(at) == "}" and source.kind(at + 1) == "name"
    return is_block_end or source.text(at) in (";", ",", "=>")


def _head(source: Source, index: int) -> str:
    """What the `if (…)`, `else` or `for (…)` that ends here makes of what follows."""
    if source.kind(index) == "name":
        return {"else": "condition", "do": "loop"}.get(source.text(index), "")
    if not source.is_op(index, ")"):
        return ""
    word = source.text(source.begins[index] - 1)
    word = source.text(source.begins[index] - 2) if word == "await" else word
    if word in _BRANCHES:
        return "condition"
    return "loop" if word in _LOOPS else ""


def _returns_before(source: Source, own: Function, index: int) -> bool:
    return any(
        at < index
        and source.kind(at) == "name"
        and source.text(at) == "return"
        and not _holds(source, at, index)
        for at in own_tokens(own)
    )


def _holds(source: Source, at: int, index: int) -> bool:
    """Whether the call stands in what this very `return` returns."""
    place = at + 1
    while place < index:
        if source.kind(place) == "op" and source.text(place) in (";", "}"):
            return False
        end = source.ends.get(place, place)
        if place <= index <= end:
            return True
        if source.is_break(end):
            return False
        place = end + 1
    return place == index
