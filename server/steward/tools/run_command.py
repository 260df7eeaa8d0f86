"""Run a command, jailed."""

import re
from dataclasses import dataclass
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from steward.core.agent_limits import COMMAND_LINE_BYTES_MAX, COMMAND_WORDS_MAX
from steward.core.errors import InvalidInputError, LimitError
from steward.core.limits import COMMAND_WALL_S_MAX
from steward.permissions.decide import Act
from steward.sandbox.launcher import Command, Launcher
from steward.tools.command import jailed
from steward.tools.command.jailed import Wish, spelled
from steward.tools.command.line import parse
from steward.tools.command.wrappers import is_opaque
from steward.tools.tool import Call, Output, Request
from steward.workspace.markdown import one_line

_TITLE_CHARS_MAX = 80
_NAME = re.compile(r"[^\s'\"`;|&<>()$]+")
"""What could be a name in a line that nobody can take apart."""

Word = Annotated[str, Field(max_length=COMMAND_LINE_BYTES_MAX)]


class RunCommandArguments(BaseModel):
    """What runs, and where. Either `command` or `argv`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    command: str = Field(default="", max_length=COMMAND_LINE_BYTES_MAX)
    """A line for /bin/sh. Plain words, quotes and `&&`, `||`, `;`, `|` are judged command by
    command; with anything else (variables, redirection, globs) the person is always asked."""
    argv: list[Word] = Field(default=[], max_length=COMMAND_WORDS_MAX)
    """A program and its arguments, without a shell."""
    folder: str = Field(default=".", max_length=4096)
    """Where it runs, relative to the workspace."""
    writes: Literal["nothing", "copy"] = "nothing"
    """`nothing`: it sees the workspace read-only. `copy`: it works on a copy, and what it changes
    there is proposed to the person."""
    timeout_s: float = Field(default=60.0, gt=0, le=COMMAND_WALL_S_MAX, allow_inf_nan=False)

    @model_validator(mode="after")
    def _is_one_command(self) -> Self:
        if bool(self.command.strip()) == bool(self.argv):
            raise ValueError("give either `command` or `argv`, and not both")
        return self


@dataclass(frozen=True, slots=True)
class RunCommand:
    """A command in the jail, with unsaved documents as the person sees them."""

    launcher: Launcher
    name: str = "run_command"
    description: str = (
        "Run a command in a jail: no network, a time limit, the workspace read-only or a copy of"
        " it. The person is asked unless a rule of theirs covers it."
    )
    arguments: type[RunCommandArguments] = RunCommandArguments

    def act(self, arguments: RunCommandArguments, call: Call) -> Act:
        """Running these commands."""
        call.workspace.resolve(arguments.folder)
        parts = _parts(arguments)
        if parts is None:
            return Act(self.name, "command.run", commands=None, is_contained=True)
        root = str(call.workspace.root)
        opaque = frozenset(spelled(words) for words in parts if is_opaque(words, root))
        commands = tuple(map(spelled, parts))
        return Act(self.name, "command.run", commands=commands, opaque=opaque, is_contained=True)

    async def request(self, arguments: RunCommandArguments, call: Call) -> Request:
        """Shows the exact command, the folder, what it sees and what the jail gives."""
        wish = wish_of(arguments, call)
        title = f"Run {one_line(wish.shown)[:_TITLE_CHARS_MAX]}"
        return await jailed.question(wish, self.launcher, call, title)

    async def run(self, arguments: RunCommandArguments, call: Call) -> Output:
        """Exit code and output; in a copy also what it changed, as a proposal."""
        return await jailed.run(wish_of(arguments, call), self.launcher, call)


def wish_of(arguments: RunCommandArguments, call: Call) -> Wish:
    """The command as the arguments name it."""
    root = call.workspace.root
    parts = _parts(arguments)
    line = arguments.command
    argv = tuple(arguments.argv) or ("/bin/sh", "-c", line)
    command = Command(
        argv,
        call.workspace.resolve(arguments.folder).under(root),
        root,
        wall_s=arguments.timeout_s,
        writes=arguments.writes,
    )
    words = _NAME.findall(line) if parts is None else [word for part in parts for word in part]
    shown = line or spelled(argv)
    told = None if parts is None else tuple(map(spelled, parts))
    return Wish(command, tuple(_names(words)), shown, told)


def _parts(arguments: RunCommandArguments) -> tuple[tuple[str, ...], ...] | None:
    """The words of each simple command that would run; None where nobody can tell."""
    if not arguments.argv:
        parts = parse(arguments.command)
        return None if parts is None else tuple(part.words for part in parts)
    if not arguments.argv[0] or any("\0" in word for word in arguments.argv):
        raise InvalidInputError("`argv` must begin with a program and hold no NUL character.")
    size = len(spelled(arguments.argv).encode("utf-8", "surrogatepass"))
    if size > COMMAND_LINE_BYTES_MAX:
        raise LimitError(f"The command has {size} bytes, and {COMMAND_LINE_BYTES_MAX} are taken.")
    return (tuple(arguments.argv),)


def _names(words: list[str]) -> list[str]:
    """The words, and what stands in them where names of files usually do."""
    found = list(words)
    for word in words:
        found += [word.partition("::")[0], word.partition("=")[2], word[2:], word.lstrip("@")]
    return [name for name in dict.fromkeys(found) if name]
