"""React helper's remarks on save: where something is wrong, and nowhere else."""

import pytest
from hypothesis import given, settings, strategies

from tests.extensions.shipped.sdk import Shipped

EXTENSION = Shipped("react-helper")
TOKENS = EXTENSION.module("tokens")


def remarks(text: str, path: str = "src/a.tsx") -> list[str]:
    """Code and line of each remark."""
    return [f"{remark.code}:{remark.range.start.line}" for remark in EXTENSION.saved(path, text)]


def codes_in(body: str) -> set[str]:
    """Codes of the remarks on the body of a component."""
    text = f"export function A({{ on, items }}) {{\n{body}\n  return <p/>\n}}\n"
    return {remark.code for remark in EXTENSION.saved("a.jsx", text)}


def texts(source: str, *, has_jsx: bool = True) -> list[tuple[str, str]]:
    """Kind and text of each token."""
    return [(token.kind, token.text) for token in TOKENS.tokens_of(source, has_jsx=has_jsx)]


@pytest.mark.parametrize(
    "list_of",
    [
        "items.map(i => <li>{i}</li>)",
        "items?.map((i) => (<li id={i} />))",
        "items.map(function (i) { return <li>{i}</li>; })",
        "items.flatMap(i => on ? <li>{i}</li> : null)",
        "items.map(i => on && <li>it's {i}</li>)",
        "items.map(i => { if (i) { return <li/>; } return null; })",
        "items.map(i => <><b key={i}/></>)",
        "items.map((i): JSX.Element => <li>{i}</li>)",
    ],
)
def test_an_element_of_a_list_without_a_key_is_remarked_on(list_of: str) -> None:
    assert remarks(f"const A = ({{ items, on }}) => <ul>{{{list_of}}}</ul>\n") == ["missing-key:0"]


@pytest.mark.parametrize(
    "list_of",
    [
        "items.map(i => <li key={i}>{i}</li>)",
        "items.map(i => <li {...i}>{i.name}</li>)",
        "React.Children.map(items, i => <li>{i}</li>)",
        "Children.map(items, i => <li>{i}</li>)",
        "Children.toArray(items.filter(i => i.on).map(i => <li>{i}</li>))",
        "items.map(i => wrapped(<li/>))",
        "items.map(i => ({ i, shown: <li/> }))",
        "items.map(i => <Fragment key={i}><b/><i/></Fragment>)",
        "items.map(i => i.name)",
        "items.forEach(i => <li/>)",
        "items.filter(i => <li/>).length",
        "'items.map(i => <li/>)'",
        "/* items.map(i => <li/>) */ null",
    ],
)
def test_what_needs_no_key_or_may_have_one_is_left_alone(list_of: str) -> None:
    assert remarks(f"const A = ({{ items }}) => <ul>{{{list_of}}}</ul>\n") == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("  if (on) { useState(0) }", "hook-conditional"),
        ("  if (on) useState(0)", "hook-conditional"),
        ("  if (on) {} else { useState(0) }", "hook-conditional"),
        ("  const a = on ? useState(0) : null", "hook-conditional"),
        ("  on && useState(0)", "hook-conditional"),
        ("  const a = on ||\n    f(useState(0))", "hook-conditional"),
        ("  switch (on) { case 1: useState(0); }", "hook-conditional"),
        ("  for (const i of items) { useState(i) }", "hook-in-loop"),
        ("  while (on) useState(0)", "hook-in-loop"),
        ("  do { useState(0) } while (on)", "hook-in-loop"),
        ("  if (on) return null\n  useState(0)", "hook-after-return"),
        ("  if (on) { return null }\n  const [a] = React.useState(0)", "hook-after-return"),
        ("  items.forEach(i => { useState(i) })", "hook-nested"),
        ("  function click() { useState(0) }", "hook-nested"),
        ("  const click = () => useState<string>('')", "hook-nested"),
    ],
)
def test_a_hook_that_does_not_run_each_time_is_remarked_on(body: str, code: str) -> None:
    assert codes_in(body) == {code}


@pytest.mark.parametrize(
    "body",
    [
        "  const [a, setA] = useState<Map<string, number[]>>(new Map())",
        "  const a = on && 1\n  const b = useMemo(() => a, [a])",
        "  const a = on || 1;\n  useThing()",
        "  if (useThing()) { f() }",
        "  useEffect(() => { if (on) { f() } return () => g() }, [on])\n  useThing()",
        "  const f = () => { return 1 }\n  useThing()",
        "  { useThing() }",
        "  const a = use(on ? X : Y)\n  if (on) { use(X) }",
        "  const a = items?.length ?? 0\n  const b = useThing(on ? 1 : 2)",
        "  try { useThing() } catch { f() }",
        "  const o = { useThing() { return 1 } }\n  f(o.useThing())",
        "  for (const i of items) { f(i) }\n  useThing()",
        "  if (on) f()\n  useThing()",
        "  const a = on\n    ? 1\n    : 2\n  useThing()",
        "  const a: ?T = useThing()",
        "  const a: () => T = useCallback(() => 1, [])",
    ],
)
def test_a_hook_that_runs_each_time_is_left_alone(body: str) -> None:
    assert codes_in(body) == set()


def test_hooks_belong_into_components_and_hooks() -> None:
    text = """useState(0)
function plain() { useState(0) }
class A extends Component { render() { useState(0) } }
const useFine = () => useState(0)
const Fine = memo(forwardRef<A, B>((props, ref) => { useState(0); return <p/> }))
const Typed: React.FC<Props> = async ({ a }) => useState(a)
export default () => { useState(0); return <p/> }
test("a hook", () => { renderHook(() => useFine()) })
const useGeneric = <T,>(x: T): [T, (a: T) => void] => { return useState(x) }
"""
    assert remarks(text) == ["hook-outside:0", "hook-outside:1", "hook-outside:2"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("  useEffect(() => { f(on) }, [])", "missing-dependency"),
        (
            "  const [n, setN] = useState(0)\n  useEffect(() => { f(n) }, [on])",
            "missing-dependency",
        ),
        ("  const t = useContext(T)\n  useMemo(() => t.x, [])", "missing-dependency"),
        ("  useCallback(() => { f(on) })", "no-dependencies"),
        ("  useEffect(() => {}, [{ on }])", "new-dependency"),
        ("  useEffect(() => {}, [on, () => 1])", "new-dependency"),
        ("  const [n, setN] = useState(0)\n  useEffect(() => { setN(1) })", "endless-effect"),
    ],
)
def test_a_plainly_wrong_dependency_is_remarked_on(body: str, code: str) -> None:
    assert codes_in(body) == {code}


@pytest.mark.parametrize(
    "body",
    [
        "  useEffect(() => { f(on, items.length) }, [on, items.length])",
        "  useEffect(() => { f({ on: 1 }).then(on => on) }, [])",
        "  const [n, setN] = useState(0)\n  useEffect(() => { setN(1) }, [])",
        "  const [n, setN] = useState(0)\n  useEffect(() => { if (n) { setN(1) } })",
        "  const r = useRef(null)\n  useEffect(() => { r.current = 1 }, [])",
        "  useEffect(() => { f(on) })",
        "  useEffect(() => { f(on) }, dependencies)",
        "  useEffect(() => { f(`on ${1}`, 'items') }, [])",
        "  const { data } = useQuery()\n  useEffect(() => { f(other.data) }, [])",
    ],
)
def test_dependencies_that_may_be_right_are_left_alone(body: str) -> None:
    assert codes_in(body) == set()


def test_a_remark_stands_on_the_right_columns_behind_wide_characters() -> None:
    (remark,) = EXTENSION.saved("a.jsx", "const A = () => <p>😀{x.map(i => <li/>)}</p>\n")

    assert (remark.range.start.character, remark.range.end.character) == (33, 36)


@pytest.mark.parametrize(
    "body",
    [
        "  // eslint-disable-next-line react-hooks/rules-of-hooks\n  if (on) useState(0)",
        "  if (on) useState(0) // eslint-disable-line",
        "  /* eslint-disable react-hooks/rules-of-hooks */\n\n  if (on) useState(0)",
    ],
)
def test_where_somebody_told_eslint_that_it_is_meant_nothing_is_said(body: str) -> None:
    assert codes_in(body) == set()


def test_another_rule_of_eslint_is_no_matter_of_hooks() -> None:
    body = "  // eslint-disable-next-line no-console\n  if (on) useState(0)"

    assert codes_in(body) == {"hook-conditional"}


def test_what_eslint_is_told_ends_where_it_is_told_again() -> None:
    body = "  /* eslint-disable react-hooks */\n  /* eslint-enable */\n  if (on) useState(0)"

    assert codes_in(body) == {"hook-conditional"}


def test_checks_can_be_switched_off() -> None:
    extension = Shipped("react-helper")
    extension.world.config = {"keys": False, "hooks": False, "effects": False}

    assert extension.saved("a.jsx", "useState(0); const A = () => x.map(i => <li/>)") == []


@pytest.mark.parametrize(
    "text",
    [
        "const A = () => { if (on) { useState(0) }",  # not whole
        "useState(0)\n" * 10_000,  # too large
        f"{'useState(0);' * 500}\n",  # made by a program
    ],
)
def test_a_file_that_nobody_can_read_is_left_alone(text: str) -> None:
    assert remarks(text) == []


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("a / b / c", "name op name op name"),
        ("x = /[/'\"]/g", "name op regex"),
        ("if (a) /b'/.test(c)", "name op name op regex op name op name op"),
        ("a! / b", "name op op name"),
        ("`a ${`b ${c}`} '`", "op template op op template op name op op op template op"),
        (
            "<a b='x' c-d={1}>don't</a>",
            "open tag attr op string attr op op number op end words shut tag end",
        ),
        ("a < b && c > d", "name op name op name op name"),
        ("f<T>(x)", "name op name op op name op"),
        ("x = <T,>(a) => a", "name op op name op op op name op op name"),
        ("x = <L<string> a/>", "name op open tag attr self"),
        ("// it's\n/* `</a> */ 'a\\'b' \"", "string string"),
    ],
)
def test_code_is_told_from_text(source: str, expected: str) -> None:
    assert [kind for kind, _ in texts(source)] == expected.split()


def test_in_typescript_without_elements_an_angle_is_never_a_tag() -> None:
    assert "open" not in {kind for kind, _ in texts("x = <T>y", has_jsx=False)}


PIECES = strategies.sampled_from(
    [
        *"{}()[]<>/`'\"$=;,.?:!&|\\\n ",
        *("=>", "${", "</", "/>", "<A", "use", "useState(", ".map(", "return", "if (", "const"),
        *("function", "a", "0", "/*", "*/", "//", "😀", "async", "[a, b]", "key=", "import"),
    ]
)


@settings(max_examples=150, deadline=None)
@given(strategies.lists(PIECES, max_size=60).map("".join))
def test_whatever_is_typed_gives_tokens_in_order_and_remarks_within_the_file(text: str) -> None:
    at = 0
    for token in TOKENS.tokens_of(text):
        assert at <= token.start < token.end
        assert token.text == "{" or token.text == text[token.start : token.end]
        at = token.end
    lines = text.split("\n")
    for remark in EXTENSION.saved("a.tsx", text):
        assert remark.range.end.line < len(lines)


@settings(max_examples=30, deadline=None)
@given(strategies.text(max_size=200))
def test_any_text_is_taken(text: str) -> None:
    EXTENSION.saved("a.tsx", text)
