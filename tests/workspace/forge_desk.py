"""A workspace whose branch is ready for a pull request, the forge it belongs to, and the door."""

from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import SecretStr

from steward.forge.forge import Forge
from steward.forge.http import ForgeHttp
from steward.forge.settings import ForgeSettings
from steward.permissions.decide import PROTECTED_BRANCHES
from steward.permissions.question import OpenQuestion
from steward.workspace.git.git import Git
from steward.workspace.git.process import GitProcess
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.land import Landed, Lander
from steward.workspace.pull_request import PreparedPullRequest, PullRequestProposal, Words
from steward.workspace.push.pull_requests import Asked, PullRequests
from tests.environment import git
from tests.forge_server import TOKEN, ForgeServer, serving
from tests.rooms import Rooms, Said, answering, open_rooms, yes

BRANCH = "steward/fix"
KNOWN = "kestrel-" + "93b1f0aa71"
"""A value that is secret here and looks like nothing in particular."""
WORDS = Words("Count from one", "It counted from nought.\n\nNow it does not.", is_draft=False)


@dataclass
class Desk:
    """One workspace with a remote."""

    folder: Path
    forge: ForgeServer
    settings: dict[str, object] = field(default_factory=dict[str, object])

    @property
    def root(self) -> Path:
        return self.folder / "project"

    def lay(self) -> None:
        """One commit on main, here and there, and two on a branch that is only here."""
        self.root.mkdir()
        git(self.root, "init", "--quiet", "--initial-branch=main")
        git(self.root, "config", "user.name", "Ada Tester")
        git(self.root, "config", "user.email", "ada@example.org")
        self.commit("First", {"a.py": "nought\n", "old.py": "password = 'hunter22a'\n"})
        git(self.root, "push", "--quiet", str(self.forge.repository), "main")
        git(self.root, "remote", "add", "origin", self.forge.remote)
        git(self.root, "switch", "--quiet", "--create", BRANCH)
        self.commit("Count from one", {"a.py": "one\n"})
        self.commit("Say so", {"b.md": "It counts from one.\n", "old.py": None})

    def commit(self, message: str, files: dict[str, str | None]) -> str:
        """Commit these files; `None` removes one."""
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink() if text is None else path.write_text(text)
        git(self.root, "add", "--all", "--force")
        git(self.root, "commit", "--quiet", f"--message={message}")
        return self.tip("HEAD")

    def tip(self, branch: str = BRANCH) -> str:
        return git(self.root, "rev-parse", branch)

    def requests(self) -> PullRequests:
        async def token() -> SecretStr | None:
            return chosen.token

        async def known() -> tuple[str, ...]:
            return (KNOWN, TOKEN)

        chosen = ForgeSettings.model_validate(self.forge.settings(**self.settings))
        return PullRequests(
            GitProcess(self.root),
            IgnoreOracle(self.root),
            Forge(chosen, token, ForgeHttp()),
            known,
            PROTECTED_BRANCHES,
        )

    async def prepared(
        self, head: str = BRANCH, base: str = "main", words: Words = WORDS, remote: str = "origin"
    ) -> PreparedPullRequest:
        return await self.requests().prepare(Asked(remote, base, head, words))

    def lander(self, rooms: Rooms) -> Lander:
        return Lander(
            rooms.approvals,
            rooms.proposals,
            rooms.workspace,
            Git(self.root),
            pull_requests=self.requests(),
        )

    async def keep(self, rooms: Rooms) -> PullRequestProposal:
        """The pull request, prepared and kept, as the tool's step leaves it."""
        proposal = PullRequestProposal("run.tool", "run", "Open it", await self.prepared())
        await rooms.proposals.keep(rooms.principal, proposal)
        return proposal

    async def land(
        self,
        rooms: Rooms,
        choose: Callable[[OpenQuestion], Said] = yes,
        meanwhile: Callable[[], object] = lambda: None,
        proposal_id: str = "run.tool",
    ) -> tuple[Landed, list[OpenQuestion]]:
        """What becomes of the kept pull request, and what was asked."""

        def decide(question: OpenQuestion) -> Said:
            meanwhile()
            return choose(question)

        async with answering(rooms, rooms.principal, decide) as seen:
            return await self.lander(rooms).land(rooms.principal, proposal_id), seen

    @asynccontextmanager
    async def rooms(self) -> AsyncGenerator[Rooms]:
        async with open_rooms(self.folder / "data" / "steward.db", self.root) as rooms:
            yield rooms


@contextmanager
def open_desk(folder: Path) -> Generator[Desk]:
    with serving(folder / "forge") as forge:
        desk = Desk(folder, forge)
        desk.lay()
        yield desk
