"""`make run` plays the main job to its end, and a person at the terminal decides."""

import asyncio
import contextlib
import os
import pty
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from demo.scripted_model import ScriptedModel
from tests.environment import ROOT, clean_environment

pytestmark = pytest.mark.timeout(300)

PROMPT = b" ?\x1b[0m "
"""At a terminal the prompt is coloured; this is where its colour ends."""
QUESTION = re.compile(rb"A question: ([^\r\n]*)")


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Whatever the play leaves behind lies in `temporary`."""
    (tmp_path / "temporary").mkdir()
    home = tmp_path / "home"
    home.mkdir()
    return clean_environment() | {"TMPDIR": str(tmp_path / "temporary"), "HOME": str(home)}


def run(command: list[str], environment: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def make_run(*arguments: str) -> list[str]:
    """The command of the README, in the environment that these tests already run in."""
    return ["make", f"VENV={sys.prefix}", "-o", f"{sys.prefix}/.run", "run", *arguments]


def play(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "demo.play", *arguments]


def at_terminal(
    command: list[str], environment: Mapping[str, str], answer: Callable[[str], str]
) -> tuple[int, str]:
    """Play at a real pseudo-terminal; `answer` gives the keys for a question's title."""
    ours, theirs = pty.openpty()
    child = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=theirs, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    shown, answered = b"", 0
    # Linux tells the end of a pseudo-terminal with an error.
    with contextlib.suppress(OSError):
        while piece := os.read(ours, 65536):
            shown += piece
            while shown.count(PROMPT) > answered:
                answered += 1
                title = QUESTION.findall(shown)[-1].decode()
                os.write(ours, answer(title).encode() + b"\n")
    os.close(ours)
    return child.wait(), shown.decode()


def test_make_run_plays_the_main_job_to_its_end(
    environment: dict[str, str], tmp_path: Path
) -> None:
    done = run(make_run("ARGS=--yes"), environment)
    assert done.returncode == 0, done.stdout
    assert "no AI" in done.stdout
    assert "return sum(line.quantity for line in self.lines)" in done.stdout
    assert "yes  the tests pass, run by the play itself" in done.stdout
    assert "yes  the correction is committed on one branch of its own" in done.stdout
    assert "yes  the audit trail's chain holds" in done.stdout
    assert " NO  " not in done.stdout
    assert "\x1b" not in done.stdout, "colours belong to a terminal"
    assert list((tmp_path / "temporary").iterdir()) == [], "the play tidies up"


def test_without_a_terminal_the_play_answers_by_itself_and_says_so(
    environment: dict[str, str],
) -> None:
    done = run(play(), environment)
    assert done.returncode == 0, done.stdout
    assert "Answers by the play itself" in done.stdout
    assert done.stdout.count("Answered by the play itself: approve.") >= 3


def test_a_person_at_the_terminal_approves_and_sees_it_done(environment: dict[str, str]) -> None:
    code, shown = at_terminal(play(), environment, lambda _title: "a")
    assert code == 0, shown
    assert "Answers by you" in shown
    assert "the tests pass, run by the play itself" in shown


def test_a_rejected_plan_changes_nothing(environment: dict[str, str]) -> None:
    code, shown = at_terminal(play(), environment, lambda _title: "r")
    assert code == 0, shown
    assert "plan: reject" in shown
    assert "the tests fail as before" in shown


def test_a_rejected_edit_changes_nothing(environment: dict[str, str]) -> None:
    code, shown = at_terminal(
        play(), environment, lambda title: "r" if title.startswith("Edit") else "a"
    )
    assert code == 0, shown
    assert "edit: reject" in shown
    assert "the tests fail as before" in shown


async def test_your_own_model_is_not_asked_before_you_are(
    environment: dict[str, str], scripted_model: ScriptedModel
) -> None:
    own_model = environment | {"STEWARD_MODEL_URL": scripted_model.url}
    done = await asyncio.to_thread(run, play(), own_model)
    assert done.returncode == 1
    assert "Say --yes" in done.stdout
    assert scripted_model.exchanges == []


def test_a_model_that_cannot_be_reached_is_told_in_words(environment: dict[str, str]) -> None:
    unreachable = {
        "STEWARD_MODEL_URL": "http://127.0.0.1:9/v1",
        "STEWARD_MODEL": "mine",
        "STEWARD_MODEL_PRICE": "1/1",
    }
    done = run(play("--yes"), environment | unreachable)
    assert done.returncode == 1
    assert "The play could not be played to its end." in done.stdout
    assert "Traceback" not in done.stdout


def test_what_is_kept_is_named(environment: dict[str, str], tmp_path: Path) -> None:
    done = run(play("--yes", "--keep"), environment)
    (kept,) = (tmp_path / "temporary").iterdir()
    assert f"Everything is left in {kept.resolve()}" in " ".join(done.stdout.split())
    assert (kept / "shop" / "shop" / "delivery.py").is_file()
