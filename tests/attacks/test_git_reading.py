"""What a hostile repository tries while it is only read, judged by what ran and what was shown."""

import os
import subprocess
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from tests.attacks.traps import Traps, loosely, new_repository
from tests.environment import git
from tests.rooms import Rooms, open_rooms
from tests.tools.agent import use

CANARY = "canary-in-a-file-that-no-model-sees"
OPTIONS = [
    *("--output=written", "-O/bin/sh", "--ext-diff", "--upload-pack=x", "--exec=x", "-", "--"),
    *("HEAD --output=written", "HEAD\n--all", "HEAD:a.py", ":/First", "HEAD^{/First}", "a..b"),
    *("", "\x1b[2J", "HEAD\0", "../x", "$(touch written)", "nothing-of-this-name", "@{-1}"),
]


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return new_repository(tmp_path / "repository")


@pytest.fixture
def traps(tmp_path: Path) -> Traps:
    return Traps(tmp_path / "traps")


@pytest.fixture
async def rooms(tmp_path: Path, repository: Path) -> AsyncGenerator[Rooms]:
    async with open_rooms(tmp_path / "data" / "steward.db", repository) as rooms:
        yield rooms


async def read_all(rooms: Rooms) -> str:
    """Everything that an agent can read of git, once."""
    results = [
        await use(rooms, "git_status"),
        await use(rooms, "git_diff"),
        await use(rooms, "git_diff", of="staged"),
        await use(rooms, "git_diff", of="commits", base="HEAD", head="HEAD"),
        await use(rooms, "git_log"),
        await use(rooms, "git_log", paths=["a.py"]),
        await use(rooms, "git_blame", path="a.py"),
    ]
    return "\n".join(result.text for result in results)


def touched(repository: Path) -> None:
    """Make git look into the file again, whatever it remembers."""
    (repository / "a.py").write_text("one\ntwo\n")
    os.utime(repository / "a.py", (1, 1))


async def test_programs_named_in_the_configuration_never_run(
    repository: Path, traps: Traps, rooms: Rooms
) -> None:
    for key in ("core.fsmonitor", "diff.external", "core.pager", "pager.log", "gpg.program"):
        git(repository, "config", key, traps.program(key))
    for key in ("diff.evil.command", "diff.evil.textconv", "core.sshCommand", "alias.status"):
        git(repository, "config", key, traps.program(key))
    git(repository, "config", "log.showSignature", "true")
    (repository / ".gitattributes").write_text("* diff=evil\n")
    signed = git(repository, "cat-file", "commit", "HEAD").replace(
        "\n\n", "\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n x\n -----END PGP SIGNATURE-----\n\n", 1
    )
    made = subprocess.run(
        ["git", "hash-object", "-t", "commit", "-w", "--stdin"],
        cwd=repository,
        input=signed + "\n",
        text=True,
        capture_output=True,
        check=True,
    )
    git(repository, "update-ref", "refs/heads/main", made.stdout.strip())
    touched(repository)
    loosely(repository, "status")
    loosely(repository, "diff", "--textconv")
    loosely(repository, "log", "-1")
    assert traps.sprung() >= {"core.fsmonitor", "gpg.program"}

    assert "+two" in await read_all(rooms)
    assert traps.sprung() == set()


@pytest.mark.parametrize("name", ["evil", "a=b", "a.clean", 'ü "x"', "EVIL"])
@pytest.mark.parametrize("kind", ["clean", "process"])
async def test_filters_do_not_run_whatever_they_are_called(
    repository: Path, traps: Traps, rooms: Rooms, name: str, kind: str
) -> None:
    program = traps.program("filter")
    quoted = name.replace('"', '\\"')
    (repository / ".git" / "more").write_text(
        f'[filter "{quoted}"]\n  {kind} = {program}\n  required = true\n'
    )
    git(repository, "config", "include.path", "more")
    (repository / ".git" / "info").mkdir(exist_ok=True)
    (repository / ".gitattributes").write_text("*.py filter=evil\n")
    is_nameable = " " not in name and '"' not in name
    if is_nameable:
        (repository / ".gitattributes").write_text(f"*.py filter={name}\n")
    touched(repository)
    loosely(repository, "diff")
    assert (traps.sprung() == {"filter"}) is is_nameable

    assert "+two" in await read_all(rooms)
    assert traps.sprung() == set()


async def test_a_submodule_has_nothing_run(repository: Path, traps: Traps, rooms: Rooms) -> None:
    inner = new_repository(repository / "inner")
    git(repository, "-c", "advice.addEmbeddedRepo=false", "add", "inner")
    git(repository, "commit", "--quiet", "--message=With a module")
    git(inner, "config", "core.fsmonitor", traps.program("monitor"))
    git(inner, "config", "filter.evil.clean", traps.program("clean"))
    (inner / ".gitattributes").write_text("* filter=evil\n")
    (inner / "a.py").write_text("two\n")  # As long as before, so that git must look into it.
    loosely(repository, "status")
    assert traps.sprung() == {"monitor", "clean"}
    await read_all(rooms)
    assert traps.sprung() == set()

    (repository / ".gitmodules").write_text(
        f'[submodule "inner"]\n path = inner\n url = "ext::sh -c {traps.program("url")}"\n'
        f' update = "!{traps.program("update")}"\n'
    )
    await read_all(rooms)
    await use(rooms, "git_diff", of="commits", base="HEAD~1", head="HEAD")
    assert traps.sprung() == set()


async def test_a_bare_repository_that_lies_in_the_files_is_not_taken_for_one(
    repository: Path, traps: Traps, tmp_path: Path
) -> None:
    planted = repository / "docs"
    git(tmp_path, "clone", "--quiet", "--bare", str(repository), str(planted))
    git(planted, "config", "core.bare", "false")
    git(planted, "config", "core.worktree", str(repository))
    git(planted, "config", "core.fsmonitor", traps.program("bare"))
    loosely(planted, "status")
    assert traps.sprung() == {"bare"}

    async with open_rooms(tmp_path / "other" / "steward.db", planted) as rooms:
        await read_all(rooms)
    assert traps.sprung() == set()


async def test_a_missing_object_is_not_fetched(
    repository: Path, traps: Traps, rooms: Rooms
) -> None:
    git(repository, "config", "extensions.partialClone", "far")
    git(repository, "config", "core.repositoryFormatVersion", "1")
    git(repository, "config", "remote.far.url", str(repository))
    git(repository, "config", "remote.far.promisor", "true")
    program = Path(traps.program("uploadpack"))
    program.write_text(program.read_text().replace("exec cat", "exit 1"))
    git(repository, "config", "remote.far.uploadpack", str(program))
    git(repository, "config", "protocol.file.allow", "always")
    blob = git(repository, "rev-parse", "HEAD:a.py")
    (repository / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    touched(repository)
    loosely(repository, "cat-file", "-p", blob)
    assert traps.sprung() == {"uploadpack"}

    await read_all(rooms)
    assert traps.sprung() == set()


@pytest.mark.parametrize("name", OPTIONS, ids=ascii)
async def test_a_name_of_a_commit_is_never_an_option(
    repository: Path, rooms: Rooms, name: str
) -> None:
    before = sorted(os.listdir(repository))
    for tool, arguments in (
        ("git_log", {"start": name}),
        ("git_diff", {"of": "commits", "base": name}),
        ("git_diff", {"of": "commits", "head": name}),
        ("create_branch", {"branch": "steward/new", "start": name}),
    ):
        result = await use(rooms, tool, **arguments)
        assert not result.ok
        assert result.code in ("steward.invalid_input", "steward.not_found")
    assert sorted(os.listdir(repository)) == before


@pytest.mark.parametrize(
    "path", ["--output=written", ":(top)a.py", ":!a.py", "../a.py", ".git/config", "/etc/passwd"]
)
async def test_a_path_is_never_an_option_and_never_outside(
    repository: Path, rooms: Rooms, path: str
) -> None:
    (repository / "a.py").write_text("changed\n")
    for tool in ("git_log", "git_diff"):
        result = await use(rooms, tool, paths=[path])
        assert "changed" not in result.text
        assert "First" not in result.text
    assert sorted(os.listdir(repository)) == [".git", "a.py"]


async def test_files_that_the_configuration_puts_elsewhere_are_not_read(
    repository: Path, rooms: Rooms, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "a.py").write_text(CANARY)
    (elsewhere / f"{CANARY}.txt").write_text("")
    git(repository, "config", "core.worktree", str(elsewhere))
    assert CANARY in git(elsewhere, "--git-dir", str(repository / ".git"), "diff")
    assert CANARY in git(elsewhere, "--git-dir", str(repository / ".git"), "status")
    assert CANARY not in await read_all(rooms)


@pytest.mark.parametrize(
    "setting", ["blame.ignoreRevsFile", "mailmap.file", "core.excludesFile", "core.attributesFile"]
)
async def test_no_setting_has_git_quote_another_file(
    repository: Path, rooms: Rooms, tmp_path: Path, setting: str
) -> None:
    (tmp_path / "private").write_text(f"{CANARY}\n")
    git(repository, "config", setting, str(tmp_path / "private"))
    touched(repository)
    assert CANARY not in await read_all(rooms)


async def test_what_models_may_not_see_is_named_and_left_out(
    repository: Path, rooms: Rooms
) -> None:
    hidden = {".env": "secret names", "kept.txt": ".stewardignore", "out.log": ".gitignore"}
    for name in hidden:
        (repository / name).write_text(f"{CANARY} 1\n")
    git(repository, "add", "--force", ".")
    git(repository, "commit", "--quiet", "--message=Too much")
    (repository / ".stewardignore").write_text("kept.txt\n")
    (repository / ".gitignore").write_text("*.log\n")
    for name in hidden:
        (repository / name).write_text(f"{CANARY} 2\n")
    (repository / "a.py").write_text("shown\n")
    working = await use(rooms, "git_diff")
    git(repository, "add", "--force", *hidden, "a.py")
    staged = await use(rooms, "git_diff", of="staged")
    commits = await use(rooms, "git_diff", of="commits", base="HEAD~1", head="HEAD")
    for result in (working, staged, commits):
        assert result.ok
        assert CANARY not in result.text
        assert all(name in result.text for name in hidden)
    assert "+shown" in working.text
    assert "+shown" in staged.text
    for name in hidden:
        blamed = await use(rooms, "git_blame", path=name)
        assert (blamed.ok, blamed.code) == (False, "steward.not_permitted")
        assert CANARY not in blamed.text


async def test_a_link_in_the_working_files_is_not_followed(
    repository: Path, rooms: Rooms, tmp_path: Path
) -> None:
    (tmp_path / "private").write_text(CANARY)
    (repository / "a.py").unlink()
    (repository / "a.py").symlink_to(tmp_path / "private")
    assert CANARY not in await read_all(rooms)


async def test_keys_in_diffs_and_messages_are_taken_out(repository: Path, rooms: Rooms) -> None:
    key = "sk-" + "canary" * 5
    (repository / "a.py").write_text(f"{key}\n")
    git(repository, "commit", "--quiet", "--all", f"--message=Use {key}")
    (repository / "a.py").write_text("gone\n")
    shown = await read_all(rooms)
    assert "<secret openai key" in shown
    assert key not in shown


async def test_hidden_characters_are_spelled_out(repository: Path, rooms: Rooms) -> None:
    git(repository, "config", "user.name", "Ada\u202e\x1b[2J")
    (repository / "a.py").write_text("x = 1 # \u202e\x1b[2K\u200b\n")
    (repository / "b\n? c\u202e.py").write_text("")
    git(repository, "commit", "--quiet", "--all", "--message=Fix\u202e\x1b[2J")
    (repository / "a.py").write_text("x = 2 # \u2066\x1b[2K\u200b\n")
    shown = await read_all(rooms)
    assert not {"\u202e", "\x1b", "\u200b", "\u2066"} & set(shown)
    assert "⟨U+202E⟩" in shown
    assert "? c" in shown
    assert "\n? c" not in shown


async def test_nothing_in_the_repository_changes(repository: Path, rooms: Rooms) -> None:
    touched(repository)

    def state() -> dict[str, bytes]:
        files = (file for file in repository.rglob("*") if file.is_file())
        return {str(file): file.read_bytes() for file in files}

    before = state()
    await read_all(rooms)
    assert state() == before
