"""The tests run as the person was shown, or not at all."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from steward.core.errors import InvalidInputError
from steward.permissions.question import OpenQuestion
from steward.tools.run_tests import RunTestsArguments, detect_test_command
from steward.tools.tool import Output
from tests.jailed import working_jail
from tests.rooms import Rooms, answering, no, yes
from tests.tools.agent import surroundings, use

PYTEST = ("python3", "-m", "pytest", "-q", "-p", "no:cacheprovider")
UNITTEST = ("python3", "-m", "unittest", "discover")
NPM = ("npm", "test", "--silent")


@pytest.mark.parametrize(
    ("files", "command"),
    [
        ({"pytest.ini": ""}, PYTEST),
        ({"conftest.py": ""}, PYTEST),
        ({"pyproject.toml": "[tool.pytest.ini_options]"}, PYTEST),
        ({"setup.cfg": "[tool:pytest]"}, PYTEST),
        ({"tox.ini": "commands = pytest"}, PYTEST),
        ({"tests/__init__.py": "", "tests/test_a.py": ""}, UNITTEST),
        ({"test_a.py": ""}, UNITTEST),
        ({"tests/test_a.py": ""}, (*UNITTEST, "-s", "tests")),
        ({"package.json": json.dumps({"scripts": {"test": "node t.js"}})}, NPM),
        ({"pytest.ini": "", "package.json": '{"scripts": {"test": "x"}}'}, PYTEST),
    ],
)
def test_the_command_is_found_out_from_the_files(
    tmp_path: Path, files: dict[str, str], command: tuple[str, ...]
) -> None:
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert detect_test_command(tmp_path) == command


@pytest.mark.parametrize(
    "package", ["", "{", "[]", "{}", '{"scripts": null}', '{"scripts": {"lint": "x"}}', "[" * 9999]
)
def test_where_nothing_shows_how_to_test_the_setting_is_named(tmp_path: Path, package: str) -> None:
    (tmp_path / "package.json").write_text(package)
    with pytest.raises(InvalidInputError, match="test_command"):
        detect_test_command(tmp_path)


@pytest.fixture
async def tested(rooms: Rooms) -> Rooms:
    """A project whose only test passes, in a place where commands can run."""
    await working_jail()
    (rooms.workspace.root / "test_a.py").write_text(
        "import unittest, pathlib\n"
        "class Test(unittest.TestCase):\n"
        "    def test(self):\n"
        "        print('seen:', pathlib.Path('a.py').read_text())\n"
    )
    return rooms


async def test_the_question_names_command_folder_and_jail(tested: Rooms) -> None:
    tested.editor.documents[tested.workspace.root / "a.py"] = "unsaved\n"
    async with answering(tested, tested.principal, no) as asked:
        result = await use(tested, "run_tests")
    assert not result.ok
    body = asked[0].body
    assert f"`{tested.workspace.root}`" in body
    assert "python3 -m unittest discover" in body
    assert "no network" in body
    assert "unsaved documents as you have them: a.py" in body


async def test_approved_tests_run_over_the_unsaved_documents(tested: Rooms) -> None:
    tested.editor.documents[tested.workspace.root / "a.py"] = "what the editor has\n"
    async with answering(tested, tested.principal, yes):
        result = await use(tested, "run_tests")
    assert result.ok, result.text
    assert result.text.startswith("Exit code 0 after ")
    assert "seen: what the editor has" in result.text


async def test_a_failing_test_is_a_result_and_no_error(tested: Rooms) -> None:
    (tested.workspace.root / "test_a.py").write_text("raise SystemExit(3)\n")
    async with answering(tested, tested.principal, yes):
        result = await use(tested, "run_tests")
    assert (result.ok, result.code) == (False, "")
    assert result.text.startswith("Exit code ")


def _type_more(rooms: Rooms) -> None:
    rooms.editor.documents[rooms.workspace.root / "a.py"] = "typed after the question\n"


def _close_unsaved(rooms: Rooms) -> None:
    rooms.editor.documents.clear()


def _change_the_command(rooms: Rooms) -> None:
    (rooms.workspace.root / "pytest.ini").write_text("")


@pytest.mark.parametrize("change", [_type_more, _close_unsaved, _change_the_command])
async def test_what_changed_between_question_and_run_is_not_run(
    tested: Rooms, change: Callable[[Rooms], None]
) -> None:
    tested.editor.documents[tested.workspace.root / "a.py"] = "unsaved\n"

    def change_and_approve(_question: OpenQuestion) -> bool:
        change(tested)
        return True

    async with answering(tested, tested.principal, change_and_approve):
        result = await use(tested, "run_tests")
    assert (result.ok, result.code) == (False, "steward.not_permitted")
    assert "seen:" not in result.text
    assert "approval.used" not in await tested.trail()


@pytest.mark.parametrize("is_closed", [False, True])
async def test_a_document_saved_between_question_and_run_is_still_what_was_approved(
    tested: Rooms, *, is_closed: bool
) -> None:
    path = tested.workspace.root / "a.py"
    tested.editor.documents[path] = "as approved\n"

    def save_and_approve(_question: OpenQuestion) -> bool:
        path.write_bytes(tested.editor.documents[path].encode())
        if is_closed:
            del tested.editor.documents[path]
        return True

    async with answering(tested, tested.principal, save_and_approve):
        result = await use(tested, "run_tests")
    assert result.ok, result.text
    assert "seen: as approved" in result.text


async def test_the_operands_bind_every_byte_of_an_unsaved_document(tested: Rooms) -> None:
    tool = tested.invoker.tools["run_tests"]
    path = tested.workspace.root / "a.py"
    found: list[object] = []
    for text in ("x\n", "x\r\n", "x", "y\n", "one\ntwo\nthree\n"):
        tested.editor.documents[path] = text
        request = await tool.request(RunTestsArguments(), surroundings(tested))
        found.append(request.operands["unsaved"])
    assert all(found.count(one) == 1 for one in found)
    assert found[-1] == {}


async def test_what_was_approved_runs_though_the_person_types_on(tested: Rooms) -> None:
    tool = tested.invoker.tools["run_tests"]
    path = tested.workspace.root / "a.py"
    tested.editor.documents[path] = "as approved\n"
    call = surroundings(tested)
    request = await tool.request(RunTestsArguments(), call)
    tested.editor.documents[path] = "typed since\n"
    output = await tool.run(RunTestsArguments(), replace(call, prepared=request.prepared))
    assert isinstance(output, Output)
    assert "seen: as approved" in output.text
