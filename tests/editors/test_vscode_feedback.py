"""In VS Code a person says what they think of an answer, where they read it."""

import pytest
from playwright.async_api import expect

from demo.replies import Reply, always
from demo.scripted_model import ScriptedModel
from tests.editors.stories import becomes
from tests.editors.vscode import Window
from tests.editors.vscode_chat import Chat
from tests.flows.books import Books

pytestmark = [
    pytest.mark.editor,
    pytest.mark.timeout(150),
    pytest.mark.asyncio(loop_scope="session"),
]


async def test_a_thumb_and_a_reason_below_an_answer_are_kept(
    window: Window, model: ScriptedModel, books: Books
) -> None:
    model.script = always(Reply(pieces=("Paint ", "it blue.")))
    chat = await Chat.open(window)
    await chat.ask("Which colour?")
    await chat.finished("Paint it blue.")
    await chat.button("Say that this answer was bad").click()
    await window.answer_input("It is red.")

    def kept() -> list[tuple[str, int, str]]:
        rows = books.rows("SELECT about, is_good, comment FROM feedback")
        return [(row["about"], row["is_good"], row["comment"]) for row in rows]

    await becomes(kept, [("answer", 0, "It is red.")])
    await expect(window.page.locator(".statusbar")).to_contain_text("the answer was bad")
    await window.photograph("feedback")
