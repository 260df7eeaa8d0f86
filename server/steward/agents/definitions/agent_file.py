"""What may stand in an agent's file, and what is wrong with one."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StringConstraints,
    ValidationError,
)
from pydantic_core import ErrorDetails

from steward.agents.agent import Agent, Caps, Source
from steward.agents.definitions.front_matter import (
    FrontMatter,
    FrontMatterError,
    read,
    split,
)
from steward.agents.definitions.limits import (
    FILE_BYTES_MAX,
    PERSONA_CHARS_MAX,
    PERSONA_TOKENS_MAX,
    PROBLEMS_MAX,
    TOOLS_MAX,
)
from steward.agents.definitions.toolbox import TOOLS, needs_of
from steward.core.agent_limits import AGENTS_CALLABLE_MAX, RULE_CHARS_MAX, RULES_MAX
from steward.core.errors import InvalidInputError
from steward.core.money import NANO_PER_USD, NanoUsd
from steward.permissions.act import is_given
from steward.permissions.decide import Capability, Mode
from steward.permissions.rules import Effect, parse_rule, parse_rules
from steward.tools.ask_agent import ASK_AGENT
from steward.workspace.reveal import is_hidden

FOLDER = ".steward/agents"
"""Where a workspace keeps its agents."""
SUFFIX = ".md"

_ID = re.compile(r"[a-z][a-z0-9-]{0,39}")
_TOOL = r"^[a-z][a-z0-9_.:-]{0,99}$|^[a-z][a-z0-9-]{0,19}__(\*|[A-Za-z0-9_-]{1,61})$"
"""One of ours, or one of an MCP server; `*` for all of a server's."""
_NUMBER_MAX = 10**12

Words = Annotated[str, StringConstraints(min_length=1, max_length=100, strip_whitespace=True)]
WrittenRule = Annotated[str, StringConstraints(min_length=1, max_length=RULE_CHARS_MAX)]
Rules = Annotated[tuple[WrittenRule, ...], Field(max_length=RULES_MAX)]
Count = Annotated[StrictInt, Field(ge=1, le=_NUMBER_MAX)]


class CapsFile(BaseModel):
    """How much one run may take at most, beside what the operator's settings allow."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    tokens: Count | None = None
    """Tokens in and out, of all model calls of the run."""
    cost_usd: Annotated[Decimal, Field(gt=0, le=100_000)] | None = None
    """What all model calls of the run may cost, in dollars."""
    steps: Count | None = None
    """How often the agent may ask its model."""
    minutes: Annotated[Decimal, Field(gt=0, le=10_000)] | None = None
    """Minutes at work; waiting for a person does not count."""
    output_chars: Count | None = None
    """Characters of all that its tools give back."""


class AgentFile(BaseModel):
    """The front matter of an agent's file. What stands below it is the agent's persona."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", use_attribute_docstrings=True, title="Agent"
    )

    name: Words
    """What people call the agent."""
    description: Annotated[
        str, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)
    ]
    """What it is good for, in a sentence."""
    tools: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=_TOOL)], ...],
        Field(min_length=1, max_length=TOOLS_MAX, json_schema_extra={"examples": [list(TOOLS)]}),
    ]
    """The tools that it may use; it reaches no others. A tool of an MCP server is `SERVER__tool`,
    and all of them `SERVER__*`."""
    permissions: tuple[Capability, ...] | None = None
    """What it is granted; by itself, what its tools need. Never more than your role includes."""
    agents: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=f"^{_ID.pattern}$")], ...],
        Field(max_length=AGENTS_CALLABLE_MAX),
    ] = ()
    """The agents that it may call, by their names, with `ask_agent`. They have no more rights,
    budget and time than it has, and each only the tools that both have."""
    team: Annotated[str, StringConstraints(max_length=100, strip_whitespace=True)] = ""
    """The team whose people may use it; everybody where it is left out."""
    model: Words | None = None
    """The model that it would like, such as `anthropic/claude-sonnet-5`; policy comes first."""
    mode: Mode = "normal"
    """How its runs go about their work, unless the person who starts one says otherwise."""
    allow: Rules = ()
    """What need not be asked about where the plan covers it, such as `run_command(ls *)`.
    `run_command` alone leaves programs that run others, and lines that nobody can take apart, to
    be asked about."""
    ask: Rules = ()
    """What is always asked about, such as `edit_file(src/api/**)`."""
    deny: Rules = ()
    """What it never may, such as `read_file(legal/**)`. Deny beats ask, ask beats allow."""
    instructions: StrictBool = True
    """Whether it follows what files such as AGENTS.md say to agents, where you trust them."""
    caps: CapsFile = CapsFile()
    """How much one run may take."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is wrong with a definition."""

    line: int
    """Counts from 1."""
    message: str
    is_error: bool = True
    """Whether the agent cannot be used because of it."""


@dataclass(frozen=True, slots=True)
class Checked:
    """A definition's text, looked through. Without errors, `file` is there."""

    file: AgentFile | None
    persona: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a definition comes from."""

    source: Source
    created_by: str
    place: str
    """What its messages call it, such as `.steward/agents/paint.md`."""


def check_id(agent_id: str) -> None:
    """Return if an agent can be called so.

    Raises:
        InvalidInputError: it cannot.
    """
    if _ID.fullmatch(agent_id) is None:
        raise InvalidInputError(
            f"{agent_id[:60]!r} cannot be an agent's name. Use small letters, digits and hyphens,"
            " beginning with a letter, 40 at the most; the file is called after it."
        )


def parse(agent_id: str, text: str, origin: Origin) -> Agent:
    """The agent that a definition describes.

    Raises:
        InvalidInputError: it is none; says where, why, and what to do.
    """
    check_id(agent_id)
    checked = check(text)
    wrong = next((problem for problem in checked.problems if problem.is_error), None)
    if wrong is not None or checked.file is None:
        line, message = (wrong.line, wrong.message) if wrong else (1, "It cannot be read.")
        raise InvalidInputError(f"{origin.place}:{line}: {message}")
    return _agent(agent_id, checked.file, checked.persona, origin)


def check(text: str, agents: frozenset[str] | None = None) -> Checked:
    """What a definition says, and all that is wrong with it, in the order of its lines.

    `agents`: the ids of those that it could call; None where nobody knows.
    """
    if len(text.encode("utf-8", "surrogatepass")) > FILE_BYTES_MAX:
        return _broken(1, f"A definition has at most {FILE_BYTES_MAX} bytes; shorten the persona.")
    try:
        parts = split(text)
        front = read(parts.head)
    except FrontMatterError as error:
        return _broken(error.line, str(error))
    persona = parts.body.strip("\n")
    problems = [*_hidden(text), *_persona_problems(persona, parts.body_line)]
    file: AgentFile | None = None
    try:
        file = AgentFile.model_validate(dict(front.values))
    except ValidationError as error:
        problems += [_problem(each, front) for each in error.errors(include_url=False)]
    else:
        problems += _rule_problems(file, front)
        problems += _tool_problems(file, front)
        problems += _call_problems(file, front, agents)
    problems.sort(key=lambda problem: problem.line)
    if any(problem.is_error for problem in problems):
        file = None
    return Checked(file, persona, tuple(problems[:PROBLEMS_MAX]))


def _broken(line: int, message: str) -> Checked:
    return Checked(None, "", (Problem(line, message),))


def _agent(agent_id: str, file: AgentFile, persona: str, origin: Origin) -> Agent:
    tools = _tools(file)
    needed: set[Capability] = {needs for tool in tools if (needs := needs_of(tool))}
    caps = file.caps
    return Agent(
        agent_id=agent_id,
        name=" ".join(file.name.split()),
        description=" ".join(file.description.split()),
        persona=persona.strip(),
        allowed_tools=tools,
        permission_scope=frozenset(needed if file.permissions is None else file.permissions),
        created_by=origin.created_by,
        team_scope=file.team,
        model_preference=file.model,
        rules=parse_rules(file.allow, file.ask, file.deny),
        caps=Caps(
            tokens=caps.tokens,
            cost_nano_usd=None if caps.cost_usd is None else NanoUsd(_nano(caps.cost_usd)),
            steps=caps.steps,
            wall_s=None if caps.minutes is None else float(caps.minutes * 60),
            output_chars=caps.output_chars,
        ),
        agents=tuple(dict.fromkeys(file.agents)),
        mode=file.mode,
        instructions=file.instructions,
        source=origin.source,
    )


def _tools(file: AgentFile) -> frozenset[str]:
    """The tools that it names; whoever was given agents can call them without naming the tool."""
    named = frozenset(file.tools)
    return named | frozenset((ASK_AGENT,)) if file.agents else named


def _nano(usd: Decimal) -> int:
    return int(usd * NANO_PER_USD)


def _written_rules(file: AgentFile) -> Iterator[tuple[Effect, int, str]]:
    effects: tuple[tuple[Effect, tuple[str, ...]], ...] = (
        ("allow", file.allow),
        ("ask", file.ask),
        ("deny", file.deny),
    )
    for effect, rules in effects:
        for index, written in enumerate(rules):
            yield effect, index, written


def _hidden(text: str) -> Iterator[Problem]:
    for number, line in enumerate(text.removeprefix("\ufeff").replace("\r\n", "\n").split("\n"), 1):
        found = "" if line.isascii() and line.isprintable() else next(filter(is_hidden, line), "")
        if found:
            yield Problem(
                number,
                f"There is a hidden character, U+{ord(found):04X}, that nobody sees and a model"
                " reads; leave it out.",
            )


def _persona_problems(persona: str, line: int) -> Iterator[Problem]:
    if not persona.strip():
        yield Problem(line, "The persona is missing: say below the front matter who the agent is.")
    elif len(persona) > PERSONA_CHARS_MAX:
        yield Problem(
            line, f"The persona has more than {PERSONA_CHARS_MAX} characters; shorten it."
        )
    else:
        # Counting loads a vocabulary, which nobody needs before there is something to count.
        from steward.context.tokens import count

        if (tokens := count(persona)) > PERSONA_TOKENS_MAX:
            yield Problem(
                line,
                f"The persona has {tokens} tokens, and each turn sends it again; at most"
                f" {PERSONA_TOKENS_MAX} are taken. Shorten it.",
            )


def _rule_problems(file: AgentFile, front: FrontMatter) -> Iterator[Problem]:
    if len(file.allow) + len(file.ask) + len(file.deny) > RULES_MAX:
        yield Problem(2, f"There may be {RULES_MAX} rules, and these are more; join some with `*`.")
    for effect, index, written in _written_rules(file):
        line = front.lines.get((effect, index), 1)
        try:
            rule = parse_rule(effect, written)
        except InvalidInputError as error:
            yield Problem(line, str(error))
            continue
        if "*" not in rule.tool and not is_given(rule.tool, _tools(file)):
            yield Problem(line, f"The agent does not have the tool `{rule.tool}`.", is_error=False)


def _tool_problems(file: AgentFile, front: FrontMatter) -> Iterator[Problem]:
    for index, tool in enumerate(file.tools):
        line = front.lines.get(("tools", index), 1)
        needs = needs_of(tool)
        if needs is None:
            yield Problem(
                line,
                f"There is no tool `{tool}` here, so the agent goes without it. There are:"
                f" {', '.join(TOOLS)}.",
                is_error=False,
            )
        elif file.permissions is not None and needs not in file.permissions:
            yield Problem(
                line,
                f"`{tool}` needs `{needs}`, which `permissions` does not grant: it will be"
                " denied each time.",
                is_error=False,
            )


def _call_problems(
    file: AgentFile, front: FrontMatter, agents: frozenset[str] | None
) -> Iterator[Problem]:
    if ASK_AGENT in file.tools and not file.agents:
        line = front.lines.get(("tools", file.tools.index(ASK_AGENT)), 1)
        message = f"`{ASK_AGENT}` is there only for an agent whose `agents` names some."
        yield Problem(line, message, is_error=False)
    for index, agent_id in enumerate(file.agents):
        if agents is not None and agent_id not in agents:
            yield Problem(
                front.lines.get(("agents", index), 1),
                f"There is no agent `{agent_id}` that this one could call, and without it this one"
                f" does not start. There are: {', '.join(sorted(agents))}.",
                is_error=False,
            )


_ADVICE: Mapping[str, str] = {
    "missing": "it is missing, and must be there",
    "string_type": "it must be text; put it in quotes",
    "tuple_type": "it must be a list, such as `[read_file, search]`",
    "bool_type": "it must be true or false",
    "int_type": "it must be a whole number",
}
_FIELDS: Mapping[Literal["", "caps"], str] = {
    "": ", ".join(AgentFile.model_fields),
    "caps": ", ".join(CapsFile.model_fields),
}


def _problem(error: ErrorDetails, front: FrontMatter) -> Problem:
    where = error["loc"]
    line = next(
        (
            front.lines[where[:length]]
            for length in range(len(where), -1, -1)
            if where[:length] in front.lines
        ),
        2,
    )
    name = ".".join(str(part) for part in where if isinstance(part, str))
    if error["type"] == "extra_forbidden":
        fields = _FIELDS["caps" if where[0] == "caps" else ""]
        return Problem(line, f"There is no field `{name[:60]}`; there are: {fields}.")
    advice = _ADVICE.get(error["type"], error["msg"][:1].lower() + error["msg"][1:])
    return Problem(line, f"`{name}`: {advice}.")
