"""What an administrator allows where nobody is there to be asked: the shape of the policy file.

It is written in TOML, belongs to the administrator and never to a repository; see
`steward.permissions.policy_place` for which file is believed.
"""

import hashlib
import tomllib
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, ValidationError, model_validator

from steward.core.agent_limits import POLICY_RULES_MAX, RULE_CHARS_MAX, RULES_MAX
from steward.core.described import Described
from steward.core.errors import InvalidInputError
from steward.core.limits import PATH_CHARS_MAX
from steward.core.money import NANO_PER_USD
from steward.permissions.rules import Rule, parse_rules

_SHAPE = ConfigDict(frozen=True, extra="forbid")
_Written = Annotated[str, Field(min_length=1, max_length=RULE_CHARS_MAX)]
_Rules = Annotated[tuple[_Written, ...], Field(max_length=RULES_MAX)]


def _folder(glob: str) -> str:
    if not glob.startswith("/") or not glob.isprintable() or ".." in glob.split("/"):
        raise ValueError("a workspace is an absolute path, such as `/srv/ci/**`")
    return glob


def _named(name: str) -> str:
    if not name.isprintable() or name != name.strip():
        raise ValueError("a name is a few printable characters")
    return name


class PolicyCaps(Described):
    """How much a run may take at most that nobody watches, beside all other limits."""

    model_config = _SHAPE

    cost_usd: float | None = Field(default=None, gt=0, le=1_000_000, allow_inf_nan=False)
    """US dollars."""
    tokens: int | None = Field(default=None, gt=0, le=10**9)
    """Tokens in and out, of all its model calls."""
    steps: int | None = Field(default=None, gt=0, le=10**6)
    """How often it may ask its model."""
    minutes: float | None = Field(default=None, gt=0, le=10**6, allow_inf_nan=False)
    """Minutes at work."""

    @property
    def cost_nano_usd(self) -> int | None:
        """`cost_usd` in nano-dollars."""
        return None if self.cost_usd is None else int(Decimal(str(self.cost_usd)) * NANO_PER_USD)


class PolicyRule(Described):
    """What some agents may do in some workspaces without a person; what it leaves out they don't.

    `plans`, `commands`, `edits` and `commits` hold rules as the settings have them: a tool's name,
    or one with a subject. A question is answered with yes only where the rules of one `[[rules]]`
    cover all of it.
    """

    model_config = _SHAPE

    name: Annotated[str, Field(min_length=1, max_length=60), AfterValidator(_named)]
    """What each approval says it was given by."""
    agents: tuple[Annotated[str, Field(min_length=1, max_length=100)], ...] = Field(
        min_length=1, max_length=RULES_MAX
    )
    """The ids of the agents that it is about; `*` stands for any part of one."""
    workspaces: tuple[
        Annotated[str, Field(max_length=PATH_CHARS_MAX), AfterValidator(_folder)], ...
    ] = Field(min_length=1, max_length=RULES_MAX)
    """The folders that it is about, as absolute paths without links; `*` and `**` as in rules."""
    from_folder: bool = False
    """Whether it is also about agents that the folder itself brings along, or that call such."""
    trust: bool = False
    """Whether these folders are trusted, so that commands run and their own agents are there."""
    plans: _Rules = ()
    """Tools, and files for them, of which every step of a plan must be: `read_file`,
    `edit_file(src/**)`."""
    commands: _Rules = ()
    """Calls that are asked about: `run_tests`, `run_command(ruff check *)`."""
    edits: _Rules = ()
    """What may become of which files: `edit(src/**)`, `create(docs/*.md)`, `rename(…)`,
    `delete(…)`."""
    commits: _Rules = ()
    """Branches: `commit(ci/*)`, `create_branch(ci/*)`. Never a protected one."""
    deny: _Rules = ()
    """What of all this is never answered with yes, read as wide as its words can be."""

    def allowing(self, kind: str) -> tuple[Rule, ...]:
        """The rules for questions of a kind; none for one that nobody writes rules for."""
        written = {
            "plan": self.plans,
            "command": self.commands,
            "edit": self.edits,
            "commit": self.commits,
        }
        return parse_rules(allow=written.get(kind, ()))

    def denying(self) -> tuple[Rule, ...]:
        """What is never answered with yes."""
        return parse_rules(deny=self.deny)

    @model_validator(mode="after")
    def _check(self) -> "PolicyRule":
        try:
            for kind in ("plan", "command", "edit", "commit"):
                self.allowing(kind)
            self.denying()
        except InvalidInputError as error:
            raise ValueError(str(error)) from error
        return self


class PolicyFile(Described):
    """The whole policy file."""

    model_config = _SHAPE

    version: Literal[1]
    """The version of this format."""
    caps: PolicyCaps = PolicyCaps()
    """How much each run may take that nobody watches."""
    rules: tuple[PolicyRule, ...] = Field(default=(), max_length=POLICY_RULES_MAX)
    """What is answered with yes; everything else is a no."""


@dataclass(frozen=True, slots=True)
class StandingPolicy:
    """A policy that is in force."""

    written: PolicyFile
    digest: str
    """SHA-256 of the file."""


def parse_policy(content: bytes) -> StandingPolicy:
    """The policy that a file holds.

    Raises:
        InvalidInputError: it holds none; then nothing of it counts.
    """
    try:
        tree = tomllib.loads(content.decode("utf-8"))
        written = PolicyFile.model_validate(tree)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "the file"
        raise InvalidInputError(
            f"it is no policy: {where}: {first['msg'].removeprefix('Value error, ')}"
        ) from error
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"it is no TOML: {error}") from error
    return StandingPolicy(written, hashlib.sha256(content).hexdigest())
