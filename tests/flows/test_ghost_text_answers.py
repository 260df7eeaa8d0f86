"""Models that answer anything at all: what of it reaches the screen, and that nothing breaks."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable
from contextlib import asynccontextmanager

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from demo import wire
from demo.editor import Document
from demo.replies import Drop, Reply, Stall, always, say
from demo.scripted_model import ScriptedModel
from steward.core.limits import SUGGESTION_CHARS_MAX, SUGGESTION_LINES_MAX
from steward.workspace.reveal import is_hidden
from tests.client import Window, inline_params
from tests.flows.conftest import OpenWindow
from tests.flows.ghost_window import items_at

LINE = "x = "
BODY = "def f(a, b):\n    "
RUNAWAY = "return a\n\n\n" + "".join(f"def g{n}(a):\n    return a * {n}\n\n\n" for n in range(400))
WIDE = "\N{GRINNING FACE}"

ANSWERS: dict[str, tuple[str, str, str | None]] = {
    "nothing": (LINE, "", ""),
    "blanks": (BODY, " \n\t\n  \n", ""),
    "too little": (LINE, "`", ""),
    "too much": (BODY, RUNAWAY, "return a"),
    "a fence": (BODY, "```python\nreturn a + b\n```\nThis adds them.", "return a + b"),
    "an echo": (BODY, "def f(a, b):\n    return a + b", "return a + b"),
    "one line again and again": (BODY, "print(a)\n    " * 900, None),
    "one word again and again": (LINE, "ha " * 9000, ""),
    "a wrong indentation": (BODY, "  if a:\n\t\t\treturn b\n  return a", None),
    "an endless line": (LINE, "1 + " * 30_000, ""),
    "a megabyte": (BODY, "y" * 1_000_000, ""),
    "a megabyte of lines": (BODY, "".join(f"y{n} = {n}\n    " for n in range(60_000)), None),
    "a megabyte of brackets": (LINE, "(" * 1_000_000, ""),
    "a megabyte of quotes": (LINE, "'\"" * 500_000, ""),
    "a thought without an end": (LINE, "<think>" + "so " * 3_000, ""),
    "half a pair of surrogates": (LINE, "'ok\ud83d'", "'ok"),
    "a character that is none": (LINE, "'ok\ufffd'", "'ok"),
    "an escape sequence": (LINE, "1\x1b]0;owned\x07", ""),
    "a null": (LINE, "1\0", ""),
    "a turned comment": (BODY, "a()\n    # \u202e ;b() \u2066\n    c()", "a()"),
    "an unseen letter in a name": (LINE, "is_ad\u200bmin", ""),
    "a tag from beyond": (LINE, "1 # \U000e0041\U000e0042", ""),
    "a line separator": (BODY, "a()\u2028b()", ""),
    "carriage returns": (BODY, "a()\r    b()\r\n    c()", None),
}
"""What stands before the cursor, what the model says, and what is shown of it if that is sure."""


async def test_whatever_a_model_says_what_is_shown_is_plain_and_bounded(
    open_window: OpenWindow, scripted_model: ScriptedModel
) -> None:
    window = await open_window(STEWARD_COMPLETION__SPECULATIVE="false")
    wrong: dict[str, str] = {}
    for number, (name, (before, answer, wanted)) in enumerate(ANSWERS.items()):
        pieces = tuple(answer[at : at + 4096] for at in range(0, len(answer), 4096))
        scripted_model.script = always(Reply(pieces=pieces))
        document = window.open(f"a{number}.py", before)
        shown = "".join(str(item.insert_text) for item in await items_at(window, document))
        is_bounded = len(shown) <= SUGGESTION_CHARS_MAX and shown.count("\n") < SUGGESTION_LINES_MAX
        is_plain = not any(map(is_hidden, shown)) and "\ufffd" not in shown
        if not is_bounded or not is_plain or wanted not in (None, shown):
            wrong[name] = shown[:200]
        assert len(scripted_model.exchanges) == number + 1
    assert wrong == {}
    await still_suggests(window, scripted_model)
    assert window.client.messages == []


async def test_a_line_without_an_end_is_hung_up_on(
    open_window: OpenWindow, scripted_model: ScriptedModel
) -> None:
    window = await open_window()
    scripted_model.script = always(Reply(pieces=("1 + 22 + 333 + " * 40,) * 6_000))
    document = window.open("a.py", BODY)
    await items_at(window, document)
    await scripted_model.exchanges[0].closed_early()
    await still_suggests(window, scripted_model)


async def test_a_character_that_comes_in_two_pieces_is_one(
    open_window: OpenWindow, scripted_model: ScriptedModel
) -> None:
    """Some servers cut their stream between the halves of a pair, or between two bytes."""
    window = await open_window()
    scripted_model.script = always(Reply(pieces=("'ok \ud83d", "\ude00'")))
    document = window.open("pair.py", LINE)
    shown = [str(item.insert_text) for item in await items_at(window, document)]
    assert shown in (["'ok"], [f"'ok {WIDE}'"])
    choice = {"index": 0, "delta": {"content": f"'ok {WIDE}'"}, "finish_reason": "stop"}
    sent = wire.event({"choices": [choice]})
    plain = sent.replace(b"\\ud83d\\ude00", WIDE.encode())
    assert WIDE.encode() in plain
    cut = plain.index(WIDE.encode()) + 2
    for halves, wanted in (
        ((plain[:cut], plain[cut:]), f"'ok {WIDE}'"),
        ((plain[:cut], plain[cut + 2 :]), "'ok"),  # The other half never comes.
    ):
        async with raw_model(halves) as url:
            other = await open_window(STEWARD_MODEL_URL=url)
            document = other.open("halves.py", LINE)
            shown = [str(item.insert_text) for item in await items_at(other, document)]
            assert shown in ([wanted], [])
            assert shown or wanted == "'ok"


@pytest.mark.parametrize("fault", [Drop(1), Drop(0), Stall(1)], ids=["breaks", "drops", "stalls"])
async def test_a_stream_that_does_not_end_leaves_the_editor_free(
    open_window: OpenWindow, scripted_model: ScriptedModel, fault: Drop | Stall
) -> None:
    window = await open_window()
    scripted_model.script = always(Reply(pieces=("a", "b"), fault=fault))
    document = window.open("shop/basket.py")
    window.change(document, document.text + BODY)
    async with asyncio.TaskGroup() as tasks:
        asked = tasks.create_task(window.ghost_text(document))
        exchange = await scripted_model.arrived()
        if isinstance(fault, Stall):
            await exchange.started()
            window.change(document, document.text + "elsewhere")
            await exchange.closed_early()
    assert asked.result() in ("", "a")
    assert window.client.messages == []
    await still_suggests(window, scripted_model)


async def test_an_answer_that_comes_when_nobody_wants_it_any_more_is_not_shown(
    open_window: OpenWindow, scripted_model: ScriptedModel
) -> None:
    window = await open_window()
    hold = asyncio.Event()
    scripted_model.script = always(Reply(pieces=("late = 1",), hold=hold))
    document = window.open("a.py", BODY)
    params = inline_params(document)
    sent = window.client.protocol.send_request_async(
        types.TEXT_DOCUMENT_INLINE_COMPLETION, params, "cancel-me"
    )
    async with asyncio.TaskGroup() as tasks:
        asked = tasks.create_task(_outcome(sent))
        exchange = await scripted_model.arrived()
        window.client.cancel_request(types.CancelParams("cancel-me"))
        window.change(document, document.text + "b")
        await exchange.closed_early()
        hold.set()
    assert "late" not in asked.result()
    scripted_model.script = always(say("+ 1"))
    assert [str(item.insert_text) for item in await items_at(window, document)] == ["+ 1"]
    answers = [one for one in window.messages() if one.get("id") == "cancel-me"]
    assert len(answers) == 1


async def _outcome(sent: Awaitable[object]) -> str:
    try:
        return str(await sent)
    except JsonRpcException as error:
        return str(error)


async def still_suggests(window: Window, model: ScriptedModel) -> None:
    """Ask once more, of a model that has come to its senses."""
    model.script = always(say("return a + b"))
    document: Document = window.open("sane.py", BODY)
    (item,) = await items_at(window, document)
    assert item.insert_text == "return a + b"


@asynccontextmanager
async def raw_model(parts: tuple[bytes, ...]) -> AsyncGenerator[str]:
    """A model that sends exactly these bytes, each in a packet of its own; gives its URL."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await wire.read_request(reader)
        writer.write(wire.stream_head())
        for part in (*parts, wire.event("[DONE]"), b""):
            writer.write(wire.chunk(part))
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
