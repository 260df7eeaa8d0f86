"""What authors meet who write in JavaScript, in the real sandbox."""

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from steward.core.clock import SystemClock
from steward.core.errors import ExtensionRaisedError
from steward.extensions.authoring.stand_in import Call
from steward.extensions.authoring.trial import Package, Trial, on_trial
from steward.extensions.capability import EVERY_CAPABILITY
from steward.extensions.manifest import Manifest
from steward.sandbox.wasm.worker import Workers
from tests.environment import ROOT
from tests.extension_worker import CACHE
from tests.extensions.authoring.places import need

pytestmark = pytest.mark.timeout(240)  # The first one has a runtime compiled.

TYPES = ROOT / "server/steward/extensions/authoring/templates/steward.d.ts.template"


@pytest.fixture(autouse=True)
def runtime() -> None:
    need("javascript")


def package(files: dict[str, str], **brings: Any) -> Package:
    """An extension of these files that may do everything."""
    scope = [{"capability": each, "reason": "It tests."} for each in EVERY_CAPABILITY]
    manifest = {
        "id": "acme.tried",
        "name": "Tried",
        "version": "1.0.0",
        "publisher": "acme",
        "api_version": "1.0",
        "runtime": "javascript",
        "entry": "main.js",
        "permission_scope": scope,
        "config": {"properties": {"word": {"type": "string", "default": "TODO"}}},
        "panels": [{"id": "board", "title": "Board"}],
        **brings,
    }
    return Package(
        Manifest.model_validate(manifest), {path: text.encode() for path, text in files.items()}
    )


@asynccontextmanager
async def tried(files: dict[str, str], **brings: Any) -> AsyncGenerator[Trial]:
    """The extension, loaded; its one command is `go` unless said otherwise."""
    brings.setdefault("commands", [{"id": "go", "title": "Go"}])
    workers = Workers(SystemClock(), CACHE)
    made = package(files, **brings)
    try:
        async with on_trial(workers, made, made.stand_in()) as trial:
            yield trial
    finally:
        await workers.aclose()


async def go(files: dict[str, str]) -> Any:
    """What the command `go` says."""
    async with tried(files) as trial:
        return (await trial.handle("command:go", {}))["message"]


GO = 'require("steward").command("go", () => JSON.stringify(found()));\n'


async def test_files_import_each_other_as_modules() -> None:
    files = {
        "main.js": """\
import { command } from "steward";
import start, { count as n, later, Kind } from "./lib/counting";
import * as all from "./lib/counting.js";
import rules from "./rules.json";
import old, { plain } from "./old";
export * from "./lib/counting";
export { start as default };
command("go", () => {
  later();
  return [start(), n, all.count, new Kind().name, rules.word, old.plain, plain].join();
});
""",
        "lib/counting.js": """\
import { base } from "../base/index.js";
export default function () { return base + 1; }
export let count = 1;
export function later() { count += 1; }
export class Kind { name = "kind"; }
export const { a, b: [c, ...rest] } = { a: 1, b: [2, 3] };
""",
        "base/index.js": "export { ten as base };\nconst ten = 10;\n",
        "old.js": "exports.plain = 'plain';\n",
        "rules.json": '{"word": "TODO"}',
    }
    # What is imported by name was read when it was imported; through the module it is as it is now.
    assert await go(files) == "11,1,2,kind,TODO,plain,plain"


UNLOADABLE: list[tuple[dict[str, str], str]] = [
    ({"main.js": 'import x from "lodash";\n'}, 'main.js asks for "lodash", which is not here'),
    ({"main.js": 'require("./gone");\n'}, "the package has no such file"),
    ({"main.js": 'require("../../etc/passwd");\n'}, "the package has no such file"),
    (
        {"main.js": 'import { no } from "./a";\n', "a.js": "export const yes = 1;\n"},
        '"./a" exports no "no"',
    ),
    (
        {"main.js": 'import "./a";\n', "a.js": "export const x = 1;\n\n  export const = 2;\n"},
        "(a.js:3:16)",
    ),
    ({"main.js": "// no modules\nlet a = ;\n"}, "at main.js:2:9"),
    ({"main.js": "\nexport {};\nawait 1;\n"}, "SyntaxError"),
    ({"main.js": 'require("./a");\n', "a.js": "\nnull.x;\n"}, "at a.js:2:"),
    ({"main.js": "throw 'a word';\n"}, "The extension threw a word"),
    (
        {"main.js": 'require("steward").hook("onSave", () => 1);\n'},
        'There is no hook "onSave"; there are onLoad',
    ),
    (
        {"main.js": 'const s = require("steward"); s.tool("t");\n'},
        "needs a name and a function",
    ),
]


async def test_what_cannot_be_loaded_is_told_with_its_place() -> None:
    workers = Workers(SystemClock(), CACHE)
    try:
        for files, complaint in UNLOADABLE:
            made = package(files)
            with pytest.raises(ExtensionRaisedError) as caught:
                async with on_trial(workers, made, made.stand_in()):
                    pass
            assert complaint in str(caught.value)
    finally:
        await workers.aclose()


async def test_a_fault_is_told_in_the_authors_files_alone() -> None:
    files = {
        "main.js": 'import { deep } from "./deep";\nimport { command } from "steward";\n'
        'command("go", function outer() { return deep(); });\n',
        "deep.js": "export function deep() {\n  return undefined.name;\n}\n",
    }
    with pytest.raises(ExtensionRaisedError) as caught:
        await go(files)
    assert str(caught.value).splitlines()[1:] == [
        "    at deep (deep.js:2:10)",
        "    at outer (main.js:3:41)",
    ]


async def test_a_handler_that_promises_is_told_that_nobody_waits() -> None:
    source = 'require("steward").command("go", async () => "later");\n'
    with pytest.raises(ExtensionRaisedError, match="leave out `async`"):
        await go({"main.js": source})


async def test_half_a_character_ends_nothing() -> None:
    source = (
        'const { command, log, emit } = require("steward");\n'
        'command("go", () => { const half = "\\u{1f600}".slice(0, 1); log(half, half);'
        " console.log(half); try { emit(half, half); } catch {} return half + 1; });\n"
    )
    assert await go({"main.js": source}) == "\ufffd1"
    with pytest.raises(ExtensionRaisedError, match="Error: \ufffd"):
        await go({"main.js": source.replace("return half + 1", "throw new Error(half)")})


async def test_each_instance_draws_other_random_numbers() -> None:
    source = GO + "const found = () => [Math.random(), Math.random()];\n"
    first, second = await go({"main.js": source}), await go({"main.js": source})
    assert first != second
    assert all(0 <= float(each) < 1 for each in re.findall(r"[\d.e-]+", first + second))


ASKED = """\
const s = require("steward");
s.command("go", () => JSON.stringify([
  s.readFile("a.txt"), s.listFiles("*.txt", 5), s.git("log", { limit: 2 }), s.state("budget"),
  s.proposeEdit("Title", [s.edit("a.txt", "x", "y"), s.write("b", "z"), s.remove("a.txt"),
    s.rename("a.txt", "c")]),
  s.askModel([{ role: "user", text: "q" }], { instructions: "be brief", max_tokens: 9 }).text,
  s.runCommand(["ls"], { reason: "to see" }).exit_code,
  s.storageGet("k"), s.storageSet("k", { n: 1 }), s.storageGet("k"), s.storageSet("k", null),
  s.emit("done", [1]), s.showMessage("hello", "warning"),
  s.showPanel("board", s.markdown("*m*"), s.items("i", ["one"]), s.table("t", ["c"], [[1]]),
    s.plot("p", [1], { a: [2] })),
  s.config("word"), s.resource("data.txt"), s.log("line"), console.error("bad", { a: 1 }),
]));
"""


async def test_everything_that_can_be_asked_is_asked_as_the_schemas_say() -> None:
    async with tried({"main.js": ASKED, "data.txt": "mine"}) as trial:
        around = trial.stand_in
        around.files["a.txt"] = "x"
        around.answers.update({"git-read": "a log", "ask-model": "an answer", "run-command": "out"})
        around.answers["product-state"] = {"budget": {"left": 3}}
        said = (await trial.handle("command:go", {}))["message"]
    assert said == (
        '["x",["a.txt"],"a log",{"left":3},"1","an answer",0,null,null,{"n":1},null,null,null,null,'
        '"TODO","mine",null,null]'
    )
    assert [call for call in around.calls if call.refused] == []
    # Every function of the interface but `log` was called.
    wit = (ROOT / "schemas/extension/v1/extension.wit").read_text("utf-8")
    named = re.findall(r"^  ([a-z-]+): func", wit, re.MULTILINE)
    assert {call.name for call in around.calls} == set(named) - {"log", "load", "handle"}
    assert around.calls[2] == Call("git-read", {"what": "log", "path": None, "limit": 2})
    assert around.log == [("info", "line"), ("error", 'bad {"a":1}')]


async def test_each_kind_of_refusal_can_be_caught() -> None:
    source = """\
const s = require("steward");
const kind = (ask) => {
  try { ask(); } catch (e) { return [e.name, e instanceof s.HostError, e instanceof s.Denied]; }
};
s.command("go", () => JSON.stringify([
  kind(() => s.readFile("gone")), kind(() => s.git("log")), kind(() => s.state("secrets")),
  kind(() => s.storageGet("k")), kind(() => s.resource("gone")),
]));
"""
    async with tried({"main.js": source}) as trial:
        trial.stand_in.granted.discard("storage")
        said = (await trial.handle("command:go", {}))["message"]
    assert said == (
        '[["NotFound",true,false],["Unavailable",true,false],["Invalid",true,false],'
        '["Denied",true,true],["NotFound",true,false]]'
    )


REGISTERED = """\
import { command, contextStage, engineHook, hook, on, storageSet, tool } from "steward";
command("go", () => ({ message: "an object" }));
hook("onFileSave", () => []);
hook("onFileSave", () => undefined);
hook("onWorkspaceChange", ({ created }) => storageSet("created", created));
hook("onLoad", () => { throw new Error("not yet"); });
contextStage("less", ({ pieces }) => ({ keep: pieces.slice(1).map((piece) => piece.id) }));
contextStage("same", () => null);
tool("add", ({ a, b }) => a + b);
engineHook("before-tool", ({ name }) => (name === "run_command" ? "not here" : null));
engineHook("before-tool", () => "nor today");
on("editDecided", ({ state }) => storageSet("state", state));
"""


async def test_everything_that_can_be_registered_is_called() -> None:
    brings: dict[str, Any] = {
        "hooks": [{"event": "onFileSave"}, {"event": "onWorkspaceChange"}, {"event": "onLoad"}],
        "context_stages": [{"id": "less"}, {"id": "same"}],
        "tools": [{"name": "add", "description": "Adds.", "input_schema": {"type": "object"}}],
        "engine_hooks": [{"point": "tool", "time": "before", "veto": True}],
    }
    moment = {"run": "r", "agent": "a", "point": "tool", "time": "before", "name": "run_command"}
    pieces = [{"id": each, "kind": "file", "text": each, "tokens": 1} for each in ("p1", "p2")]
    async with tried({"main.js": REGISTERED}, **brings) as trial:
        handle = trial.handle
        assert (await handle("command:go", {}))["message"] == "an object"
        saved = await handle("onFileSave", {"path": "a", "text": ""})
        assert saved["diagnostics"] == []
        await handle("onWorkspaceChange", {"created": ["new"]})
        await handle("editDecided", {"proposal": "1", "state": "applied"})
        assert trial.stand_in.storage == {"created": ["new"], "state": "applied"}
        stage = {"task": "chat", "pieces": pieces}
        assert (await handle("context:less", stage))["keep"] == ["p2"]
        assert (await handle("context:same", stage))["keep"] is None
        assert (await handle("tool:add", {"arguments": {"a": 1, "b": 2}}))["result"] == 3
        assert (await handle("engine:before-tool", moment))["veto"] == "not here; nor today"
        with pytest.raises(ExtensionRaisedError, match="not yet"):
            await handle("onLoad", {})
        with pytest.raises(ExtensionRaisedError, match='no tool "other" is registered'):
            await handle("tool:other", {"arguments": {}})


async def test_the_types_declare_exactly_what_there_is() -> None:
    source = GO + 'const found = () => Object.keys(require("steward")).sort();\n'
    exported = re.compile(r"^  export (?:function|class) (\w+)", re.MULTILINE)
    declared = exported.findall(TYPES.read_text("utf-8"))
    said = await go({"main.js": source})
    assert sorted(set(declared)) == re.findall(r'"(\w+)"', said)
