"""The dependencies of effects, in the cases where they are plainly wrong."""

from bindings import bound_inside, declared, parameters, reads
from hooks import is_call_of_hook, is_component
from keys import Remark
from structure import Function, Source, is_hook_name, own_tokens

_EFFECTS = frozenset(("useEffect", "useLayoutEffect", "useInsertionEffect"))
_KEPT = frozenset(("useMemo", "useCallback"))
_CHECKED = _EFFECTS | _KEPT
_STATES = frozenset(("useState", "useReducer"))
_STABLE = frozenset(("useRef", "useId", "useTransition", "useDispatch"))
"""What these give stays the same."""


def wrong_dependencies(source: Source) -> list[Remark]:
    """Remarks on calls of effects and of what is kept between renders."""
    remarks: list[Remark] = []
    for index, token in enumerate(source.tokens):
        if token.text not in _CHECKED or not is_call_of_hook(source, index):
            continue
        component = source.function_at(index)
        effect = source.at_start.get(index + 2)
        known = component and (is_component(source, component) or is_hook_name(component.name))
        if component is None or effect is None or not known:
            continue
        after = effect.body[1] + 1
        if source.is_op(after, ")"):
            remarks += _without(source, component, effect, index)
        elif source.is_op(after, ",") and source.is_op(after + 1, "["):
            remarks += _listed(source, component, effect, after + 1)
    return remarks


def _without(source: Source, component: Function, effect: Function, index: int) -> list[Remark]:
    name = source.text(index)
    if name in _KEPT:
        message = f"{name} without a list of dependencies keeps nothing: give it one."
        return [Remark(index, index, "no-dependencies", message)]
    setters = _setters(source, component)
    for at in own_tokens(effect):
        is_first = (
            at == effect.body[0]
            or source.text(at - 1) in ("{", ";", "}")
            or (source.is_break(at - 1))
        )
        is_top = not any(
            source.kind(place) == "op"
            and source.text(place) == "{"
            and place > effect.body[0]
            and place < at < source.ends[place]
            for place in range(effect.body[0], at)
        )
        if source.text(at) in setters and source.is_op(at + 1, "(") and is_first and is_top:
            message = (
                f"This effect runs after each render and calls {source.text(at)}, which renders"
                " again, without end: give the effect a list of dependencies."
            )
            return [Remark(index, index, "endless-effect", message)]
    return []


def _listed(source: Source, component: Function, effect: Function, opening: int) -> list[Remark]:
    remarks: list[Remark] = []
    last = source.ends[opening]
    for index in range(opening + 1, last):
        is_first = source.text(index - 1) in ("[", ",") and source.kind(index - 1) == "op"
        is_made = source.kind(index) == "op" and source.text(index) in ("{", "[")
        is_function = index in source.at_start
        is_inner = any(opening < at < index < source.ends[at] for at in _openings(source, opening))
        if is_first and not is_inner and (is_made or is_function):
            message = (
                "This dependency is made anew at every render, so it always counts as changed:"
                " name the values that it is made of."
            )
            remarks.append(Remark(index, index, "new-dependency", message))
    given = {source.text(at) for at in range(opening + 1, last) if source.kind(at) == "name"}
    inside = bound_inside(source, *effect.body)
    inside |= {source.text(at) for at in parameters(source, effect)}
    changing = _changing(source, component, effect)
    seen: set[str] = set()
    for at in reads(source, *effect.body):
        name = source.text(at)
        if name in changing and name not in given | inside | seen:
            seen.add(name)
            message = (
                f"{name} is read here and is not among the dependencies: this goes on with an"
                f" old {name}. Add it to the list."
            )
            remarks.append(Remark(opening, last, "missing-dependency", message))
    return remarks


def _openings(source: Source, opening: int) -> list[int]:
    return [at for at in range(opening + 1, source.ends[opening]) if at in source.ends]


def _setters(source: Source, component: Function) -> set[str]:
    return {
        source.text(names[1])
        for names, value in declared(source, component)
        if len(names) == 2 and source.text(value) == "useState"
    }


def _changing(source: Source, component: Function, effect: Function) -> set[str]:
    """Names of props and of state: what surely changes between renders."""
    changing = {source.text(at) for at in parameters(source, component) if source.text(at) != "ref"}
    for names, value in declared(source, component):
        if value < 0 or value > effect.start:
            continue
        called = source.text(value + 2) if source.text(value) == "React" else source.text(value)
        if called in _STATES:
            changing |= {source.text(at) for at in names[:1]}
        elif is_hook_name(called) and called not in _STABLE | _EFFECTS:
            # What another hook gives: a plain name only, since a part of it may be stable.
            changing |= {source.text(at) for at in names if len(names) == 1 and at == value - 2}
    return changing
