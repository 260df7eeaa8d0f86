"""A model's answer is made to fit the hole; what does not fit is not shown."""

from dataclasses import dataclass

import pytest
from hypothesis import example, given, strategies as st

from steward.completion.shape.fit import fit
from steward.completion.suggestion import Suggestion
from steward.context.cursor import Cursor
from steward.core.limits import SUGGESTION_CHARS_MAX, SUGGESTION_LINES_MAX


def at(text: str, path: str = "a.py") -> Cursor:
    """The cursor where the bar stands."""
    before, after = text.split("¦")
    return Cursor(path, before, after)


def shown(answer: str, cursor: Cursor, *, is_whole: bool = True) -> str:
    """The text that is shown; empty when nothing is."""
    found = fit(answer, cursor, is_whole=is_whole)
    return found.text if found else ""


@dataclass(frozen=True)
class Case:
    """An answer in a document, and what is shown of it; None when all of it is."""

    document: str
    answer: str
    shown: str | None = None
    path: str = "a.py"


IN_F = "def f():\n    ¦"
ONE_LINE = {
    "plain": Case("x = ¦", "1 + 2"),
    "a space too many": Case("x = ¦", " 1", "1"),
    "a space that is wanted": Case("x =¦", " 1"),
    "a bracket that is there": Case("f(¦)", "a, b)", "a, b"),
    "two brackets that are there": Case("f(g(¦))", "a))", "a"),
    "a bracket that is needed": Case("f(¦)", "g(a)"),
    "brackets needed and there": Case("f(¦)", "g(a))", "g(a)"),
    "a call before a bracket and colon": Case("if f(¦):", "g(a)):", "g(a)"),
    "a list in brackets": Case("f(¦)", "[a[0]]"),
    "a bracket in a string": Case("f(¦)", "')'"),
    "quotes inside brackets": Case("f(¦)", "'a'"),
    "a quote and a bracket that are there": Case("f('¦')", "a')", "a"),
    "a quote that is escaped": Case("f('¦')", "it\\'s (')", "it\\'s ("),
    "a quote that is there": Case("s = '¦'", "text'", "text"),
    "a quote that is not": Case("s = '¦", "text'"),
    "a bracket that is not there": Case("print(¦\nprint(2)\n", "1)"),
    "two brackets of which one is there": Case("f(g(¦)\n", "a))", None),
    "bracket and colon that are there": Case("if f(¦):", "a):", "a"),
    "a colon that is there": Case("for x in y¦:", "s[1:]:", "s[1:]"),
    "a semicolon that is there": Case("let x = ¦;", "1;", "1", "a.ts"),
    "the rest of the line": Case("x = ¦\ny = 2\n", "1\ny = 2\n", "1"),
    "one line where one is wanted": Case("x = ¦", "1\ny = 2", "1"),
    "nothing on this line": Case("x = 1¦", "\ny = 2", ""),
    "a line's end that was forgotten": Case("return ¦", "\na + b", "a + b"),
    "a comment with a quote": Case("x = 1  # it¦\ny = 2", "'s (one"),
    "a lone bracket that is wanted": Case("f(1¦", ")"),
    "a colon alone": Case("def f()¦", ":"),
}
NO_CODE = {
    "fence": Case("x = ¦", "```python\n1 + 2\n```", "1 + 2"),
    "fence without a language": Case("x = ¦", "```\n1 + 2\n```\n", "1 + 2"),
    "fence never closed": Case("x = ¦", "```python\n1 + 2", "1 + 2"),
    "an empty fence": Case("x = ¦", "```\n```", ""),
    "words before a fence": Case("x = ¦", "Here is the code:\n\n```python\n1\n```", "1"),
    "words after a fence": Case(
        IN_F, "```python\nx = 1\n    return x\n```\nThis returns x.", "x = 1\n    return x"
    ),
    "a fence behind code at the line's start": Case("¦", "a = 1\n```\nIt is 1.", "a = 1"),
    "a fence behind the code": Case(IN_F, "return 1\n```\nIt returns 1.", "return 1"),
    "a fence in a comment": Case(
        'def f():\n    """Say ¦', '```python\nhello."""\n```', 'hello."""'
    ),
    "a fence that belongs to the document": Case("Run:\n\n¦", "```sh\nmake\n```", None, "a.md"),
    "a whole document in a fence": Case("¦", "```markdown\n# A\n\nb\n```", "# A\n\nb", "a.md"),
    "a thought": Case("x = ¦", "<think>\nOne?\n</think>\n\n1", "1"),
    "a thought that never ends": Case("x = ¦", "<think>\nHm", ""),
    "the end of a thought": Case("x = ¦", "so 1.\n</think>\n1", "1"),
    "echo of the line": Case("total = ¦", "total = a + b", "a + b"),
    "echo of an indented line": Case("    return ¦", "    return a + b", "a + b"),
    "echo of the line above": Case("x = one()\n¦\n", "x = one()\ny = 2", "y = 2"),
    "echo of two lines above": Case(
        "def f():\n    a()\n    ¦", "def f():\n    a()\n    b()", "b()"
    ),
    "echo of the line that opens": Case("if x:¦\n", "if x:\n    y()", "\n    y()"),
    "a single character is no echo": Case("(¦)", "(a)"),
    "half a word is no echo": Case("throw ¦", "thrown", None, "a.ts"),
    "half a word and its whole": Case("    retu¦", "return x", "rn x"),
    "a mark of the model": Case("x = ¦", "1<|endoftext|>y", "1"),
    "a mark of another model": Case("x = ¦", "1<\uff5cfim\u2581end\uff5c>y", "1"),
    "half a mark": Case("x = ¦", "1<|fim_mi"),
    "a mark that the document has": Case("a = '<|end|>'\nb = ¦", "'<|end|>'"),
    "a patch": Case(IN_F, "return 1\ndiff --git a/x b/x\n+2", "return 1"),
    "the document's own name": Case(IN_F, "x = 1\n    # a.py\n    y = 2", "x = 1"),
    "half a character": Case("x = ¦", "'caf\ufffd", "'caf"),
    "a control character": Case("x = ¦", "1\x1b[31m", ""),
    "an override of the direction": Case(IN_F, "a()\n    if b:  # \u202e c", "a()"),
    "a hidden space in a name": Case(IN_F, "f(\n    a,\n    is_\u200badmin)", "f(\n    a,"),
    "a line without an end": Case("x = ¦", "1 + " * 1000, ""),
    "a line without an end below": Case(IN_F, "a()\n    b(" + "1, " * 1000, "a()"),
    "circles that end in half a word": Case("x = ¦", "round and " * 9 + "rou", ""),
    "a joiner in a name": Case("x = ¦", "is_\u200dadmin", ""),
    "a picture that is joined": Case("x = ¦", "'\U0001f469\u200d\U0001f4bb \u2764\ufe0f'"),
    "a script that joins": Case("x = ¦", "'\u0645\u06cc\u200c\u0634\u0648\u062f'"),
    "a wide space": Case("x = ¦", "'10\u00a0%'", ""),
    "a wide space that the document uses": Case("a = '1\u00a0%'\nx = ¦", "'10\u00a0%'"),
    "hidden characters behind a fence": Case(IN_F, "```\na()\n```\nDone.\u200b", "a()"),
    "a lone surrogate": Case("x = ¦", "'caf\ud83d", "'caf"),
    "nothing": Case("x = ¦", "", ""),
    "spaces": Case("x = ¦", "   \n\n", ""),
    "a comment's mark alone": Case("¦", "//", "", "a.c"),
    "the same words over and over": Case("x = ¦", "very " * 30, ""),
    "numbers over and over": Case("x = [¦]", "0, " * 30 + "0"),
}
BLOCKS = {
    "a block where one is wanted": Case(IN_F, "x = 1\n    return x"),
    "a block behind a colon": Case("def f():¦", "\n    return 1"),
    "a block and the lines after it": Case(
        "def f():\n    ¦\n\ndef g():\n    pass\n",
        "return 1\n\ndef g():\n    pass\n",
        "return 1",
    ),
    "the line below": Case("a = 1\n¦\nb = 2\n", "b = 2", ""),
    "a line, and the line below": Case("a = 1\n¦\nc = 3\n", "b = 2\nc = 3", "b = 2"),
    "the line below in another name": Case(
        "¦\nvalue = read(path)\ncheck(value)\n",
        "path = find()\nvalue2 = read(path)\ncheck(value2)\n",
        "path = find()",
    ),
    "a sibling of the line below": Case("¦\nself.b = b\n", "self.a = a"),
    "a runaway function": Case(IN_F, "return 1\n\ndef g():\n    return 2", "return 1"),
    "a runaway method": Case(
        "class A:\n    def f(self):\n        ¦",
        "return 1\n\n    def g(self):\n        return 2",
        "return 1",
    ),
    "two blank lines end a block": Case("¦", "a = 1\n\n\nb = 2", "a = 1"),
    "a bracket that the document lacks": Case(
        "func f() {\n\tif a {\n\t\t¦\n}\n", "b()\n\t}\n}\n", "b()\n\t}", "a.go"
    ),
    "a text with less indentation": Case(IN_F, 'x = """\na\n\n\nb\n"""\n    return x'),
    "the same line over and over": Case(IN_F, "log(a)\n    " * 9, "log(a)"),
    "lines over and over": Case(IN_F, "log(a)\n    log(b)\n    " * 5, "log(a)\n    log(b)"),
    "brackets over and over": Case("x = [[[\n    ¦", "1\n]\n]\n]"),
    "carriage returns": Case(IN_F, "x = 1\r\n    return x", "x = 1\n    return x"),
    "a document with carriage returns": Case(
        "def f():\r\n    ¦\r\n", "x = 1\n    return x", "x = 1\r\n    return x"
    ),
    "spaces where the document has tabs": Case(
        "func f() {\n\tif a {\n\t\tb()\n\t}\n\t¦\n}\n",
        "if c {\n        d()\n    }",
        "if c {\n\t\td()\n\t}",
        "a.go",
    ),
    "tabs where the document has spaces": Case(
        "def g():\n    if a:\n        b()\n    ¦", "if c:\n\t\td()", "if c:\n        d()"
    ),
    "four spaces where the document has two": Case(
        "function f() {\n  if (a) {\n    b();\n  }\n  ¦\n}\n",
        "if (c) {\n      d();\n  }",
        "if (c) {\n    d();\n  }",
        "a.js",
    ),
    "written as if at the line's start": Case(
        "class A:\n    def f(self):\n        ¦",
        "if x:\n    return 1\nreturn 2",
        "if x:\n            return 1\n        return 2",
    ),
}
LANGUAGES = {
    "python": Case("if x:\n    ¦\nelse:\n    b()\n", "a()\nelse:\n    b()\n", "a()", "a.py"),
    "javascript": Case(
        "on('x', () => {\n  ¦\n});\n", "a(`${b(')')}`);\n});\nc();", "a(`${b(')')}`);", "a.js"
    ),
    "javascript's patterns": Case(
        "f(() => {\n  ¦\n})\n", "a(/[)}\\/]/)\n})", "a(/[)}\\/]/)", "a.js"
    ),
    "typescript": Case(
        "function f(): A {\n  ¦\n}\n\nfunction g() {}\n", "return a;\n}\n", "return a;", "a.ts"
    ),
    "tsx": Case("const a = (\n  <b>\n    ¦\n  </b>\n);\n", "<i />\n  </b>\n);", "<i />", "a.tsx"),
    "go": Case(
        "func f() error {\n\t¦\n\treturn nil\n}\n",
        "if err != nil {\n\t\treturn err\n\t}\n\treturn nil\n}\n",
        "if err != nil {\n\t\treturn err\n\t}",
        "a.go",
    ),
    "rust": Case(
        "fn f<'a>(x: &'a str) {\n    ¦\n}\n", "g('}', x);\n}\n\nfn h() {}", "g('}', x);", "a.rs"
    ),
    "java": Case(
        "class A {\n    int f() {\n        ¦\n    }\n}\n",
        "return 1;\n    }\n\n    int g() {\n        return 2;\n    }",
        "return 1;",
        "A.java",
    ),
    "c": Case(
        "int f(void) {\n    ¦\n}\n",
        "int a;\n#ifdef B\n    a = 1;\n#endif\n}",
        "int a;\n#ifdef B\n    a = 1;\n#endif",
        "a.c",
    ),
    "cpp": Case(
        "void f() {\n  ¦\n}\n", "g([](int a) { h(a); });\n}", "g([](int a) { h(a); });", "a.cpp"
    ),
    "csharp": Case(
        "class A\n{\n    int B()\n    {\n        ¦\n    }\n}\n",
        "return 1;\n    }\n}",
        "return 1;",
        "a.cs",
    ),
    "ruby": Case(
        "def f\n  ¦\nend\n\ndef g\nend\n",
        "a.each do |b|\n    c(b)\n  end\nend\n",
        "a.each do |b|\n    c(b)\n  end",
        "a.rb",
    ),
    "ruby, unfinished": Case("def f\n  ¦", "a\nend\n\ndef g\nend", "a\nend", "a.rb"),
    "javascript, a branch that is closed": Case(
        "function f() {\n  if (x) {\n    ¦\n}\n",
        "a();\n  } else {\n    b();\n  }\n  c();",
        "a();\n  } else {\n    b();\n  }",
        "a.js",
    ),
    "tsx, a tag that the document lacks": Case(
        "return (\n  <ul>\n    ¦\n);\n",
        "<li>{a}</li>\n  </ul>\n  <p/>",
        "<li>{a}</li>\n  </ul>",
        "a.tsx",
    ),
    "ruby, from the line of the header": Case(
        "def f(a)¦", "\n  b\nend\n\ndef g\nend", "\n  b\nend", "a.rb"
    ),
    "php": Case(
        "<?php\nfunction f() {\n    ¦\n}\n", "return $a['b'];\n}\n", "return $a['b'];", "a.php"
    ),
    "lua": Case(
        "function f()\n  ¦\nend\n",
        "if a then\n    b()\n  end\nend",
        "if a then\n    b()\n  end",
        "a.lua",
    ),
    "lua, from the line of the header": Case(
        "function f()¦", "\n  return { a = 1 }\nend\ng()", "\n  return { a = 1 }\nend", "a.lua"
    ),
    "shell, the patterns of a case": Case(
        "f() {\n  case $a in\n    ¦\n  esac\n}\n",
        "b) c ;;\n    d) e ;;\n  esac\n}\nf",
        "b) c ;;\n    d) e ;;",
        "a.sh",
    ),
    "shell, below the patterns of a case": Case(
        "f() {\n  if a; then\n    ¦\n  fi\n  case $a in\n    b) c ;;\n  esac\n}\n",
        "d\n  fi\n}\ne",
        "d",
        "a.sh",
    ),
    "shell": Case("if a; then\n  ¦\nfi\n", 'echo "${#b}"\nfi\necho c', 'echo "${#b}"', "a.sh"),
    "html": Case("<ul>\n  ¦\n</ul>\n", "<li>don't</li>\n</ul>\n<p>", "<li>don't</li>", "a.html"),
    "html, a tag that the document lacks": Case(
        "<div>¦", "\n  <p>a</p>\n</div>\n<p>b</p>", "\n  <p>a</p>\n</div>", "a.html"
    ),
    "css": Case("a {\n  ¦\n}\n", "color: red;\n}\n\nb {", "color: red;", "a.css"),
    "json": Case('{\n  "a": [\n    ¦\n  ]\n}\n', "1,\n    2\n  ]\n}", "1,\n    2", "a.json"),
    "yaml": Case("a:\n  b: 1\n  ¦\nd: 3\n", "c: 2\nd: 3\n", "c: 2", "a.yaml"),
    "markdown": Case("# A\n\n- one\n¦\n\n# B\n", "- don't (two\n\n# B\n", "- don't (two", "a.md"),
    "markdown, a section": Case(
        "## A\n\n¦", "Text.\n\n### B\n\nMore.\n\n## C", "Text.\n\n### B\n\nMore.", "a.md"
    ),
    "markdown, a fence": Case(
        "```sh\n¦\n```\n", "make # x\n# y\n```\nText", "make # x\n# y", "a.md"
    ),
    "markdown, a fence that nobody closed": Case(
        "# A\n```sh\n¦", "make\n```\nText", "make\n```", "a.md"
    ),
    "an unknown language": Case("task a\n    ¦\ntask b\n", "run c\ntask b\n", "run c", "a.weird"),
}


@pytest.mark.parametrize(
    "case",
    [*ONE_LINE.values(), *NO_CODE.values(), *BLOCKS.values(), *LANGUAGES.values()],
    ids=[*ONE_LINE, *NO_CODE, *BLOCKS, *LANGUAGES],
)
def test_of_an_answer_is_shown_what_belongs_into_the_hole(case: Case) -> None:
    wanted = case.answer if case.shown is None else case.shown
    assert shown(case.answer, at(case.document, case.path)) == wanted


@pytest.mark.parametrize(
    ("document", "answer", "found"),
    [
        ("foo(¦)", "a, b);", Suggestion("a, b);", 1)),
        ("if (¦)", "x) {", Suggestion("x) {", 1)),
        ("foo(bar(¦)", "x))", Suggestion("x))", 1)),
        ("s = f('¦')", "a' + 'b')", Suggestion("a' + 'b')", 2)),
        ("foo(¦)", "a))", Suggestion("a", 0)),
        ("foo(¦).bar()", "a).baz()", Suggestion("a", 0)),
    ],
)
def test_what_closes_on_the_line_is_replaced_where_the_answer_says_more(
    document: str, answer: str, found: Suggestion
) -> None:
    assert fit(answer, at(document, "a.ts"), is_whole=True) == found


def test_of_an_answer_that_was_broken_off_only_whole_lines_are_shown() -> None:
    cursor = at(IN_F)
    answer = "x = 1\n    if x:\n        y = 2\n    return sel"
    assert shown(answer, cursor, is_whole=False) == "x = 1\n    if x:\n        y = 2"
    assert shown(answer + "\n", cursor, is_whole=False) == answer
    assert shown("total = su", at("¦"), is_whole=False) == "total = su"


def test_of_a_broken_off_answer_is_shown_what_stands_for_itself() -> None:
    answer = "a();\n  if (b) {\n    c();\n    d("
    assert shown(answer, at("function f() {\n  ¦\n}\n", "a.ts"), is_whole=False) == "a();"


def test_a_suggestion_is_of_bounded_size() -> None:
    lines = "\n".join(f"value_{number} = {number * number}" for number in range(500))
    assert shown(lines, at("¦")).count("\n") + 1 == SUGGESTION_LINES_MAX
    assert len(shown("x" * SUGGESTION_CHARS_MAX * 2, at("y = ¦"))) <= SUGGESTION_CHARS_MAX


PIECES = st.lists(
    st.sampled_from(
        [
            *("a", "b", "x1", " ", "    ", "\t", "\n", "\n\n", "\r\n", "\r", "(", ")", "[", "]"),
            *("{", "}", "'", '"', "`", '"""', "```", "/*", "*/", "//", "#", ":", ",", ";", "${"),
            *("\u2028", "😀", "\ufffd", "\ud83d", "\x0c", "\\", "return ", "def f", "end", "</a>"),
            *("<think>", "</think>", "<|fim_middle|>", "diff --git ", "Here is it:\n", "else"),
        ]
    ),
    max_size=14,
).map("".join)
PATHS = st.sampled_from(["a.py", "a.ts", "a.go", "a.rs", "a.rb", "a.html", "a.yaml", "a.md", "a"])


@given(PIECES | st.text(max_size=30), PIECES, PIECES, PATHS, st.booleans())
@example("```", "", "", "a.py", True)
@example("))", "f(", "))", "a.py", True)
def test_whatever_a_model_answers_something_fits_or_nothing_is_shown(
    answer: str, before: str, after: str, path: str, is_whole: bool
) -> None:
    cursor = Cursor(path, before, after)
    found = fit(answer, cursor, is_whole=is_whole)
    if found is None:
        return
    assert found.text.strip()
    assert 0 <= found.replaces <= len(cursor.line_after)
    assert len("".join(found.text.split())) <= len("".join(answer.split()))
    assert "\r" not in found.text.replace("\r\n", "")
    if not cursor.takes_several_lines:
        assert "\n" not in found.text


@given(PIECES.filter(lambda text: bool(text.strip())), PIECES)
def test_what_the_document_goes_on_with_is_not_suggested_again(text: str, rest: str) -> None:
    # The model writes nothing but what follows already.
    line = f"{''.join(text.split())}_end"
    assert shown(line, Cursor("a.py", "", f"\n{line}\n{rest}")) != line


@given(st.lists(st.sampled_from(["a = 1", "b(c)", "if d:\n    e()", "", "# f"]), max_size=6))
def test_what_was_made_to_fit_fits(parts: list[str]) -> None:
    cursor = at("def g():\n    ¦\n    return z\n")
    once = shown("\n".join(parts).replace("\n", "\n    "), cursor)
    assert shown(once, cursor) == once
