"""New components, hooks and tests, in the style of the project."""

import re
from pathlib import PurePosixPath

from style import Style

_NAME = re.compile(r"[A-Za-z_$][\w$]{0,79}")
_WORDS = re.compile(r"[A-Za-z_$][\w$]{0,79}(?:[- ][\w$]{1,30}){0,4}")
_ATTRIBUTE = re.compile(r"([A-Za-z_][\w]*)(?:=(\"[^\"]*\"|'[^']*'|\{))?")

Change = dict[str, object]


def component_name(said: str) -> str:
    """A component's name out of what was said or selected; empty: there is none in it."""
    found = _NAME.search(said) if not _WORDS.fullmatch(said.strip()) else None
    words = re.split(r"[-_\s]+", found[0] if found else said.strip())
    if found is None and not _WORDS.fullmatch(said.strip()):
        return ""
    return "".join(word[:1].upper() + word[1:] for word in words if word)


def hook_name(said: str) -> str:
    """A hook's name, `use` first; empty: there is none in what was said."""
    name = component_name(said)
    if not name or name == "Use":
        return ""
    return f"use{name.removeprefix('Use')}"


def props_of_use(selection: str) -> list[tuple[str, str]]:
    """The props that a selected `<Name a="x" b={1} on />` gives, and a type for each."""
    blank = re.sub(r"\{[^{}]*\}", lambda hole: "{" + " " * (len(hole[0]) - 1), selection)
    opening = re.match(r"\s*<[A-Z][\w.]*([^<>]*?)/?>", blank)
    if opening is None:
        return []
    props: list[tuple[str, str]] = []
    for found in _ATTRIBUTE.finditer(blank, opening.start(1), opening.end(1)):
        name, value = found[1], found[2] or ""
        given = selection[found.end() - 1 :] if value == "{" else value
        if name not in ("key", "ref") and name not in dict(props):
            props.append((name, type_of(name, given)))
    return props


def type_of(name: str, value: str) -> str:
    """A type for a prop, from its name and from what it is given."""
    inner = value.strip().removeprefix("{").strip()
    if re.match(r"on[A-Z]", name) or re.match(r"\(?[\w, ]*\)?\s*=>", inner):
        return "() => void"
    if name == "children":
        return "ReactNode"
    if not value or re.match(r"(?:true|false)\b", inner) or re.match(r"(?:is|has|can)[A-Z]", name):
        return "boolean"
    if value[0] in "\"'" or inner[:1] in ("'", '"', "`"):
        return "string"
    return "number" if re.match(r"-?\d", inner) else "unknown"


def component(name: str, props: list[tuple[str, str]], style: Style) -> str:
    """The text of a new component."""
    end, tab = style.end, style.indent
    lines: list[str] = []
    if any(kind == "ReactNode" for _, kind in props) and style.typescript:
        lines.append(f"import type {{ ReactNode }} from {style.quote}react{style.quote}{end}")
    if style.css_modules:
        sheet = f"./{name}{style.css_modules}"
        lines.append(f"import styles from {style.quote}{sheet}{style.quote}{end}")
    lines += [""] if lines else []
    if style.typescript and props:
        lines += [f"interface {name}Props {{"]
        lines += [f"{tab}{prop}: {kind}{end}" for prop, kind in props]
        lines += ["}", ""]
    taken = f"{{ {', '.join(prop for prop, _ in props)} }}" if props else ""
    taken += f": {name}Props" if props and style.typescript else ""
    export = "" if style.default_export else "export "
    if style.arrow:
        lines.append(f"{export}const {name} = ({taken}) => {{")
    else:
        lines.append(f"{export}function {name}({taken}) {{")
    attribute = " className={styles.root}" if style.css_modules else ""
    inside = "{children}" if "children" in dict(props) else name
    lines.append(f"{tab}return <div{attribute}>{inside}</div>{end}")
    lines.append("}" + (end if style.arrow else ""))
    if style.default_export:
        lines += ["", f"export default {name}{end}"]
    return "\n".join(lines) + "\n"


def hook(name: str, style: Style) -> str:
    """The text of a new hook, which keeps one value."""
    end, tab, quote = style.end, style.indent, style.quote
    value = "<T>(initial: T)" if style.typescript else "(initial)"
    arrow = "<T,>(initial: T)" if style.typescript else "(initial)"
    opening = f"const {name} = {arrow} => {{" if style.arrow else f"function {name}{value} {{"
    const = " as const" if style.typescript else ""
    return "\n".join(
        [
            f"import {{ useCallback, useState }} from {quote}react{quote}{end}",
            "",
            f"export {opening}",
            f"{tab}const [value, setValue] = useState(initial){end}",
            f"{tab}const reset = useCallback(() => setValue(initial), [initial]){end}",
            "",
            f"{tab}return [value, setValue, reset]{const}{end}",
            "}" + (end if style.arrow else ""),
            "",
        ]
    )


def value_of(kind: str) -> str:
    """An attribute's value of a type, as a test gives it."""
    if "=>" in kind or kind == "Function":
        return "={() => {}}"
    simple = {"string": '="text"', "number": "={1}", "boolean": "", "ReactNode": '="text"'}
    return simple.get(kind, "={[]}" if kind.endswith("[]") else "={undefined as never}")


def test(
    name: str, source: str, props: list[tuple[str, str]], style: Style, *, is_default: bool
) -> str:
    """The text of a test of a component or a hook.

    Args:
        name: What is tested.
        source: The module that it is imported from.
        props: The props that the component needs, and their types.
        style: How this project writes.
        is_default: Whether it is the module's default export.
    """
    end, tab, quote = style.end, style.indent, style.quote
    is_hook = name.startswith("use") and name[3:4].isupper()
    tools = "renderHook" if is_hook else "render, screen" if style.has_user_event else "render"
    lines: list[str] = []
    if style.runner == "vitest":
        lines.append(f"import {{ describe, expect, it }} from {quote}vitest{quote}{end}")
    lines.append(f"import {{ {tools} }} from {quote}@testing-library/react{quote}{end}")
    if style.has_user_event and not is_hook:
        lines.append(f"import userEvent from {quote}@testing-library/user-event{quote}{end}")
    imported = name if is_default else f"{{ {name} }}"
    lines += [f"import {imported} from {quote}{source}{quote}{end}", ""]
    lines.append(f"describe({quote}{name}{quote}, () => {{")
    given = "".join(f" {prop}{value_of(kind)}" for prop, kind in props)
    if not style.typescript:
        given = given.replace(" as never", "")
    if is_hook:
        lines += [
            f"{tab}it({quote}gives a value{quote}, () => {{",
            f"{tab * 2}const {{ result }} = renderHook(() => {name}()){end}",
            f"{tab * 2}expect(result.current).toBeDefined(){end}",
        ]
    elif style.has_user_event:
        lines += [
            f"{tab}it({quote}answers a click{quote}, async () => {{",
            f"{tab * 2}const user = userEvent.setup(){end}",
            f"{tab * 2}const {{ container }} = render(<{name}{given} />){end}",
            f"{tab * 2}await user.click(container){end}",
            f"{tab * 2}expect(screen.queryByRole({quote}alert{quote})).toBeNull(){end}",
        ]
    else:
        lines += [
            f"{tab}it({quote}renders{quote}, () => {{",
            f"{tab * 2}const {{ container }} = render(<{name}{given} />){end}",
            f"{tab * 2}expect(container.firstChild).not.toBeNull(){end}",
        ]
    return "\n".join([*lines, f"{tab}}}){end}", f"}}){end}", ""])


def test_path(path: str, style: Style) -> str:
    """Where the test of a file belongs in this project."""
    file = PurePosixPath(path)
    name = f"{file.stem}.{style.test_ending}{file.suffix}"
    folder = file.parent / "__tests__" if style.tests == "__tests__" else file.parent
    return str(folder / name)


def import_path(path: str, test: str) -> str:
    """How a test names the module that it tests."""
    file = PurePosixPath(path)
    same = PurePosixPath(test).parent == file.parent
    return f"{'./' if same else '../'}{file.stem}"
