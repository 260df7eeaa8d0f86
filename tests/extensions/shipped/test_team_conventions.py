"""Team conventions: the part of YAML that is read, each kind of rule, and where remarks stand."""

import json
import re
from contextlib import suppress
from typing import Any

import pytest
import yaml
from hypothesis import given, strategies as st

from tests.extensions.shipped.sdk import Shipped, World

FILE = ".steward/conventions.yaml"
patterns: Any = Shipped("team-conventions").module("patterns")
small_yaml: Any = Shipped("team-conventions").module("small_yaml")


def loaded(rules: str, **files: str) -> Shipped:
    named = {path.replace("__", "/").replace("_py", ".py"): text for path, text in files.items()}
    return Shipped("team-conventions", World(files={FILE: rules, **named}))


def one(**fields: Any) -> str:
    """A rules file of one rule."""
    lines = [
        f"    {key}: {json.dumps(value, ensure_ascii=False)}\n" for key, value in fields.items()
    ]
    return f"rules:\n  - id: r\n{''.join(lines)}"


def plain(node: Any) -> Any:
    """What a parsed text says, without its lines."""
    if hasattr(node, "entries"):
        return {key: plain(value) for key, value in node.entries.items()}
    return [plain(each) for each in node.items] if hasattr(node, "items") else node.value


def seen(remarks: list[Any]) -> list[tuple[int, int, int, str]]:
    return [
        (each.range.start.line, each.range.start.character, each.range.end.character, each.code)
        for each in remarks
    ]


# --- The rules file ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "a: 1\nb: -2.5\nc: true\nd: null\ne: ~\nf: text with spaces\n",
        "---\na:\n  b:\n    - x\n    - 'it''s'\n    - \"tab\\there \\u00e9\"\n",
        "a:\n- x\n- y: 1\n  z: 2\n-\n  w: 3\nb: 2\n",
        "a: |\n  first\n    deeper\n\n  # no comment\n  \tx\nb: |-\n  last\n",
        "a: [x, 'y, z', 3, true]  # why\nb: []\n\n# alone\nc: a#b # c\n",
        "- - a\n  - b\n- c\n",
        'a: "x: y"\nb: http://x\nurl: "#1"\n',
        "",
    ],
)
def test_what_it_reads_it_reads_as_a_whole_yaml_parser_does(text: str) -> None:
    assert plain(small_yaml.parse(text)) == yaml.safe_load(text)


@pytest.mark.parametrize(
    ("text", "line", "word"),
    [
        ("a: &x 1", 0, "anchors"),
        ("a: *x", 0, "quoted"),
        ("a: !!str 1", 0, "tags"),
        ("a: {b: 1}", 0, "braces"),
        ("a: >\n  folded", 0, "folded"),
        ("a: 1\n---\nb: 2", 1, "one document"),
        ("a:\n\t- x", 1, "tab"),
        ("a: 1\na: 2", 1, "twice"),
        ("a: 1\n  b: 2", 1, "one line"),
        ("a:\n    b: 1\n  c: 2", 2, "indented"),
        ("a: 'open", 0, "not closed"),
        ('a: "\\d"', 0, "single quotes"),
        ("a: [x, [y]]", 0, "lists in lists"),
        ("a: [x", 0, "bracket|,"),
        ("a: x: y", 0, "quoted"),
        ("a: 1\nword", 1, "colon"),
        ("a: |\n    x\n  y\n", 2, "left of"),
    ],
)
def test_what_it_does_not_read_it_refuses_with_the_line(text: str, line: int, word: str) -> None:
    with pytest.raises(small_yaml.YamlError, match=word) as raised:
        small_yaml.parse(text)
    assert raised.value.line == line


def read_by_us(text: str) -> tuple[Any, int | None]:
    """What a text says, or the line on which it is refused."""
    try:
        return plain(small_yaml.parse(text)), None
    except small_yaml.YamlError as error:
        return None, error.line


@given(st.text(alphabet="ab:-#|'\"[]{},\n \t&*>1\\", max_size=60))
def test_whatever_it_is_given_it_reads_as_yaml_says_or_refuses(text: str) -> None:
    ours, refused_at = read_by_us(text)
    if refused_at is not None:
        assert 0 <= refused_at <= text.count("\n")
        return
    with suppress(yaml.YAMLError):  # It is lenient where nothing can be meant otherwise.
        assert ours == yaml.safe_load(text)


def test_a_deep_file_is_refused_and_not_a_crash() -> None:
    deep = "".join(f"{' ' * n}a:\n" for n in range(300))
    with pytest.raises(small_yaml.YamlError, match="deeper than"):
        small_yaml.parse(deep)
    with pytest.raises(small_yaml.YamlError, match="deeper than"):
        small_yaml.parse("- " * 5000 + "x")


def test_a_wrong_rule_is_remarked_on_its_line_and_the_others_count() -> None:
    text = (
        "rules:\n"
        "  - id: good\n    kind: forbidden\n    pattern: TODO\n"
        "  - id: slow\n    kind: forbidden\n    pattern: '(a+)+$'\n"
        "  - id: odd\n    kind: sideways\n"
        "  - id: good\n    kind: forbidden\n    pattern: x\n"
        "  - id: typo\n    kind: forbidden\n    patern: x\n"
    )
    extension = loaded(text)

    remarks = extension.saved(FILE, text)

    assert [each.range.start.line for each in remarks] == [6, 8, 9, 14]
    said = " ".join(each.message for each in remarks)
    for word in ("for ever", "'sideways'", "'good'", "'patern'"):
        assert word in said
    assert all(each.severity == "error" for each in remarks)
    assert seen(extension.saved("a.py", "x TODO\n")) == [(0, 2, 6, "good")]


@pytest.mark.parametrize(
    ("pattern", "is_refused"),
    [
        ("(a+)+b", True),
        ("(?:\\w+\\s*)*;", True),
        ("((ab)*c*)*", True),
        ("(x{2,})+", True),
        ("(a+b){30}", True),
        ("(a+)?b", False),
        ("[(+*]+x", False),
        ("\\(+\\)+", False),
        ("(foo|bar)+", False),
        ("(?P<n>ab){1,3}c*", False),
    ],
)
def test_a_pattern_that_repeats_a_repetition_is_refused(pattern: str, is_refused: bool) -> None:
    rules: Any = Shipped("team-conventions").module("rules")
    problems = rules.read(one(kind="forbidden", pattern=pattern)).problems
    assert bool(problems) == is_refused, problems


_PARTS = r"a b ab \. \w . [ab] (ab) (a|b) (?:b) a? b* a+ b{2} (?=a) (?!b) ^ $ | \b x (?i:A)"
PATTERNS = st.lists(st.sampled_from(_PARTS.split()), max_size=6)


@given(PATTERNS, st.text(alphabet="abAx.", max_size=12))
def test_the_text_that_a_pattern_needs_stands_wherever_it_fits(parts: list[str], text: str) -> None:
    source = "".join(parts)
    try:
        found = re.search(source, text)
    except re.error:
        return
    literal = patterns.literal_of(source)
    assert found is None or literal in found[0], (source, literal)


def test_a_usual_pattern_has_a_text_to_look_for() -> None:
    assert patterns.literal_of(r"^\s*print\(") == "print("
    assert patterns.literal_of(r"\bTODO\b(?!\()") == "TODO"
    assert patterns.literal_of("(?i)todo") == ""
    assert patterns.literal_of("a|b") == ""


# --- Rules -------------------------------------------------------------------------------------


def test_a_forbidden_pattern_is_marked_where_it_stands_with_what_to_do_instead() -> None:
    extension = loaded(
        one(
            kind="forbidden",
            pattern=r"\bprint\(",
            files=["src/**"],
            not_files=["src/tools/**"],
            severity="error",
            message="No printing.",
            instead="log.info(…)",
        )
    )

    (remark,) = extension.saved("src/a.py", "x = 1\n🙂 = print(x)\n")

    assert remark.message == "No printing. Instead: log.info(…)"
    assert remark.severity == "error"
    # Columns count UTF-16 units, of which the face has two.
    assert seen([remark]) == [(1, 5, 11, "r")]
    assert extension.saved("src/tools/a.py", "print(1)") == []
    assert extension.saved("lib/a.py", "print(1)") == []


def test_a_required_pattern_is_missed_once_and_only_where_it_is_nowhere() -> None:
    extension = loaded(one(kind="required", pattern="^from __future__"))

    assert seen(extension.saved("a.py", "import os\nx = 1\n")) == [(0, 0, 9, "r")]
    assert extension.saved("a.py", "# a\nfrom __future__ import annotations\n") == []


@pytest.mark.parametrize(
    ("path", "names", "style", "text", "lines"),
    [
        ("a.py", "functions", "snake_case", "def ok(): ...\nasync def notOk(): ...\n", [1]),
        ("a.py", "functions", "snake_case", "class A:\n    def __init__(self): ...\n", []),
        ("a.py", "classes", "PascalCase", "class good: ...\nclass Good: ...\n", [0]),
        ("a.ts", "functions", "camelCase", "export const Bad = (x) => 1\nfunction fine() {}", [0]),
        ("a.go", "functions", "camelCase", "func (s *S) Do() {}\nfunc do() {}\n", [0]),
        ("A.java", "functions", "camelCase", "  public void Do(int x) {\n  }\n", [0]),
        ("a.rs", "classes", "PascalCase", "pub struct bad_one {}\nenum Fine {}\n", [0]),
        ("src/MyThing.ts", "files", "kebab-case", "x\n", [0]),
        ("src/my-thing.test.ts", "files", "kebab-case", "x\n", []),
    ],
)
def test_names_are_held_to_a_style(
    path: str, names: str, style: str, text: str, lines: list[int]
) -> None:
    remarks = loaded(one(kind="naming", names=names, style=style)).saved(path, text)
    assert [each.range.start.line for each in remarks] == lines


def test_a_name_can_be_held_to_a_pattern_of_ones_own() -> None:
    extension = loaded(one(kind="naming", names="classes", pattern="[A-Z]\\w+Error"))
    (remark,) = extension.saved("a.py", "class OddFailure(Exception): ...\n")
    assert "“OddFailure” is not." in remark.message


def test_lengths_of_files_functions_and_lines() -> None:
    body = "def f():\n" + "    x = 1\n" * 5 + "\ndef g():\n    return 1\n"
    functions = loaded(one(kind="length", of="function", most=4)).saved("a.py", body)
    assert [(each.range.start.line, "6" in each.message) for each in functions] == [(0, True)]
    braces = "function f() {\n  a()\n  b()\n}\nfunction g() {\n}\n"
    assert len(loaded(one(kind="length", of="function", most=3)).saved("a.js", braces)) == 1
    assert len(loaded(one(kind="length", of="file", most=8)).saved("a.py", body)) == 1
    assert loaded(one(kind="length", of="file", most=9)).saved("a.py", body) == []
    lines = loaded(one(kind="length", of="line", most=5)).saved("a.py", "12345\n1234567\n")
    assert seen(lines) == [(1, 5, 7, "r")]


def test_a_header_may_say_another_year_and_stands_after_the_shebang() -> None:
    extension = loaded(one(kind="header", text="# Copyright 2024 Us\n# All rights\n"))

    assert extension.saved("a.py", "#!/bin/py\n# Copyright 2019-2026 Us\n# All rights\nx\n") == []
    (remark,) = extension.saved("a.py", "# Copyright 2024 Us\nx = 1\n")
    assert remark.range.start.line == 1
    assert "Line 2" in remark.message


@pytest.mark.parametrize(
    ("path", "text", "is_broken"),
    [
        ("src/ui/page.py", "from db.pool import Pool\n", True),
        ("src/ui/page.py", "from src.db import pool\n", True),
        ("src/ui/page.py", "import os, db.pool as p\n", True),
        ("src/ui/page.py", "from ..db import pool\n", True),
        ("src/ui/page.py", "from .. import db\n", True),
        ("src/ui/page.py", "from domain import db_names\n", False),
        ("src/ui/page.ts", 'import { a } from "../db/pool.js"\n', True),
        ("src/ui/page.ts", "const a = require('../db')\n", True),
        ("src/ui/page.ts", 'import a from "./db"\n', False),
        ("src/ui/page.ts", 'const a = await import("../db/x")\n', True),
        ("src/core/page.py", "from db.pool import Pool\n", False),
        ("src/ui/P.kt", "import db.pool.Pool\n", True),
        ("src/ui/a.py", "from requests import get\n", True),
        ("src/ui/a.js", "import x from 'requests'\n", True),
    ],
)
def test_imports_between_folders_are_refused(path: str, text: str, is_broken: bool) -> None:
    rules = one(kind="imports", files=["src/ui/**"], forbidden=["src/db/**", "requests"])
    assert bool(loaded(rules).saved(path, text)) == is_broken


def test_long_lines_many_findings_and_large_files_are_bounded_and_said() -> None:
    extension = loaded(one(kind="forbidden", pattern="a"))
    assert extension.saved("a.py", "a" * 5000) == []
    assert len(extension.saved("a.py", "a\n" * 500)) == 50
    several = "rules:\n" + "".join(
        f"  - id: r{n}\n    kind: forbidden\n    pattern: '[yz][xz]'\n" for n in range(10)
    )
    (remark,) = loaded(several).saved("a.py", "b\n" * 400_000)
    assert remark.code == "too-large"


def test_no_rules_file_means_no_remarks() -> None:
    extension = Shipped("team-conventions", World(files={}))
    assert extension.saved("a.py", "print(1)") == []
    assert "There are no rules" in (extension.command("check-workspace") or "")


# --- The workspace, models, and a first file ---------------------------------------------------


def test_the_whole_workspace_is_checked_within_its_bound_and_the_panel_opens_places() -> None:
    world = World(
        files={
            FILE: one(kind="forbidden", pattern="TODO", files=["**/*.py"]),
            **{f"src/f{n}.py": "x\nTODO\n" for n in range(5)},
            "a.md": "TODO",
        },
        config={"files_max": 3},
    )
    extension = Shipped("team-conventions", world)

    assert extension.command("check-workspace") is None

    text, by_rule, places = world.panels["findings"]
    assert "3 places in 3 files" in text["text"]
    assert "2 more files that a rule is about are beyond" in text["text"]
    assert by_rule["rows"] == [["r", "3"]]
    assert (places["items"][0]["path"], places["items"][0]["line"]) == ("src/f0.py", 1)


def test_a_large_workspace_is_checked_in_several_calls_and_no_file_is_left_out() -> None:
    line = "value = other  # nothing\n"
    files = {f"src/f{n:03}.py": line * 500 + "TODO\n" for n in range(120)}
    rules = one(kind="required", pattern="^[xy]{3}")
    extension = Shipped("team-conventions", World(files={FILE: rules, **files}))
    calls = 0
    while calls == 0 or "run the command again" in extension.world.panels["findings"][0]["text"]:
        extension.command("check-workspace")
        calls += 1
        assert calls < 100
    assert calls > 3
    # The rules file itself is under the rule too.
    assert "121 places in 121 files" in extension.world.panels["findings"][0]["text"]
    extension.command("check-workspace")
    assert "are left" in extension.world.panels["findings"][0]["text"]


def test_a_model_is_shown_the_rules_of_the_files_that_it_sees() -> None:
    rules = (
        "rules:\n"
        "  - id: py\n    kind: forbidden\n    files: ['**/*.py']\n    pattern: print\n"
        "    message: No printing.\n    instead: a logger\n"
        "  - id: go\n    kind: length\n    files: ['**/*.go']\n    of: line\n    most: 90\n"
    )
    pieces = [{"id": "1", "kind": "file", "path": "src/a.py", "text": "", "tokens": 1}]

    (added,) = loaded(rules).stage("conventions", task="agent", pieces=pieces).add

    assert added.text == "- py (all of them): No printing. Instead: a logger"
    quick = loaded(rules).stage("conventions", task="ghost_text", pieces=pieces)
    assert quick.add == ()
    pieces[0]["path"] = "a.txt"
    assert loaded(rules).stage("conventions", task="agent", pieces=pieces).add == ()


def test_a_first_rules_file_is_proposed_and_what_it_says_can_be_read() -> None:
    extension = Shipped("team-conventions", World())
    assert "is proposed" in (extension.command("begin") or "")
    (change,) = extension.world.proposals[0]["changes"]
    assert (change["do"], change["path"]) == ("write", FILE)
    assert extension.saved(FILE, change["new_text"]) == []
    there = loaded(change["new_text"])
    assert "is there already" in (there.command("begin") or "")
    assert there.saved("src/a.py", "print(1)\n")[0].code == "no-print"


def test_the_rules_of_a_file_are_shown_on_request() -> None:
    extension = loaded(one(kind="length", of="line", most=9, files=["*.py"]))
    extension.command("rules", path="src/deep/a.py")
    assert extension.world.panels["findings"][0]["rows"] == [
        ["r", "warning", "A line has at most 9 characters."]
    ]
    assert "No rule" in (extension.command("rules", path="a.go") or "")


@given(st.text(max_size=200))
def test_no_source_makes_it_fail(text: str) -> None:
    for path in ("a.py", "a.ts", "a.java", "b.go", "c.rb"):
        assert isinstance(EVERY_KIND.saved(path, text), list)


EVERY_KIND = loaded(
    "rules:\n"
    "  - id: a\n    kind: forbidden\n    pattern: x\n"
    "  - id: b\n    kind: required\n    pattern: y\n"
    "  - id: c\n    kind: naming\n    names: functions\n    style: camelCase\n"
    "  - id: d\n    kind: naming\n    names: files\n    style: camelCase\n"
    "  - id: e\n    kind: length\n    of: function\n    most: 1\n"
    "  - id: f\n    kind: header\n    text: '# x'\n"
    "  - id: g\n    kind: imports\n    forbidden: '**/db/**'\n"
)
