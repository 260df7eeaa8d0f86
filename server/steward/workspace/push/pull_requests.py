"""Prepares pull requests and makes them: everything between the tool and the remote.

Each is checked against the remote itself, and never against what the repository remembers of it:
where its branches are when it is prepared is where they must be when it is made.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from pydantic import SecretStr

from steward.core.errors import (
    InvalidInputError,
    NotFoundError,
    NotPermittedError,
    StaleError,
    UnavailableError,
)
from steward.forge.forge import Forge
from steward.forge.pull_request import PullRequest
from steward.forge.remote import Destination
from steward.permissions.globs import is_branch_in, is_branch_near
from steward.workspace.git.branch import BRANCHES, check_branch_name
from steward.workspace.git.own_repository import check_is_own
from steward.workspace.git.process import GitProcess
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.pull_request import (
    PreparedPullRequest,
    Route,
    Tips,
    Words,
    check_words,
)
from steward.workspace.push.contents import PushContents
from steward.workspace.push.push import Pusher
from steward.workspace.push.secret_scan import Scan, refuse

KnownSecrets = Callable[[], Awaitable[tuple[str, ...]]]
"""Gives values that are secret whatever they look like, such as the providers' keys."""


@dataclass(frozen=True, slots=True)
class Asked:
    """The pull request that somebody asks for."""

    remote: str
    base: str
    head: str
    words: Words


@dataclass(frozen=True, slots=True)
class PullRequests:
    """The pull requests of one workspace's repository."""

    git: GitProcess
    oracle: IgnoreOracle
    forge: Forge
    known: KnownSecrets
    protected: tuple[str, ...]
    """Patterns of branches that are pushed to by nobody here."""

    async def prepare(self, asked: Asked) -> PreparedPullRequest:
        """Everything about a pull request, without sending anything.

        The remote is asked where its branches are, and learns nothing by it.

        Raises:
            NotPermittedError: a secret would leave, or the branch, its base or the remote is none
                that the settings let be used.
            NotFoundError: there is no such branch, base, remote or token.
            InvalidInputError: a name or the words are none, or there is nothing to open it for.
            LimitError: it is more than a person reads, or than is searched for secrets.
            UnavailableError: the remote cannot be asked.
        """
        check_words(asked.words)
        known = await self.known()
        token = await self.forge.token()
        return await asyncio.to_thread(self._prepared, asked, Scan.for_values(known), token)

    async def check(self, prepared: PreparedPullRequest) -> None:
        """Return if all is where it was when this was prepared.

        Raises:
            StaleError: the remote's URLs, its branches or the branch here are others now.
            UnavailableError: the remote cannot be asked.
        """
        token = await self.forge.token()
        await asyncio.to_thread(self._check, prepared, token)

    async def push(self, prepared: PreparedPullRequest) -> None:
        """Push the branch, and read back that it is there; one that is there is left alone.

        Raises:
            StaleError: it has moved at the remote; nothing was changed.
            UnavailableError: the remote cannot be reached, refuses, or has something else.
        """
        token = await self.forge.token()
        await asyncio.to_thread(self._push, prepared, token)

    async def open(self, prepared: PreparedPullRequest) -> PullRequest:
        """Open the pull request; one of these branches that is open is given instead.

        Raises:
            StewardError: the forge refuses, cannot be reached, or shows another commit.
        """
        return _same(prepared, await self.forge.open(prepared.wanted()))

    async def find(self, prepared: PreparedPullRequest) -> PullRequest | None:
        """The open pull request of these branches, if it shows the prepared commit."""
        found = await self.forge.find(prepared.wanted())
        return found if found is not None and found.commit == prepared.tips.commit else None

    async def is_pushed(self, prepared: PreparedPullRequest) -> bool:
        """Whether the remote, which must still be the same, has the prepared commit."""
        token = await self.forge.token()
        return await asyncio.to_thread(self._has, prepared, token)

    @property
    def _pusher(self) -> Pusher:
        return Pusher(self.git)

    def _prepared(self, asked: Asked, scan: Scan, token: SecretStr) -> PreparedPullRequest:
        self._check_names(asked)
        destination, route = self._route(asked)
        tips = self._tips(asked, destination, token)
        self._check_known(tips.base)
        contents = PushContents(self.git, self.oracle, tips.base, tips.commit)
        commits = contents.commits()
        self._check_only_adds(tips)
        words = asked.words
        refuse(
            [
                *scan.text("the title", words.title),
                *scan.text("the text", words.text),
                *scan.text("the branch's name", asked.head),
                *contents.findings(commits, scan),
            ]
        )
        return PreparedPullRequest(route, tips, words, commits, contents.files())

    def _check_names(self, asked: Asked) -> None:
        check_branch_name(asked.head)
        check_branch_name(asked.base)
        check_is_own(self.git)
        if asked.head == asked.base:
            raise InvalidInputError("A pull request's branch and its base must be two.")
        for pattern in self.protected:
            if is_branch_near(asked.head, pattern):
                raise NotPermittedError(
                    f"{asked.head!r} is protected ({pattern!r}), and nothing is pushed to such a"
                    " branch. Make another one."
                )
        if not any(is_branch_in(asked.base, pattern) for pattern in self.forge.settings.bases):
            raise NotPermittedError(
                f"{asked.base!r} is none of the branches that a pull request may be for (`bases` in"
                f" [forge]: {', '.join(self.forge.settings.bases)})."
            )
        for branch in (asked.head, asked.base):
            if self.git.attempt("check-ref-format", BRANCHES + branch).status != 0:
                raise InvalidInputError(f"{branch!a} is no branch name to git.")

    def _route(self, asked: Asked) -> tuple[Destination, Route]:
        url, push_url = self._pusher.urls(asked.remote)
        destination = self.forge.destination(push_url)
        if self.forge.destination(url).repository.lower() != destination.repository.lower():
            raise NotPermittedError(
                f"The remote {asked.remote!r} is pushed to another repository than it is fetched"
                " from, so its branches say nothing of each other. Correct its `pushurl`."
            )
        return destination, Route(
            root=str(self.git.root),
            remote=asked.remote,
            url=url,
            push_url=push_url,
            target=destination.url,
            protocol=destination.protocol,
            repository=destination.repository,
            api=self.forge.settings.api,
            base=asked.base,
            head=asked.head,
        )

    def _tips(self, asked: Asked, destination: Destination, token: SecretStr) -> Tips:
        commit = self._local(asked.head)
        there = self._pusher.tips(destination, token, asked.base, asked.head)
        base = there.get(asked.base)
        if base is None:
            raise NotFoundError(
                f"The remote {asked.remote!r} has no branch {asked.base!r} that a pull request"
                " could be for."
            )
        return Tips(commit, base, there.get(asked.head))

    def _local(self, branch: str) -> str:
        ref = f"{BRANCHES}{branch}^{{commit}}"
        found = self.git.attempt("rev-parse", "-q", "--verify", ref)
        if found.status != 0:
            raise NotFoundError(f"There is no branch {branch!r} here; make it and commit first.")
        return found.out.decode().strip()

    def _check_only_adds(self, tips: Tips) -> None:
        """Raise where the branch at the remote has something that would be lost."""
        if tips.head is None:
            return
        self._check_known(tips.head)
        if self.git.attempt("merge-base", "--is-ancestor", tips.head, tips.commit).status != 0:
            raise NotPermittedError(
                "The branch at the remote has commits that the one here lacks, and nothing is ever"
                " overwritten there. Take them up first, or use another branch."
            )

    def _check_known(self, commit: str) -> None:
        if self.git.attempt("cat-file", "-e", f"{commit}^{{commit}}").status != 0:
            raise InvalidInputError(
                f"The remote has the commit {commit[:12]}, which is not here yet, so nobody can say"
                " what would be sent. The person must run `git fetch` first."
            )

    def _check(self, prepared: PreparedPullRequest, token: SecretStr) -> None:
        destination = self._same_route(prepared)
        route, tips = prepared.route, prepared.tips
        if self._local(route.head) != tips.commit:
            raise _stale(f"the branch {route.head!r} here is at another commit")
        there = self._pusher.tips(destination, token, route.base, route.head)
        if there.get(route.base) != tips.base:
            raise _stale(f"the branch {route.base!r} of the remote is at another commit")
        if there.get(route.head) != tips.head:
            raise _stale(f"the branch {route.head!r} of the remote is at another commit")

    def _same_route(self, prepared: PreparedPullRequest) -> Destination:
        """Where the remote leads, if all of its way is the one that was approved."""
        route = prepared.route
        check_is_own(self.git)
        now = Asked(route.remote, route.base, route.head, prepared.words)
        destination, found = self._route(now)
        if found != route:
            raise _stale(f"the remote {route.remote!r} leads elsewhere, or the forge is another")
        return destination

    def _push(self, prepared: PreparedPullRequest, token: SecretStr) -> None:
        destination = self._same_route(prepared)
        head = prepared.route.head
        if not prepared.is_pushed:
            self._pusher.push(destination, token, prepared)
        there = self._pusher.tips(destination, token, head).get(head)
        if there != prepared.tips.commit:
            raise UnavailableError(
                f"After the push the remote's branch {head!r} is not at the commit that was sent"
                f" but at {there[:12] if there else 'none'}; look at it."
            )

    def _has(self, prepared: PreparedPullRequest, token: SecretStr) -> bool:
        destination, head = self._same_route(prepared), prepared.route.head
        return self._pusher.tips(destination, token, head).get(head) == prepared.tips.commit


def _same(prepared: PreparedPullRequest, found: PullRequest) -> PullRequest:
    """The pull request, if it shows what was approved.

    One that was open before may show for a moment where the branch was.
    """
    if found.commit not in (prepared.tips.commit, prepared.tips.head):
        raise UnavailableError(
            f"The pull request {found.named()} shows the commit {found.commit[:12]} and not"
            f" {prepared.tips.commit[:12]}, which was pushed; look at it."
        )
    return found


def _stale(what: str) -> StaleError:
    return StaleError(
        f"Nothing was sent: {what} than when this pull request was prepared. Look at it again and"
        " propose it anew."
    )
