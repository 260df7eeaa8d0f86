"""What an extension does under CPython here it does in the real sandbox too."""

from typing import Any

from steward.extensions import payloads
from tests.extensions.shipped.sandboxed import Sandboxed, sandboxed
from tests.extensions.shipped.sdk import World
from tests.extensions.shipped.test_voice_notes import SOURCE, VTT

Place = dict[str, Any]


def at(path: str, line: int) -> Place:
    """A place with the cursor on a line."""
    spot = {"line": line, "character": 0}
    return {"path": path, "range": {"start": spot, "end": spot}}


async def lines_of(extension: Sandboxed, path: str, text: str) -> list[int]:
    """The lines of the remarks on a file that was saved."""
    event = payloads.FileSaved(path=path, language="", text=text, version=1)
    answer = await extension.handle("onFileSave", event)
    return [each["range"]["start"]["line"] for each in answer["diagnostics"]]


async def happened(extension: Sandboxed, topic: str, **moment: Any) -> None:
    """Tell it of a moment of the engine."""
    told = payloads.EngineMoment.model_validate({"run": "r", "agent": "coder", **moment})
    assert (await extension.handle(f"engine:{topic}", told))["veto"] is None


async def test_cost_optimizer_thins_judges_counts_and_shows() -> None:
    text = "".join(f"value_{n} = compute_{n * 7}(other_{n})\n" for n in range(60))
    pieces: list[dict[str, Any]] = [
        {"id": name, "kind": "file", "path": "tests/test_a.py", "text": text, "tokens": 900}
        for name in ("a", "b")
    ]
    async with sandboxed("cost-optimizer", World()) as extension:
        thin = await extension.stage("thin", task="chat", pieces=pieces)
        assert thin.keep == ("a",)
        judged = await extension.stage("judge", task="chat", goal="Add docstrings", pieces=pieces)
        assert judged.hint is not None
        assert judged.hint.tier == "cheap"
        took = {"tokens": 1000, "cost_nano_usd": 2_000_000}
        await happened(extension, "after-model", point="model", time="after", name="m", **took)
        await extension.command("show")
        assert "**900 tokens were not sent**" in extension.world.panels["savings"][0]["text"]
        await extension.command("reset")


async def test_team_conventions_checks_a_save_and_the_workspace_and_tells_models() -> None:
    rules = (
        "rules:\n  - id: no-print\n    kind: forbidden\n    pattern: '^\\s*print\\('\n"
        "  - id: names\n    kind: naming\n    names: functions\n    style: snake_case\n"
    )
    line = "    value = other(thing, another)  # nothing of note\n"
    world = World(
        files={".steward/conventions.yaml": rules, "src/a.py": "print(1)\n", "src/b.py": line}
    )
    async with sandboxed("team-conventions", world) as extension:
        text = "def Bad():\n" + line * 1500 + "    print(1)\n"
        assert await extension.saved("src/a.py", text) == ["names", "no-print"]
        assert await lines_of(extension, "src/a.py", text) == [0, 1501]
        wrong = await lines_of(extension, ".steward/conventions.yaml", "rules:\n  - id: &a x\n")
        assert wrong == [1]
        await extension.command("check-workspace")
        assert "1 place in 3 files breaks" in world.panels["findings"][0]["text"]
        pieces = [{"id": "1", "kind": "file", "path": "src/a.py", "text": "", "tokens": 1}]
        told = await extension.stage("conventions", task="agent", pieces=pieces)
        assert "no-print" in told.add[0].text
        await extension.command("rules", path="src/a.py")
        assert "is there already" in (await extension.command("begin") or "")


async def test_a_rule_that_takes_long_on_a_large_file_does_not_use_up_its_time() -> None:
    rules = "rules:\n" + "".join(
        f"  - id: r{n}\n    kind: forbidden\n    pattern: '[a-z]+_[a-z]*{n}[(]'\n"
        for n in range(20)
    )
    world = World(files={".steward/conventions.yaml": rules})
    async with sandboxed("team-conventions", world) as extension:
        large = "some_value = other_thing(x)\n" * 20_000
        assert await extension.saved("a.py", large) == ["too-large"]


async def test_metrics_collector_counts_publishes_keeps_and_shows() -> None:
    async with sandboxed("metrics-collector", World()) as extension:
        await extension.saved("a.py", "")
        done = {"time": "after"}
        await happened(extension, "after-tool", **done, point="tool", name="read_file")
        await happened(extension, "error-tool", time="error", point="tool", name="x", error="boom")
        took = {"tokens": 10, "cost_nano_usd": 5_000}
        await happened(extension, "after-model", **done, point="model", name="m", **took)
        await happened(extension, "after-task", **done, point="task")
        await extension.command("show")
        assert "1 saves, 1 runs" in extension.world.panels["counts"][0]["text"]
        names = {each["name"] for _, told in extension.world.emitted for each in told}
        assert {"saves_total", "runs_total", "tool_calls_total", "tokens_total"} <= names
        await extension.handle("onUnload", {})
        assert any(key.startswith("day:20") for key in extension.world.storage)
        await extension.command("reset")


async def test_voice_notes_attach_follow_list_and_export() -> None:
    world = World(files={"src/app.py": SOURCE, "transcripts/call.vtt": VTT})
    here = at("src/app.py", 4)
    async with sandboxed("voice-notes", world) as extension:
        assert "Noted" in (await extension.command("attach-transcript", **here) or "")
        await extension.command("note-selection", **here, selection="Ann: why five?")
        said = await extension.command("spread-transcript", path="transcripts/call.vtt")
        assert "2 notes were attached" in (said or "")
        assert await lines_of(extension, "src/app.py", "# new\n" + SOURCE) == [5, 5, 5, 11]
        moved = {"deleted": ["src/app.py"], "created": ["lib/app.py"], "changed": []}
        await extension.handle("onWorkspaceChange", moved)
        world.files["lib/app.py"] = world.files.pop("src/app.py")
        pieces = [{"id": "1", "kind": "file", "path": "lib/app.py", "text": "", "tokens": 1}]
        told = await extension.stage("notes", task="agent", pieces=pieces)
        assert "why five?" in told.add[0].text
        await extension.command("list")
        await extension.command("export")
        assert "lib/app.py" in world.proposals[0]["changes"][0]["new_text"]
        here["path"] = "lib/app.py"
        assert "were resolved" in (await extension.command("resolve", **here) or "")
        assert "were removed" in (await extension.command("remove", **here) or "")


async def test_a_long_file_with_many_notes_is_followed_within_its_time() -> None:
    lines = [f"    value_{n} = compute(value_{n - 1}, {n})" for n in range(1500)]
    world = World(files={"a.py": "\n".join(lines)})
    async with sandboxed("voice-notes", world) as extension:
        for n in range(0, 1500, 60):
            await extension.command("note-selection", {"text": "x"}, **at("a.py", n))
        changed = [line.replace("compute", "reckon") for line in lines]
        assert len(await extension.saved("a.py", "\n".join(changed))) == 25
