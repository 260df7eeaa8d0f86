"""One yes, once, for exactly what was shown: races, replays, mix-ups and forged rows (AP-01 to 20).

The edit waits for its answer while something happens; what counts is what the disk holds after.
"""

import asyncio
import os
import sqlite3
from collections.abc import AsyncGenerator, Callable
from contextlib import closing
from pathlib import Path

import pytest
from pygls.exceptions import JsonRpcException

from demo.replies import JsonObject, Reply, ToolCall
from demo.scripted_model import ScriptedModel
from tests.attacks.attacker import HARMLESS, World, finishing, open_world, says, trust, until_over
from tests.client import Window
from tests.flows.scripts import DONE, results_in, task_of
from tests.jailed import working_jail
from tests.person import Choice, Decide, Person, Shown

SEAL_OFF = (
    "from steward.permissions.seal import Seal\nSeal.fits = lambda self, table, columns: True\n"
)
"""Takes away what tells Steward's own rows from others'."""


pytestmark = pytest.mark.timeout(240)
"""A run takes many turns, and a busy machine takes long for each."""


@pytest.fixture
async def world(
    tmp_path: Path, workspace: Path, scripted_model: ScriptedModel
) -> AsyncGenerator[World]:
    assert workspace.is_dir()
    async with open_world(tmp_path, scripted_model) as world:
        yield world


def all_but(*kinds: str) -> Decide:
    """Yes to all but these kinds, which stand."""
    return lambda shown: None if shown.kind in kinds else "approve"


async def begin(world: World, window: Window, *calls: ToolCall) -> str:
    """Start a run whose model makes these calls, one in each answer."""
    replies = iter([Reply(tool_calls=(each,)) for each in calls])
    plan = says(())

    def script(request: JsonObject) -> Reply:
        return next(replies, DONE) if task_of(request) == "agent" else plan(request)

    world.model.script = script
    run = await window.command("steward.agent.run", agent="mole", goal="Finish the notes.")
    return run["runId"]


async def press(window: Window, shown: Shown, digest: str = "", choice: str = "approve") -> bool:
    """Answer by command; whether it counted."""
    try:
        await window.command(
            "steward.answer", id=shown.id, digest=digest or shown.digest, choice=choice
        )
    except JsonRpcException:
        return False
    return True


def is_done(world: World) -> bool:
    return (world.workspace / "notes.txt").read_text() == "a done\n"


async def test_of_fifty_answers_at_once_one_counts_and_it_lands_once_also_after_a_restart(
    world: World,
) -> None:
    before = world.entries()
    async with world.window(Person(all_but("edit"))) as window:
        await trust(window)
        run_id = await begin(world, window, HARMLESS)
        shown = await window.person.sees("edit")
        counted = await _fifty(window, shown)
        assert len(counted) == 1
        await until_over(window, run_id)
        changed = {"workspace/notes.txt"} if counted == {"approve"} else set[str]()
        assert world.changed(before) == changed
        assert is_done(world) == bool(changed)
    used = [row for row in world.books.approvals() if row["id"] == shown.id and row["used_at"]]
    assert len(used) == len(changed)
    # What was done is taken back by hand; the same yes, given again, must not bring it again.
    (world.workspace / "notes.txt").write_text("a draft\n")
    before = world.entries()
    async with world.window(Person(all_but("edit"))) as again:
        await press(again, shown)
        with pytest.raises(JsonRpcException):
            await again.command("steward.run.resume", runId=run_id)
        assert await again.command("steward.questions") == []
        assert world.changed(before) == set()


async def _fifty(window: Window, shown: Shown) -> set[str]:
    """Press yes and no fifty times at once; gives which of them were told that it counted."""
    counted: set[str] = set()

    async def one(number: int) -> None:
        choice = "reject" if number % 5 == 4 else "approve"
        if await press(window, shown, choice=choice):
            counted.add(choice)

    async with asyncio.TaskGroup() as tasks:
        for number in range(50):
            tasks.create_task(one(number))
    return counted


def _same_size_and_time(file: Path, _world: World) -> None:
    status = file.stat()
    file.write_text("A draft\n")
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert file.stat().st_size == status.st_size


def _gone(file: Path, _world: World) -> None:
    file.unlink()


def _link(file: Path, world: World) -> None:
    (world.outside / "notes.txt").write_text("a draft\n")
    file.unlink()
    file.symlink_to("../outside/notes.txt")


def _folder(file: Path, _world: World) -> None:
    file.unlink()
    file.mkdir()


def _renamed(file: Path, _world: World) -> None:
    file.rename(file.with_name("Notes.txt"))


def _in_a_linked_folder(file: Path, world: World) -> None:
    (world.outside / "sub").mkdir()
    (world.outside / "sub" / "notes.txt").write_text("a draft\n")
    (file.parent / "sub").rename(file.parent / "sub-before")
    (file.parent / "sub").symlink_to("../outside/sub")


MEANWHILE: tuple[Callable[[Path, World], None], ...] = (
    *(_same_size_and_time, _gone, _link, _folder, _renamed, _in_a_linked_folder),
)


async def test_what_changed_between_preview_and_yes_is_never_overwritten(world: World) -> None:
    async with world.window(Person(all_but("edit"))) as window:
        await trust(window)
        for number, happens in enumerate(MEANWHILE, 1):
            name = "sub/notes.txt" if happens is _in_a_linked_folder else "notes.txt"
            file = world.workspace / name
            file.parent.mkdir(exist_ok=True)
            file.write_text("a draft\n")
            run_id = await begin(world, window, finishing(name))
            shown = await window.person.sees("edit", number)
            happens(world.workspace / "notes.txt", world)
            before = world.entries()
            shown.answer("approve")
            await until_over(window, run_id)
            assert world.changed(before) == set(), happens
            _clear(world.workspace / "notes.txt")


def _clear(file: Path) -> None:
    if file.is_dir():
        file.rmdir()
    file.unlink(missing_ok=True)


async def test_the_yes_to_one_plan_is_none_to_another(world: World) -> None:
    before = world.entries()
    async with world.window(Person(all_but("plan"))) as window:
        await trust(window)
        first_run = await begin(world, window)
        first = await window.person.sees("plan")
        second_run = await begin(world, window)
        second = await window.person.sees("plan", 2)
        assert not await press(window, first, second.digest)
        assert not await press(window, second, first.digest)
        assert await press(window, first)
        assert (await until_over(window, first_run))["state"] == "finished"
        world.model.script = says(())
        open_now = await window.command("steward.questions")
        assert [each["id"] for each in open_now] == [second.id]
        _forge(world, second.id, like=first.id)
        again = await window.person.sees("plan", 3)
        assert again.digest == second.digest
        assert await press(window, again, choice="reject")
        assert (await until_over(window, second_run))["state"] == "cancelled"
    assert world.changed(before) == set()


def _forge(world: World, question_id: str, like: str) -> None:
    """Write a yes into a question's row: all that the row of a real yes has, its seal too."""
    columns = ("state", "answered_at", "answered_by", "channel", "seal")
    copied = ", ".join(
        f"{name} = (SELECT {name} FROM approval WHERE id = :like)" for name in columns
    )
    statement = f"UPDATE approval SET {copied} WHERE id = :id"
    with closing(sqlite3.connect(world.data / "steward.db")) as database, database:
        database.execute(statement, {"like": like, "id": question_id})


@pytest.mark.parametrize("unprotected", ["", SEAL_OFF], ids=["sealed", "seal switched off"])
async def test_a_yes_that_something_wrote_into_the_database_changes_nothing(
    world: World, unprotected: str
) -> None:
    before, person = world.entries(), Person(all_but("edit"))
    async with world.window(person, unprotected=unprotected) as window:
        await trust(window)
        run_id = await begin(world, window, HARMLESS)
        shown = await person.sees("edit")
        plan = next(each for each in person.shown if each.kind == "plan")
        _forge(world, shown.id, like=plan.id)
        if unprotected:  # The judge sees what the seal keeps from happening.
            await until_over(window, run_id)
            assert is_done(world)
            return
        again = await person.sees("edit", 2)
        assert world.changed(before) == set()
        assert await press(window, again, choice="reject")
        await until_over(window, run_id)
    assert world.changed(before) == set()
    assert "approval.tampered" in world.books.actions("approval.")


@pytest.mark.parametrize(
    "rounds", [6, pytest.param(100, marks=pytest.mark.soak)], ids=["few", "many"]
)
async def test_a_cancelled_run_was_applied_or_was_not_and_nothing_lands_later(
    world: World, rounds: int
) -> None:
    seen: dict[str, bool] = {}
    async with world.window(Person(all_but("edit"))) as window:
        await trust(window)
        for number in range(rounds):
            name = f"n{number}.txt"
            (world.workspace / name).write_text("a draft\n")
            edit = finishing(name)
            run_id = await begin(world, window, edit)
            shown = await window.person.sees("edit", number + 1)
            await _race(window, run_id, shown, number)
            await until_over(window, run_id)
            seen[name] = (world.workspace / name).read_text() == "a done\n"
    states = {name: row["state"] for name, row in zip(seen, world.books.proposals(), strict=True)}
    assert states == {name: "applied" if done else states[name] for name, done in seen.items()}
    assert "applied" not in {states[name] for name, done in seen.items() if not done}
    now = {name: (world.workspace / name).read_text() for name in seen}
    assert now == {name: "a done\n" if done else "a draft\n" for name, done in seen.items()}


async def _race(window: Window, run_id: str, shown: Shown, number: int) -> None:
    """A yes and an end, one of them some turns of the loop after the other."""

    async def late(turns: int, what: Callable[[], object]) -> None:
        for _ in range(turns):
            await asyncio.sleep(0)
        result = what()
        if asyncio.iscoroutine(result):
            await result

    turns = (number // 2) % 50 * 4
    yes, end = (0, turns) if number % 2 else (turns, 0)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(late(yes, lambda: press(window, shown)))
        tasks.create_task(late(end, lambda: window.command("steward.run.cancel", runId=run_id)))


async def test_trust_that_is_taken_back_ends_the_commands_of_a_run_at_once(world: World) -> None:
    await working_jail()
    trusts = True

    def decide(shown: Shown) -> Choice | None:
        if shown.kind == "trust":
            return "approve" if trusts else "reject"
        return None if shown.kind == "command" else "approve"

    async with world.window(Person(decide, trusts=False)) as window:
        await trust(window)
        calls = [ToolCall("run_command", {"argv": ["echo", f"ran-{n}"]}) for n in range(3)]
        run_id = await begin(world, window, *calls)
        first = await window.person.sees("command")
        first.answer("approve")
        second = await window.person.sees("command", 2)
        trusts = False
        assert not (await window.command("steward.workspace.trust"))["trusted"]
        second.answer("reject")
        await until_over(window, run_id)
        results = _last_results(world)
    assert window.person.kinds.count("command") == 2
    assert "ran-0" in results[0]
    assert "trust" in results[2]
    assert "ran-2" not in results[2].partition("denied")[2]


def _last_results(world: World) -> list[str]:
    return results_in(world.model.exchanges[-1].body)


async def test_who_becomes_a_viewer_has_an_agent_that_proposes_nothing_more(world: World) -> None:
    before, person = world.entries(), Person(all_but("edit"))
    async with world.window(person) as window:
        await trust(window)
        run_id = await begin(world, window, HARMLESS, finishing("./notes.txt"))
        shown = await person.sees("edit")
        _demote(world)
        assert await press(window, shown, choice="reject")
        await until_over(window, run_id)
        assert "your role does not include files.propose" in _last_results(world)[1]
    assert person.kinds.count("edit") == 1
    assert world.changed(before) == set()


def _demote(world: World) -> None:
    """As an administrator does elsewhere, on the same database."""
    statement = (
        "INSERT INTO person (tenant_id, user, role, team, is_lead)"
        " SELECT tenant_id, user, 'viewer', '', 0 FROM run"
    )
    with closing(sqlite3.connect(world.data / "steward.db")) as database, database:
        database.execute(statement)
