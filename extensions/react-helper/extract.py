"""Taking props out of a component, and a component out of a piece of JSX."""

import re
import textwrap
from dataclasses import dataclass

from bindings import bound_inside, reads
from hooks import is_component
from prop_types import (
    bound_around,
    guessed,
    known_types,
    statement_offset,
    taken,
    written,
)
from scaffold import component_name
from structure import Function, Source
from style import Style

_TAGS = {
    "ul": "List", "ol": "List", "li": "Item", "tr": "Row", "td": "Cell", "table": "Table",
    "form": "Form", "button": "Button", "nav": "Navigation", "header": "Header",
    "footer": "Footer", "img": "Picture", "p": "Text", "label": "Label", "input": "Field",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Extracted:
    """A new text of the file, and what was made."""

    text: str
    name: str
    open_types: tuple[str, ...] = ()
    """Props whose types nobody could tell."""


def component_at(source: Source, offset: int) -> Function | None:
    """The component around an offset, else the first of the file."""
    components = [each for each in source.functions if is_component(source, each)]
    holding = [
        each
        for each in components
        if source.tokens[each.start].start <= offset <= source.tokens[each.body[1]].end
    ]
    return holding[-1] if holding else next(iter(components), None)


def interface(source: Source, text: str, component: Function, style: Style) -> Extracted | str:
    """The file with an interface for the component's props; a sentence where there is none."""
    name = component.name or "Component"
    how = taken(source, component)
    if how is None:
        return f"{name} takes no props."
    called = _free_name(source, f"{name}Props")
    open_types: tuple[str, ...] = ()
    if how.type is not None:
        first, last = how.type
        if not (source.is_op(first, "{") and source.ends[first] == last):
            return f"The props of {name} have a type already: {written(source, text, first, last)}."
        body = written(source, text, first, last)
        if "\n" not in body:
            inner = _split_members(body[1:-1])
            body = "{\n" + "".join(f"{style.indent}{one}{style.end}\n" for one in inner) + "}"
        start, end = source.tokens[first].start, source.tokens[last].end
        made, use = f"interface {called} {_reindented(body, style.indent)}", called
    else:
        props = guessed(source, text, component)
        if not props:
            return f"{name} reads no props, so there is nothing to write down."
        lines = [
            f"{style.indent}{prop}{'?' if optional else ''}: {kind}{style.end}"
            for prop, kind, optional in props
        ]
        made = "\n".join([f"interface {called} {{", *lines, "}"])
        open_types = tuple(prop for prop, kind, _ in props if kind == "unknown")
        start = end = source.tokens[how.pattern[1]].end
        use = f": {called}"
        if component.parameters[0] == component.parameters[1]:
            # An arrow's lone parameter has no parentheses.
            start = source.tokens[how.pattern[0]].start
            use = f"({text[start:end]}{use})"
    at = statement_offset(source, text, component.start)
    changed = text[:at] + made + "\n\n" + text[at:start] + use + text[end:]
    return Extracted(changed, called, open_types)


def _split_members(body: str) -> list[str]:
    parts: list[str] = []
    depth, last = 0, 0
    for at, char in enumerate(body):
        is_arrow = char == ">" and body[at - 1 : at] == "="
        depth += (char in "({[<") - (char in ")}]>" and not is_arrow)
        if char in ";," and depth == 0:
            parts.append(body[last:at])
            last = at + 1
    parts.append(body[last:])
    return [part.strip() for part in parts if part.strip()]


def _reindented(body: str, indent: str) -> str:
    first, _, rest = body.partition("\n")
    lines = textwrap.dedent(rest.rpartition("\n")[0]).split("\n") if rest else []
    last = "\n}" if rest else ""
    return first + "".join(f"\n{indent}{line}" if line else "\n" for line in lines) + last


def component(
    source: Source, text: str, span: tuple[int, int], said: str, style: Style
) -> Extracted | str:
    """The file with the selected JSX as a component of its own; a sentence where that cannot be.

    Args:
        source: The structure of the file.
        text: Its text.
        span: Offsets of the selection.
        said: The name that the person gave; empty: it is derived.
        style: How this project writes.
    """
    inside = [
        index
        for index, token in enumerate(source.tokens)
        if span[0] <= token.start and token.end <= span[1] and token.text.strip()
    ]
    if not inside or source.kind(inside[0]) != "open":
        return "Select one or more whole elements: from the `<` of the first to its end."
    first, last = inside[0], inside[-1]
    for index in inside:
        partner = source.ends.get(index, source.begins.get(index, index))
        if not first <= partner <= last:
            return "The selection cuts an element in two: select whole elements."
    around = source.function_at(first)
    if around is None or "this" in {source.text(at) for at in inside}:
        return "Only JSX in a function component can be taken out; this is not in one."
    owner = next((one for one in source.around(first) if is_component(source, one)), around)
    name = _free_name(source, component_name(said) or _derived(source, first, last, owner))
    props = _props(source, first, last)
    types = known_types(source, text, owner)
    kinds = {prop: types.get(prop, "unknown") for prop in props}
    key, jsx = _without_key(source, text, first, last)
    if source.ends[first] != last:
        jsx = f"<>\n{textwrap.indent(jsx, style.indent)}\n</>"
    made = _made(name, kinds, jsx, style)
    given = "".join(f" {prop}={{{prop}}}" for prop in props)
    use = f"<{name}{f' {key}' if key else ''}{given} />"
    at = statement_offset(source, text, owner.start)
    start, end = source.tokens[first].start, source.tokens[last].end
    changed = text[:at] + made + "\n" + text[at:start] + use + text[end:]
    return Extracted(changed, name, tuple(p for p, kind in kinds.items() if kind == "unknown"))


def _props(source: Source, first: int, last: int) -> list[str]:
    bound = bound_around(source, first)
    inside = bound_inside(source, first, last)
    key = _key(source, first, last)
    own = [at for at in reads(source, first, last) if key is None or not key[0] <= at <= key[1]]
    names = (source.text(at) for at in own)
    roots = (name.partition(".")[0] for name in names)
    return [name for name in dict.fromkeys(roots) if name in bound and name not in inside]


def _made(name: str, kinds: dict[str, str], jsx: str, style: Style) -> str:
    end, tab = style.end, style.indent
    lines: list[str] = []
    if kinds and style.typescript:
        lines += [f"interface {name}Props {{"]
        lines += [f"{tab}{prop}: {kind}{end}" for prop, kind in kinds.items()]
        lines += ["}", ""]
    taken_props = f"{{ {', '.join(kinds)} }}" if kinds else ""
    taken_props += f": {name}Props" if kinds and style.typescript else ""
    opening = (
        f"const {name} = ({taken_props}) =>" if style.arrow else (f"function {name}({taken_props})")
    )
    lines += [f"{opening} {{", f"{tab}return ("]
    lines += [textwrap.indent(jsx, tab * 2), f"{tab}){end}"]
    lines += ["}" + (end if style.arrow else ""), ""]
    return "\n".join(lines)


def _without_key(source: Source, text: str, first: int, last: int) -> tuple[str, str]:
    """The `key` of the element that is taken out, which stays where the list is; and the rest."""
    start, end = source.tokens[first].start, source.tokens[last].end
    line = text.rfind("\n", 0, start) + 1
    margin = re.match(r"[ \t]*", text[line:])
    lead = margin[0] if margin else ""
    key = _key(source, first, last)
    if key is None:
        return "", textwrap.dedent(lead + text[start:end])
    before = text[start : source.tokens[key[0]].start].rstrip()
    jsx = before + text[source.tokens[key[1]].end : end]
    return written(source, text, *key), textwrap.dedent(lead + jsx)


def _key(source: Source, first: int, last: int) -> tuple[int, int] | None:
    """First and last token of the `key` of the one element that is taken out."""
    index = first + 1
    while source.ends[first] == last and source.kind(index) not in ("end", "self"):
        if source.kind(index) == "attr" and source.text(index) == "key":
            return index, source.ends.get(index + 2, index + 2)
        index = source.ends.get(index, index) + 1
    return None


def _derived(source: Source, first: int, last: int, around: Function) -> str:
    """A name from the class of the first element, else from its tag."""
    index = first + 1
    while source.kind(index) not in ("end", "self", ""):
        if source.text(index) == "className" and source.kind(index + 2) == "string":
            named = component_name(source.text(index + 2).strip("\"'").partition(" ")[0])
            if named:
                return named
        index = source.ends.get(index, index) + 1
    tag = source.text(first + 1) if source.kind(first + 1) == "tag" else ""
    if tag in _TAGS and source.ends[first] == last:
        return f"{around.name if around.name[:1].isupper() else ''}{_TAGS[tag]}"
    return f"{tag if tag[:1].isupper() else around.name or 'New'}Part".replace(".", "")


def _free_name(source: Source, wanted: str) -> str:
    used = {token.text for token in source.tokens if token.kind in ("name", "tag")}
    name, count = wanted, 2
    while name in used:
        name, count = f"{wanted}{count}", count + 1
    return name
