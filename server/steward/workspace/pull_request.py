"""A pull request that nobody has opened yet, with the branch that would be pushed for it."""

import json
from dataclasses import asdict, dataclass
from typing import Any

from steward.core.agent_limits import (
    PULL_REQUEST_TEXT_CHARS_MAX,
    PULL_REQUEST_TITLE_CHARS_MAX,
)
from steward.core.errors import InvalidInputError
from steward.forge.pull_request import Wanted
from steward.workspace.git.branch import BRANCHES
from steward.workspace.reveal import is_hidden


@dataclass(frozen=True, slots=True)
class SentCommit:
    """One commit that a pull request would show."""

    id: str
    author: str
    subject: str


@dataclass(frozen=True, slots=True)
class SentFile:
    """One file that a pull request would change."""

    path: str
    added: int
    removed: int


@dataclass(frozen=True, slots=True)
class Words:
    """What a pull request says."""

    title: str
    text: str
    is_draft: bool


@dataclass(frozen=True, slots=True)
class Route:
    """From where to where: what is configured, and what it comes to."""

    root: str
    remote: str
    url: str
    """Of the remote, as it is configured."""
    push_url: str
    """The same as `url` where the remote has no other."""
    target: str
    """What git is given, exactly."""
    protocol: str
    repository: str
    """Its owner and name at the forge."""
    api: str
    """The forge's."""
    base: str
    head: str


@dataclass(frozen=True, slots=True)
class Tips:
    """Where the branches are."""

    commit: str
    """The head, here."""
    base: str
    """The base, at the remote."""
    head: str | None
    """The head, at the remote; None where it is new there."""


@dataclass(frozen=True, slots=True)
class PreparedPullRequest:
    """The whole of it: approving the pull request is approving all of these."""

    route: Route
    tips: Tips
    words: Words
    commits: tuple[SentCommit, ...]
    """Newest first."""
    files: tuple[SentFile, ...]

    @property
    def is_pushed(self) -> bool:
        """Whether the remote has the branch already as it would be sent."""
        return self.tips.head == self.tips.commit

    def wanted(self) -> Wanted:
        """The same, as the forge is asked for it."""
        route, words = self.route, self.words
        return Wanted(
            route.repository, route.base, route.head, words.title, words.text, words.is_draft
        )

    def push_words(self) -> tuple[str, ...]:
        """What git is told, exactly: this commit to this branch, if it is still where it was."""
        ref = f"{BRANCHES}{self.route.head}"
        return (
            *("push", "--porcelain", "--no-verify", "--no-signed", "--no-follow-tags"),
            *("--recurse-submodules=no", f"--force-with-lease={ref}:{self.tips.head or ''}"),
            *("--", self.route.target, f"{self.tips.commit}:{ref}"),
        )


@dataclass(frozen=True, slots=True)
class PullRequestProposal:
    """A push and a pull request, prepared and not yet made."""

    id: str
    run_id: str
    title: str
    prepared: PreparedPullRequest

    def operands(self) -> dict[str, object]:
        """All of it: route, commits, what is expected at the remote, title and text."""
        return {"proposal": self.id, "pull_request": asdict(self.prepared)}

    def as_json(self) -> str:
        """For the proposal's row."""
        return json.dumps({"title": self.title, "prepared": asdict(self.prepared)})


def pull_request_from_json(proposal_id: str, run_id: str, text: str) -> PullRequestProposal:
    """The inverse of `PullRequestProposal.as_json`."""
    body: dict[str, Any] = json.loads(text)
    kept = body["prepared"]
    prepared = PreparedPullRequest(
        Route(**kept["route"]),
        Tips(**kept["tips"]),
        Words(**kept["words"]),
        tuple(SentCommit(**each) for each in kept["commits"]),
        tuple(SentFile(**each) for each in kept["files"]),
    )
    return PullRequestProposal(proposal_id, run_id, body["title"], prepared)


def check_words(words: Words) -> None:
    """Raise unless the title is one line that can be seen, and both are of a size we send."""
    title, text = words.title, words.text
    if not title.strip() or len(title) > PULL_REQUEST_TITLE_CHARS_MAX:
        raise InvalidInputError(
            f"A pull request's title must have 1 to {PULL_REQUEST_TITLE_CHARS_MAX} characters."
        )
    hidden = next((each for each in title if is_hidden(each) or each in "\t\n"), None)
    if hidden is not None:
        raise InvalidInputError(
            f"The title holds {hidden!a}, which cannot be seen there; leave it out."
        )
    if len(text) > PULL_REQUEST_TEXT_CHARS_MAX:
        raise InvalidInputError(
            f"A pull request's text may have {PULL_REQUEST_TEXT_CHARS_MAX} characters; shorten it."
        )
