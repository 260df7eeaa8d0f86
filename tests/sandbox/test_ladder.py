"""The best jail that is allowed and that holds is taken; where none holds, nothing runs."""

import asyncio
import json
import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from steward.cli.main import build_parser
from steward.cli.sandbox import run as show_sandbox
from steward.core.clock import SystemClock
from steward.core.errors import SandboxUnavailableError
from steward.sandbox import bubblewrap
from steward.sandbox.ladder import Ladder
from steward.sandbox.launcher import Command
from steward.sandbox.level import LEVELS, Level
from tests.environment import ROOT
from tests.jailed import SYSTEM_PYTHON, working_jail

_ORDINARY = (
    ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
)
UNCONFINED = """#!/bin/sh
folder=/
while [ "$1" != -- ]; do [ "$1" = --chdir ] && folder=$2; shift; done
shift; cd "$folder" && exec "$@"
"""
IN_THIS_WORLD = """
import asyncio, json, pathlib, sys
sys.path.insert(0, 'server')
try:
    if sys.version_info < (3, 11): raise OSError
    from steward.core.clock import SystemClock
    from steward.sandbox.ladder import Ladder
    from steward.sandbox.launcher import Command
except OSError:
    sys.exit(77)
here = pathlib.Path('server').absolute()
async def main():
    ladder = Ladder(SystemClock(), json.loads(sys.argv[1]))
    standing = await ladder.standing()
    said = {'level': standing.level, 'why_not': standing.why_not}
    if standing.level:
        command = Command(('sh', '-c', 'id -u; echo x > x; cat ' + sys.argv[2]), here, here)
        outcome = await ladder.run(command)
        said |= {'exit_code': outcome.exit_code, 'output': outcome.output}
    print(json.dumps(said))
asyncio.run(main())
"""


def _system_python(_: bubblewrap.Bubblewrap) -> str:
    return SYSTEM_PYTHON


@pytest.mark.parametrize("level", LEVELS)
async def test_each_level_proves_itself_here(level: Level) -> None:
    jail = await working_jail([level])
    assert await jail.level() == level


async def test_the_best_level_that_is_allowed_is_in_force_and_says_what_it_gives(
    tmp_path: Path,
) -> None:
    await working_jail()
    jail = await working_jail(["landlock", "namespaces"])
    assert await jail.level() == "namespaces"
    assert "leaves it out" in (await jail.standing()).why_not["cgroup"]
    command = Command(("true",), tmp_path, tmp_path, writes="copy")
    assert (await jail.run(command)).level == "namespaces"
    described = await jail.describe(command)
    assert "(namespaces)" in described
    assert "private copy" in described


async def test_where_no_level_is_allowed_nothing_runs(tmp_path: Path) -> None:
    jail = Ladder(SystemClock(), [])
    with pytest.raises(SandboxUnavailableError, match="leaves it out"):
        await jail.run(Command(("touch", str(tmp_path / "ran")), tmp_path, tmp_path))
    with pytest.raises(SandboxUnavailableError):
        await jail.describe(Command(("true",), tmp_path, tmp_path))
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("level", ["cgroup", "namespaces"])
async def test_a_jail_that_starts_and_does_not_hold_is_found_out(
    monkeypatch: pytest.MonkeyPatch, level: Level
) -> None:
    await working_jail([level])
    # Not below pytest's folder, which an account without rights may not pass.
    with tempfile.TemporaryDirectory() as name:
        programs = Path(name)
        programs.chmod(0o755)
        (programs / "bwrap").write_text(UNCONFINED)
        (programs / "bwrap").chmod(0o755)
        for each in ("prlimit", "setpriv"):
            (programs / each).symlink_to(Path("/usr/bin", each))
        monkeypatch.setattr(bubblewrap, "_TRUSTED_PATH", name)
        monkeypatch.setattr(bubblewrap.Bubblewrap, "interpreter", _system_python)
        standing = await Ladder(SystemClock(), [level]).standing()
    assert standing.level is None
    assert "does not hold" in standing.why_not[level]


async def _in_a_world(
    tmp_path: Path, world: list[str], python: str, levels: tuple[Level, ...]
) -> dict[str, object]:
    secret = tmp_path / "secret"
    secret.write_text("seen")
    done = await asyncio.to_thread(
        subprocess.run,
        [*world, python, "-B", "-c", IN_THIS_WORLD, json.dumps(levels), str(secret)],
        cwd=ROOT,
        capture_output=True,
        env={"PATH": "/usr/bin:/bin"},
        timeout=40,
    )
    if done.returncode == 77:
        pytest.skip("other accounts have no Python for Steward, or may not read the checkout")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


_PROBED_AGAIN_MOST = 3


async def test_where_user_namespaces_are_refused_landlock_holds(tmp_path: Path) -> None:
    await working_jail(["namespaces"])
    await working_jail(["landlock"])
    # An ordinary user in a place where nobody may make a namespace, as in many containers.
    bare = ["bwrap", "--dev-bind", "/", "/", "--unshare-user", "--uid", "1000", "--gid", "1000"]
    world = [*_ORDINARY, *bare, "--disable-userns", "--"]
    said = await _in_a_world(tmp_path, world, SYSTEM_PYTHON, LEVELS)
    for _ in range(_PROBED_AGAIN_MOST):
        # Processes are counted over the whole account: others of it that end meanwhile make room
        # that the probe then finds, and the level refuses itself until it is asked again.
        if "started too many" in str(said["why_not"]):
            said = await _in_a_world(tmp_path, world, SYSTEM_PYTHON, LEVELS)
    assert said["level"] == "landlock", said
    assert "namespace" in str(said["why_not"])
    assert str(said["output"]).startswith("1000\n")
    assert "Permission denied" in str(said["output"])
    assert "seen" not in str(said["output"])
    assert not (ROOT / "server" / "x").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="the other tests are run by an ordinary user")
@pytest.mark.parametrize("levels", [("cgroup", "namespaces"), ("landlock",)])
async def test_an_ordinary_user_has_the_same_jails(
    tmp_path: Path, levels: tuple[Level, ...]
) -> None:
    await working_jail()
    said = await _in_a_world(tmp_path, _ORDINARY, SYSTEM_PYTHON, levels)
    assert said["level"] == levels[-1]
    output = str(said["output"])
    assert output.startswith("65534\n" if levels == ("landlock",) else "1000\n")
    assert "seen" not in output
    assert "x: " in output, "the workspace could be written"
    assert not (ROOT / "server" / "x").exists()


@pytest.mark.parametrize(("levels", "code"), [(["landlock"], 0), ([], 1)])
def test_a_person_can_ask_how_commands_are_confined(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    levels: list[str],
    code: int,
) -> None:
    asyncio.run(working_jail(["landlock"]))
    monkeypatch.setenv("STEWARD_CONFIG_DIR", str(tmp_path))
    monkeypatch.setenv("STEWARD_SANDBOX__LEVELS", json.dumps(levels))
    assert show_sandbox(build_parser().parse_args(["sandbox"])) == code
    said = capsys.readouterr().out
    assert "levels" in said
    assert ("(landlock): no network" if code == 0 else "no command runs") in said
    assert show_sandbox(build_parser().parse_args(["sandbox", "--json"])) == code
    level = json.loads(capsys.readouterr().out)["level"]
    assert level == (levels[0] if levels else None)
