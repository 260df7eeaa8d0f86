"""What a hostile repository, history or remote can have sent, run or led astray (GT-10 to GT-12).

Judged by what the remote has afterwards, by the programs that ran and by who was spoken to.
"""

import base64
from collections.abc import Generator
from pathlib import Path

import pytest

from steward.core.errors import NotPermittedError, StewardError
from steward.workspace.pull_request import Words
from tests.attacks.traps import Traps, loosely
from tests.environment import git
from tests.forge_server import BASIC, TOKEN, serving
from tests.workspace.forge_desk import BRANCH, KNOWN, WORDS, Desk, open_desk

AWS = "AKIA" + "QYLPMN5HFIQR7XYA"
"""Looks like a key of theirs; it is in no list of examples."""
PROGRAMS = (
    *("core.sshCommand", "core.gitProxy", "core.fsmonitor", "core.pager"),
    *("credential.helper", "remote.origin.receivepack", "remote.origin.uploadpack"),
    *("gpg.program", "core.alternateRefsCommand", "uploadpack.packObjectsHook"),
    *("sequence.editor", "core.editor", "diff.external"),
)


@pytest.fixture
def desk(tmp_path: Path) -> Generator[Desk]:
    with open_desk(tmp_path) as desk:
        yield desk


def on_branch(desk: Desk, name: str) -> None:
    git(desk.root, "switch", "--quiet", "--force", "--create", name, "main")


async def refusal_of(desk: Desk, head: str, words: Words = WORDS) -> str:
    with pytest.raises(NotPermittedError) as caught:
        await desk.prepared(head, words=words)
    return str(caught.value)


async def test_no_secret_leaves_in_any_commit_message_name_title_or_text(desk: Desk) -> None:
    root = desk.root
    on_branch(desk, "older")
    leaky = desk.commit("Add it", {"config.py": f"first = 1\nkey = '{AWS}'\n"})
    desk.commit("Take it out again", {"config.py": "first = 1\n"})
    told = await refusal_of(desk, "older")
    assert f"'config.py' in commit {leaky[:12]}, line 2: aws key" in told
    assert AWS not in told

    on_branch(desk, "message")
    desk.commit(f"Use {AWS}", {"c.py": "c\n"})
    assert "the message of commit" in await refusal_of(desk, "message")

    on_branch(desk, "merged")
    git(root, "switch", "--quiet", "--create", "side", "main")
    desk.commit("Aside", {"side.py": f"key = '{AWS}'\n"})
    desk.commit("Gone", {"side.py": None})
    git(root, "switch", "--quiet", "merged")
    desk.commit("Here", {"here.py": "here\n"})
    git(root, "merge", "--quiet", "--no-ff", "--message=Join", "side")
    assert "'side.py'" in await refusal_of(desk, "merged")

    on_branch(desk, "evil-merge")
    git(root, "merge", "--quiet", "--no-ff", "--no-commit", "--strategy=ours", BRANCH)
    desk.commit("Join", {"a.py": f"{AWS}\n"})
    assert "'a.py'" in await refusal_of(desk, "evil-merge")

    on_branch(desk, "named")
    desk.commit("Settings", {"deep/.env": "harmless\n", "x/id_rsa": "y\n"})
    told = await refusal_of(desk, "named")
    assert "'deep/.env'" in told
    assert "'x/id_rsa'" in told

    on_branch(desk, "ignored")
    desk.commit("Ignore", {".gitignore": "local/\n"})
    desk.commit("By force", {"local/notes.md": "mine\n"})
    assert "'local/notes.md'" in await refusal_of(desk, "ignored")
    desk.commit("Keep back", {".gitignore": None, ".stewardignore": "local/\n"})
    assert "'local/notes.md'" in await refusal_of(desk, "ignored")

    on_branch(desk, "known")
    hidden = base64.b64encode(f"..{KNOWN}..".encode()).decode()
    desk.commit("Encoded", {"data.bin": f"\0\1{hidden}\0"})
    told = await refusal_of(desk, "known")
    assert "known key" in told
    assert KNOWN not in told

    await _nor_in_words(desk)


async def test_a_repository_that_lies_about_its_history_hides_none_of_what_leaves(
    desk: Desk,
) -> None:
    on_branch(desk, "grafted")
    leaky = desk.commit("Add it", {"config.py": f"key = '{AWS}'\n"})
    newest = desk.commit("Take it out again", {"config.py": None})
    grafts = desk.root / ".git" / "info" / "grafts"
    grafts.write_text(f"{newest} {desk.tip('main')}\n")
    # The lie works: git as it comes knows nothing of the commit in between.
    assert leaky not in git(desk.root, "rev-list", "main..grafted")
    assert leaky[:12] in await refusal_of(desk, "grafted")


async def _nor_in_words(desk: Desk) -> None:
    assert "the title" in await refusal_of(desk, BRANCH, Words(f"Use {AWS}", "", is_draft=False))
    assert "the text" in await refusal_of(
        desk, BRANCH, Words("Use", f"\nx {KNOWN}", is_draft=False)
    )
    assert desk.forge.pushes() == 0
    assert desk.forge.of_api("POST") == []

    # What the remote has already is no news, and what is beside it may be changed.
    on_branch(desk, "beside")
    desk.commit("Beside", {"old.py": "password = 'hunter22a'\nmore = 1\n"})
    assert len((await desk.prepared("beside")).commits) == 1


async def test_nothing_that_came_with_the_repository_runs_or_redirects_a_push(
    desk: Desk, tmp_path: Path
) -> None:
    root, traps = desk.root, Traps(tmp_path / "traps")
    hooks = root / ".git" / "hooks"
    for name in ("pre-push", "reference-transaction", "post-rewrite", "pre-auto-gc"):
        traps.program(name, hooks / name)
    for name in PROGRAMS:
        git(root, "config", name, traps.program(name))
    for name in ("push", "ls-remote", "rev-list", "diff-tree", "cat-file", "config"):
        git(root, "config", f"alias.{name}", f"!{traps.program(f'alias-{name}')}")
    with serving(tmp_path / "theirs") as theirs:
        for name in ("insteadOf", "pushInsteadOf"):
            git(root, "config", f"url.{theirs.url}/.{name}", f"{desk.forge.url}/")
        for name in ("http.proxy", f"http.{desk.forge.url}.proxy", "remote.origin.proxy"):
            git(root, "config", name, theirs.url)
        git(root, "config", "http.cookieFile", "/etc/passwd")
        git(root, "config", "push.recurseSubmodules", "on-demand")
        git(root, "config", "push.followTags", "true")
        git(root, "config", "remote.origin.push", "+refs/heads/*:refs/heads/*")
        git(root, "config", "include.path", "more")
        (root / ".git" / "more").write_text("[http]\n\textraHeader = X-Evil: 1\n")
        git(root, "tag", "-a", "-m", "v1", "v1", BRANCH)
        # The traps work: git as it comes runs the hook, and talks to somebody else.
        loosely(root, "push", "--dry-run", "origin", f"{BRANCH}:refs/heads/x")
        loosely(root, "push", "--dry-run", str(desk.forge.repository), f"{BRANCH}:refs/heads/x")
        assert {"credential.helper", "pre-push"} <= traps.sprung()
        assert theirs.asked
        theirs.asked.clear()
        # Left out until now, because it would wait for what nobody types.
        git(root, "config", "core.askPass", traps.program("core.askPass"))

        requests, prepared = desk.requests(), await desk.prepared()
        await requests.check(prepared)
        await requests.push(prepared)
        await requests.open(prepared)
        assert theirs.asked == []
    assert traps.sprung() == set()
    refs = git(desk.forge.repository, "for-each-ref", "--format=%(refname)").split()
    assert refs == ["refs/heads/main", f"refs/heads/{BRANCH}"]
    assert desk.forge.tip(BRANCH) == desk.tip()
    # The token went to the forge and is in no process's words and in no file of the repository.
    assert desk.forge.seen_in_words == []
    assert {each.authorization for each in desk.forge.asked} == {
        f"Basic {BASIC}",
        f"Bearer {TOKEN}",
    }
    for file in root.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert TOKEN.encode() not in content
            assert BASIC.encode() not in content


async def test_a_remote_that_redirects_gets_the_token_to_nobody_else(
    desk: Desk, tmp_path: Path
) -> None:
    with serving(tmp_path / "theirs") as theirs:
        desk.forge.elsewhere = theirs.url
        with pytest.raises(StewardError, match="cannot be asked what it has") as caught:
            await desk.prepared()
        assert theirs.asked == []
    told = str(caught.value)
    assert TOKEN not in told
    assert BASIC not in told


async def test_objects_borrowed_from_another_repository_are_not_sent(
    desk: Desk, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    git(tmp_path, "clone", "--quiet", str(desk.root), str(other))
    lent = desk.root / ".git" / "objects" / "info" / "alternates"
    lent.write_text(f"{other / '.git' / 'objects'}\n")
    with pytest.raises(NotPermittedError, match="outside of it"):
        await desk.prepared()
    assert desk.forge.asked == []
