"""What an extension keeps, tells, logs and shows: its own, bounded, and plain text."""

import asyncio
from datetime import timedelta
from pathlib import Path

from sqlmodel import Session

from steward.core.events import ExtensionEmitted
from steward.core.extension_limits import (
    EXTENSION_EMITTED_A_MINUTE_MAX,
    EXTENSION_LOG_BYTES_MAX,
    EXTENSION_LOG_CHARS_A_MINUTE_MAX,
    EXTENSION_STORED_KEYS_MAX,
)
from steward.extensions.payloads import PanelContent
from steward.extensions.tables import ExtensionStoredRow
from tests.extensions.host.desk import ID, OTHER, open_desk
from tests.places import Place

KEY = "sk-" + "ant-0123456789abcdefghij"


async def test_what_it_keeps_is_its_own_and_of_this_person(place: Place, tmp_path: Path) -> None:
    async with open_desk(place, tmp_path) as desk:
        await desk.install()
        await desk.install(extension=OTHER)
        assert await desk.ask("storage-get", "shade") == ("ok", None)
        await desk.ask("storage-set", "shade", "dark")
        await desk.ask("storage-set", "shade", "light")
        await desk.ask("storage-set", "shade", "theirs", extension=OTHER)
        assert await desk.ask("storage-get", "shade") == ("ok", "light")
        # No key is a way to another's.
        for key in (f"{OTHER}/shade", f"../{OTHER}/shade", f"{OTHER}:shade"):
            assert await desk.ask("storage-get", key) == ("ok", None)
        await desk.ask("storage-set", "shade", None)
        assert await desk.ask("storage-get", "shade") == ("ok", None)
        assert await desk.ask("storage-get", "shade", extension=OTHER) == ("ok", "theirs")


async def test_it_keeps_only_so_much_and_may_make_room(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install()
        half = "é" * 300_000
        assert (await desk.ask("storage-set", "one", half))[0] == "ok"
        how, said = await desk.ask("storage-set", "two", half)
        assert (how, "remove what it does not need" in said) == ("limit", True)
        assert (await desk.ask("storage-set", "one", half))[0] == "ok"
        assert (await desk.ask("storage-set", "one", None))[0] == "ok"
        assert (await desk.ask("storage-set", "two", half))[0] == "ok"
        principal = desk.rooms.principal

        def fill(session: Session) -> None:
            for number in range(EXTENSION_STORED_KEYS_MAX - 2):
                row = {"key": f"k{number}", "value": "", "bytes": 4, "extension": ID}
                whose = {"tenant_id": "local", "user": principal.user}
                place = {"workspace": principal.workspace}
                session.add(ExtensionStoredRow.model_validate(row | whose | place))

        await desk.rooms.database.run(fill)
        assert (await desk.ask("storage-set", "last", ""))[0] == "ok"
        assert (await desk.ask("storage-set", "beyond", ""))[0] == "limit"
        assert (await desk.ask("storage-set", "last", "again"))[0] == "ok"


async def test_who_removes_it_removes_what_it_kept_and_did(place: Place, tmp_path: Path) -> None:
    async with open_desk(place, tmp_path) as desk:
        await desk.install(["storage"])
        await desk.ask("storage-set", "shade", "dark")
        await desk.ask("read-file", "src/a.py")
        assert (await desk.extensions.activity.of(ID)).total.refused == 1
        await desk.store.remove(desk.rooms.principal, ID)
        await desk.install(["storage"])
        assert await desk.ask("storage-get", "shade") == ("ok", None)
        activity = await desk.extensions.activity.of(ID)
        assert (activity.total.refused, activity.happened) == (0, ())


async def test_events_are_told_within_their_globs_and_not_too_often(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install()
        with desk.rooms.events.watch() as seen:
            assert (await desk.ask("emit", "painted", {"count": 2}))[0] == "ok"
            assert (await desk.ask("emit", "unpainted", {}))[0] == "denied"
            workspace = desk.rooms.principal.workspace
            assert await anext(seen) == ExtensionEmitted(workspace, ID, "painted", '{"count": 2}')
        hows = [
            (await desk.ask("emit", "painted", {}))[0]
            for _ in range(EXTENSION_EMITTED_A_MINUTE_MAX)
        ]
        assert hows == ["ok"] * (EXTENSION_EMITTED_A_MINUTE_MAX - 1) + ["limit"]
        desk.rooms.clock.advance(timedelta(minutes=1))
        assert (await desk.ask("emit", "painted", {}))[0] == "ok"


async def test_messages_are_plain_and_nobody_is_nagged(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install()
        await desk.ask("show-message", "warning", "Wet\npaint\u202e" + "!" * 5000)
        ((extension, level, text),) = desk.above.shown
        assert (extension, level) == (ID, "warning")
        assert text.startswith("Wet paint⟨U+202E⟩!!!")
        assert (len(text), text[-1]) == (500, "…")
        hows = [(await desk.ask("show-message", "info", "Wet."))[0] for _ in range(3)]
        assert hows == ["ok", "ok", "limit"]


async def test_a_panel_is_data_whose_links_and_commands_are_its_own(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install()
        item = {"label": "a\u202e", "path": "src/a.py", "line": 1, "command": "paint"}
        blocks = [
            {"kind": "markdown", "text": "Blue\u200b."},
            {"kind": "list", "items": [item]},
            {"kind": "table", "columns": ["a", "b"], "rows": [["1", "2"]]},
            {"kind": "plot", "labels": ["x"], "series": {"y": [1.5]}},
        ]
        assert (await desk.ask("show-panel", "colours", {"blocks": blocks}))[0] == "ok"
        ((extension, panel, content),) = desk.above.panels
        assert (extension, panel) == (ID, "colours")
        shown = PanelContent.model_dump(content, mode="json")["blocks"]
        assert shown[0]["text"] == "Blue⟨U+200B⟩."
        assert shown[1]["items"][0]["label"] == "a⟨U+202E⟩"
        wrong = [
            {"kind": "list", "items": [{"label": "a", "path": "../../etc/passwd"}]},
            {"kind": "list", "items": [{"label": "a", "path": "javascript:alert(1)"}]},
            {"kind": "list", "items": [{"label": "a", "command": "workbench.action.quit"}]},
            {"kind": "table", "columns": ["a", "b"], "rows": [["1"]]},
            {"kind": "plot", "labels": ["x", "z"], "series": {"y": [1.5]}},
        ]
        hows = [(await desk.ask("show-panel", "colours", {"blocks": [each]}))[0] for each in wrong]
        assert hows == ["denied", "invalid", "invalid", "invalid", "invalid"]
        infinite = '{"blocks": [{"kind": "plot", "labels": ["x"], "series": {"y": [1e999]}}]}'
        assert (await desk.ask("show-panel", "colours", infinite))[0] == "invalid"
        assert len(desk.above.panels) == 1


async def test_a_command_is_run_for_it_within_its_globs_as_whose_it_is(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install()
        how, said = await desk.ask("run-command", {"argv": ["npm", "run", "x"], "reason": "So."})
        assert (how, said["output"]) == ("ok", "done⟨U+202E⟩")
        assert [(who, wanted.argv) for who, wanted in desk.above.commands] == [
            ("acme.painter 1.0.0", ("npm", "run", "x"))
        ]
        for argv in (["npm", "install"], ["sh", "-c", "npm run x"], ["npm run x; rm"]):
            how, _ = await desk.ask("run-command", {"argv": argv, "reason": "So."})
            assert how == "denied", argv
        assert len(desk.above.commands) == 1


async def test_its_log_is_without_secrets_and_bounded(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install(())
        logs = desk.extensions.host.logs
        await desk.ask("log", "info", f"one {KEY}\ntwo\u202e")
        await desk.ask("log", "fatal", "three")
        text = logs.file(ID).read_text()
        assert KEY not in text
        assert "info one <redacted anthropic key>\n    two⟨U+202E⟩\n" in text
        assert text.endswith(" info three\n")
        assert logs.latest(ID)[-1].endswith(" info three")
        line = "x" * 2_000
        for _ in range(EXTENSION_LOG_CHARS_A_MINUTE_MAX // len(line) + 5):
            await desk.ask("log", "info", line)
        assert "it logs too much" in logs.latest(ID)[-1]
        for _ in range(2 * EXTENSION_LOG_BYTES_MAX // EXTENSION_LOG_CHARS_A_MINUTE_MAX + 1):
            desk.rooms.clock.advance(timedelta(minutes=1))
            for _ in range(EXTENSION_LOG_CHARS_A_MINUTE_MAX // len(line)):
                await desk.ask("log", "info", line)
        sizes = await asyncio.to_thread(
            lambda: {file.name: file.stat().st_size for file in (tmp_path / "logs").iterdir()}
        )
        assert set(sizes) == {f"{ID}.log", f"{ID}.log.old"}
        assert max(sizes.values()) < EXTENSION_LOG_BYTES_MAX + 3_000
        await logs.sweep(())
        assert not list((tmp_path / "logs").iterdir())
