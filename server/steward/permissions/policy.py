"""What the operator's settings say about tools, in every workspace of this installation."""

from dataclasses import dataclass, replace

from steward.permissions.decide import PROTECTED_BRANCHES, Authority
from steward.permissions.rules import Rule


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules and protected branches. A workspace cannot change them."""

    rules: tuple[Rule, ...] = ()
    protected_branches: tuple[str, ...] = PROTECTED_BRANCHES

    def over(self, authority: Authority, grants: tuple[Rule, ...]) -> Authority:
        """The authority under this policy, with what was granted for the rest of the run.

        So are the authorities above it: a policy holds for whoever called, too.
        """
        return replace(
            authority,
            policy_rules=self.rules,
            protected_branches=self.protected_branches,
            grants=grants,
            above=tuple(self.over(each, grants) for each in authority.above),
        )


NO_POLICY = Policy()
"""Where the operator said nothing."""
