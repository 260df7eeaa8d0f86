"""A next edit from a change to the editor's menu, and everything that keeps it away."""

import asyncio
from pathlib import Path

import pytest
from lsprotocol import types

from demo.editor import Document
from demo.replies import JsonObject, Reply, always, say
from demo.script import play
from demo.scripted_model import ScriptedModel
from tests.client import PLAIN, Json, Window
from tests.flows.books import Books
from tests.flows.conftest import OpenWindow
from tests.flows.scripts import everything_in, messages_of, task_of
from tests.person import DEADLINE_S

ABLE = {"STEWARD_GATEWAY__MODELS__NEXT_EDIT": "scripted", "STEWARD_COMPLETION__NEXT_EDIT": "true"}
OLD, NEW = "goods_pence", "net_pence"


def renaming(request: JsonObject) -> Reply:
    """A model that carries a renaming through, and knows the demo's ghost text."""
    if task_of(request) != "next_edit":
        return play(request)
    last = str(messages_of(request)[-1]["content"])
    region = last.partition("<region>\n")[2].partition("</region>")[0]
    return say("```python\n" + region.replace(f"self.{OLD}", f"self.{NEW}") + "```")


async def opened(open_window: OpenWindow, *abilities: Json, **settings: str) -> Window:
    """A window whose server is all there: what is typed before is of no account."""
    window = await open_window(*abilities, **settings)
    await window.command("steward.status")
    return window


def type_over(window: Window, document: Document, old: str, new: str) -> None:
    """Replace the first place where a text stands, as an editor tells it."""
    lines = document.text.split("\n")
    line = next(number for number, each in enumerate(lines) if old in each)
    column = lines[line].index(old)
    document.text = document.text.replace(old, new, 1)
    document.version += 1
    window.client.text_document_did_change(
        types.DidChangeTextDocumentParams(
            types.VersionedTextDocumentIdentifier(document.version, document.uri),
            [types.TextDocumentContentChangePartial(between(line, column, column + len(old)), new)],
        )
    )


def between(line: int, start: int, end: int) -> types.Range:
    return types.Range(types.Position(line, start), types.Position(line, end))


async def listed(window: Window, document: Document) -> list[JsonObject]:
    """The next edits in the menu at the document's beginning, as they came over the wire."""
    # The client's own reader takes an action with a command for a command.
    await window.client.text_document_code_action_async(
        types.CodeActionParams(
            types.TextDocumentIdentifier(document.uri),
            between(0, 0, 0),
            types.CodeActionContext(diagnostics=[]),
        )
    )
    *_, answer = (one["result"] for one in window.messages() if type(one.get("result")) is list)
    return [action for action in answer if "Next edit" in action["title"]]


async def until_listed(window: Window, document: Document) -> JsonObject:
    async with asyncio.timeout(DEADLINE_S):
        while not (actions := await listed(window, document)):
            await asyncio.sleep(0.02)
    (action,) = actions
    return action


async def test_a_renaming_is_carried_through_when_the_person_picks_it_from_the_menu(
    open_window: OpenWindow, scripted_model: ScriptedModel, books: Books
) -> None:
    scripted_model.script = renaming
    window = await opened(open_window, **ABLE)
    document = window.open("shop/basket.py")
    type_over(window, document, OLD, NEW)
    action = await until_listed(window, document)
    assert action["title"] == f"Steward: Next edit: line 37, replace `{OLD}` with `{NEW}`"
    assert action["kind"] == "refactor.rewrite"
    (made,) = action["edit"]["documentChanges"]
    assert made["textDocument"] == {"uri": document.uri, "version": document.version}
    (edit,) = made["edits"]
    assert (edit["range"]["start"], edit["newText"]) == ({"line": 36, "character": 21}, NEW)
    assert edit["annotationId"] in action["edit"]["changeAnnotations"]
    assert len(scripted_model.exchanges) == 1, "listing costs nothing"
    await books.until(lambda now: now.reservations("next_edit")[0]["state"] == "settled")

    type_over(window, document, f"self.{OLD}", f"self.{NEW}")
    assert await listed(window, document) == []
    (place,) = action["command"]["arguments"]
    assert place == {"uri": document.uri, "line": 36, "column": 30}
    answered = await window.command(action["command"]["command"], **place)
    assert answered == {"shown": False}, "this client shows no documents"


async def test_where_it_only_puts_in_on_the_cursors_line_it_is_shown_as_ghost_text(
    open_window: OpenWindow, scripted_model: ScriptedModel
) -> None:
    def script(request: JsonObject) -> Reply:
        if task_of(request) == "completion":
            return Reply()
        last = str(messages_of(request)[-1]["content"])
        region = last.partition("<region>\n")[2].partition("</region>")[0]
        return say(region.replace("(goods)", "(goods, self.lines)"))

    scripted_model.script = script
    window = await opened(open_window, **ABLE)
    document = window.open("shop/basket.py")
    type_over(window, document, "goods = self", "goods =  self")
    await until_listed(window, document)
    line = document.text.split("\n").index("        return goods + delivery_pence(goods)")
    found = await window.client.text_document_inline_completion_async(
        types.InlineCompletionParams(
            types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic),
            types.TextDocumentIdentifier(document.uri),
            types.Position(line, 15),
        )
    )
    assert isinstance(found, types.InlineCompletionList)
    (item,) = found.items
    assert item.insert_text == "goods + delivery_pence(goods, self.lines)"
    assert item.range == between(line, 15, 44)


@pytest.mark.parametrize(
    "chosen",
    [{}, {**ABLE, "STEWARD_COMPLETION__ENABLED": "false"}],
    ids=["usual", "ghost text off"],
)
async def test_without_a_model_that_was_chosen_for_it_nobody_is_asked(
    open_window: OpenWindow, scripted_model: ScriptedModel, chosen: dict[str, str]
) -> None:
    scripted_model.script = renaming
    window = await opened(open_window, **chosen)
    document = window.open("shop/basket.py")
    type_over(window, document, OLD, NEW)
    # Longer than the pause: a request would have left by now.
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1.0):
            await scripted_model.arrived()
    assert await listed(window, document) == []


async def test_places_are_in_the_editors_own_units(
    open_window: OpenWindow, scripted_model: ScriptedModel, workspace: Path
) -> None:
    (workspace / "wide.py").write_text("total = 1\nprint('🙂é', self.total)\n")
    scripted_model.script = always(say("amount = 1\nprint('🙂é', self.amount)"))
    window = await opened(open_window, **ABLE)
    document = window.open("wide.py")
    type_over(window, document, "total", "amount")
    action = await until_listed(window, document)
    (edit,) = action["edit"]["documentChanges"][0]["edits"]
    start, end = edit["range"]["start"], edit["range"]["end"]
    assert (start["character"], end["character"]) == (18, 23), "an emoji is two units of UTF-16"


async def test_an_able_model_of_the_catalogue_switches_it_on(
    open_window: OpenWindow, scripted_model: ScriptedModel, tmp_path: Path
) -> None:
    scripted_model.script = renaming
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "settings.toml").write_text(
        '[gateway.models]\nnext_edit = "scripted"\n'
        '[gateway.models_known."custom/scripted"]\nabilities = ["chat", "next_edit"]\n'
    )
    window = await opened(open_window, PLAIN)
    document = window.open("shop/basket.py")
    type_over(window, document, OLD, NEW)
    action = await until_listed(window, document)
    assert action["title"].startswith("Steward: Next edit: line 37")


async def test_nothing_of_an_ignored_document_is_sent_for_a_next_edit(
    open_window: OpenWindow, scripted_model: ScriptedModel, workspace: Path
) -> None:
    scripted_model.script = renaming
    (workspace / ".stewardignore").write_text("hidden.py\n")
    (workspace / "hidden.py").write_text("CANARY = 'bluebird'\n")
    window = await opened(open_window, **ABLE)
    hidden, document = window.open("hidden.py"), window.open("shop/basket.py")
    type_over(window, hidden, "CANARY", "CANARY_2")
    type_over(window, document, OLD, NEW)
    await until_listed(window, document)
    assert await listed(window, hidden) == []
    assert all("bluebird" not in everything_in(each.body) for each in scripted_model.exchanges)
    assert all("CANARY" not in everything_in(each.body) for each in scripted_model.exchanges)
