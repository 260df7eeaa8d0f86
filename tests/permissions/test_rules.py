"""A rule stops whatever it could mean and allows only what it surely means."""

from dataclasses import replace

import pytest

from steward.core.agent_limits import RULE_CHARS_MAX, RULES_MAX
from steward.core.errors import InvalidInputError
from steward.permissions.decide import Act
from steward.permissions.rules import Rule, is_covered, parse_rule, parse_rules

EDIT = Act("edit_file", "files.propose", ("src/a.py",))
COMMAND = Act("run_command", "command.run", commands=("git log -p", "wc -l"))


def allows(act: Act, *written: str) -> bool:
    return is_covered(parse_rules(allow=written), act)


def stops(act: Act, written: str) -> bool:
    return parse_rule("deny", written).stops(act)


def test_a_rule_is_a_tool_and_perhaps_a_subject() -> None:
    assert parse_rule("deny", " edit_file(src/**) ") == Rule("deny", "edit_file", "src/**")
    assert parse_rule("ask", "git_*") == Rule("ask", "git_*")
    assert str(parse_rule("allow", "run_command(echo (a))")) == "run_command(echo (a))"


@pytest.mark.parametrize(
    "written",
    [
        *("", "edit file", "edit_file(", "edit_file()", "edit_file( )", "(src/**)", "edit_file)x("),
        *("edit_file({a,b})", "edit_file(a?.py)", "edit_file([ab])", "edit_file(!src/**)"),
        *("Edit_file", "edit_file(a) b", "x" * (RULE_CHARS_MAX + 1)),
    ],
)
def test_what_is_no_rule_is_refused_with_what_was_expected(written: str) -> None:
    with pytest.raises(InvalidInputError, match="rule"):
        parse_rule("deny", written)


def test_there_are_only_so_many_rules() -> None:
    with pytest.raises(InvalidInputError, match=str(RULES_MAX)):
        parse_rules(deny=["a"] * (RULES_MAX + 1))


def test_an_allow_needs_every_path_and_a_deny_any() -> None:
    both = replace(EDIT, paths=("src/a.py", "tests/b.py"))
    assert allows(EDIT, "edit_file(src/**)")
    assert not allows(both, "edit_file(src/**)")
    assert allows(both, "edit_file(src/**)", "edit_*(tests/*)")
    assert stops(both, "edit_file(tests/**)")
    assert not stops(EDIT, "edit_file(tests/**)")


def test_each_part_of_a_compound_command_is_judged_on_its_own() -> None:
    assert not allows(COMMAND, "run_command(git log *)")
    assert allows(COMMAND, "run_command(git log *)", "run_command(wc -l)")
    assert stops(COMMAND, "run_command(wc *)")


def test_a_command_that_nobody_can_take_apart_is_never_allowed_and_always_stopped() -> None:
    unknown = replace(COMMAND, commands=None)
    assert not allows(unknown, "run_command(*)", "run_command", "*")
    assert stops(unknown, "run_command(rm *)")
    assert not stops(unknown, "edit_file(rm *)")


def test_an_act_that_does_not_say_what_it_is_about_could_be_about_this() -> None:
    search = Act("search", "files.read")
    assert stops(search, "search(secrets/**)")
    assert not allows(search, "search(**)")
    assert allows(search, "search")


def test_a_branch_counts_beside_the_files() -> None:
    commit = Act("commit", "git.propose", ("a.py",), branch="steward/x")
    assert allows(commit, "commit(steward/*)", "commit(*.py)")
    assert not allows(commit, "commit(steward/*)")
    assert stops(commit, "commit(Steward/*)")


def test_a_rule_of_another_effect_allows_nothing() -> None:
    assert not is_covered(parse_rules(ask=["edit_file"], deny=["*"]), EDIT)


def test_a_rule_without_a_subject_leaves_programs_that_run_others_to_be_asked_about() -> None:
    opaque = replace(COMMAND, commands=("ls", "sh -c x"), opaque=frozenset({"sh -c x"}))
    assert allows(COMMAND, "run_command")
    for tool in ("run_command", "run_*", "*"):
        assert not allows(opaque, tool)
        assert not allows(opaque, tool, "run_command(sh *)")
        assert allows(opaque, tool, "run_command(sh -c x)")
        assert not allows(replace(opaque, commands=None), tool, "run_command(sh -c x)")
