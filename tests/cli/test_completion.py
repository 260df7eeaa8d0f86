"""What a shell offers, in the real shells: commands, options, values and what there is."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from steward.cli.complete import STATEMENTS
from steward.cli.completing import Candidate, candidates
from steward.cli.main import build_parser
from steward.core.errors import UnavailableError
from steward.core.glance import glance
from tests.cli.conftest import ME, Books
from tests.environment import steward_environment
from tests.places import execute
from tests.template import up_to_date


def offered(*words: str) -> set[str]:
    known = {"run": ["r-1", "r-2"], "agent": ["coder"], "model": ["openai/gpt-4.1"]}
    found: list[Candidate] = candidates(build_parser(), words, lambda kind: known.get(kind, ()))
    return {each.word for each in found}


def test_commands_options_and_their_values_come_from_the_parser() -> None:
    assert {"run", "status", "doctor", "usage"} <= offered("")
    assert "complete" not in offered("")
    assert offered("us") == {"usage"}
    assert offered("run", "sh") == {"show"}
    assert {"--by", "--json", "--since"} <= offered("usage", "--")
    assert "--by" not in offered("usage", "--by", "day", "--")
    assert offered("usage", "--by", "da") == {"day"}
    assert offered("usage", "--by=da") == {"--by=day"}
    assert offered("people", "role", "ann", "ow") == {"owner"}
    assert offered("--log-level", "debug", "run", "wat") == {"watch"}
    assert offered("completion", "") == {"bash", "zsh", "fish"}
    assert offered("nonsense", "") >= {"run"}
    assert offered("usage", "more", "") == set()


def test_what_there_is_is_offered_where_it_is_named() -> None:
    assert offered("run", "show", "") == {"r-1", "r-2"}
    assert offered("run", "cancel", "r-2") == {"r-2"}
    assert offered("agent", "run", "c") == {"coder"}
    assert offered("model", "show", "openai/") == {"openai/gpt-4.1"}
    assert offered("extension", "pack", "") == {"@file"}


@pytest.fixture
def path(tmp_path: Path) -> dict[str, str]:
    """An environment in which `steward` is on the path, and there are runs.

    Only on SQLite: how long a server takes to let somebody in is bounded, and no test may be.
    """
    file = up_to_date(tmp_path / "steward.db")
    for id_ in ("run-one", "run-two", "two words;rm"):
        execute(
            file,
            'INSERT INTO run (id, tenant_id, "user", session, workspace, agent_id, goal, place,'
            f" mode, state, owner, message, created_at) VALUES ('{id_}', 'local', '{ME.user}', 's',"
            " '/w', 'fix', '', '', 'normal', 'running', '', '', '2026-11-22 10:00:00.000000')",
        )
    program = tmp_path / "bin" / "steward"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\nexec {sys.executable} -m steward "$@"\n')
    program.chmod(0o755)
    environment = steward_environment(tmp_path, "http://127.0.0.1:9/v1")
    return environment | {"PATH": f"{program.parent}:{os.environ['PATH']}", "HOME": str(tmp_path)}


def shell(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        if os.environ.get("STEWARD_REQUIRE_SHELLS"):
            pytest.fail(f"{name} is not installed")
        pytest.skip(f"{name} is not installed")
    return found


def run(argv: list[str], environment: dict[str, str]) -> set[str]:
    done = subprocess.run(
        argv, env=environment, capture_output=True, text=True, timeout=50, check=False
    )
    assert done.stderr == ""
    return {line.partition("\t")[0].split(" -- ")[0].strip() for line in done.stdout.splitlines()}


BASH = """
eval "$(steward completion bash)"
COMP_LINE=$1 COMP_POINT=${#1}
read -r -a COMP_WORDS <<< "$1"
if [[ $1 == *" " ]]; then COMP_WORDS+=(""); fi
COMP_CWORD=$(( ${#COMP_WORDS[@]} - 1 ))
_steward 2>/dev/null
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.mark.parametrize(
    ("line", "wanted"),
    [
        ("steward us", {"usage"}),
        ("steward usage --by da", {"day"}),
        ("steward usage --by=da", {"day"}),
        ("steward run show run-", {"run-one", "run-two"}),
    ],
)
def test_bash_offers_it(path: dict[str, str], line: str, wanted: set[str]) -> None:
    assert run([shell("bash"), "--norc", "-c", BASH, "bash", line], path) == wanted


def test_fish_offers_it(path: dict[str, str]) -> None:
    begin = "steward completion fish | source; complete -C "
    for line, wanted in (("steward us", "usage"), ("steward run show run-o", "run-one")):
        said = run([shell("fish"), "--no-config", "-c", f"{begin}'{line}'"], path)
        assert wanted in said


ZSH = """
autoload -Uz compinit; compinit -u -D
compadd() { shift 4; print -l -- "${(@P)1}" }
_files() { }
eval "$(steward completion zsh)"
words=(${(z)1}); [[ $1 == *" " ]] && words+=("")
CURRENT=$#words
_steward
"""


def test_zsh_offers_it(path: dict[str, str]) -> None:
    for line, wanted in (("steward us", {"usage"}), ("steward run show run-o", {"run-one"})):
        found = run([shell("zsh"), "-f", "-c", ZSH, "zsh", line], path)
        assert wanted <= found


def test_an_id_that_a_shell_would_obey_is_not_offered(path: dict[str, str]) -> None:
    argv = [sys.executable, "-m", "steward", "complete", "run", "show", ""]
    said = run(argv, path)
    assert {"run-one", "run-two"} == said


@pytest.mark.parametrize("kind", STATEMENTS)
def test_what_there_is_is_found_on_either_database(books: Books, kind: str) -> None:
    with glance(books.place) as opened:
        found = opened.rows(STATEMENTS[kind], user=ME.user, most=3)
    assert all(isinstance(name, str) for (name,) in found)


def test_a_look_changes_nothing(books: Books) -> None:
    with glance(books.place) as opened, pytest.raises(UnavailableError):
        opened.rows("DELETE FROM run")


def test_a_database_that_hangs_or_is_broken_holds_up_nobody(
    tmp_path: Path,
) -> None:
    environment = steward_environment(
        tmp_path, "http://127.0.0.1:9/v1", {"STEWARD_DATABASE": "postgresql://u@10.255.255.1/x"}
    )
    argv = [sys.executable, "-m", "steward", "complete", "token", "revoke", ""]
    assert run(argv, environment) == set()
    argv = [sys.executable, "-m", "steward", "complete", "key", "add", "ant"]
    assert run(argv, environment) == {"anthropic"}
