"""In VS Code a person talks with a model, stops it, and takes code out of what it says."""

import json
import re
from pathlib import Path

import pytest
from playwright.async_api import Request, expect

from demo.replies import Reply, Stall, in_order
from demo.script import RIGHT, SOURCE, WRONG
from demo.scripted_model import ScriptedModel
from tests.editors.stories import becomes
from tests.editors.vscode import Window
from tests.editors.vscode_chat import Chat

pytestmark = [
    pytest.mark.editor,
    pytest.mark.timeout(150),
    pytest.mark.asyncio(loop_scope="session"),
]

MENTIONED = "tests/test_basket.py"
FIX = f"""## What is wrong

The **total** is wrong in `{SOURCE}`:

```python
NOTE = "added from the chat"
```

The change:

```diff
--- a/{SOURCE}
+++ b/{SOURCE}
@@ -10,3 +10,3 @@
         return 0
-    if {WRONG}:
+    if {RIGHT}:
         return 0
```

That is all.
"""


def streamed(text: str, size: int = 7, fault: Stall | None = None) -> Reply:
    """An answer that comes in small pieces."""
    pieces = tuple(text[at : at + size] for at in range(0, len(text), size))
    return Reply(pieces=pieces, fault=fault)


async def test_what_is_asked_is_answered_and_stopped_and_its_code_inserted_and_applied(
    window: Window, folder: Path, model: ScriptedModel
) -> None:
    model.script = in_order(
        streamed(FIX), streamed("Once upon a time", fault=Stall(after_pieces=2))
    )
    await window.open_file(SOURCE)
    chat = await Chat.open(window)
    await window.photograph("chat-empty")
    await chat.box.fill("Why does this fail? ")
    await chat.mention("test_basket.py")
    await expect(chat.box).to_have_value(f"Why does this fail? {MENTIONED} ")
    await expect(chat.chips.filter(has_text=f"Cursor {SOURCE}:1")).to_be_visible()
    await window.photograph("chat-mention")
    await chat.box.press("Enter")

    await chat.finished("That is all.")
    await expect(chat.questions.last).to_contain_text(MENTIONED)
    await expect(chat.answers.get_by_role("heading", name="What is wrong")).to_be_visible()
    await window.photograph("chat-answer")
    assert "def test_" in json.dumps(model.exchanges[-1].body)

    before = (folder / SOURCE).read_text()
    await chat.button("Apply code block 2").click()
    await window.button("Apply").wait_for()
    await window.photograph("chat-apply")
    assert (folder / SOURCE).read_text() == before
    await window.press_button("Apply", question="delivery.py")
    await becomes((folder / SOURCE).read_text, before.replace(WRONG, RIGHT))

    await chat.ask("Tell me a story")
    await expect(chat.answers.last).to_contain_text("Once upon a")
    await window.photograph("chat-answering")
    await chat.box.press("Escape")
    await expect(chat.answers.last).to_contain_text("Stopped")
    await model.exchanges[-1].closed_early()

    await chat.button("Insert code block 1").click()
    await window.sees("added from the chat")
    await window.undo()
    await expect(window.page.locator(".view-line", has_text="added from the chat")).to_have_count(0)


EVIL = "evil.example"
ROWS = "".join(f"| {number} | <b>{number}</b> |\n" for number in range(300))
HOSTILE = f"""# <img src="http://{EVIL}/a.png">

![seen](http://{EVIL}/b.png) <script src="http://{EVIL}/c.js"></script> [click](javascript:alert(1))
[run](command:workbench.action.closeWindow) and [honest](http://{EVIL}/page)

<iframe src="http://{EVIL}/d"></iframe>

| n | html |
|---|------|
{ROWS}
```python
is_admin = "user\u202e" + "root"
```

The end.
"""


async def insert_without_what_is_hidden(window: Window, chat: Chat) -> None:
    """Refuse it once, and then have it inserted without what nobody would see."""
    await chat.button("Insert code block 1").click()
    await window.sees("nobody would see")
    await window.press_in_dialog("Cancel")
    await expect(window.page.locator(".view-line", has_text="is_admin")).to_have_count(0)
    await chat.button("Insert code block 1").click()
    await window.press_in_dialog("Insert Without Them")
    await window.sees('is_admin = "user" + "root"')
    await expect(window.page.locator(".monaco-editor.focused").first).to_be_visible()


async def test_what_a_model_writes_is_only_text_and_a_conversation_outlives_the_page(
    window: Window, folder: Path, model: ScriptedModel
) -> None:
    model.script = in_order(streamed(HOSTILE, 100))
    requests: list[str] = []

    def note(request: Request) -> None:
        requests.append(request.url)

    window.page.on("request", note)
    await window.open_file(SOURCE)
    chat = await Chat.open(window)
    await chat.button("Take away Cursor").click()
    await expect(chat.chips).to_have_count(0)
    await chat.ask("Is this safe?")
    await chat.finished("The end.")
    await expect(chat.log).to_contain_text("[click](javascript:alert(1))")
    await expect(chat.log).to_contain_text("⟨U+202E⟩")
    made = chat.log.locator("img, script, iframe, a, b, form, object, style, link, [onerror]")
    await expect(made).to_have_count(0)
    await expect(chat.button("click")).to_have_count(0)
    await expect(chat.button("run")).to_have_count(0)
    await window.photograph("chat-hostile")

    await chat.button("honest").click()
    await window.sees(re.compile("open the external website"))
    await window.press_in_dialog("Cancel")
    await insert_without_what_is_hidden(window, chat)

    await window.run_command("Steward: Export Conversation")
    await window.sees("Is this safe?")
    await window.close_everything()
    await chat.box.fill("A draft")
    await window.page.keyboard.press("Control+Shift+E")
    await expect(chat.box).to_have_count(0)
    await window.run_command("Steward: Restart Server")
    chat = await Chat.open(window)
    await expect(chat.answers.last).to_contain_text("The end.")
    await expect(chat.box).to_have_value("A draft")
    await window.run_command("Steward: Delete Conversation…")
    await window.press_in_dialog("Delete")
    await expect(chat.answers).to_have_count(0)
    assert not [url for url in requests if EVIL in url]
