"""What becomes of ghost text, who switches it off, and what a person is told when there is none."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from demo.editor import Document
from demo.replies import Refuse, Reply, always
from demo.scripted_model import ScriptedModel
from tests.client import PLAIN, Window, inline_params
from tests.environment import ROOT, steward_environment
from tests.flows.books import Books
from tests.flows.conftest import OpenWindow
from tests.person import DEADLINE_S

TYPED = "\n    def item_count(self) -> int:\n        "
SUGGESTED = "return sum(line.quantity for line in self.lines)"
OUTCOMES = ("offered", "accepted", "partly", "typed", "rejected", "unseen")


async def suggested(window: Window) -> Document:
    """A document with a suggestion on the screen."""
    document = window.open("shop/basket.py")
    await suggest_again(window, document)
    return document


async def suggest_again(window: Window, document: Document) -> None:
    window.change(document, document.text + TYPED)
    assert await window.ghost_text(document) == SUGGESTED


async def confirm(window: Window, command: types.Command | None) -> None:
    """Run an item's command, as an editor does when the item is taken."""
    assert command is not None
    assert await window.execute(command.command, list(command.arguments or [])) == {"known": True}


async def test_what_becomes_of_suggestions_is_written_down_without_the_code(
    open_window: OpenWindow, books: Books
) -> None:
    window = await open_window()
    document = await suggested(window)
    window.change(document, document.text + SUGGESTED)  # Taken whole.
    await suggest_again(window, document)
    window.change(document, document.text + "return")  # A word of it.
    assert await window.ghost_text(document) == SUGGESTED.removeprefix("return")
    window.change(document, document.text + " None")
    await suggest_again(window, document)
    window.change(document, document.text + "x")  # Gone before it could be read.
    await suggest_again(window, document)
    found = await window.client.text_document_inline_completion_async(inline_params(document))
    assert isinstance(found, types.InlineCompletionList)
    # The editor has reformatted what it inserted, so the edit says little.
    window.change(document, document.text + "return sum(0 for _ in ())")
    await confirm(window, found.items[0].command)
    await window.close()
    (row,) = books.rows("SELECT * FROM ghost_text_day")
    found = {name: row[name] for name in OUTCOMES if row[name]}
    assert found == {"offered": 4, "accepted": 2, "partly": 1, "unseen": 1}
    assert row["accepted_characters"] == 2 * len(SUGGESTED) + len("return")
    assert (row["language"], row["asked"] > 0) == ("python", True)
    said = " ".join(str(value) for value in row.values())
    assert not [word for word in ("basket", "item_count", "quantity") if word in said]


async def test_the_command_of_a_completion_item_says_that_it_was_accepted(
    open_window: OpenWindow,
) -> None:
    window = await open_window(PLAIN)
    document = window.open("shop/basket.py")
    window.change(document, document.text + TYPED)
    inline = inline_params(document)
    found = await window.client.text_document_completion_async(
        types.CompletionParams(inline.text_document, inline.position)
    )
    assert isinstance(found, types.CompletionList)
    await confirm(window, found.items[0].command)
    assert await window.command("steward.completion.accepted", id="no") == {"known": False}


async def test_a_switch_that_is_flipped_holds_at_once_and_in_other_windows_within_seconds(
    open_window: OpenWindow, scripted_model: ScriptedModel
) -> None:
    window, other = await open_window(), await open_window()
    here, there = window.open("shop/basket.py"), other.open("shop/basket.py")
    assert await why(other, there) == {
        "state": "ready",
        "because": None,
        "reason": None,
        "language": "python",
        "switches": {"all": True, "language": True, "workspace": True},
    }
    told = await window.command(
        "steward.completion.switch", scope="language", uri=here.uri, on=False
    )
    assert told["state"] == "off"
    assert told["switches"] == {"all": True, "language": False, "workspace": True}
    assert "steward ghost on --language python" in told["reason"]
    window.change(here, here.text + TYPED)
    assert await window.ghost_text(here) == ""
    await until_standing(other, there, "off")
    other.change(there, there.text + TYPED)
    assert await other.ghost_text(there) == ""
    assert scripted_model.exchanges == []
    await window.command("steward.completion.switch", scope="language", language="python", on=True)
    assert await window.ghost_text(here) == SUGGESTED


async def test_a_switch_that_is_flipped_at_a_shell_is_seen_by_open_windows_and_their_status(
    open_window: OpenWindow, scripted_model: ScriptedModel, data_folder: Path, workspace: Path
) -> None:
    window = await open_window()
    document = await suggested(window)
    await until_status(window, "ready")
    environment = steward_environment(data_folder, scripted_model.url)
    for action, state in (("off", "off"), ("on", "ready")):
        steward = await asyncio.create_subprocess_exec(
            *(str(ROOT / ".venv/bin/python"), "-m", "steward", "ghost", action),
            *("--workspace", "."),
            env=environment,
            cwd=workspace,
        )
        assert await steward.wait() == 0
        await until_standing(window, document, state)
        await until_status(window, state)


async def test_a_person_is_told_why_there_is_no_suggestion_in_a_document(
    open_window: OpenWindow, workspace: Path, scripted_model: ScriptedModel
) -> None:
    (workspace / ".stewardignore").write_text("hidden.py\n")
    (workspace / "hidden.py").write_text("x = ")
    window = await open_window()
    hidden = window.open("hidden.py")
    assert await window.ghost_text(hidden) == ""
    told = await why(window, hidden)
    assert (told["state"], told["because"]) == ("quiet", "ignored")
    assert "'hidden.py' matches 'hidden.py' in '.stewardignore'" in told["reason"]
    document = await suggested(window)
    assert (await why(window, document))["state"] == "ready"
    assert (await why(window, hidden))["because"] == "ignored"
    scripted_model.script = always(Reply(fault=Refuse(401)))
    window.change(document, document.text + "x\n")
    assert await window.ghost_text(document) == ""
    told = await why(window, document)
    assert (told["state"], told["because"]) == ("unavailable", "refused")


@pytest.mark.parametrize(
    ("settings", "state", "words"),
    [
        ({"STEWARD_LEDGER__LIMIT_USD": "0.0000001"}, "unavailable", "budget"),
        ({"STEWARD_MODEL_URL": ""}, "unavailable", "OPENAI_API_KEY"),
        ({"STEWARD_COMPLETION__ENABLED": "false"}, "off", "your settings say so"),
    ],
)
async def test_what_keeps_ghost_text_away_is_told_in_words(
    open_window: OpenWindow,
    scripted_model: ScriptedModel,
    settings: dict[str, str],
    state: str,
    words: str,
) -> None:
    window = await open_window(**settings)
    document = window.open("shop/basket.py")
    window.change(document, document.text + TYPED)
    assert await window.ghost_text(document) == ""
    told = await why(window, document)
    assert (told["state"], words in told["reason"]) == (state, True), told
    assert (await window.command("steward.status"))["ghostText"]["state"] == state
    assert scripted_model.exchanges == []


async def test_commands_with_wrong_arguments_are_refused_and_the_report_is_a_page(
    open_window: OpenWindow,
) -> None:
    window = await open_window(has_folder=False)
    for arguments, words in (
        ({"scope": "all"}, "`on`"),
        ({"scope": "nothing", "on": True}, "`scope`"),
        ({"scope": "language", "on": True}, "Name a `language`"),
        ({"scope": "workspace", "on": True}, "Open a folder"),
        ({"scope": "language", "language": "x" * 5000, "on": True}, "is no language"),
    ):
        with pytest.raises(JsonRpcException, match=words):
            await window.command("steward.completion.switch", **arguments)
    page = await window.command("steward.completion.report")
    assert page["markdown"].startswith("# What became of suggestions")


async def why(window: Window, document: Document) -> Any:
    return await window.command("steward.completion.why", uri=document.uri)


async def until_standing(window: Window, document: Document, state: str) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while (await why(window, document))["state"] != state:
            await asyncio.sleep(0.02)


async def until_status(window: Window, state: str) -> None:
    """Wait for a `steward/status` that says so of ghost text."""
    while True:
        known = window.news
        if window.status and window.status["ghostText"]["state"] == state:
            return
        await window.until_news(known)
