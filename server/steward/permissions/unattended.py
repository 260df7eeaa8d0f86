"""Questions of a run with nobody to ask: answered at once, by a policy or with no.

The policy is an administrator's (`steward.permissions.policy_place`). It speaks for a person where
its rules cover all that is asked, letter for letter, and nowhere else: what is no reading in the
words of rules, what a person would have to look at each time, files that steer other programs and
protected branches stay a no. An agent, a tool or a model has no way to answer: all that it has a
say in is what is asked.
"""

from dataclasses import dataclass, field
from functools import partial

from sqlmodel import Session

from steward.core.events import QuestionChanged
from steward.core.principal import Principal
from steward.permissions.act import Act
from steward.permissions.approvals import Approvals
from steward.permissions.control_files import is_control_path
from steward.permissions.globs import is_branch_near, is_glob_in, is_name_in, is_path_in
from steward.permissions.policy_file import PolicyRule, StandingPolicy
from steward.permissions.question import POLICY, Question
from steward.permissions.rules import Rule, is_covered, stopped_by
from steward.permissions.tables import ApprovalRow


@dataclass(frozen=True, slots=True)
class Acting:
    """The run that is answered for."""

    agent_id: str
    is_of_folder: bool
    """Whether the folder that it works in brought the agent along, or one that it may call."""
    run_id: str | None = None
    """None for whichever this process begins: then it takes up no other."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """An answer, and what it was given by."""

    is_approved: bool
    by: str


@dataclass(slots=True)
class Deputy:
    """What is answered instead of a person, in one folder."""

    policy: StandingPolicy | None
    workspace: str
    """Canonical."""
    protected_branches: tuple[str, ...]
    acting: Acting | None = None
    """None as long as nobody acts; until then everything is a no."""

    def verdict(self, question: Question) -> Verdict:
        """What the policy says; no where it says nothing."""
        if self.policy is None:
            return Verdict(is_approved=False, by="no policy, and nobody to ask")
        policy = f"policy sha256:{self.policy.digest}"
        for rule in self._rules():
            if self._covers(rule, question):
                return Verdict(is_approved=True, by=f"{policy} rule {rule.name!r}")
        return Verdict(is_approved=False, by=policy)

    def trusts(self, folder: str) -> bool:
        """Whether the policy trusts a folder, whoever acts in it."""
        if self.policy is None or folder != self.workspace:
            return False
        return any(rule.trust and self._is_here(rule) for rule in self.policy.written.rules)

    def _rules(self) -> list[PolicyRule]:
        acting = self.acting
        if acting is None or self.policy is None:
            return []
        return [
            rule
            for rule in self.policy.written.rules
            if self._is_here(rule)
            and any(is_name_in(acting.agent_id, name) for name in rule.agents)
            and (rule.from_folder or not acting.is_of_folder)
        ]

    def _is_here(self, rule: PolicyRule) -> bool:
        return any(is_path_in(self.workspace.lstrip("/"), glob) for glob in rule.workspaces)

    def _covers(self, rule: PolicyRule, question: Question) -> bool:
        acts, allowing = question.acts, rule.allowing(question.kind)
        if not acts or any(self._is_kept_for_people(act) for act in acts):
            return False
        # What one rule denies, no other one allows.
        denying = [each for one in self._rules() for each in one.denying()]
        if any(stopped_by(denying, "deny", act) for act in acts):
            return False
        covers = _plans if question.kind == "plan" else is_covered
        return all(covers(allowing, act) for act in acts)

    def _is_kept_for_people(self, act: Act) -> bool:
        return (
            act.is_reaching_out
            or any(is_control_path(path.split("/")) for path in act.paths)
            or (
                act.branch != ""
                and any(is_branch_near(act.branch, pattern) for pattern in self.protected_branches)
            )
        )


@dataclass(frozen=True, slots=True)
class UnattendedApprovals(Approvals):
    """The same door, with a deputy where otherwise a person would be shown the question."""

    deputy: Deputy = field(kw_only=True)

    async def open(self, principal: Principal, question: Question) -> str:
        """Write the question's row and answer it, unless it is of another process's run."""
        approval_id = await Approvals.open(self, principal, question)
        acting = self.deputy.acting
        if acting is None or acting.run_id in (None, question.run_id):
            verdict = self.deputy.verdict(question)
            await self.database.run(partial(self._decide, approval_id, verdict))
            self.events.send(QuestionChanged(principal.workspace))
        return approval_id

    def _decide(self, approval_id: str, verdict: Verdict, session: Session) -> None:
        row = session.get_one(ApprovalRow, approval_id)
        # Whoever had it on a screen may have been quicker.
        if row.state == "pending" and not self._refuse_if_not_ours(session, row):
            state = "approved" if verdict.is_approved else "rejected"
            self._end(session, row, state, by=verdict.by, channel=POLICY)


def _plans(rules: tuple[Rule, ...], act: Act) -> bool:
    """Whether the rules cover a step of a plan, whose paths are globs."""
    subjects = [rule.subject for rule in rules if is_name_in(act.tool, rule.tool)]
    if "" in subjects:
        return True
    return bool(act.paths) and all(
        any(is_glob_in(path, subject) for subject in subjects) for path in act.paths
    )
