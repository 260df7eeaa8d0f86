"""Shipped extensions in the real worker: each command, hook and stage once."""

import json

import pytest

from tests.extensions.shipped.sandboxed import sandboxed
from tests.extensions.shipped.sdk import World

# The first of a checkout compiles the runtime, once.
pytestmark = pytest.mark.timeout(200)

COMPONENT = """export function Card({ title }: { title: string }) {
  const [n, setN] = useState(0);
  if (n) { useThing(); }
  return <ul>{[title].map((item) => <li>{item}</li>)}</ul>;
}
"""
FILES = {
    "package.json": json.dumps({"scripts": {"test": "vitest"}, "dependencies": {"idle": "*"}}),
    "src/Card.tsx": COMPONENT,
}
DIFF = "--- a/src/cart/a.py\n+++ b/src/cart/a.py\n@@ -1,1 +1,2 @@\n context\n+def total():\n"
LOG = "aaaaaaaaaaaa 2026-01-03 Ada\n    fix: count once"


async def test_react_helper_runs_in_the_sandbox() -> None:
    world = World(files=dict(FILES))
    selection = "<ul>{[title].map((item) => <li>{item}</li>)}</ul>"
    line = {"line": 3, "character": 9}
    span = {"start": line, "end": {"line": 3, "character": 9 + len(selection)}}

    async with sandboxed("react-helper", world) as react:
        assert await react.saved("src/Card.tsx", COMPONENT) == ["hook-conditional", "missing-key"]
        large = f"const a = 1\n{COMPONENT}" * 160
        assert 28_000 < len(large) < 30_000
        assert len(await react.saved("src/Large.tsx", large)) == 200
        place = {"path": "src/Card.tsx", "range": span, "selection": selection}
        assert await react.command("extract-component", **place) == (
            "Component CardList: proposed in src/Card.tsx."
        )
        assert await react.command("extract-props", path="src/Card.tsx")
        assert await react.command("new-component", {"name": "Badge"}, path="src/Card.tsx")
        assert await react.command("new-hook", {"name": "cart"}, path="src/Card.tsx")
        assert await react.command("new-test", path="src/Card.tsx")

    assert [each["title"] for each in world.proposals] == [
        "Component CardList",
        "Interface CardProps",
        "New component Badge",
        "New hook useCart",
        "Test of Card",
    ]


async def test_node_helper_runs_in_the_sandbox() -> None:
    world = World(files=FILES | {"src/a.ts": "import 'lost'; import './a'\n"})

    async with sandboxed("node-helper", world) as node:
        found = await node.saved("package.json", FILES["package.json"])
        assert found == ["loose-version", "missing-dependency", "unused-dependency"]
        assert await node.command("check-dependencies") == "1 missing, 1 unused."
        assert await node.command("scripts") == "1 scripts."
        for name in ("run-test", "run-build", "run-start"):
            assert await node.command(name)
        assert await node.command("run-script", {"script": "test"}) == "test: ended with 0"
        # However much there is to read, it stops before it is stopped.
        for number in range(2000):
            world.files[f"more/{number}.ts"] = "import 'lost'; import './a'\n" * 100
        assert "loose-version" in await node.saved("package.json", FILES["package.json"])
        assert await node.command("check-dependencies")

    assert [list(each["argv"]) for each in world.commands] == [["npm", "run", "test"]] * 2


async def test_git_workflow_runs_in_the_sandbox() -> None:
    world = World(
        git={"branch": "main", "staged": DIFF, "diff": "", "log": LOG, "status": "new: a.py"},
        model=["count the total"],
    )

    async with sandboxed("git-workflow", world) as git:
        assert await git.saved("a.py", "") == []
        await git.handle("onWorkspaceChange", {"created": [], "changed": ["a.py"], "deleted": []})
        assert await git.command("commit-message") == "feat(cart): count the total"
        assert await git.command("check-message") == "'fix: count once' is a good message."
        assert await git.command("pull-request-text") == "Count once (1 commit)"
        assert "protected" in (await git.command("check-branch") or "")
        assert await git.command("branch-state") == "main: 1 changed file."

    assert len(world.messages) == 1
    assert set(world.storage["warned"]) == {"main"}


async def test_auto_test_staging_runs_in_the_sandbox() -> None:
    many = {f"src/part{number}/thing{number}.py": "" for number in range(3000)}
    world = World(files=many | {"shop/cart.py": "x", "tests/test_cart.py": "def test(): ...\n"})
    piece = {"id": "0", "kind": "file", "path": "shop/cart.py", "text": "x", "tokens": 1}

    async with sandboxed("auto-test-staging", world) as staging:
        answer = await staging.stage("tests", task="agent", pieces=[piece])
        assert [each.path for each in answer.add] == ["tests/test_cart.py"]
        await staging.handle(
            "onWorkspaceChange", {"created": ["b.py"], "changed": [], "deleted": []}
        )
        said = await staging.command("show-tests", path="tests/test_cart.py")
        assert said == "1 belongs to tests/test_cart.py."

    assert world.panels["tests"][0]["items"][0]["path"] == "shop/cart.py"
