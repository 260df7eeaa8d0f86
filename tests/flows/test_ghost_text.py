"""Ghost text from a keystroke to the screen, and everything that keeps it away."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from demo.editor import Document
from demo.replies import Reply, Stall, always, say
from demo.scripted_model import ScriptedModel
from tests.client import OURS, PLAIN, Window, inline_params
from tests.flows.books import Books
from tests.flows.conftest import OpenWindow
from tests.flows.scripts import everything_in

TYPED = "\n    def item_count(self) -> int:\n        "
SUGGESTED = "return sum(line.quantity for line in self.lines)"
CANCELLED = -32800


async def test_a_keystroke_becomes_ghost_text_and_is_paid_for(
    open_window: OpenWindow, scripted_model: ScriptedModel, books: Books
) -> None:
    window = await open_window()
    document = window.open("shop/basket.py")
    window.change(document, document.text + TYPED)
    assert await window.ghost_text(document) == SUGGESTED
    assert len(scripted_model.exchanges) == 1
    await books.until(lambda now: now.reservations("completion")[0]["state"] == "settled")
    (paid,) = books.reservations("completion")
    assert not paid["is_estimated"]
    assert paid["cost_nano_usd"] > 0


async def test_typing_along_a_suggestion_asks_the_model_only_once(
    open_window: OpenWindow, scripted_model: ScriptedModel
) -> None:
    window = await open_window()
    document = window.open("shop/basket.py")
    start = document.text + TYPED
    window.change(document, start)
    assert await window.ghost_text(document) == SUGGESTED
    for typed in range(1, 12):
        window.change(document, start + SUGGESTED[:typed])
        assert await window.ghost_text(document) == SUGGESTED[typed:]
    assert len(scripted_model.exchanges) == 1


async def test_what_follows_a_suggestion_that_stays_is_there_when_it_is_taken(
    open_window: OpenWindow, scripted_model: ScriptedModel
) -> None:
    window = await open_window(STEWARD_COMPLETION__SPECULATIVE="true")
    document = window.open("shop/basket.py")
    start = document.text + TYPED
    window.change(document, start)
    assert await window.ghost_text(document) == SUGGESTED
    scripted_model.script = always(say("\n\n    def is_empty(self) -> bool:\n        return True"))
    ahead = await scripted_model.arrived(2)
    assert SUGGESTED in str(ahead.body), "it is asked as if the suggestion had been taken"
    await ahead.ended()
    window.change(document, start + SUGGESTED)
    await window.ghost_text(document)
    assert len(scripted_model.exchanges) == 2


async def test_a_client_without_inline_completion_gets_the_same_text_as_a_completion(
    open_window: OpenWindow,
) -> None:
    window = await open_window(PLAIN)
    assert window.offered is not None
    assert window.offered.completion_provider is not None
    document = window.open("shop/basket.py")
    window.change(document, document.text + TYPED + "return")
    inline = inline_params(document)
    found = await window.client.text_document_completion_async(
        types.CompletionParams(inline.text_document, inline.position)
    )
    assert isinstance(found, types.CompletionList)
    (item,) = found.items
    assert isinstance(item.text_edit, types.TextEdit)
    assert item.text_edit.new_text.strip() == SUGGESTED.removeprefix("return ")
    assert item.filter_text == "return" + item.text_edit.new_text


async def test_completion_is_not_offered_where_inline_completion_is_understood(
    open_window: OpenWindow,
) -> None:
    window = await open_window(OURS)
    assert window.offered is not None
    assert window.offered.inline_completion_provider is not None
    assert window.offered.completion_provider is None


async def test_cancelling_closes_the_providers_connection_and_books_an_estimate(
    open_window: OpenWindow, scripted_model: ScriptedModel, books: Books
) -> None:
    scripted_model.script = always(Reply(pieces=("return", " 1"), fault=Stall(after_pieces=1)))
    window = await open_window()
    document = window.open("shop/basket.py")
    window.change(document, document.text + TYPED)
    async with asyncio.TaskGroup() as tasks:
        asked = tasks.create_task(_cancelled_request(window, document))
        exchange = await scripted_model.arrived()
        await exchange.started()
        window.client.cancel_request(types.CancelParams("cancel-me"))
        await exchange.closed_early()
        assert await asked == CANCELLED
    await books.until(lambda books: books.reservations()[0]["state"] != "open")
    (paid,) = books.reservations()
    assert (paid["state"], bool(paid["is_estimated"])) == ("settled", True)
    assert paid["cost_nano_usd"] > 0
    (answer,) = [one for one in window.messages() if one.get("id") == "cancel-me"]
    assert answer["error"]["code"] == CANCELLED


async def test_without_budget_ghost_text_stays_away_and_the_status_says_why(
    open_window: OpenWindow, scripted_model: ScriptedModel
) -> None:
    window = await open_window(STEWARD_LEDGER__LIMIT_USD="0.0000001")
    document = window.open("shop/basket.py")
    window.change(document, document.text + TYPED)
    assert await window.ghost_text(document) == ""
    assert scripted_model.exchanges == []
    status = await window.command("steward.status")
    assert status["ai"] == "off"
    assert "budget" in status["reason"]
    assert date.fromisoformat(status["resetsOn"]).day == 1
    assert status["resetsOn"] in status["reason"]


async def test_without_a_model_ghost_text_stays_away_and_the_status_says_why(
    open_window: OpenWindow, scripted_model: ScriptedModel
) -> None:
    window = await open_window(STEWARD_MODEL_URL="")
    document = window.open("shop/basket.py")
    window.change(document, document.text + TYPED)
    assert await window.ghost_text(document) == ""
    status = await window.command("steward.status")
    assert status["ai"] == "off"
    assert "OPENAI_API_KEY" in status["reason"]
    with pytest.raises(JsonRpcException, match="no model is configured"):
        await window.run_agent()
    assert scripted_model.exchanges == []


@pytest.mark.parametrize("name", ["ignored.py", "hidden.py", ".env"])
async def test_the_text_of_an_ignored_document_is_not_sent(
    open_window: OpenWindow, scripted_model: ScriptedModel, workspace: Path, name: str
) -> None:
    (workspace / ".gitignore").write_text("ignored.py\n")
    (workspace / ".stewardignore").write_text("hidden.py\n")
    (workspace / name).write_text("CANARY = 'bluebird'\n\ndef add(a, b):\n    ")
    window = await open_window()
    assert await window.ghost_text(window.open(name)) == ""
    assert scripted_model.exchanges == []
    (workspace / "plain.py").write_text("CANARY = 'bluebird'\n\ndef add(a, b):\n    ")
    assert await window.ghost_text(window.open("plain.py")) == "return a + b"


async def test_without_a_folder_no_secret_file_and_nothing_behind_a_link_is_sent(
    open_window: OpenWindow, scripted_model: ScriptedModel, workspace: Path
) -> None:
    text = "CANARY = 'bluebird'\n\ndef add(a, b):\n    "
    (workspace / "id_rsa.d").mkdir()
    for name in (".env", "id_rsa", "id_rsa.d/a.py", "plain.py"):
        (workspace / name).write_text(text)
    (workspace / "link.py").symlink_to(".env")
    (workspace / "there").symlink_to("shop")
    window = await open_window(has_folder=False)
    for name in (".env", "id_rsa", "id_rsa.d/a.py", "link.py", "there/basket.py"):
        assert await window.ghost_text(window.open(name, text)) == ""
    assert await _unsaved(window, f"untitled:{workspace}/%2Eenv", text) == ()
    assert scripted_model.exchanges == []
    assert await window.ghost_text(window.open("plain.py")) == "return a + b"
    (item,) = await _unsaved(window, "untitled:Untitled-1", text)
    assert item.insert_text == "return a + b"


async def test_a_key_in_a_document_is_redacted_before_it_is_sent(
    open_window: OpenWindow, scripted_model: ScriptedModel
) -> None:
    key = "sk-" + "A1b2C3d4" * 4
    window = await open_window()
    document = window.open("shop/basket.py")
    window.change(document, f'CLIENT = connect("{key}")\n\ndef add(a, b):\n    ')
    assert await window.ghost_text(document) == "return a + b"
    (sent,) = scripted_model.exchanges
    assert key not in everything_in(sent.body)
    assert "<redacted openai key>" in everything_in(sent.body)

    # And whoever looks at what was sent sees the same.
    (call,) = await window.command("steward.sent.list")
    page = (await window.command("steward.sent.show", id=call["id"]))["markdown"]
    assert call["task"] == "completion"
    assert "def add(a, b):" in page
    assert "<redacted openai key>" in page
    assert key not in page


async def test_typing_along_an_answer_on_its_way_keeps_it(
    open_window: OpenWindow, scripted_model: ScriptedModel
) -> None:
    hold = asyncio.Event()
    scripted_model.script = always(replace(say(SUGGESTED), hold=hold))
    window = await open_window()
    document = window.open("shop/basket.py")
    start = document.text + TYPED
    window.change(document, start)
    async with asyncio.TaskGroup() as tasks:
        first = tasks.create_task(_cancelled_request(window, document))
        await scripted_model.arrived()
        window.change(document, start + "re")
        window.client.cancel_request(types.CancelParams("cancel-me"))
        second = tasks.create_task(window.ghost_text(document))
        assert await first == CANCELLED
        hold.set()
    assert second.result() == SUGGESTED.removeprefix("re")
    assert len(scripted_model.exchanges) == 1


async def test_an_edit_that_leads_elsewhere_closes_the_providers_connection(
    open_window: OpenWindow, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(Reply(pieces=("return", " 1"), fault=Stall(after_pieces=1)))
    window = await open_window()
    document = window.open("shop/basket.py")
    window.change(document, document.text + TYPED)
    async with asyncio.TaskGroup() as tasks:
        asked = tasks.create_task(window.ghost_text(document))
        exchange = await scripted_model.arrived()
        await exchange.started()
        window.change(document, document.text + "x")
        await exchange.closed_early()
    assert asked.result() == ""


@pytest.mark.parametrize("by", ["closing", "switching off"])
async def test_what_nobody_wants_any_more_is_hung_up(
    open_window: OpenWindow, scripted_model: ScriptedModel, by: str
) -> None:
    scripted_model.script = always(Reply(pieces=("return", " 1"), fault=Stall(after_pieces=1)))
    window = await open_window()
    document = window.open("shop/basket.py")
    window.change(document, document.text + TYPED)
    async with asyncio.TaskGroup() as tasks:
        asked = tasks.create_task(window.ghost_text(document))
        exchange = await scripted_model.arrived()
        await exchange.started()
        if by == "closing":
            window.close_document(document)
        else:
            await window.command("steward.completion.switch", on=False)
        await exchange.closed_early()
    assert asked.result() == ""
    assert len(scripted_model.exchanges) == 1


async def test_nothing_is_shown_for_a_text_that_is_another_one_by_now(
    open_window: OpenWindow, scripted_model: ScriptedModel
) -> None:
    hold = asyncio.Event()
    scripted_model.script = always(replace(say(SUGGESTED), hold=hold))
    window = await open_window()
    document = window.open("shop/basket.py")
    window.change(document, document.text + TYPED)
    async with asyncio.TaskGroup() as tasks:
        asked = tasks.create_task(window.ghost_text(document))
        await scripted_model.arrived()
        # A whole text is no edit that anybody could follow.
        whole = types.TextDocumentContentChangeWholeDocument("# another\n" + document.text)
        version = types.VersionedTextDocumentIdentifier(document.version + 1, document.uri)
        window.client.text_document_did_change(types.DidChangeTextDocumentParams(version, [whole]))
        await window.command("steward.status")  # The change has been taken by now.
        hold.set()
    assert asked.result() == ""


async def test_after_backspace_nobody_is_asked_and_by_hand_they_are(
    open_window: OpenWindow, scripted_model: ScriptedModel
) -> None:
    window = await open_window()
    await window.command("steward.status")  # Everything is open now.
    document = window.open("shop/basket.py")
    window.change(document, document.text + TYPED)
    window.change(document, document.text[:-1])
    assert await window.ghost_text(document) == ""
    assert scripted_model.exchanges == []
    params = inline_params(document)
    params.context.trigger_kind = types.InlineCompletionTriggerKind.Invoked
    found = await window.client.text_document_inline_completion_async(params)
    assert isinstance(found, types.InlineCompletionList)
    assert found.items


async def test_the_selected_item_of_a_list_begins_the_suggestion(
    open_window: OpenWindow, scripted_model: ScriptedModel
) -> None:
    scripted_model.script = always(say("quantity for line in self.lines)"))
    window = await open_window()
    document = window.open("shop/basket.py")
    window.change(document, document.text + TYPED + "return sum(line.qu)")
    params = inline_params(document)
    end = params.position
    params.position = types.Position(end.line, end.character - 1)
    word = types.Range(types.Position(end.line, end.character - 3), params.position)
    params.context.selected_completion_info = types.SelectedCompletionInfo(word, "quantity")
    scripted_model.script = always(say(" for line in self.lines)"))
    found = await window.client.text_document_inline_completion_async(params)
    assert isinstance(found, types.InlineCompletionList)
    (item,) = found.items
    assert str(item.insert_text).startswith("quantity for line in self.lines")
    assert item.range is not None
    assert item.range.start == word.start
    sent = everything_in(scripted_model.exchanges[0].body)
    assert "return sum(line.quantity" in sent


@pytest.mark.parametrize("end", ["\n", "\r\n"])
async def test_the_range_reaches_over_what_the_text_takes_the_place_of(
    open_window: OpenWindow, scripted_model: ScriptedModel, end: str
) -> None:
    scripted_model.script = always(say("'🙂', key=len) or None"))
    window = await open_window()
    before = f"names = []{end}\tmax('🙂', "
    document = window.open("shop/basket.py", f"{before}){end}")
    params = inline_params(document)
    params.position = types.Position(1, len("\tmax('🙂', ") + 1)  # UTF-16: the face is two units.
    found = await window.client.text_document_inline_completion_async(params)
    assert isinstance(found, types.InlineCompletionList)
    (item,) = found.items
    assert item.range is not None
    assert item.range.start == params.position
    taken = item.range.end.character - params.position.character
    assert str(item.insert_text) + ")"[taken:] == "'🙂', key=len) or None"


async def _cancelled_request(window: Window, document: Document) -> int:
    with pytest.raises(JsonRpcException) as refused:
        await window.client.protocol.send_request_async(
            types.TEXT_DOCUMENT_INLINE_COMPLETION, inline_params(document), "cancel-me"
        )
    return refused.value.code


async def _unsaved(window: Window, uri: str, text: str) -> Sequence[types.InlineCompletionItem]:
    """What is suggested at the end of a document that is no file yet."""
    opened = types.TextDocumentItem(uri, "python", 1, text)
    window.client.text_document_did_open(types.DidOpenTextDocumentParams(opened))
    *above, last = text.split("\n")
    found = await window.client.text_document_inline_completion_async(
        types.InlineCompletionParams(
            types.InlineCompletionContext(types.InlineCompletionTriggerKind.Invoked),
            types.TextDocumentIdentifier(uri),
            types.Position(len(above), len(last)),
        )
    )
    assert isinstance(found, types.InlineCompletionList)
    return found.items
