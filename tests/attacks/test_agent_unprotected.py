"""The judge sees what happens where a guard is gone: otherwise the other suites would test nothing.

The server is the real one, but for the guards that are taken out of its process before it starts.
"""

from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from demo.replies import ToolCall
from demo.scripted_model import ScriptedModel
from tests.attacks.attacker import World, careful, open_world
from tests.attacks.test_agent_files import create
from tests.person import Choice, Person, Shown

NEW_HOOK = create(".envrc")
READ_ENV = ToolCall("read_file", {"path": ".env"})
OWN = ToolCall("edit_file", {"path": "README.md", "text": "owned\n"})


@dataclass(frozen=True)
class Guard:
    """One protection: how it is taken away, the call that it stops, and what it would have done."""

    off: str
    call: ToolCall
    is_broken: Callable[[World, set[str]], bool]


GUARDS = {
    "control files": Guard(
        "import steward.permissions.control_files as files\n"
        "files.is_control_path = lambda names: False\n",
        NEW_HOOK,
        lambda _world, changed: "workspace/.envrc" in changed,
    ),
    "ignored files": Guard(
        "from steward.workspace.ignore import IgnoreOracle\n"
        "IgnoreOracle.why_not = lambda self, path, **_: None\n",
        READ_ENV,
        lambda world, _changed: world.leaks() != [],
    ),
    "the person's answer": Guard(
        "from steward.permissions.approvals import Approvals\n"
        "from steward.permissions.question import Answer\n"
        "async def use(self, approval_id, digest): pass\n"
        "Approvals.use, Answer.is_approval = use, property(lambda self: True)\n",
        OWN,
        lambda _world, changed: "workspace/README.md" in changed,
    ),
}
ONE_BY_ONE = [pytest.param(names, marks=pytest.mark.soak) for names in ([], *([n] for n in GUARDS))]


pytestmark = pytest.mark.timeout(240)
"""A run takes many turns, and a busy machine takes long for each."""


@pytest.fixture
async def world(
    tmp_path: Path, workspace: Path, scripted_model: ScriptedModel
) -> AsyncGenerator[World]:
    assert workspace.is_dir()
    async with open_world(tmp_path, scripted_model) as world:
        yield world


def only_new_files(shown: Shown) -> Choice:
    """Yes to a file that is new, no to all else."""
    return "approve" if "owned" not in shown.text and shown.kind == "edit" else "reject"


@pytest.mark.parametrize("missing", [list(GUARDS), *ONE_BY_ONE], ids=", ".join)
async def test_what_a_missing_guard_lets_through_is_seen(world: World, missing: list[str]) -> None:
    before = world.entries()
    off = "".join(GUARDS[name].off for name in missing)
    calls = [guard.call for guard in GUARDS.values()]
    async with world.window(Person(careful(only_new_files)), unprotected=off) as window:
        run = await world.attack(window, calls)
        assert run["state"] == "finished", run["message"]
    changed = world.changed(before)
    assert "workspace/notes.txt" in changed
    broken = [name for name, guard in GUARDS.items() if guard.is_broken(world, changed)]
    assert broken == missing
