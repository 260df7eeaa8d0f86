"""A command runs as it was shown; what it prints and changes comes back bounded and proposed."""

from dataclasses import replace

import pytest

from steward.core.limits import TOOL_OUTPUT_CHARS_MAX
from steward.permissions.rules import parse_rules
from steward.workspace.proposal import EditProposal
from tests.jailed import working_jail
from tests.rooms import Rooms, answering, no, silent, yes
from tests.tools.agent import UNLIMITED, use

EASY = replace(UNLIMITED, rules=parse_rules(allow=["run_command(echo *)", "run_command(cat *)"]))


@pytest.fixture
async def jailed(rooms: Rooms) -> Rooms:
    await working_jail()
    return rooms


async def test_a_line_and_words_run_alike_where_they_are_told_to(jailed: Rooms) -> None:
    (jailed.workspace.root / "sub").mkdir()
    async with answering(jailed, jailed.principal, yes) as asked:
        line = await use(jailed, "run_command", command="pwd && echo 'a  b'; false", folder="sub")
        words = await use(jailed, "run_command", argv=["echo", "$HOME;", "a  b"], folder="sub")
    assert len(asked) == 2
    assert line.text.startswith("Exit code 1 after ")
    assert line.text.endswith(f"{jailed.workspace.root}/sub\na  b\n")
    assert (line.ok, line.code, line.origin) == (False, "", "command")
    assert words.ok
    assert words.text.endswith("$HOME; a  b\n")


async def test_what_a_rule_covers_runs_unasked_over_the_unsaved_documents(jailed: Rooms) -> None:
    jailed.editor.documents[jailed.workspace.root / "a.py"] = "as the editor has it\n"
    async with answering(jailed, jailed.principal, silent) as asked:
        result = await use(jailed, "run_command", EASY, command="cat a.py && echo done")
    assert result.ok, result.text
    assert "as the editor has it\ndone" in result.text
    assert asked == []


async def test_a_no_is_a_result_for_the_model(jailed: Rooms) -> None:
    async with answering(jailed, jailed.principal, no):
        result = await use(jailed, "run_command", command="touch x")
    assert (result.ok, result.code) == (False, "steward.not_permitted")


async def test_long_output_keeps_its_beginning_and_its_end(jailed: Rooms) -> None:
    async with answering(jailed, jailed.principal, yes):
        result = await use(jailed, "run_command", command="echo first; seq 1 40000; echo last")
    assert result.ok
    assert len(result.text) <= TOOL_OUTPUT_CHARS_MAX
    assert "first\n1\n2\n" in result.text
    assert result.text.endswith("39999\n40000\nlast\n")
    assert "characters left out" in result.text


async def test_keys_colours_and_hidden_characters_do_not_reach_the_model(jailed: Rooms) -> None:
    key = "sk-" + "canary" * 5
    printed = rf"\033[1;31mred\033[0m \033]0;title\007{key}\r\nbar\roverwritten\342\200\256"
    async with answering(jailed, jailed.principal, yes):
        result = await use(jailed, "run_command", argv=["printf", printed])
    assert "red <redacted openai key>\nbar\noverwritten⟨U+202E⟩" in result.text
    assert not {"\x1b", "\r", "\u202e"} & set(result.text)


async def test_a_command_that_takes_too_long_is_ended_and_said_so(jailed: Rooms) -> None:
    async with answering(jailed, jailed.principal, yes):
        result = await use(jailed, "run_command", argv=["sleep", "60"], timeout_s=0.3)
    assert not result.ok
    assert "it took too long" in result.text


async def test_nothing_in_the_workspace_can_be_written(jailed: Rooms) -> None:
    async with answering(jailed, jailed.principal, yes):
        result = await use(jailed, "run_command", command="echo x > a.py; rm a.py; touch new")
    assert not result.ok
    assert (jailed.workspace.root / "a.py").read_text() == "one\ntwo\nthree\n"
    assert [path.name for path in jailed.workspace.root.iterdir()] == ["a.py"]


async def test_what_a_command_changes_in_its_copy_is_proposed(jailed: Rooms) -> None:
    root = jailed.workspace.root
    (root / "old.txt").write_text("old\n")
    (root / ".gitignore").write_text("built/\n")
    line = (
        "sed -i s/two/2/ a.py; rm old.txt; mkdir -p n built .github/workflows;"
        " echo new > n/new.txt; echo x > built/x; echo x > .github/workflows/x.yml;"
        " printf '\\377\\376\\000' > raw.bin;"
        " ln -s /etc/passwd link; echo done"
    )
    async with answering(jailed, jailed.principal, yes):
        result = await use(jailed, "run_command", command=line, writes="copy")
    assert result.ok, result.text
    assert "done" in result.text
    assert result.proposal_id is not None
    kept = (await jailed.proposals.find(result.proposal_id)).proposal
    assert isinstance(kept, EditProposal)
    found = {change.path: (change.before, change.after) for change in kept.changes}
    assert found == {
        "a.py": ("one\ntwo\nthree\n", "one\n2\nthree\n"),
        "old.txt": ("old\n", None),
        "n/new.txt": (None, "new\n"),
    }
    for name in ("built/x", ".github/workflows/x.yml", "raw.bin", "link"):
        assert name in result.text
    assert (root / "a.py").read_text() == "one\ntwo\nthree\n"
    assert (root / "old.txt").exists()


async def test_the_proposal_of_a_command_is_what_lands(jailed: Rooms) -> None:
    async with answering(jailed, jailed.principal, yes):
        result = await use(jailed, "run_command", command="sed -i s/two/2/ a.py", writes="copy")
        assert result.proposal_id is not None
        landed = await jailed.lander.land(jailed.principal, result.proposal_id)
    assert landed.state == "applied"
    assert (jailed.workspace.root / "a.py").read_text() == "one\n2\nthree\n"


async def test_a_copy_shows_unsaved_documents_and_proposes_over_them(jailed: Rooms) -> None:
    path = jailed.workspace.root / "a.py"
    jailed.editor.documents[path] = "unsaved two\n"
    async with answering(jailed, jailed.principal, yes):
        result = await use(jailed, "run_command", command="sed -i s/two/2/ a.py", writes="copy")
    assert result.proposal_id is not None, result.text
    kept = (await jailed.proposals.find(result.proposal_id)).proposal
    assert isinstance(kept, EditProposal)
    assert kept.changes[0].before == "unsaved two\n"
    assert kept.changes[0].after == "unsaved 2\n"
