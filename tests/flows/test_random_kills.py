"""The server is killed at random moments of runs and landings, again and again.

Whatever the moment: files end all old or all new, no question is lost, no call is charged twice.
"""

import asyncio
import os
import random
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from demo.script import RIGHT, WRONG
from demo.scripted_model import ScriptedModel
from demo.shop import open_shop
from tests.client import ASKING, ENDED, READING, Json, Window
from tests.flows.books import Books, Repository, commits, repository
from tests.flows.conftest import OpenWindow
from tests.flows.scripts import COMMIT, EDIT
from tests.flows.test_whole_files import CHANGE, CHANGES, script
from tests.person import Person

KILLS = 6
KILLS_SOAK = 500
REPORTS_MAX = 4
"""So many reports of a run at most come between two kills."""
MORE_S_MAX = 0.12
"""And so much time after them: about what one step takes."""


@dataclass
class Stories:
    """Runs that are killed, one after the other, on the same books."""

    open_window: OpenWindow
    folder: Path
    model: ScriptedModel
    books: Books
    random: random.Random
    kills_left: int
    shown: dict[str, str] = field(default_factory=dict[str, str])
    """Every question that was on a screen, with its digest."""
    stood: dict[str, str] = field(default_factory=dict[str, str])
    """Every question that was open when the server was killed."""

    async def play(self, number: int) -> None:
        """One run to its end, through as many kills as it takes."""
        is_on_disk = number % 2 == 1
        self.model.script = script(CHANGE if is_on_disk else EDIT, COMMIT)
        shop = await asyncio.to_thread(open_shop, self.folder / f"shop-{number}")
        before = repository(shop.folder)
        abilities = READING if is_on_disk else ASKING
        window = await self._window(abilities, shop.folder, None)
        run_id = await window.run_agent("Make the failing test pass.")
        while self.kills_left and not await self._has_ended(window, run_id):
            await self._kill(window)
            window = await self._window(abilities, shop.folder, window)
        run = await window.until_ended(run_id)
        self._see(window)
        await window.close()
        is_lost = run["state"] == "failed" and "start it again" in run["message"]
        assert is_lost or (run["state"], run["message"]) == ("finished", "Done."), run
        after = repository(shop.folder)
        assert after.own == before.own
        assert after.files == (before.files if is_lost else _expected(before, is_on_disk))
        assert len(commits(shop.folder)) == (not is_lost)

    async def check_books(self) -> None:
        """Every question was put and answered, and every call was charged once."""
        for question, digest in self.stood.items():
            assert self.shown[question] == digest
        assert not [row for row in self.books.approvals() if row["state"] == "pending"]
        states = {row["state"] for row in self.books.proposals()}
        assert states <= {"applied"}, states
        twice = (
            "SELECT 1 FROM entry WHERE kind = 'settle' GROUP BY reservation_id HAVING COUNT(*) > 1"
        )
        assert self.books.rows(twice) == []
        rows = self.books.reservations()
        settled = [row for row in rows if row["state"] == "settled"]
        promised = [row for row in rows if row["state"] == "open"]
        assert len(settled) <= len(self.model.exchanges) <= len(rows)
        (account,) = self.books.rows("SELECT * FROM account WHERE scope LIKE 'user:%'")
        assert account["spent_nano_usd"] == sum(row["cost_nano_usd"] for row in settled)
        assert account["reserved_nano_usd"] == sum(row["reserved_nano_usd"] for row in promised)
        assert (await self.books.verdict()).is_intact

    async def _window(self, abilities: Json, folder: Path, after: Window | None) -> Window:
        window = await self.open_window(abilities, person=Person(), folder=folder)
        for document in after.documents.values() if after else ():
            window.open(str(document.path.relative_to(folder)), document.text)
        return window

    async def _has_ended(self, window: Window, run_id: str) -> bool:
        """Let the run go on for a while; whether it has ended by then."""
        wanted = len(window.steps) + self.random.randint(0, REPORTS_MAX)
        while len(window.steps) < wanted:
            known = window.news
            runs = await window.command("steward.runs")
            if next(run for run in runs if run["id"] == run_id)["state"] in ENDED:
                return True
            await window.until_news(known)
        # The moment itself is what is random here; nothing waits for it.
        await asyncio.sleep(self.random.uniform(0, MORE_S_MAX))
        return False

    async def _kill(self, window: Window) -> None:
        self.kills_left -= 1
        await window.kill()
        self._see(window)
        for row in self.books.approvals():
            if row["state"] == "pending":
                self.stood[row["id"]] = row["digest"]

    def _see(self, window: Window) -> None:
        for question in (*window.person.trusted, *window.person.shown):
            assert self.shown.setdefault(question.id, question.digest) == question.digest


def _expected(before: Repository, is_on_disk: bool) -> dict[str, bytes]:
    files = dict(before.files)
    source = "shop/delivery.py"
    files[source] = files[source].replace(WRONG.encode(), RIGHT.encode())
    if is_on_disk:
        _, created, renamed, deleted = CHANGES
        files[created["path"]] = created["text"].encode()
        files[renamed["new_path"]] = files.pop(renamed["path"])
        del files[deleted["path"]]
    return files


async def _kill_and_check(stories: Stories, seed: int) -> None:
    number = 0
    try:
        while stories.kills_left:
            await stories.play(number)
            number += 1
        await stories.check_books()
    except BaseException as error:
        error.add_note(f"STEWARD_TEST_SEED={seed}, run {number}, kills left {stories.kills_left}")
        raise


@pytest.fixture
def seed() -> int:
    return int(os.environ.get("STEWARD_TEST_SEED") or random.randrange(2**32))


@pytest.mark.parametrize(
    "kills",
    [
        pytest.param(KILLS, marks=pytest.mark.timeout(300)),
        pytest.param(KILLS_SOAK, marks=[pytest.mark.soak, pytest.mark.timeout(3600)]),
    ],
)
async def test_whatever_the_moment_of_a_kill_everything_ends_whole_and_once(
    kills: int,
    seed: int,
    open_window: OpenWindow,
    tmp_path: Path,
    scripted_model: ScriptedModel,
    books: Books,
) -> None:
    stories = Stories(
        open_window, tmp_path, scripted_model, books, random.Random(seed), kills_left=kills
    )
    await _kill_and_check(stories, seed)
