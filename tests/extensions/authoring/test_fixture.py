"""The fixture `extension`, as an author's test uses it."""

import subprocess
import sys
from pathlib import Path

from tests.environment import steward_environment
from tests.extensions.authoring.conftest import Ask
from tests.extensions.authoring.places import need

MANIFEST = """\
id: acme.painter
name: Painter
version: 0.1.0
publisher: acme
api_version: "1.0"
runtime: javascript
entry: main.js
commands:
  - {id: ask, title: Ask}
  - {id: change, title: Change}
  - {id: keep, title: Keep}
hooks:
  - event: onFileSave
tools:
  - {name: add, description: Adds., input_schema: {type: object}}
permission_scope:
  - {capability: files.read, reason: It reads.}
  - {capability: files.propose, reason: It changes.}
  - {capability: model.ask, reason: It asks.}
  - {capability: storage, reason: It keeps.}
  - {capability: tools.offer, reason: It adds.}
"""
SOURCE = """\
import * as steward from "steward";
steward.command("ask", () => steward.askModel("what?", { tier: "strong" }).text);
steward.command("change", ({ place }) =>
  steward.proposeEdit("Better", [steward.edit(place.path, "old", "new")]));
steward.command("keep", ({ arguments: value }) => {
  const before = steward.storageGet("k");
  steward.storageSet("k", value);
  return JSON.stringify(before);
});
steward.hook("onFileSave", ({ text }) => {
  console.warn("saved");
  return text ? [] : [steward.diagnostic(0, 0, 0, "empty")];
});
steward.tool("add", ({ a, b }) => a + b);
"""
TESTS = """\
import pytest

from steward.core.errors import StewardError

pytestmark = pytest.mark.timeout(240)  # The first one has a runtime compiled.


def test_a_save(extension):
    assert [each["message"] for each in extension.save("a.txt", "")] == ["empty"]
    assert extension.save("a.txt", "x") == []
    assert extension.log == [("warning", "saved")] * 2


def test_a_tool(extension):
    assert extension.tool("add", a=1, b=2) == 3


def test_a_model(extension):
    extension.answers["ask-model"] = ["one", {"text": "two", "cost_nano_usd": 5}]
    assert [extension.command("ask") for _ in range(3)] == ["one", "two", "two"]
    assert extension.calls[0].given["tier"] == "strong"


def test_a_model_that_nobody_gave(extension):
    with pytest.raises(StewardError, match="Put the response under `answers`"):
        extension.command("ask")
    assert extension.calls[0].refused


def test_a_proposal(extension):
    extension.files["a.txt"] = "old\\n"
    assert extension.command("change", path="a.txt") == "1"
    extension.files["a.txt"] = "old old\\n"
    with pytest.raises(StewardError, match="exactly once"):
        extension.command("change", path="a.txt")
    extension.granted.discard("files.propose")
    with pytest.raises(StewardError, match="Denied"):
        extension.command("change", path="a.txt")


def test_what_is_kept(extension):
    extension.storage["k"] = {"n": 1}
    assert extension.command("keep", arguments=[2]) == '{"n":1}'
    assert extension.storage == {"k": [2]}


def test_the_next_extension_is_fresh(extension):
    assert extension.storage == {}
    assert extension.calls == []
"""


def test_an_author_sees_all_that_an_extension_does(
    ask: Ask, data_folder: Path, tmp_path: Path
) -> None:
    need("javascript")
    need("python")
    (tmp_path / "tests").mkdir()
    (tmp_path / "extension.yaml").write_text(MANIFEST)
    (tmp_path / "main.js").write_text(SOURCE)
    (tmp_path / "tests" / "test_it.py").write_text(TESTS)
    # Another extension, whose test came with it.
    ask("new", "acme.left-to-do")
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "pytest_steward", "-p", "no:cacheprovider"],
        cwd=tmp_path,
        env=steward_environment(data_folder, "http://127.0.0.1:9/v1"),
        capture_output=True,
        text=True,
        timeout=50,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "10 passed" in ended.stdout


def test_the_plugin_costs_a_session_without_extensions_nothing(tmp_path: Path) -> None:
    loaded = "print([name for name in sys.modules if name.partition('.')[0] == 'steward'])"
    ended = subprocess.run(
        [sys.executable, "-c", f"import sys, pytest_steward; {loaded}"],
        env=steward_environment(tmp_path, "http://127.0.0.1:9/v1"),
        capture_output=True,
        text=True,
        timeout=50,
        check=True,
    )
    assert ended.stdout == "[]\n"
