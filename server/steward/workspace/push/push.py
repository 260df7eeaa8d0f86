"""git and a remote: what it has, and one commit pushed to one branch of it.

Nothing of the repository's configuration is in force: git works in a repository apart that is made
for one call and borrows the objects of this one. So no hook, helper, alias, proxy, filter, rule
that rewrites URLs or command for SSH of anybody's can run, and a remote is never named: git is
given the one URL that was approved. All of this blocks: call it on a thread.
"""

import base64
import re
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from steward.core.agent_limits import REMOTE_NAME_CHARS_MAX
from steward.core.errors import (
    InvalidInputError,
    NotFoundError,
    NotPermittedError,
    StaleError,
    UnavailableError,
)
from steward.core.redact import redact
from steward.forge.remote import Destination
from steward.workspace.git.branch import BRANCHES
from steward.workspace.git.process import Answer, GitProcess
from steward.workspace.markdown import one_line
from steward.workspace.pull_request import PreparedPullRequest

_REMOTE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_LISTED = re.compile(r"(?P<id>[0-9a-f]{40}|[0-9a-f]{64})\t(?P<ref>refs/heads/\S+)")
_USER = "x-access-token"
"""The name that goes with a token; GitHub takes any, and others want this one."""
_SAID_CHARS_MAX = 500
_STALE = re.compile(r"\((?:stale info|fetch first|non-fast-forward|already exists)\)")
_OVERRIDES = (
    "http.followRedirects=false",
    "http.sslVerify=true",
    "http.proxy=",
    "push.gpgSign=false",
    "push.followTags=false",
    # Then nothing is said of the branches that are looked for: the remote lists all it has.
    "protocol.version=0",
)


@dataclass(frozen=True, slots=True)
class Pusher:
    """Reaches the remotes of one repository."""

    git: GitProcess

    def urls(self, remote: str) -> tuple[str, str]:
        """A remote's URL and the one for pushing, as they are configured.

        Raises:
            InvalidInputError: this is no name of a remote.
            NotFoundError: there is no such remote.
            NotPermittedError: it has several, so a push would go to several places.
        """
        if len(remote) > REMOTE_NAME_CHARS_MAX or _REMOTE.fullmatch(remote) is None:
            raise InvalidInputError(
                f"{remote[:REMOTE_NAME_CHARS_MAX]!a} is no name of a remote; give one like"
                " 'origin'."
            )
        url = self._configured(remote, "url")
        if url is None:
            raise NotFoundError(
                f"There is no remote {remote!r}; the person adds one with `git remote add`."
            )
        return url, self._configured(remote, "pushurl") or url

    def tips(
        self, destination: Destination, token: SecretStr | None, *branches: str
    ) -> dict[str, str]:
        """Branch → its commit at the remote, for those of these that it has.

        Raises:
            UnavailableError: it cannot be asked, or refuses.
        """
        refs = [f"{BRANCHES}{branch}" for branch in branches]
        words = ("ls-remote", "--heads", "--", destination.url, *refs)
        answer = self._reach(destination, token, *words)
        if answer.status != 0 or answer.is_cut:
            raise _failed("The remote cannot be asked what it has", answer, token)
        found = map(_LISTED.fullmatch, answer.out.decode(errors="replace").splitlines())
        listed = {each["ref"]: each["id"] for each in found if each is not None}
        return {ref.removeprefix(BRANCHES): listed[ref] for ref in refs if ref in listed}

    def push(
        self, destination: Destination, token: SecretStr | None, prepared: PreparedPullRequest
    ) -> None:
        """Send exactly the prepared commit to exactly its branch, if that is where it was.

        Raises:
            StaleError: the branch at the remote has moved; nothing was changed.
            UnavailableError: the remote cannot be reached, or refuses.
        """
        answer = self._reach(destination, token, *prepared.push_words())
        if answer.status == 0:
            return
        if _STALE.search(answer.error):
            raise StaleError(
                f"The branch {prepared.route.head!r} of the remote has moved since this was"
                " prepared, so nothing was pushed; look at it again."
            )
        raise _failed("The remote did not take the branch", answer, token)

    def _reach(self, destination: Destination, token: SecretStr | None, *words: str) -> Answer:
        with self._apart() as (folder, env):
            allowed = {"GIT_ALLOW_PROTOCOL": destination.protocol}
            signed = _signed(destination, token)
            options = [word for override in _OVERRIDES for word in ("-c", override)]
            return self.git.reach(folder, *options, *words, env={**env, **allowed, **signed})

    def _configured(self, remote: str, name: str) -> str | None:
        answer = self.git.attempt("config", "-z", "--get-all", f"remote.{remote}.{name}")
        if answer.status != 0:
            return None
        found = answer.out.decode(errors="backslashreplace").split("\0")[:-1]
        if len(found) > 1:
            raise NotPermittedError(
                f"The remote {remote!r} has {len(found)} URLs, so a push would go to several"
                " places. Leave it one (`git remote set-url`)."
            )
        return found[0] if found and found[0] else None

    @contextmanager
    def _apart(self) -> Generator[tuple[Path, dict[str, str]]]:
        """A repository that has this one's objects and nothing else of it."""
        asked = ("rev-parse", "--path-format=absolute", "--show-object-format")
        shown = self.git.run(*asked, "--git-path", "objects", "--git-path", "shallow")
        kind, objects, shallow = shown.decode(errors="surrogateescape").splitlines()[:3]
        with tempfile.TemporaryDirectory(prefix="steward-push-") as made:
            folder = Path(made)
            for name in ("objects", "refs"):
                (folder / name).mkdir()
            (folder / "HEAD").write_text("ref: refs/heads/none\n")
            extension = f"[extensions]\n\tobjectFormat = {kind}\n" if kind != "sha1" else ""
            version = 1 if extension else 0
            core = f"[core]\n\trepositoryformatversion = {version}\n\tbare = true\n"
            (folder / "config").write_text(core + extension)
            if Path(shallow).is_file():
                (folder / "shallow").write_bytes(Path(shallow).read_bytes())
            yield folder, {"GIT_OBJECT_DIRECTORY": objects}


def _signed(destination: Destination, token: SecretStr | None) -> Mapping[str, str]:
    """The token for requests to exactly this URL, as variables: nobody else can read them."""
    if token is None or not destination.takes_token:
        return {}
    pair = f"{_USER}:{token.get_secret_value()}".encode()
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"http.{destination.url}.extraHeader",
        "GIT_CONFIG_VALUE_0": f"Authorization: Basic {base64.b64encode(pair).decode('ascii')}",
    }


def _failed(what: str, answer: Answer, token: SecretStr | None) -> UnavailableError:
    """What a remote said is shown in part, and without what is secret."""
    said = answer.error
    if token is not None:
        said = said.replace(token.get_secret_value(), "…")
    shown = one_line(redact(said))[:_SAID_CHARS_MAX]
    return UnavailableError(f"{what} (git left with {answer.status}): {shown}")
