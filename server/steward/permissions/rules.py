"""What a person wrote down about tools: allow, ask, deny.

Asking and denying count where any part of what would be done could be meant, allowing only where
every part surely is. So a spelling, a missing detail or a command that nobody can take apart
makes a rule that stops wider and a rule that allows narrower.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from steward.core.agent_limits import RULE_CHARS_MAX, RULES_MAX
from steward.core.errors import InvalidInputError
from steward.permissions.act import Act
from steward.permissions.globs import (
    is_branch_in,
    is_branch_near,
    is_command_in,
    is_command_near,
    is_name_in,
    is_path_in,
    is_path_near,
)

Effect = Literal["allow", "ask", "deny"]

_SHAPE = re.compile(
    # The second is a tool of an MCP server, whose names are not ours to choose.
    r"(?P<tool>[a-z0-9_.*-]{1,100}|[a-z0-9*-]{1,20}__[A-Za-z0-9_*-]{1,61})"
    r"(?:\((?P<subject>.+)\))?",
    re.DOTALL,
)
_NOT_TAKEN = re.compile(r"(?<!\\)(?:\\\\)*[?\[\]{}]")
_STAR = re.compile(r"(?<!\\)(?:\\\\)*\*")
_EXPECTED = "expected a tool's name, or one with a subject, as `edit_file(src/**)` or `run_tests`"


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule, as `edit_file(src/**)` or `run_command(ls *)` under its effect.

    A rule of an agent can turn an ask of the plan into a yes or a yes into an ask or a no; it never
    gives an agent what it was not granted otherwise.
    """

    effect: Effect
    tool: str
    """The tool's name; `*` stands for any part of one."""
    subject: str = ""
    """What it is about, as a glob anchored at the workspace's root or over a command's words;
    empty for whatever it is about."""

    def __str__(self) -> str:
        """As a person writes it, without the effect."""
        return f"{self.tool}({self.subject})" if self.subject else self.tool

    def stops(self, act: Act) -> bool:
        """Whether asking or denying by this rule concerns any part of the act.

        An act that does not say what it is about could be about this.
        """
        if act.tool != self.tool and not is_name_in(act.tool, self.tool):
            return False
        if not self.subject or act.commands is None:
            return True
        if not (act.paths or act.commands or act.branch or act.agent):
            return True
        return (
            any(is_path_near(path, self.subject) for path in act.paths)
            or any(is_command_near(command, self.subject) for command in act.commands)
            or (act.branch != "" and is_branch_near(act.branch, self.subject))
            or (act.agent != "" and is_branch_near(act.agent, self.subject))
        )


def parse_rule(effect: Effect, written: str) -> Rule:
    """The rule that a person wrote.

    Raises:
        InvalidInputError: it is none.
    """
    text = written.strip()
    if len(text) > RULE_CHARS_MAX:
        raise InvalidInputError(f"A rule may have {RULE_CHARS_MAX} characters; {text[:60]!r}… not.")
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise InvalidInputError(f"The rule {text!r} under `{effect}` is none: {_EXPECTED}.")
    subject = (found["subject"] or "").strip()
    if subject.startswith("!") or _NOT_TAKEN.search(subject):
        raise InvalidInputError(
            f"The rule {text!r} under `{effect}` uses more than `*` and `**`. Write one rule for"
            r" each case; put a backslash before `?`, `[`, `]`, `{`, `}` or a first `!` that is"
            " part of a name."
        )
    if found["subject"] is not None and not subject:
        raise InvalidInputError(f"The rule {text!r} under `{effect}` is none: {_EXPECTED}.")
    return Rule(effect, found["tool"], subject)


def parse_rules(
    allow: Sequence[str] = (), ask: Sequence[str] = (), deny: Sequence[str] = ()
) -> tuple[Rule, ...]:
    """The rules in three lists.

    Raises:
        InvalidInputError: one of them is none, or there are too many.
    """
    if len(allow) + len(ask) + len(deny) > RULES_MAX:
        raise InvalidInputError(
            f"There may be {RULES_MAX} rules, and these are more. Join some of them with `*`."
        )
    return (
        *(parse_rule("allow", text) for text in allow),
        *(parse_rule("ask", text) for text in ask),
        *(parse_rule("deny", text) for text in deny),
    )


def stopped_by(rules: Iterable[Rule], effect: Literal["ask", "deny"], act: Act) -> Rule | None:
    """The rule of this effect that concerns the act; of several always the same one."""
    tool = act.tool
    found = [
        rule
        for rule in rules
        # The first two spare most of the work: a decision goes through all rules several times.
        if rule.effect == effect and (rule.tool == tool or "*" in rule.tool) and rule.stops(act)
    ]
    return min(found, key=str) if found else None


def is_covered(rules: Iterable[Rule], act: Act) -> bool:
    """Whether rules that allow cover every path, command, branch and agent of the act, exactly.

    Where commands would run, the files that they are given are theirs to name. A command that runs
    what its words say is covered only by a rule that has all of the words, so not by one without a
    subject. An act that says nothing about itself is covered only by a rule that says nothing
    either, and a command that nobody can take apart by none.
    """
    commands = act.commands
    tool = act.tool
    named = [
        rule
        for rule in rules
        if rule.effect == "allow" and (rule.tool == tool or is_name_in(tool, rule.tool))
    ]
    if commands is None or not named:
        return False
    has_whole_tool = any(not rule.subject for rule in named)
    if has_whole_tool and not act.opaque:
        return True
    subjects = [rule.subject for rule in named if rule.subject]
    if has_whole_tool:
        return all(any(_names(line, each, act) for each in subjects) for line in act.opaque)
    paths = () if commands else act.paths
    if not (paths or commands or act.branch or act.agent):
        return False
    return (
        all(any(is_path_in(path, subject) for subject in subjects) for path in paths)
        and all(any(_names(line, subject, act) for subject in subjects) for line in commands)
        and (not act.branch or any(is_branch_in(act.branch, subject) for subject in subjects))
        and (not act.agent or any(is_branch_in(act.agent, subject) for subject in subjects))
    )


def _names(line: str, subject: str, act: Act) -> bool:
    if line in act.opaque and _STAR.search(subject):
        return False
    return is_command_in(line, subject)
