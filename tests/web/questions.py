"""Questions of a window elsewhere, beside a server whose pages may answer them."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest

from demo.scripted_model import ScriptedModel
from steward.core.principal import Principal
from steward.ledger.key import KEY_BYTES
from steward.permissions import people
from steward.permissions.approvals import Approvals
from steward.permissions.grants import Grants
from steward.permissions.question import Answer, Question
from steward.permissions.roles import Person
from steward.permissions.seal import approval_seal
from steward.workspace.proposal import EditProposal, FileChange
from steward.workspace.shown import edit_question
from tests.ledger.bank import ANN
from tests.places import Place
from tests.rooms import numbered
from tests.web.serving import Serving, open_serving

QUESTION = Question(
    key="tool-0-0",
    kind="command",
    title="Run a command",
    body="Run `rm -rf build \N{RIGHT-TO-LEFT OVERRIDE}txt.exe`, in the jail.",
    operands={"argv": ["rm"]},
    run_id="run-1",
    takes=frozenset(("reason", "for_run")),
    grant="run_command on rm -rf build",
)
EDIT = edit_question(
    EditProposal(
        "run-1.edit",
        "run-1",
        "Mend two places",
        (
            FileChange(
                "shop/a.py", "one\n" + "same\n" * 9 + "two\n", "ONE\n" + "same\n" * 9 + "TWO\n"
            ),
            FileChange("Makefile", None, "all:\n\trm\u200b -rf /\n"),
        ),
    )
)
PLAN = replace(
    QUESTION,
    key="ask-plan",
    kind="plan",
    title="Plan",
    takes=frozenset(("reason", "edited_plan", "step_by_step")),
    grant="",
    draft={
        "summary": "Mend it",
        "steps": [
            {"title": "Look", "tool": "read_file", "detail": "", "files": [], "agents": []},
            {"title": "Edit", "tool": "edit_file", "detail": "", "files": ["a.py"], "agents": []},
        ],
        "questions": [],
    },
)


@dataclass(frozen=True)
class Scene:
    """A server, and a window elsewhere whose questions wait in the same database."""

    serving: Serving
    window: Approvals
    place: Place

    async def put(self, question: Question = QUESTION, whose: Principal = ANN) -> str:
        return await self.window.open(whose, question)

    async def answer(self, id_: str) -> Answer:
        return await self.window.look(id_)


@pytest.fixture
async def scene(tmp_path: Path, scripted_model: ScriptedModel) -> AsyncGenerator[Scene]:
    async with open_scene(tmp_path, tmp_path / "steward.db", scripted_model) as opened:
        yield opened


@pytest.fixture
async def anywhere(
    tmp_path: Path, place: Place, scripted_model: ScriptedModel
) -> AsyncGenerator[Scene]:
    """The same on both databases."""
    async with open_scene(tmp_path, place, scripted_model) as opened:
        yield opened


@asynccontextmanager
async def open_scene(
    tmp_path: Path, place: Place, scripted_model: ScriptedModel
) -> AsyncGenerator[Scene]:
    async with open_serving(tmp_path, scripted_model, place=place) as serving:
        database, clock = serving.desk.database, serving.clock
        for user, role in (("ann", "owner"), ("bob", "developer")):
            person = Person(user, role)  # pyright: ignore[reportArgumentType]  Both are roles.
            await database.run(lambda s, p=person: people.add(s, ANN, p, clock.now()))
        new_id = numbered("window")
        seal = approval_seal(tmp_path, lambda: "5e" * KEY_BYTES)
        within = timedelta(minutes=30)
        grants = Grants(database, clock, new_id, seal, "window", within)
        events = serving.desk.events
        window = Approvals(database, clock, new_id, events, within, seal, grants)
        yield Scene(serving, window, place)
