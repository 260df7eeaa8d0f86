"""What an operator may choose about questions, rules and branches."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from steward.core.agent_limits import BRANCH_PATTERNS_MAX, RULE_CHARS_MAX
from steward.core.described import Described
from steward.core.errors import InvalidInputError
from steward.permissions.decide import PROTECTED_BRANCHES
from steward.permissions.policy import Policy
from steward.permissions.policy_place import DEFAULT_PLACE
from steward.permissions.rules import Rule, parse_rules

_Written = Annotated[str, Field(min_length=1, max_length=RULE_CHARS_MAX)]


def _branch(pattern: str) -> str:
    if pattern != pattern.strip() or not pattern.isprintable():
        raise ValueError("a pattern for branches is a name such as `main` or `release/*`")
    return pattern


def _absolute(file: Path) -> Path:
    if not file.is_absolute():
        raise ValueError("it must be an absolute path")
    return file


class RulesSettings(Described):
    """The `[permissions.rules]` section: what agents' tools may do here, whoever wrote the agent.

    A rule is a tool's name, or one with a subject: `edit_file(src/**)`, `run_command(ls *)`,
    `commit(release/*)`. Without one it is about all that the tool does; only programs that run what
    their words say (`sh -c`, `env`, `xargs`) are allowed by nothing but a rule with all their
    words. Deny counts over ask, and ask over allow. An allow spares a question and
    gives no agent what it was not given otherwise.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    allow: tuple[_Written, ...] = ()
    """What is done without asking whether it may be. `run_command` alone leaves programs that run
    others, and lines that nobody can take apart, to be asked about. The exact bytes of a change are
    shown and asked about all the same."""
    ask: tuple[_Written, ...] = ()
    """What is asked about each time, or once for the rest of a run."""
    deny: tuple[_Written, ...] = ()
    """What no agent does."""

    def parsed(self) -> tuple[Rule, ...]:
        """The rules of all three lists."""
        return parse_rules(self.allow, self.ask, self.deny)

    @model_validator(mode="after")
    def _check(self) -> "RulesSettings":
        try:
            self.parsed()
        except InvalidInputError as error:
            raise ValueError(str(error)) from error
        return self


class PermissionsSettings(Described):
    """The `[permissions]` section."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    answer_within: timedelta = Field(default=timedelta(hours=8), gt=timedelta(seconds=0))
    """How long a question stays open, and a yes for the rest of a run counts. Afterwards the
    answer is no, and the run says so."""
    protected_branches: tuple[Annotated[_Written, AfterValidator(_branch)], ...] = Field(
        default=PROTECTED_BRANCHES, max_length=BRANCH_PATTERNS_MAX
    )
    """Branches that only maintainers, admins and owners let an agent move; `*` stands for any part
    of a name."""
    rules: RulesSettings = RulesSettings()
    """What agents' tools may do, such as `edit_file(src/**)` or `run_command(ls *)`; deny
    counts over ask, and ask over allow."""

    policy_file: Annotated[Path, AfterValidator(_absolute)] = DEFAULT_PLACE
    """The administrator's policy, which says what agents may do where nobody is there to be asked.
    Every folder on the way to it belongs to root or the administrator, and it is in no workspace.
    Short: `STEWARD_POLICY_FILE`."""
    policy_owner: str = Field(default="", max_length=100)
    """Who beside root may own that file, by their name at the operating system."""

    def policy(self) -> Policy:
        """What holds for every agent."""
        return Policy(self.rules.parsed(), self.protected_branches)
