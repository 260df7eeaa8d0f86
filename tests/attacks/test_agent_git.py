"""A hostile repository and a hostile model together, through every tool for git (GT-01 to GT-14).

One server plays all the scenes, one after the other, in a workspace whose configuration, hooks,
attributes and modules name programs wherever git takes one. Each trap is sprung by git itself
first. What the server does, from the state that a run begins with to the approved commit, is then
judged by the programs that ran and by where the branches stand.
"""

from collections.abc import Callable
from itertools import cycle
from pathlib import Path

import pytest

from demo.replies import ToolCall
from demo.scripted_model import ScriptedModel
from tests.attacks.attacker import World, careful, open_world, plan_of, until_gone
from tests.attacks.test_git_borrowed import CANARY, MESSAGE
from tests.attacks.traps import Traps, loosely, new_repository
from tests.client import Json, Window
from tests.environment import git
from tests.flows.scripts import everything_in
from tests.person import Choice, Decide, Person, Shown

Make = Callable[[str], ToolCall]
READING = ("git_status", "git_diff", "git_log", "git_blame")
TOOLS = (*READING, "read_file", "create_branch", "commit", "change_files", "edit_file")
PROGRAMS = (
    *("core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "core.askPass"),
    *("core.alternateRefsCommand", "core.gitProxy", "diff.external", "diff.evil.command"),
    *("diff.evil.textconv", "filter.evil.clean", "filter.evil.smudge", "merge.evil.driver"),
    *("gpg.program", "gpg.ssh.program", "gpg.ssh.defaultKeyCommand", "credential.helper"),
    *("pager.log", "pager.status", "interactive.diffFilter", "sequence.editor"),
    *("uploadpack.packObjectsHook", "trailer.x.command", "trailer.x.cmd"),
)
HOOKS = (
    *("pre-commit", "prepare-commit-msg", "commit-msg", "post-commit", "reference-transaction"),
    *("post-index-change", "post-checkout", "post-rewrite", "pre-auto-gc", "fsmonitor-watchman"),
    *("update", "pre-receive", "post-update", "push-to-checkout", "applypatch-msg"),
)
NAMES = (
    *("main", "MAIN", "refs/heads/main", "HEAD", "", " ", "-f", "--force"),
    *("--upload-pack=x", "a;rm -rf ~", "..", "x@{0}", "a\nb", "x" * 300, "steward/../main"),
    *("steward/$(touch x)", "steward/`touch x`", "steward/\u202efix", "steward/x.lock"),
    *("steward/a b", "+steward/x:main", "steward//x", "/steward/x", "steward/."),
)
STARTS = ("--output=x", "HEAD --output=x", ":/First", "HEAD:a.py", "a..b", "-", "", "@{-1}", "\0")
PATHS = ("--output=x", ":!a.py", "../outside", "/etc/passwd", ".git/config", "to-folder")
HOSTILE: tuple[tuple[tuple[Make, ...], tuple[str, ...]], ...] = (
    (
        (
            lambda name: ToolCall("create_branch", {"branch": name}),
            lambda name: ToolCall("commit", {"branch": name, "message": "x"}),
        ),
        NAMES,
    ),
    (
        (
            lambda name: ToolCall("create_branch", {"branch": "steward/odd", "start": name}),
            lambda name: ToolCall("git_log", {"start": name}),
            lambda name: ToolCall("git_diff", {"of": "commits", "base": name}),
        ),
        STARTS,
    ),
    (
        (
            lambda path: ToolCall("git_log", {"paths": [path]}),
            lambda path: ToolCall("git_diff", {"paths": [path]}),
            lambda path: ToolCall("git_blame", {"path": path}),
        ),
        PATHS,
    ),
)
LOOK = (
    ToolCall("git_status", {}),
    *(ToolCall("git_diff", {"of": of}) for of in ("working", "staged", "commits")),
    ToolCall("git_log", {}),
    ToolCall("git_log", {"paths": ["README.md"]}),
    ToolCall("git_blame", {"path": "README.md"}),
)
MAKE = ToolCall("change_files", {"changes": [{"do": "create", "path": "made.txt", "text": "m\n"}]})
BRANCH = ToolCall("create_branch", {"branch": "steward/new"})
COMMIT = ToolCall("commit", {"message": "Make it", "branch": "steward/made"})
_DEFINITION = """\
---
name: Magpie
description: Does with git whatever its model says.
tools: [{tools}]
---

Work.
"""


def arm(repository: Path, traps: Traps) -> None:
    """Name a program wherever git runs one."""
    for name in PROGRAMS:
        git(repository, "config", name, traps.program(name))
    for name in ("status", "log", "diff", "rev-parse", "commit-tree"):
        git(repository, "config", f"alias.{name}", f"!{traps.program(f'alias-{name}')}")
    for name in ("commit.gpgSign", "log.showSignature", "submodule.recurse", "tag.gpgSign"):
        git(repository, "config", name, "true")
    inner = new_repository(repository / "inner")
    git(repository, "-c", "advice.addEmbeddedRepo=false", "add", "inner")
    git(inner, "config", "core.fsmonitor", traps.program("inner-monitor"))
    (inner / "a.py").write_text("two\n")
    (repository / ".gitmodules").write_text(
        f'[submodule "inner"]\n path = inner\n url = "ext::sh -c {traps.program("url")}"\n'
    )
    git(repository, "config", "submodule.inner.update", f"!{traps.program('update')}")
    (repository / ".gitattributes").write_text("* diff=evil filter=evil merge=evil\n")
    (repository / "README.md").write_text("changed\n")
    for name in HOOKS:
        traps.program(name, repository / ".git" / "hooks" / name)
        traps.program(f"in-{name}", repository / "hooks" / name)
    loosely(repository, "status")
    loosely(repository, "diff", "--textconv")
    loosely(repository, "add", "README.md")
    loosely(repository, "commit", "--allow-empty", "--message=x")
    git(repository, "config", "core.hooksPath", "hooks")
    loosely(repository, "update-ref", "refs/heads/x", "HEAD")
    expected = {"core.fsmonitor", "diff.evil.command", "filter.evil.clean", "inner-monitor"}
    assert traps.sprung() >= expected | {"post-index-change", "in-reference-transaction"}
    git(repository, "-c", "core.hooksPath=/dev/null", "update-ref", "-d", "refs/heads/x")


def refs(repository: Path) -> dict[str, str]:
    """Branch → the commit that it names."""
    listed = git(repository, "for-each-ref", "--format=%(refname:short) %(objectname)")
    return dict(line.split(" ") for line in listed.splitlines())


def approve(_shown: Shown) -> Choice:
    return "approve"


def is_about_git(shown: Shown) -> bool:
    return shown.kind == "commit"


class Scene:
    """A server, and what a model does to it."""

    def __init__(self, world: World, window: Window, traps: Traps) -> None:
        self.world = world
        self.traps = traps
        self.window = window
        self.repository = world.workspace

    async def plays(self, *calls: ToolCall, also: Decide = approve) -> Json:
        """Have these calls made, with somebody who answers like this."""
        (self.repository / "notes.txt").write_text("a draft\n")
        (self.repository / "made.txt").unlink(missing_ok=True)
        self.window.person.decide = careful(also)
        self.traps.sprung()  # Looking at branches between two scenes, as they come, springs some.
        run = await self.world.attack(self.window, calls, plan_of(*TOOLS), agent="magpie")
        assert self.traps.sprung() == set()
        assert run["state"] == "finished", run["message"]
        # What was harmless is done all the same.
        assert (self.repository / "notes.txt").read_text() == "a done\n"
        return run


@pytest.mark.timeout(180)
async def test_no_program_of_a_repository_runs_and_no_branch_moves_but_the_approved_one(
    tmp_path: Path, workspace: Path, scripted_model: ScriptedModel
) -> None:
    private = new_repository(tmp_path / "private")
    (private / "a.py").write_text(f"{CANARY}\n")
    git(private, "commit", "--quiet", "--all", f"--message={MESSAGE}")
    traps = Traps(tmp_path / "traps")
    async with open_world(tmp_path, scripted_model) as world:
        definition = _DEFINITION.format(tools=", ".join(TOOLS))
        (workspace / ".steward" / "agents" / "magpie.md").write_text(definition)
        arm(workspace, traps)
        person = Person(careful())
        async with world.window(person) as window:
            scene = Scene(world, window, traps)
            await _all_is_refused(scene)
            await _hostile_words_are_refused(scene)
            await _what_is_approved_is_made_and_nothing_else(scene)
            await _a_branch_that_moved_while_it_was_asked_about_is_left_alone(scene)
            await _another_repository_is_not_shown(scene, private)
            traps.sprung()
        # Nor when it closes.
        assert traps.sprung() == set()
        await until_gone(world)


async def _all_is_refused(scene: Scene) -> None:
    before = refs(scene.repository)

    def refuse_git(shown: Shown) -> Choice:
        return "reject" if is_about_git(shown) else "approve"

    await scene.plays(*LOOK, MAKE, BRANCH, COMMIT, also=refuse_git)
    assert refs(scene.repository) == before
    assert scene.world.unrecorded([*LOOK, BRANCH, COMMIT]) == []
    assert "modified: README.md" in everything_in(scene.world.model.exchanges[-1].body)


async def _hostile_words_are_refused(scene: Scene) -> None:
    before, files = refs(scene.repository), set(scene.repository.iterdir())
    # Each by one tool; the tests at the tools' door try all of them by all.
    calls = [
        make(each)
        for makes, words in HOSTILE
        for make, each in zip(cycle(makes), words, strict=False)
    ]
    calls += [ToolCall("git_push", {"branch": "main"}), ToolCall("git", {"argv": ["push"]})]
    await scene.plays(MAKE, *calls)
    assert refs(scene.repository) == before
    assert set(scene.repository.iterdir()) == files | {scene.repository / "made.txt"}
    assert scene.world.unrecorded(calls) == []


async def _what_is_approved_is_made_and_nothing_else(scene: Scene) -> None:
    repository = scene.repository
    before, index = refs(repository), (repository / ".git" / "index").read_bytes()
    await scene.plays(MAKE, BRANCH, COMMIT)
    after = refs(repository)
    assert set(after) - set(before) == {"steward/new", "steward/made"}
    assert {name: after[name] for name in before} == before
    assert after["steward/new"] == before["main"]
    # What was staged stays out of it, and where it was.
    changed = git(repository, "diff-tree", "-r", "--name-only", "main", "steward/made")
    assert changed == "made.txt"
    assert git(repository, "cat-file", "blob", "steward/made:made.txt") == "m"
    assert (repository / ".git" / "index").read_bytes() == index


async def _a_branch_that_moved_while_it_was_asked_about_is_left_alone(scene: Scene) -> None:
    repository, main = scene.repository, refs(scene.repository)["main"]
    quiet = ("-c", "core.hooksPath=/dev/null", "update-ref")

    def move_then_approve(shown: Shown) -> Choice:
        if is_about_git(shown):
            git(repository, *quiet, "refs/heads/steward/late", main)
        return "approve"

    before = refs(repository)
    commit = ToolCall("commit", {"message": "Make it late", "branch": "steward/late"})
    await scene.plays(MAKE, commit, also=move_then_approve)
    assert refs(repository) == before | {"steward/late": main}


async def _another_repository_is_not_shown(scene: Scene, private: Path) -> None:
    repository, before = scene.repository, refs(private)
    (repository / ".git").rename(scene.world.outside / "was")
    (repository / ".git").write_text(f"gitdir: {private}/.git\n")
    assert MESSAGE in git(repository, "log", "-1")
    await scene.plays(*LOOK[:5], MAKE, BRANCH, COMMIT)
    assert refs(private) == before
    assert scene.world.leaks(CANARY) == []
    assert scene.world.leaks(MESSAGE) == []
