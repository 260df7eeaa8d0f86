"""Which extensions run, what they are given, and what becomes of one that fails too often.

All of it in the real worker.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from steward.core.errors import (
    ExtensionKilledError,
    ExtensionRaisedError,
    NotFoundError,
    NotPermittedError,
    StaleError,
)
from steward.extensions.faults import FaultKind
from steward.extensions.payloads import (
    CommandRequest,
    CommandResponse,
    FileSaved,
    FileSavedResponse,
    Nothing,
    Payload,
    StageRequest,
    ToolRequest,
    WorkspaceChanged,
)
from steward.extensions.running import WrongAnswerError
from steward.permissions.rules import Rule
from steward.workspace.proposal import EditProposal, FileChange
from tests.extensions.host.desk import ID, OTHER, Desk, open_desk
from tests.rooms import DEADLINE_S

MAIN = b"""\
import os
import steward


@steward.command("paint")
def paint(request):
    wish = request["arguments"]
    if wish == "raise":
        raise ValueError("no paint")
    if wish == "abort":
        os.abort()
    if wish == "lie":
        return {"colour": "blue"}
    if wish == "read":
        return steward.read_file("src/a.py")
    if wish == "notes":
        return steward.read_file("notes.txt")
    if wish == "excuse":
        try:
            steward.read_file("notes.txt")
        except steward.Denied:
            raise ValueError("no notes") from None
    if wish == "try":
        try:
            return steward.read_file("notes.txt")
        except steward.Denied as error:
            return f"denied: {error}"
    steward.storage_set("last", "painted")
    return "painted"


@steward.hook("onFileSave")
def saved(event):
    return [steward.diagnostic(0, 0, 3, event["text"])]


@steward.hook("onLoad")
def loaded(event):
    steward.log("loaded")


@steward.hook("onUnload")
def gone(event):
    steward.log("unloaded")
"""
HOOKS = {
    "hooks": [
        {"event": "onFileSave", "globs": ["**/*.py"]},
        {"event": "onLoad"},
        {"event": "onUnload"},
    ]
}


async def paint(desk: Desk, wish: str | None = None, extension: str = ID) -> str | None:
    """The message of its command."""
    request = CommandRequest(arguments=wish)
    answer = await desk.extensions.call(extension, "command:paint", request, CommandResponse)
    return answer.message


async def fail(desk: Desk, wish: str, times: int = 1) -> None:
    for _ in range(times):
        with pytest.raises((ExtensionRaisedError, ExtensionKilledError, WrongAnswerError)):
            await paint(desk, wish)


async def state(desk: Desk, extension: str = ID) -> str:
    return (await desk.store.one(desk.rooms.principal, extension)).state


@asynccontextmanager
async def opened(tmp_path: Path) -> AsyncGenerator[Desk]:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        yield desk


async def until(is_so: Callable[[], Any]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not is_so():
            await asyncio.sleep(0.01)


async def test_what_is_enabled_is_loaded_given_events_and_let_go_of(tmp_path: Path) -> None:
    async with opened(tmp_path) as desk:
        await desk.extensions.refresh()
        assert desk.workers.standing().workers == ()  # Nothing is started before one is enabled.
        await desk.install(main=MAIN, more=HOOKS)
        await desk.extensions.refresh()
        async with desk.extensions.running():
            registered = desk.extensions.registered(ID)
            assert registered is not None
            assert registered.hooks == ("onFileSave", "onLoad", "onUnload")
            assert await paint(desk) == "painted"
            assert await desk.ask("storage-get", "last") == ("ok", "painted")
            assert await paint(desk, "read") == "one\ntwo\nthree\n"
            refused = await paint(desk, "try")
            assert refused is not None
            assert refused.startswith("denied: acme.painter may not read files")
            event = FileSaved(path="src/a.py", language="python", text="red", version=1)
            found = await desk.extensions.call(ID, "onFileSave", event, FileSavedResponse)
            assert [each.message for each in found.diagnostics] == ["red"]
            # Another process disables it; this one notices.
            await desk.store.set_state(desk.rooms.principal, ID, "disabled")
            await until(lambda: not desk.extensions.active())
        with pytest.raises(NotFoundError):
            await paint(desk)
        logged = [line.split(" ", 3)[3] for line in desk.extensions.host.logs.latest(ID)]
        assert logged == ["loaded", "unloaded"]
        figures = (await desk.extensions.activity.of(ID)).today
        assert (figures.events, figures.faults) == (6, 0)


async def test_its_own_edit_is_kept_from_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as desk:
        await desk.install(main=MAIN, more=HOOKS)
        await desk.extensions.refresh()
        event = FileSaved(path="src/a.py", language="python", text="red", version=1)
        change = FileChange("src/a.py", "one", "red")
        desk.extensions.host.own.note(ID, EditProposal("p", "r", "Paint it", (change,)))
        with pytest.raises(StaleError):
            await desk.extensions.call(ID, "onFileSave", event, FileSavedResponse)


async def test_what_is_taken_back_counts_for_the_next_event_whoever_looked_when(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as desk:
        await desk.install(main=MAIN, more=HOOKS)
        await desk.extensions.refresh()
        saved = FileSaved(path="src/a.py", language="python", text="red", version=1)
        call = desk.extensions.call
        assert await call(ID, "onFileSave", saved, FileSavedResponse)
        for outside in ("setup.py", "lib/a.py"):  # Beyond the globs of what it may read.
            told = saved.model_copy(update={"path": outside})
            with pytest.raises(NotPermittedError):
                await call(ID, "onFileSave", told, FileSavedResponse)
        # Another process takes it back; this one has not looked since.
        await desk.store.take_back(
            desk.rooms.principal, ID, ["files.read", "context.change", "tools.offer"]
        )
        events: list[tuple[str, Payload]] = [
            ("onFileSave", saved),
            ("onWorkspaceChange", WorkspaceChanged(created=("src/a.py",))),
            ("context:tidy", StageRequest(task="chat", pieces=())),
            ("tool:mix", ToolRequest(arguments={})),
        ]
        for topic, payload in events:
            with pytest.raises(NotPermittedError):
                await call(ID, topic, payload, Nothing)
        assert await paint(desk) == "painted"
        await desk.store.set_state(desk.rooms.principal, ID, "disabled")
        with pytest.raises(NotPermittedError):
            await paint(desk)
        assert not await desk.extensions.faults.of(ID)


async def test_an_operators_rule_about_reading_holds_for_what_an_extension_is_told(
    tmp_path: Path,
) -> None:
    rule = Rule("deny", "read_file", "src/**")
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path, rules=(rule,)) as desk:
        await desk.install(main=MAIN, more=HOOKS)
        await desk.extensions.refresh()
        event = FileSaved(path="src/a.py", language="python", text="red", version=1)
        with pytest.raises(NotPermittedError):
            await desk.extensions.call(ID, "onFileSave", event, FileSavedResponse)


async def test_a_command_has_longer_than_a_save(tmp_path: Path) -> None:
    main = b"""\
import steward
import time


def busy(ms):
    began = time.monotonic()
    while time.monotonic() - began < ms / 1000:
        pass


@steward.command("paint")
def paint(request):
    busy(700)
    return "painted"


@steward.hook("onFileSave")
def saved(event):
    busy(60_000)
"""
    async with opened(tmp_path) as desk:
        await desk.install(main=main, more={"hooks": HOOKS["hooks"][:1]})
        await desk.extensions.refresh()
        assert await paint(desk) == "painted"
        event = FileSaved(path="src/a.py", language="python", text="red", version=1)
        with pytest.raises(ExtensionKilledError):
            await desk.extensions.call(ID, "onFileSave", event, FileSavedResponse)


KINDS: list[tuple[str, FaultKind]] = [("lie", "answer"), ("abort", "trap"), ("raise", "raised")]


async def test_five_strikes_disable_it_with_a_report_and_it_comes_back(tmp_path: Path) -> None:
    async with opened(tmp_path) as desk:
        await desk.install(main=MAIN, more=HOOKS)
        await desk.install(extension=OTHER, main=MAIN, more=HOOKS)
        await desk.extensions.refresh()
        for wish, kind in KINDS:
            await fail(desk, wish)
            strike = (await desk.extensions.faults.of(ID))[0]
            assert (strike.kind, strike.topic, strike.is_open) == (kind, "command:paint", True)
        assert (await desk.extensions.faults.of(ID))[0].place == "main.py, line 9"
        # An answer, a trap, and half for the error of its own: two and a half so far.
        assert await paint(desk) == "painted"
        desk.again()
        await desk.extensions.refresh()
        await fail(desk, "raise", 4)
        assert await state(desk) == "enabled"
        assert not desk.above.reports
        await fail(desk, "raise")
        assert await state(desk) == "faulted"
        (report,) = desk.above.reports
        told = report.told()
        assert "ValueError: no paint" in told
        assert "main.py, line 9" in told
        assert f"steward extension enable {ID}" in told
        with pytest.raises(NotFoundError):
            await paint(desk)
        assert (await desk.ask("read-file", "src/a.py"))[0] == "denied"
        assert await paint(desk, extension=OTHER) == "painted"
        assert "extension.faulted" in await desk.rooms.trail()

        await desk.store.set_state(desk.rooms.principal, ID, "enabled")
        await desk.extensions.refresh()
        await fail(desk, "lie", 4)
        assert await state(desk) == "enabled"
        assert await paint(desk) == "painted"


async def test_what_a_person_did_not_allow_is_told_plainly_and_is_no_fault_of_the_extension(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as desk:
        await desk.install(main=MAIN, more=HOOKS)
        await desk.extensions.refresh()
        for _ in range(6):
            with pytest.raises(NotPermittedError) as told:
                await paint(desk, "notes")
            assert "Traceback" not in str(told.value)
            assert "acme.painter may not read files" in str(told.value)
        assert (await state(desk), await desk.extensions.faults.of(ID)) == ("enabled", ())
        # An error of its own is one, even where something was denied before.
        await fail(desk, "excuse")
        assert len(await desk.extensions.faults.of(ID)) == 1


async def test_faults_that_are_old_forgiven_or_of_another_version_do_not_count(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as desk:
        await desk.install(main=MAIN, more=HOOKS)
        await desk.extensions.refresh()
        await fail(desk, "lie", 4)
        desk.rooms.clock.advance(timedelta(hours=1))
        await fail(desk, "lie", 4)
        assert await state(desk) == "enabled"
        # Its person enables it, who knows of them.
        await desk.store.set_state(desk.rooms.principal, ID, "enabled")
        await fail(desk, "lie", 4)
        assert await state(desk) == "enabled"
        await desk.install(main=MAIN, more=HOOKS, version="1.0.1")
        await desk.extensions.refresh()
        await fail(desk, "lie", 4)
        assert await state(desk) == "enabled"
        await fail(desk, "lie")
        assert await state(desk) == "faulted"


@pytest.mark.parametrize(
    ("main", "kind", "said"),
    [
        (b"import steward\nraise ValueError('no paint')\n", "raised", "no paint"),
        (
            b"import steward\n\n\n@steward.command('rob')\ndef rob(request):\n    return None\n",
            "answer",
            "not under `commands` in its manifest",
        ),
    ],
)
async def test_one_that_cannot_be_loaded_is_disabled_and_holds_nobody_up(
    main: bytes, kind: str, said: str, tmp_path: Path
) -> None:
    async with opened(tmp_path) as desk:
        await desk.install(main=main)
        await desk.install(extension=OTHER, main=MAIN, more=HOOKS)
        for _ in range(10):
            if await state(desk) == "faulted":
                break
            await desk.extensions.refresh()
            assert [each.manifest.id for each in desk.extensions.active()] == [OTHER]
            desk.rooms.clock.advance(timedelta(seconds=1))
        assert await state(desk) == "faulted"
        strikes = await desk.extensions.faults.of(ID)
        assert {(each.kind, each.topic) for each in strikes} == {(kind, "load")}
        assert said in strikes[0].said
        assert await paint(desk, extension=OTHER) == "painted"


async def test_an_update_is_loaded_in_place_of_the_old_one_and_settings_count_at_once(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as desk:
        await desk.install(main=MAIN, more=HOOKS)
        await desk.extensions.refresh()
        newer = MAIN.replace(b'return "painted"', b'return "painted " + steward.config("shade")')
        await desk.install(main=newer, more=HOOKS, version="1.0.1")
        await desk.extensions.refresh()
        assert await paint(desk) == "painted blue"
        await desk.store.set_config(desk.rooms.principal, ID, {"shade": "red"})
        assert await paint(desk) == "painted red"
