"""A branch that nobody has made yet, and what it may be called."""

import json
from dataclasses import asdict, dataclass

from steward.core.errors import InvalidInputError
from steward.core.limits import BRANCH_NAME_CHARS_MAX

BRANCHES = "refs/heads/"


@dataclass(frozen=True, slots=True)
class PreparedBranch:
    """The whole of it: a name that does not exist yet, and the commit that it will name."""

    root: str
    ref: str
    """In full: `refs/heads/…`."""
    commit: str
    """The id of the commit, complete."""
    subject: str
    """The first line of that commit's message, for people."""

    @property
    def branch(self) -> str:
        """The branch's name as people write it."""
        return self.ref.removeprefix(BRANCHES)


@dataclass(frozen=True, slots=True)
class BranchProposal:
    """A branch to be made; it is not checked out, and no other branch moves."""

    id: str
    run_id: str
    title: str
    prepared: PreparedBranch

    def operands(self) -> dict[str, object]:
        """The ref, the exact commit, and that there is no such ref yet."""
        return {"proposal": self.id, "branch": asdict(self.prepared), "expected_old": None}

    def as_json(self) -> str:
        """For the proposal's row."""
        return json.dumps({"title": self.title, "prepared": asdict(self.prepared)})


def branch_from_json(proposal_id: str, run_id: str, text: str) -> BranchProposal:
    """The inverse of `BranchProposal.as_json`."""
    body = json.loads(text)
    return BranchProposal(proposal_id, run_id, body["title"], PreparedBranch(**body["prepared"]))


def check_branch_name(branch: str) -> None:
    """Raise unless this can be a branch's name, as far as the name alone can say.

    git's own rules come on top of it; these keep out what git or a reader takes for something else
    than it says.
    """
    shown = f"{branch[:BRANCH_NAME_CHARS_MAX]!a}"
    # A line break would be a second line to whatever reads refs a line at a time.
    is_plain = branch.isascii() and branch.isprintable() and not set(branch) & set(" ~^:?*[\\")
    if not branch or len(branch) > BRANCH_NAME_CHARS_MAX or not is_plain:
        raise InvalidInputError(f"{shown} is no branch name to git; use plain letters.")
    if branch.startswith(("-", "/", "refs/")) or branch.upper() == "HEAD" or "@{" in branch:
        raise InvalidInputError(f"{shown} means something else to git; choose another name.")
