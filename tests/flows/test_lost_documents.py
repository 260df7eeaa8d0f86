"""What the editor has is not always known; then nothing is made of a guess."""

from pathlib import Path

from lsprotocol import types

from demo.editor import Document
from demo.scripted_model import ScriptedModel
from steward.core.limits import DOCUMENT_CHARS_MAX
from tests.client import ASKING, Window
from tests.flows.books import Books
from tests.flows.conftest import OpenWindow
from tests.flows.scripts import EDIT, after_plan, results_in

TYPED = "\n    def item_count(self) -> int:\n        "


def type_with_an_old_version(window: Window, document: Document) -> None:
    document.version -= 1
    window.change(document, "# mine\n" + document.text)


async def test_a_document_out_of_step_has_no_ghost_text_until_it_is_opened_again(
    open_window: OpenWindow, scripted_model: ScriptedModel
) -> None:
    window = await open_window()
    document = window.open("shop/basket.py")
    window.change(document, document.text + TYPED)
    type_with_an_old_version(window, document)
    window.change(document, document.text + TYPED)
    assert await window.ghost_text(document) == ""
    told = [one.message for one in window.client.messages]
    assert len([one for one in told if "came out of order" in one]) == 1
    assert scripted_model.exchanges == []
    again = window.open("shop/basket.py")
    window.change(again, again.text + TYPED)
    assert await window.ghost_text(again)


async def test_a_document_too_large_to_be_kept_has_no_ghost_text_and_the_rest_goes_on(
    open_window: OpenWindow, scripted_model: ScriptedModel
) -> None:
    window = await open_window()
    line = "value = compute(first, second)\n"
    large = window.open("shop/delivery.py", line * (DOCUMENT_CHARS_MAX // len(line) + 1))
    identifier = types.VersionedTextDocumentIdentifier(2, large.uri)
    typed = types.TextDocumentContentChangePartial(
        types.Range(types.Position(0, 0), types.Position(0, 0)), "x"
    )
    window.client.text_document_did_change(types.DidChangeTextDocumentParams(identifier, [typed]))
    assert await window.ghost_text(large) == ""
    assert scripted_model.exchanges == []
    document = window.open("shop/basket.py")
    window.change(document, document.text + TYPED)
    assert await window.ghost_text(document)
    told = [one.message for one in window.client.messages]
    assert len([one for one in told if "'delivery.py' has more than" in one]) == 1


async def test_no_change_lands_in_a_document_out_of_step(
    open_window: OpenWindow, workspace: Path, scripted_model: ScriptedModel, books: Books
) -> None:
    scripted_model.script = after_plan(EDIT)
    window = await open_window(ASKING)
    document = window.open("shop/delivery.py")
    type_with_an_old_version(window, document)
    mine, on_disk = document.text, document.path.read_bytes()
    await window.until_ended(await window.run_agent())
    assert window.edits == []
    assert (document.text, document.path.read_bytes()) == (mine, on_disk)
    assert books.proposals() == []
    assert "does not know its text" in results_in(scripted_model.exchanges[-1].body)[0]
