"""What was written down, read from the files themselves and not through the server."""

import asyncio
import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from steward.core.audit import Verdict, verify
from steward.core.database import open_database
from tests.environment import git
from tests.person import DEADLINE_S


@dataclass(frozen=True, slots=True)
class Books:
    """The database of a data folder."""

    folder: Path

    def rows(self, statement: str, *values: object) -> list[dict[str, Any]]:
        """The rows that a query gives."""
        file = f"file:{self.folder / 'steward.db'}?mode=ro"
        with closing(sqlite3.connect(file, uri=True)) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(statement, values)]

    def reservations(self, task: str = "%") -> list[dict[str, Any]]:
        """Every model call, oldest first."""
        return self.rows("SELECT * FROM reservation WHERE task LIKE ? ORDER BY opened_at", task)

    def actions(self, prefix: str = "") -> list[str]:
        """What the audit trail says happened, oldest first."""
        found = self.rows("SELECT action FROM audit ORDER BY seq")
        return [row["action"] for row in found if row["action"].startswith(prefix)]

    def details(self, action: str) -> list[dict[str, Any]]:
        """What the audit trail says about each event of this kind."""
        found = self.rows("SELECT detail FROM audit WHERE action = ? ORDER BY seq", action)
        return [json.loads(row["detail"]) for row in found]

    def proposals(self, kind: str = "%") -> list[dict[str, Any]]:
        """Every proposal, oldest first."""
        return self.rows("SELECT * FROM proposal WHERE kind LIKE ? ORDER BY created_at", kind)

    def approvals(self) -> list[dict[str, Any]]:
        """Every question, oldest first."""
        return self.rows("SELECT * FROM approval ORDER BY asked_at")

    def answers(self) -> list[tuple[str, str]]:
        """What every question was about and what became of it, oldest first."""
        return [(row["kind"], row["state"]) for row in self.approvals()]

    def steps(self) -> list[str]:
        """The finished steps of all runs, by name."""
        return [row["name"] for row in self.rows("SELECT name FROM run_step ORDER BY id")]

    def journaled(self) -> list[str]:
        """The steps that the durable engine will not take again."""
        file = f"file:{self.folder / 'engine.db'}?mode=ro"
        with closing(sqlite3.connect(file, uri=True)) as connection:
            found = connection.execute(
                "SELECT function_name FROM operation_outputs ORDER BY function_id"
            )
            return [name for (name,) in found]

    async def verdict(self) -> Verdict:
        """Whether the audit trail's chain holds."""
        async with open_database(self.folder / "steward.db") as database:
            return await database.read(verify)

    async def until(self, is_so: Callable[["Books"], bool]) -> None:
        """Wait until something has been written down."""
        async with asyncio.timeout(DEADLINE_S):
            while not is_so(self):
                await asyncio.sleep(0.01)


@dataclass(frozen=True, slots=True)
class Repository:
    """Everything of a person's that only they may change, byte for byte."""

    files: dict[str, bytes]
    """The working files, by relative path."""
    head: bytes
    index: bytes
    refs: str

    @property
    def text(self) -> str:
        """The file that the agent corrects."""
        return self.files["shop/delivery.py"].decode()

    @property
    def own(self) -> tuple[bytes, bytes, str]:
        """What no approval gives Steward: HEAD, the index, and the person's branches."""
        refs = [line for line in self.refs.splitlines() if "refs/heads/steward/" not in line]
        return self.head, self.index, "\n".join(refs)


def repository(folder: Path) -> Repository:
    """The folder as it is now."""
    files = {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".git" not in path.relative_to(folder).parts
    }
    return Repository(
        files,
        (folder / ".git" / "HEAD").read_bytes(),
        (folder / ".git" / "index").read_bytes(),
        git(folder, "for-each-ref"),
    )


def commits(folder: Path, branch: str = "steward/fix-free-delivery") -> list[str]:
    """The commits of a branch that are not on `main`; none where there is no such branch."""
    if not git(folder, "for-each-ref", f"refs/heads/{branch}"):
        return []
    return git(folder, "rev-list", f"main..{branch}").split()
