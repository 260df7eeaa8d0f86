"""What an operator may choose about the jail."""

from pydantic import ConfigDict

from steward.core.described import Described
from steward.sandbox.level import LEVELS, Level


class SandboxSettings(Described):
    """The `[sandbox]` section."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    levels: tuple[Level, ...] = LEVELS
    """The ways of confining a command that may be used: `cgroup`, `namespaces`, `landlock`. The
    best of them that works here is taken; where none does, or none is listed, no command runs."""
