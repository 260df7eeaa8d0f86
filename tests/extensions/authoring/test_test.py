"""`steward extension test` says what is wrong where the author can find it."""

from pathlib import Path

import pytest

from tests.extensions.authoring.conftest import Ask
from tests.extensions.authoring.places import need

pytestmark = pytest.mark.timeout(240)  # The first one has a runtime compiled.

MANIFEST = """\
id: acme.painter
name: Painter
version: 0.1.0
publisher: acme
api_version: "1.0"
runtime: {runtime}
entry: {entry}
commands:
  - id: paint
    title: Paint
permission_scope:
  - capability: files.read
    globs: ["src/**"]
    reason: It reads.
"""
JS = 'const { command, listFiles, readFile } = require("steward");\n'


def write(folder: Path, source: str, events: str, *, runtime: str = "javascript") -> None:
    entry = "main.py" if runtime == "python" else "main.js"
    (folder / "tests").mkdir()
    (folder / "extension.yaml").write_text(MANIFEST.format(runtime=runtime, entry=entry))
    (folder / entry).write_text(source)
    (folder / "tests" / "one.yaml").write_text(events)


def test_an_answer_that_differs_is_shown_beside_the_one_that_is_wanted(
    ask: Ask, tmp_path: Path
) -> None:
    need("javascript")
    write(
        tmp_path,
        JS + 'command("paint", () => { console.log("thinking"); return "red"; });\n',
        "events:\n  - {topic: 'command:paint', expect: {message: blue}}\n",
    )
    code, said = ask("test")
    assert code == 1
    assert 'the answer.message is "red" and not "blue"' in said
    assert "log info: thinking" in said
    assert said.endswith("0 passed, 1 failed\n")


def test_calls_that_differ_are_named(ask: Ask, tmp_path: Path) -> None:
    need("javascript")
    write(
        tmp_path,
        JS + 'command("paint", () => readFile("src/a"));\n',
        "files: {src/a: text}\nevents:\n"
        "  - {topic: 'command:paint', calls: [{call: read-file, with: src/b}]}\n"
        "  - {topic: 'command:paint', calls: []}\n"
        "  - {topic: 'command:paint', calls: [{call: read-file, with: src/a}]}\n",
    )
    code, said = ask("test")
    assert code == 1
    assert 'call 1 (read-file) is "src/a" and not "src/b"' in said
    assert "the calls are ['read-file'] and not []" in said
    assert said.endswith("1 passed, 2 failed\n")


@pytest.mark.parametrize(
    ("runtime", "source", "line"),
    [
        (
            "python",
            'import steward\n\n@steward.command("paint")\ndef paint(request):\n    return 1 / 0\n',
            'File "main.py", line 5, in paint',
        ),
        (
            "javascript",
            JS + 'command("paint", paint);\nfunction paint() {\n  throw new Error("no");\n}\n',
            "at paint (main.js:4:13)",
        ),
    ],
)
def test_a_fault_names_the_authors_own_line(
    ask: Ask, tmp_path: Path, runtime: str, source: str, line: str
) -> None:
    need(runtime)
    write(tmp_path, source, "events:\n  - topic: command:paint\n", runtime=runtime)
    code, said = ask("test")
    assert code == 1
    assert line in said


def test_what_the_manifest_does_not_ask_for_is_denied_as_in_earnest(
    ask: Ask, tmp_path: Path
) -> None:
    need("javascript")
    write(
        tmp_path,
        "",
        "files: {secret: text, src/a: text}\nevents:\n"
        "  - {topic: 'command:paint', fails: 'not within the globs'}\n",
    )
    refused = "granted: []\nevents:\n  - {topic: 'command:paint', fails: 'did not allow it'}\n"
    (tmp_path / "tests" / "two.yaml").write_text(refused)
    source = 'command("paint", () => readFile(listFiles().length ? "secret" : "src/a"));\n'
    (tmp_path / "main.js").write_text(JS + source)
    code, said = ask("test")
    assert (code, said.splitlines()[-1]) == (0, "2 passed, 0 failed"), said


def test_an_extension_that_never_ends_is_stopped_and_the_next_event_works(
    ask: Ask, tmp_path: Path
) -> None:
    need("javascript")
    write(
        tmp_path,
        JS + 'command("paint", (r) => { while (r.arguments) {} return "done"; });\n',
        "events:\n  - {topic: 'command:paint', payload: {arguments: true}, fails: longer than}\n"
        "  - {topic: 'command:paint', expect: {message: done}}\n",
    )
    code, said = ask("test")
    assert (code, said.splitlines()[-1]) == (0, "2 passed, 0 failed"), said


def test_code_and_manifest_that_differ_are_told_apart(ask: Ask, tmp_path: Path) -> None:
    need("javascript")
    write(tmp_path, JS + 'command("pain", () => "x");\n', "events:\n  - topic: command:paint\n")
    code, said = ask("test")
    assert code == 2
    assert "`commands` in the manifest names 'paint'" in said
    assert "The code registers 'pain', which is not under `commands`" in said


@pytest.mark.parametrize(
    ("events", "complaint"),
    [
        ("events: []\n", "one.yaml is no recorded test:\n- events:"),
        ("events:\n  - topic: onSave\n", "There is no topic 'onSave'"),
        ("events:\n  - {topic: 'command:paint', wants: x}\n", "events.0.wants"),
        ("events: [\n", "one.yaml:"),
        ("events:\n  - {topic: onFileSave, payload: {path: a}}\n", "payload of 'onFileSave'"),
        ("events:\n  - {topic: 'command:paint', expect: {text: x}}\n", "`expect` is no answer"),
    ],
)
def test_a_recorded_test_that_cannot_be_taken_says_why(
    ask: Ask, tmp_path: Path, events: str, complaint: str
) -> None:
    need("javascript")
    write(tmp_path, JS + 'command("paint", () => "x");\n', events)
    code, said = ask("test")
    assert code != 0
    assert complaint in said


def test_a_folder_without_an_extension_says_how_to_make_one(ask: Ask) -> None:
    code, said = ask("test")
    assert code == 2
    assert "steward extension new" in said
