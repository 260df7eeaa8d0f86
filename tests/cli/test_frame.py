"""What holds of every command: help, a form for programs, slips that are understood, quiet ends."""

import argparse
import json
import os
import pty
import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from steward.cli.main import build_parser
from steward.cli.parser import EXIT_CODES, leaves, options_of
from steward.cli.progress import Progress
from steward.cli.table import table
from tests.cli.conftest import ME, Ask, Books
from tests.environment import steward_environment

STEWARD = (sys.executable, "-m", "steward")
COMMANDS = [
    (path, leaf) for path, leaf in leaves(build_parser()) if path[0] not in ("complete", "help")
]
NAMES = [" ".join(path) for path, _ in COMMANDS]
FOR_PROTOCOLS = {"lsp", "serve", "completion"}
READ = [
    "budget show",
    "ledger verify",
    "usage",
    "people list",
    "model list",
    "ghost show",
    "ghost report",
    "trust --list",
    "run list",
    "events",
    "metrics",
    "changes",
    "mcp list",
    "agent list",
    "instructions",
    "policy check",
    "health",
    "extension list",
]
"""Commands that only read, whose form for programs is values and not sentences."""


@pytest.mark.parametrize(("path", "leaf"), COMMANDS, ids=NAMES)
def test_every_command_has_help_and_a_form_for_programs(
    path: tuple[str, ...], leaf: argparse.ArgumentParser, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        build_parser().parse_args([*path, "--help"])
    assert ended.value.code == 0
    assert f"steward {' '.join(path)}" in capsys.readouterr().out
    assert ("--json" in options_of(leaf)) is (path[0] not in FOR_PROTOCOLS)


@pytest.mark.parametrize(("path", "leaf"), COMMANDS, ids=NAMES)
def test_every_command_refuses_an_option_that_it_does_not_know(
    path: tuple[str, ...], leaf: argparse.ArgumentParser, capsys: pytest.CaptureFixture[str]
) -> None:
    needed = [
        (str(next(iter(each.choices))) if each.choices else "3")
        for each in leaf._actions
        if not each.option_strings and each.nargs not in ("?", "*")
    ]
    options = [
        word
        for each in leaf._actions
        if each.option_strings and each.required
        for word in (each.option_strings[0], "1")
    ]
    with pytest.raises(SystemExit) as ended:
        build_parser().parse_args([*path, *needed, *options, "--jsonn"])
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert "There is no option `--jsonn` here." in said
    assert f"See `steward {' '.join(path)} --help`." in said
    if "--json" in options_of(leaf):
        assert "Did you mean `--json`" in said


@pytest.mark.parametrize("command", READ)
def test_what_reads_gives_values_to_programs(books: Books, ask: Ask, command: str) -> None:
    del books
    ask("people", "add", ME.user, "--role", "owner")
    code, said = ask(*command.split(), "--json")
    assert code in (0, 1), said
    assert isinstance(json.loads(said), (list, dict))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["runn"], "There is no command `steward runn`. Did you mean `run`?"),
        (["run", "lst"], "There is no command `steward run lst`. Did you mean `list`"),
        (["usage", "--by", "modle"], "`modle` is nothing that --by can be. Did you mean `model`?"),
        (["usage", "more"], "`more` is one word too many here."),
    ],
)
def test_a_slip_is_answered_with_what_was_perhaps_meant(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        build_parser().parse_args(words)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def steward(folder: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*STEWARD, *words],
        env=steward_environment(folder, "http://127.0.0.1:9/v1", more),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=50,
        check=False,
    )


def test_what_is_done_or_refused_is_told_to_programs_in_one_shape(tmp_path: Path) -> None:
    done = steward(tmp_path, "ghost", "off", "--json")
    assert done.returncode == 0
    assert json.loads(done.stdout) == {
        "exit_code": 0,
        "said": "Ghost text is switched off everywhere. Open windows see it in seconds.\n",
    }
    refused = steward(tmp_path, "agent", "delete", "nobody", "--json")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert json.loads(refused.stderr)["error"]["code"] == "steward.not_found"


def test_exit_codes_are_told_with_the_help(tmp_path: Path) -> None:
    said = steward(tmp_path, "--help").stdout
    for code, what in EXIT_CODES.items():
        assert f"{code}" in said
        assert what in said


def test_a_topic_or_a_command_is_explained(tmp_path: Path) -> None:
    assert "exit-codes" in steward(tmp_path, "help").stdout
    assert "set aside" in steward(tmp_path, "help", "budgets").stdout
    assert "usage: steward run watch" in steward(tmp_path, "help", "run", "watch").stdout
    wrong = steward(tmp_path, "help", "budgts")
    assert (wrong.returncode, "Did you mean `budgets`" in wrong.stderr) == (2, True)


def test_a_reader_that_has_seen_enough_is_no_error(tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        [*STEWARD, "model", "list", "--json"],
        env=steward_environment(tmp_path, "http://127.0.0.1:9/v1"),
        stdout=theirs,
        stderr=subprocess.PIPE,
        timeout=50,
        check=False,
    )
    os.close(theirs)
    assert (done.returncode, done.stderr) == (141, b"")


@pytest.fixture
def interruptible() -> Generator[None]:
    """What a shell starts in the background ignores Ctrl-C, and so do its children."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_who_stops_a_command_hears_nothing_more(tmp_path: Path) -> None:
    environment = steward_environment(tmp_path, "http://127.0.0.1:9/v1")
    with subprocess.Popen(
        [*STEWARD, "cost", "estimate", "-"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdin is not None
        assert process.stderr is not None
        status = Path(f"/proc/{process.pid}/syscall")
        # It reads its standard input once everything before is done.
        while not status.read_text().startswith("0 0x0 "):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert (process.returncode, said) == (130, b"")


def at_terminal(folder: Path, *words: str, **more: str) -> str:
    """What a command writes to a person's terminal."""
    ours, theirs = pty.openpty()
    done = subprocess.Popen(
        [*STEWARD, *words],
        env=steward_environment(folder, "http://127.0.0.1:9/v1", {"TERM": "xterm", **more}),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    said = b""
    try:
        while piece := os.read(ours, 65536):
            said += piece
    except OSError:  # The other end is closed.
        pass
    os.close(ours)
    done.wait()
    return said.decode()


def test_colours_are_for_terminals_and_never_against_a_wish(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)  # Then there is something to be said in a colour.
    assert "\x1b[" in at_terminal(tmp_path, "status")
    assert "\x1b[" not in at_terminal(tmp_path, "status", NO_COLOR="1")
    assert "\x1b[" not in at_terminal(tmp_path, "status", TERM="dumb")
    assert "\x1b[" not in steward(tmp_path, "status").stdout


def test_progress_is_shown_to_nobody_who_does_not_watch(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Progress("counting", 3) as progress:
        progress.step("one")
    assert capsys.readouterr().err == ""


def test_progress_is_a_bar_on_a_terminal_and_gone_behind_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    with Progress("counting", 2) as progress:
        progress.step("one")
        progress.step("two")
    said = capsys.readouterr().err
    assert "counting [############............] 1/2 two" in said
    assert said.endswith("\r\x1b[K")


def test_a_table_gives_way_in_its_prose_and_never_in_an_id() -> None:
    id_ = "0123456789abcdef0123456789abcdef"
    rows = [("id", "goal"), (id_, "make all of the tests pass again, please")]
    assert table(rows, are_numbers=False).split("\n")[1] == f"{id_}  {rows[1][1]}"
    narrow = table(rows, are_numbers=False, width=50).split("\n")[1]
    assert (len(narrow), id_ in narrow, narrow.endswith("…")) == (50, True, True)
    assert id_ in table(rows, are_numbers=False, width=20)
