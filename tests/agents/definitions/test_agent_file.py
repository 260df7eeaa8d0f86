"""A definition becomes exactly the agent that it describes, or says line by line why not."""

import pytest

from steward.agents.agent import Caps
from steward.agents.definitions.agent_file import Origin, check, check_id, parse
from steward.agents.definitions.limits import FILE_BYTES_MAX, PERSONA_CHARS_MAX
from steward.agents.definitions.shipped import SHIPPED_IDS, shipped, shipped_text
from steward.agents.definitions.toolbox import MEANINGS, TOOLS
from steward.core.errors import InvalidInputError
from steward.permissions.act import EVERYTHING, INERT
from steward.permissions.rules import Rule
from tests.agents.definitions.written import written

HERE = Origin("workspace", "ann", ".steward/agents/paint.md")


def problems(text: str) -> list[tuple[int, str, bool]]:
    return [(each.line, each.message, each.is_error) for each in check(text).problems]


def test_every_field_is_taken_as_it_is_written() -> None:
    agent = parse(
        "paint",
        written(
            "permissions: [files.read]",
            "team: red",
            "model: acme/large",
            "mode: step",
            "agents: [explain, reviewer, explain]",
            "allow: [search]",
            "ask: ['edit_file(src/**)']",
            "deny:\n  - run_command(git push *)",
            "caps: {tokens: 1000, cost_usd: 0.25, steps: 7, minutes: 1.5, output_chars: 99}",
        ),
        HERE,
    )
    assert agent.agents == ("explain", "reviewer")
    assert agent.allowed_tools == {"read_file", "edit_file", "ask_agent"}
    assert agent.permission_scope == {"files.read"}
    assert (agent.team_scope, agent.model_preference, agent.mode) == ("red", "acme/large", "step")
    assert agent.rules == (
        Rule("allow", "search"),
        Rule("ask", "edit_file", "src/**"),
        Rule("deny", "run_command", "git push *"),
    )
    assert agent.caps == Caps(1000, 250_000_000, 7, 90.0, 99)
    assert (agent.persona, agent.source, agent.created_by) == (
        *("You paint sheds.", "workspace", "ann"),
    )


def test_what_is_left_out_grants_what_the_tools_need_and_no_more() -> None:
    agent = parse("paint", written(), HERE)
    assert agent.permission_scope == {"files.read", "files.propose"}
    assert parse("p", written(tools="[summon]"), HERE).permission_scope == frozenset()


def test_whoever_was_given_agents_can_call_them_and_nobody_else() -> None:
    assert parse("paint", written("agents: [fix]"), HERE).permission_scope == {
        *("files.read", "files.propose", "agent.call"),
    }
    without = written("", tools="[read_file, ask_agent]")
    ((line, message, is_error),) = problems(without)
    assert (line, "`agents` names some" in message, is_error) == (4, True, False)
    ((line, message, is_error),) = problems(written("agents: [Fix]"))
    assert (line, is_error) == (5, True), message


@pytest.mark.parametrize(
    ("fields", "line", "about"),
    [
        (["nmae: x"], 5, "no field `nmae`"),
        (["team: 5"], 5, "must be text"),
        (["tools: read_file"], 5, "twice"),
        (["mode: yolo"], 5, "`mode`"),
        (["permissions: [everything]"], 5, "`permissions`"),
        (["allow: git status"], 5, "must be a list"),
        (["allow:", "  - read_file", "  - 'rm -rf /'"], 7, "is none"),
        (["ask: ['edit_file()']"], 5, "is none"),
        (["caps: {tokens: 0}"], 5, "caps.tokens"),
        (["caps: {tokens: true}"], 5, "whole number"),
        (["caps: {cost_usd: -1}"], 5, "caps.cost_usd"),
        (["caps: {minute: 1}"], 5, "there are: tokens"),
        (["caps: 5"], 5, "`caps`"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_field(
    fields: list[str], line: int, about: str
) -> None:
    found = problems(written(*fields))
    assert [(where, is_error) for where, _, is_error in found] == [(line, True)]
    assert about in found[0][1]
    with pytest.raises(InvalidInputError, match=rf"paint\.md:{line}: "):
        parse("paint", written(*fields), HERE)


def test_all_mistakes_are_told_at_once_in_the_order_of_lines() -> None:
    found = problems("---\nmode: yolo\nteam: 5\n---\n")
    assert [line for line, _, _ in found] == sorted(line for line, _, _ in found)
    assert len(found) == 6  # Two wrong, three missing, and no persona.


@pytest.mark.parametrize("hidden", ["\u202e", "\u200b", "\U000e0041", "\x1b", "\r", "\ufe0f"])
def test_hidden_characters_are_named_wherever_they_stand(hidden: str) -> None:
    for text in (written(persona=f"One.\nTwo{hidden}."), written(name=f"'P{hidden}'")):
        found = problems(text)
        assert any(is_error for _, _, is_error in found)
    assert f"U+{ord(hidden):04X}" in problems(written(persona=f"One.\nTwo{hidden}."))[-1][1]


@pytest.mark.parametrize("escape", [r"\u202e", r"\u200b", r"\e", r"\U000E0041"])
def test_a_hidden_character_is_refused_that_only_its_number_stands_for(escape: str) -> None:
    rule = f'allow: ["read_file(a{escape}b)"]'
    for text in (written(name=f'"P{escape}"'), written(rule), written(f'team: "{escape}x"')):
        ((_, message, is_error),) = problems(text)
        assert (is_error, "hidden character" in message) == (True, True)


def test_an_agents_name_takes_one_line_wherever_it_is_shown() -> None:
    assert parse("paint", written(name=r'"Paint\n\nApproved"'), HERE).name == "Paint Approved"


@pytest.mark.parametrize(
    "persona", ["", " \n ", "x" * (PERSONA_CHARS_MAX + 1), "a b c " * 1_500, "é" * FILE_BYTES_MAX]
)
def test_a_persona_that_is_missing_or_too_long_is_refused(persona: str) -> None:
    assert any(is_error for _, _, is_error in problems(written(persona=persona)))


def test_a_tool_that_is_not_here_or_not_granted_is_a_warning_and_the_agent_is_usable() -> None:
    text = written("permissions: [files.read]", "deny: [run_tests]", tools="[read_file, paint]")
    assert [is_error for _, _, is_error in problems(text)] == [False, False]
    text = written("permissions: [files.read]")
    ((line, message, is_error),) = problems(text)
    assert (line, is_error) == (4, False)
    assert "needs `files.propose`" in message
    assert parse("paint", text, HERE).permission_scope == {"files.read"}


@pytest.mark.parametrize("name", ["", "A", "1a", "a_b", "../a", "a.md", "a" * 41, "a\n", "\uff41"])
def test_an_id_is_a_plain_word(name: str) -> None:
    with pytest.raises(InvalidInputError, match="name"):
        check_id(name)


def test_our_own_agents_are_as_careful_as_they_ask_others_to_be() -> None:
    agents = shipped()
    assert set(agents) == SHIPPED_IDS
    for agent_id, agent in agents.items():
        assert check(shipped_text(agent_id)).problems == ()
        assert agent.allowed_tools <= set(TOOLS)
        assert (agent.mode == "analysis_only") == (agent.permission_scope <= INERT)
        assert agent.source == "shipped"


def test_every_capability_has_a_meaning_and_a_tool() -> None:
    assert (
        set(MEANINGS)
        == EVERYTHING
        == {tool.needs for tool in TOOLS.values()}
        | {
            "mcp.call",
            "extension.call",
        }
    )
