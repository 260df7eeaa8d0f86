"""Trouble under a running VS Code: the server dies, windows meet, much waits, nobody answers."""

import asyncio
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.async_api import expect

from demo.replies import JsonObject, Reply, Stall, always, say
from demo.script import RIGHT, SOURCE
from demo.scripted_model import Exchange, ScriptedModel
from tests.editors.conftest import OpenWindow
from tests.editors.stories import PLAN, ask_for_the_fix, becomes, changing, get_to_the_diff
from tests.editors.vscode import Window
from tests.editors.vscode_chat import Chat
from tests.editors.vscode_plan import plan_page
from tests.editors.vscode_trees import open_side_bar, row, view
from tests.editors.vscode_trouble import (
    LATER,
    beside,
    kill_the_server,
    kill_until_left_off,
    open_chat_first,
    reject_far_down,
    servers,
)
from tests.environment import ROOT
from tests.flows.books import Books
from tests.flows.scripts import EDIT, after_plan, everything_in, task_of

pytestmark = [
    pytest.mark.editor,
    pytest.mark.timeout(150),
    pytest.mark.asyncio(loop_scope="session"),
]

MANY = 100
ASKED = f"Edit {SOURCE}"
FINISHED = {"state": "finished", "capped": ""}
MINE = "# I typed this while it waited."
UNSAVED = "# Of mine, and not saved"


def stalling(request: JsonObject) -> Reply:
    """A chat's answer stops coming; the agent changes one line; ghost text names what it sees."""
    match task_of(request) if "messages" in request else "completion":
        case "chat":
            return Reply(pieces=("The price ", "is of "), fault=Stall(after_pieces=2))
        case "completion":
            return say("seen" if UNSAVED in everything_in(request) else "blind")
        case _:
            return after_plan(EDIT)(request)


async def test_a_killed_server_is_back_with_its_questions_and_knows_what_was_not_saved(
    window: Window, folder: Path, model: ScriptedModel, books: Books
) -> None:
    model.script = stalling
    await window.open_file("shop/basket.py")
    await window.type_at_the_end(f"\n{UNSAVED}\n")
    chat = await open_chat_first(window)
    await ask_for_the_fix(window)
    page = await plan_page(window)
    await chat.ask("What is the price?")
    await expect(chat.answers.last).to_contain_text("is of")
    # No further piece comes, and what has come is written down all the same.
    answered = "SELECT text FROM chat_message WHERE author = 'assistant'"
    await becomes(lambda: books.rows(answered), [{"text": "The price is of "}])
    await window.photograph("trouble-before")

    await kill_the_server(books.folder)

    await window.toast("ended by itself and is started again").wait_for()
    # What was said before stands there, and what became of it.
    await expect(chat.answers.last).to_contain_text("Steward ended while it answered")
    await expect(chat.answers.last).to_contain_text("The price is of")
    await expect(chat.send).to_be_visible()
    await expect(page.locator("[data-key=approve]")).to_be_visible()
    assert books.answers() == [("plan", "pending")]
    await window.photograph("trouble-back")

    await window.open_file("shop/basket.py")
    await window.watch_keys()
    await window.type_at_the_end("\nit = ")
    await expect(window.ghost_line).to_contain_text("seen")
    await window.press_button("Approve plan", question="Plan of the agent")
    await window.press_button("Apply", question=f"Edit {SOURCE}")
    await becomes(lambda: (folder / SOURCE).read_text("utf-8").count(RIGHT), 1)
    await becomes(lambda: [row["state"] for row in books.proposals()], ["applied"])

    await kill_until_left_off(window, books.folder)

    await expect(window.page.locator(".notification-toast", has_text="rejected")).to_have_count(0)
    await window.photograph("trouble-left-off")
    await window.press_button("Start Again", question="it is left off")
    await expect(window.status).to_contain_text("today")
    await window.save()
    await becomes(lambda: UNSAVED in (folder / "shop/basket.py").read_text("utf-8"), True)
    assert len(servers(books.folder)) == 1


async def test_two_windows_agree_on_what_is_open_and_what_one_answers_is_over_in_the_other(
    window: Window, folder: Path, model: ScriptedModel, books: Books, screenshots: Path | None
) -> None:
    model.script = after_plan(EDIT)
    edit = re.compile("Edit .*delivery")
    async with beside(window, screenshots) as other:
        for each in (window, other):
            await open_side_bar(each)
        await window.page.bring_to_front()
        await ask_for_the_fix(window)
        for each in (window, other):
            await expect(row(each, "Approvals", PLAN)).to_be_visible()
        await other.press_button("Approve plan", question=PLAN)
        for each in (window, other):
            await expect(row(each, "Approvals", PLAN)).to_have_count(0)
            await expect(row(each, "Approvals", edit)).to_be_visible()

        # The diff is in the window whose run it is; the other one shows the same as a page.
        await row(other, "Approvals", edit).click()
        await other.toast(ASKED).hover()  # It stays while the pointer is there.
        await other.photograph("trouble-other-asked")
        await window.press_button("Apply", question=ASKED)
        await becomes(lambda: [each["state"] for each in books.proposals()], ["applied"])
        await expect(other.tab("Edit shop")).to_have_count(0)
        for each in (window, other):
            await expect(view(each, "Approvals")).to_contain_text("No question waits for you")
            await expect(row(each, "Runs", "Today")).to_be_visible()
        # The message outlives its question, and its button lands nothing a second time.
        await other.button("Apply", question=ASKED).click()
        await other.sees("no longer open")
        await other.photograph("trouble-other-over")
    assert (folder / SOURCE).read_text("utf-8").count(RIGHT) == 1
    assert books.answers() == [("plan", "approved"), ("edit", "approved")]


def part(number: int) -> str:
    """One of many files."""
    return f"many/part_{number:03}.py"


def worth(folder: Path) -> Callable[[], list[int]]:
    """Counts the files that are worth one, two."""
    texts = [folder / part(number) for number in range(MANY)]
    values = ("WORTH = 1", "WORTH = 2")
    return lambda: [sum(each in text.read_text("utf-8") for text in texts) for each in values]


async def type_into(window: Window, file: Path) -> None:
    """Type at the end of a file, and save it."""
    await window.open_file(file.name)
    await window.type_at_the_end(f"\n{MINE}")
    await window.save()
    await becomes(lambda: file.read_text("utf-8").endswith(f"\n{MINE}"), True)


async def test_a_hundred_files_wait_for_hours_while_their_person_types_and_land_as_one(
    opened: OpenWindow, folder: Path, model: ScriptedModel, books: Books, tmp_path: Path
) -> None:
    hours = tmp_path / "hours"
    path = ":".join(map(str, (LATER, ROOT / "server", ROOT)))
    window = await opened(PYTHONPATH=path, STORY_HOURS=str(hours))
    (folder / "many").mkdir()
    for number in range(MANY):
        text = f'"""Part {number}."""\n\nWORTH = 1\n\nKIND = "part"\n'
        (folder / part(number)).write_text(text, "utf-8")
    edits = [
        {"do": "edit", "path": part(number), "old_text": "WORTH = 1", "new_text": "WORTH = 2"}
        for number in range(MANY)
    ]
    model.script = changing(*edits)
    review = window.page.locator("[id='steward.steward.steward.review']")
    await get_to_the_diff(window)
    await expect(window.tab(f"Proposal: {MANY} changed")).to_be_visible()
    await expect(review).to_contain_text(f"{MANY} of {MANY} hunks kept")
    await window.photograph("trouble-many")
    await reject_far_down(window, f"part_{MANY - 1:03}.py")
    await expect(review).to_contain_text(f"{MANY - 1} of {MANY} hunks kept")
    await window.photograph("trouble-many-rejected")

    hours.write_text("3", "ascii")
    await type_into(window, folder / part(0))
    await type_into(window, folder / "shop/basket.py")
    # What nobody has seen yet is shown first, with what was decided of it before.
    await becomes(lambda: len(books.proposals()), 2)
    await window.run_command("Steward: Apply")
    await expect(review).to_contain_text(f"{MANY - 1} of {MANY} hunks kept")
    await window.photograph("trouble-many-merged")
    assert worth(folder)() == [MANY, 0]
    await window.press_button("Apply", question="unchanged hunk still holds")
    await becomes(worth(folder), [1, MANY - 1])
    assert "WORTH = 1" in (folder / part(MANY - 1)).read_text("utf-8")
    for typed in (part(0), "shop/basket.py"):
        assert (folder / typed).read_text("utf-8").endswith(f"\n{MINE}")
    assert books.proposals()[-1]["state"] == "applied"
    # None of the hours was work of the agent's.
    await becomes(lambda: books.rows("SELECT state, capped FROM run"), [FINISHED])

    await window.open_file("part_001.py")
    await window.undo()
    # All of it is back in the editor, and not saved.
    await expect(window.page.locator(".tab.dirty")).to_have_count(MANY - 1)
    await window.run_command("File: Save All")
    await becomes(worth(folder), [MANY, 0])
    assert (folder / part(0)).read_text("utf-8").endswith(f"\n{MINE}")


def calls_of(model: ScriptedModel, *tasks: str) -> list[Exchange]:
    """The requests of these kinds."""
    chatting = [each for each in model.exchanges if "messages" in each.body]
    return [each for each in chatting if task_of(each.body) in tasks]


async def slow_is_stopped_at_once(window: Window, chat: Chat, model: ScriptedModel) -> None:
    """Nothing comes for long: the editor is free meanwhile, and what was asked can be stopped."""
    await window.page.keyboard.type("\nBas")
    await window.page.keyboard.press("Control+Space")
    suggested = window.page.locator(".suggest-widget.visible .monaco-list-row")
    await expect(suggested.filter(has_text="Basket").first).to_be_visible()
    await window.page.keyboard.press("Escape")
    await chat.ask("Are you there?")
    await expect(chat.answers.last).to_contain_text("Waiting for the model")
    await window.photograph("trouble-slow")
    await chat.box.press("Escape")
    await expect(chat.answers.last).to_contain_text("Stopped by you")
    await ask_for_the_fix(window)
    await window.press_button("Cancel", question="Steward agent")
    await window.toast("the run was cancelled").wait_for()
    for exchange in calls_of(model, "chat", "plan"):
        await exchange.closed_early()


async def trouble_is_told(window: Window, chat: Chat, words: re.Pattern[str]) -> None:
    """The chat and an agent say in words what is the matter; nothing waits for it."""
    await window.run_command("Notifications: Clear All Notifications")
    await chat.ask("And now?")
    await expect(chat.answers.last).to_contain_text(words)
    await ask_for_the_fix(window)
    await expect(window.page.locator(".notification-toast", has_text=words).first).to_be_visible()


async def test_slow_dead_and_unpaid_providers_are_told_of_in_words_and_never_in_the_way(
    opened: OpenWindow, folder: Path
) -> None:
    file = folder / "shop/basket.py"
    tooltip = "No ghost text: The provider does not answer"
    window = await opened(STEWARD_LEDGER__LIMIT_USD="0.0000001")
    chat = await open_chat_first(window)
    await trouble_is_told(window, chat, re.compile("does not cover this call"))
    await expect(window.status).to_contain_text("AI off")
    await type_into(window, file)
    await window.photograph("trouble-unpaid")

    async with ScriptedModel(always(Reply(hold=asyncio.Event()))) as slow:
        window = await opened(STEWARD_MODEL_URL=slow.url)
        chat = await open_chat_first(window)
        await type_into(window, file)
        await slow_is_stopped_at_once(window, chat, slow)

    await trouble_is_told(window, chat, re.compile("cannot be reached|left alone for"))
    await window.photograph("trouble-dead")
    await type_into(window, file)
    await window.watch_keys()
    await window.page.keyboard.type("\nx = ")
    await expect(window.no_ghost_text).to_be_visible()
    await window.no_ghost_text.hover()
    await expect(window.page.get_by_role("tooltip")).to_contain_text(tooltip)
    await window.photograph("trouble-dead-ghost")
