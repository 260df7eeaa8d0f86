"""An agent is written in the editor: mistakes are told, fields are offered, and trust is asked."""

import asyncio

from lsprotocol import types

from tests.agents.definitions.written import written
from tests.client import DEADLINE_S, OURS, PLAIN, Window
from tests.flows.conftest import OpenWindow
from tests.person import Person

PATH = ".steward/agents/paint.md"


async def diagnostics(window: Window, uri: str, *words: str) -> list[types.Diagnostic]:
    """What the editor shows of a document, once each of these words is in it."""
    async with asyncio.timeout(DEADLINE_S):
        while True:
            found = list(window.client.diagnostics.get(uri, ()))
            if all(any(word in each.message for each in found) for word in words):
                return found
            # The client tells of a notification only to who waits for it by then.
            await asyncio.sleep(0.02)


async def test_an_agent_is_written_checked_trusted_and_found(open_window: OpenWindow) -> None:
    window = await open_window(PLAIN, person=Person())
    new = await window.command("steward.agent.new", agent="paint")
    assert new["uri"] == (window.folder / PATH).as_uri()
    (window.folder / PATH).parent.mkdir(parents=True)
    (window.folder / PATH).write_text(new["text"], encoding="utf-8")
    document = window.open(PATH)
    (note,) = await diagnostics(window, document.uri, "do not trust")
    assert note.severity == types.DiagnosticSeverity.Information
    window.change(document, written("nmae: x"))
    found = await diagnostics(window, document.uri, "no field `nmae`")
    assert [each.range.start.line for each in found] == [0, 4]
    assert "paint" not in {each["id"] for each in await window.command("steward.agent.list")}
    assert await window.command("steward.workspace.trust") == {"trusted": True}
    await diagnostics(window, document.uri, "You trust", "no field `nmae`")
    window.change(document, written("agents: [explain, ghost, paint]"))
    found = await diagnostics(window, document.uri, "no agent `ghost`", "no agent `paint`")
    assert "no agent `explain`" not in str(found)
    at = types.Position(4, 10)
    asked = types.CompletionParams(types.TextDocumentIdentifier(document.uri), at)
    offered = await window.client.text_document_completion_async(asked)
    assert isinstance(offered, types.CompletionList)
    assert {"explain", "paint", "reviewer"} <= {item.label for item in offered.items}
    listed = {each["id"]: each for each in await window.command("steward.agent.list")}
    assert (listed["paint"]["source"], listed["paint"]["counts"]) == ("workspace", True)
    shown = await window.command("steward.agent.show", agent="paint")
    assert shown == {"markdown": new["text"], "source": "workspace"}


async def test_fields_and_values_are_offered_in_the_front_matter_only(
    open_window: OpenWindow,
) -> None:
    window = await open_window(PLAIN)
    (window.folder / PATH).parent.mkdir(parents=True)
    (window.folder / PATH).write_text(written("", "mode: "), encoding="utf-8")
    document = window.open(PATH)

    async def words(line: int, character: int) -> set[str]:
        found = await window.client.text_document_completion_async(
            types.CompletionParams(
                types.TextDocumentIdentifier(document.uri), types.Position(line, character)
            )
        )
        items = found.items if isinstance(found, types.CompletionList) else found or []
        return {item.label for item in items}

    assert {"caps", "deny"} <= await words(4, 0)
    assert "tools" not in await words(4, 0)
    assert await words(5, 6) == {"normal", "analysis_only", "dry_run", "step"}
    assert "run_tests" in await words(3, 8)
    assert not {"caps", "read_file"} & await words(8, 3)


async def test_an_editor_with_inline_completion_is_told_to_ask_in_agents_files_alone(
    open_window: OpenWindow,
) -> None:
    able = {
        **OURS,
        "textDocument": {"inlineCompletion": {}, "completion": {"dynamicRegistration": True}},
    }
    window = await open_window(able)
    (window.folder / PATH).parent.mkdir(parents=True)
    (window.folder / PATH).write_text(written("", "mode: "), encoding="utf-8")
    document, other = window.open(PATH), window.open("shop/basket.py")

    async def words(uri: str) -> set[str]:
        found = await window.client.text_document_completion_async(
            types.CompletionParams(types.TextDocumentIdentifier(uri), types.Position(5, 6))
        )
        assert isinstance(found, types.CompletionList)
        return {item.label for item in found.items}

    assert "dry_run" in await words(document.uri)
    assert await words(other.uri) == set()
    asked = [
        each for each in window.messages() if each.get("method") == "client/registerCapability"
    ]
    (wish,) = asked[0]["params"]["registrations"]
    assert wish["method"] == "textDocument/completion"
    assert wish["registerOptions"]["documentSelector"] == [{"pattern": "**/.steward/agents/*.md"}]
