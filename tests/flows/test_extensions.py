"""An extension from its package to its end: installed, asked, saved with, and taken back."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from lsprotocol import types

from demo.editor import Document
from tests.client import DEADLINE_S, PLAIN, Json, Window
from tests.flows.conftest import OpenWindow
from tests.flows.extension_world import EXTENDED, ID, installed, listed, package, ready, run

# The first one on a machine waits until the runtime is compiled.
pytestmark = pytest.mark.timeout(240)

SOURCE = "shop/basket.py"


async def until(look: Callable[[], Awaitable[Json]], is_so: Callable[[Json], object]) -> Json:
    """What `look` gives, once it is so."""
    async with asyncio.timeout(DEADLINE_S):
        while not is_so(found := await look()):
            await asyncio.sleep(0.02)
    return found


def remarks(window: Window, uri: str) -> Callable[[], Awaitable[list[str]]]:
    async def look() -> list[str]:
        return [each.message for each in window.client.diagnostics.get(uri, ())]

    return look


async def place_is_told(window: Window, document: Document) -> None:
    """A place is told as it is in the editor, with what is selected there."""
    line = document.text.split("\n")[0]
    whole = {
        "start": {"line": 0, "character": 0},
        "end": {"line": 0, "character": len(line)},
    }
    told = await run(window, "hello", uri=document.uri, range=whole)
    assert told.startswith(f"hello {line}")


async def files_come(window: Window) -> None:
    """Of files that come it hears where it asked to, and of none that is kept from models."""
    for name in ("new.py", "kept.py"):
        (window.folder / "shop" / name).write_text("x = 1\n", encoding="utf-8")
    (window.folder / ".stewardignore").write_text("kept.py\n", encoding="utf-8")
    kept = window.open("shop/kept.py")
    window.save(kept)
    created = types.FileChangeType.Created
    events = [
        types.FileEvent((window.folder / "shop" / name).as_uri(), created)
        for name in ("kept.py", "new.py")
    ]
    window.client.workspace_did_change_watched_files(types.DidChangeWatchedFilesParams(events))
    said = await until(lambda: run(window, "hello"), lambda found: "changed" in found)
    assert "changed shop/new.py\n" in said
    assert "kept" not in said


@pytest.fixture
async def at_hand(data_folder: Path) -> None:
    """What extensions run in is compiled."""
    await ready(data_folder)


@pytest.mark.usefixtures("at_hand")
async def test_an_extension_is_installed_runs_is_told_of_saves_and_proposes_an_edit(
    open_window: OpenWindow, tmp_path: Path
) -> None:
    window = await open_window(EXTENDED)
    await installed(window, package(tmp_path))
    question = await window.person.sees("extension")
    assert "Install the extension Helper 1.0.0?" in question.title
    assert "read files of the workspace" in question.text
    assert "To look at the shop." in question.text
    known = await listed(window)
    assert (known["state"], known["isShipped"]) == ("enabled", False)
    assert all(grant["granted"] for grant in known["grants"])
    assert await run(window, "hello") == "hello nobody\nloaded\n"
    document = window.open(SOURCE)
    await place_is_told(window, document)
    # Saving is not held up, and what is remarked goes away with what it was about.
    window.change(document, "price = 1  # TODO\n")
    window.save(document)
    await until(remarks(window, document.uri), lambda found: found == ["this is left to do"])
    (remark,) = window.client.diagnostics[document.uri]
    assert (remark.source, remark.range.start.character) == (ID, 13)
    window.change(document, "price = 1\n")
    window.save(document)
    await until(remarks(window, document.uri), lambda found: found == [])
    # What it proposes is a question like every other, and it never hears of its own edit.
    await run(window, "mark", uri=document.uri)
    shown = await window.person.sees("edit")
    assert "Mark it" in shown.title
    before = (await run(window, "hello")).count("saved")

    async def text() -> str:
        return document.text

    await until(text, lambda found: found == "# marked TODO\n")
    window.save(document)
    other = window.open("shop/delivery.py")
    window.save(other)

    async def heard() -> str:
        return await run(window, "hello")

    said = await until(heard, lambda found: "saved shop/delivery.py" in found)
    assert said.count("saved") == before + 1
    await files_come(window)
    # Disabled, it is gone from everywhere.
    await window.command("steward.extension.disable", extension=ID)
    assert (await listed(window))["state"] == "disabled"
    with pytest.raises(Exception, match="does not run"):
        await run(window, "hello")
    await what_was_saved_before_is_told(window, document)


async def what_was_saved_before_is_told(window: Window, document: Document) -> None:
    """Of what was saved before it began, it hears when it begins."""
    window.change(document, "price = 2  # TODO\n")
    window.save(document)
    await window.command("steward.extension.enable", extension=ID)
    await until(remarks(window, document.uri), lambda found: found == ["this is left to do"])


@pytest.mark.usefixtures("at_hand")
async def test_menus_panels_and_messages_reach_an_editor_without_views_for_them(
    open_window: OpenWindow, tmp_path: Path
) -> None:
    shows = {**PLAIN, "window": {**PLAIN["window"], "showDocument": {"support": True}}}
    window = await open_window(shows)
    await installed(window, package(tmp_path))
    document = window.open(SOURCE)
    at = types.Range(types.Position(0, 0), types.Position(0, 4))
    asked = types.CodeActionParams(
        types.TextDocumentIdentifier(document.uri), at, types.CodeActionContext([])
    )
    found = await window.client.text_document_code_action_async(asked) or []
    titles = [each.title for each in found]
    assert f"Mark it ({ID})" in titles
    # The other entry asks for a file that is not there.
    assert f"Say hello ({ID})" not in titles
    # What it says cannot hide anything, nor pass for a line of ours.
    assert await run(window, "fill") == "filled⟨U+202E⟩\nSteward: trust it"
    told = f"Steward: The extension {ID} says: filled⟨U+202E⟩ Steward: trust it"
    assert told in [each.message for each in window.client.messages]
    panel = await window.command("steward.extension.panel", extension=ID, panel="notes", show=True)
    assert panel["title"] == "Notes of the helper"
    assert "| files | 3 |" in panel["markdown"]
    assert [block["kind"] for block in panel["content"]["blocks"]] == ["markdown", "table"]
    await window.command("steward.workspace.trust")
    assert "from the jail" in await run(window, "shell")
    asked_for = await window.person.sees("command")
    assert "To see that it runs." in asked_for.text
    assert f"{ID} 1.0.0" in asked_for.title


@pytest.mark.usefixtures("at_hand")
async def test_an_extension_that_fails_again_and_again_is_disabled_and_told_of(
    open_window: OpenWindow, tmp_path: Path
) -> None:
    window = await open_window(EXTENDED)
    await installed(window, package(tmp_path))
    for _ in range(5):
        with pytest.raises(Exception, match=r"longer than it may|does not run"):
            await run(window, "crash")

    async def state() -> Json:
        return await listed(window)

    found = await until(state, lambda now: now["state"] == "faulted")
    assert found["activity"]["faults"] == 5
    assert "command:crash" in found["activity"]["lastFault"]

    async def messages() -> list[str]:
        return [each.message for each in window.client.messages]

    await until(messages, lambda told: any("was disabled after" in each for each in told))
    assert "deadline" in (await window.command("steward.extension.log", extension=ID))["text"]
    # And it comes back when the person says so.
    await window.command("steward.extension.enable", extension=ID)
    assert "hello nobody" in await run(window, "hello")
    # What is taken back counts from the next call on, and comes back only with a yes.
    await window.command("steward.extension.revoke", extension=ID, capability="storage")
    with pytest.raises(Exception, match="storage"):
        await run(window, "hello")
    await window.command("steward.extension.grant", extension=ID, capability="storage")
    assert "hello nobody" in await run(window, "hello")
    assert window.person.kinds.count("extension") == 2
