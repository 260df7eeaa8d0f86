"""The main job, played in the terminal: `make run`, or `python -m demo.play [--yes] [--keep]`.

It starts the real `steward lsp` and drives it as an editor would, on a copy of a small repository
with a failing test. Everything it claims at the end it has looked up itself.
"""

import argparse
import asyncio
import contextlib
import os
import shutil
import sys
import tempfile
import textwrap
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.editor import Editor, server_process
from demo.jsonrpc import Json, ServerGoneError, ServerSaidNoError
from demo.person import PersonAtTerminal, SilentRunError
from demo.screen import Screen, terminal
from demo.scripted_model import ScriptedModel
from demo.shop import Shop, open_shop

GOAL = "The test of free delivery fails. Find the cause, correct it, and commit the correction."
TYPED = "\n    def item_count(self) -> int:\n        "
OWN = ("STEWARD_MODEL_URL", "OPENAI_API_KEY")
"""With one of these set, the play uses the person's own model."""


_ABOUT_CHARS = 70


class PlayError(Exception):
    """The play cannot go on, or its end is not what it should be."""


@dataclass(frozen=True, slots=True)
class Model:
    """The model of this play, and how the server is told of it."""

    label: str
    environment: Mapping[str, str]
    scripted: ScriptedModel | None


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything a part of the play needs."""

    screen: Screen
    person: PersonAtTerminal
    editor: Editor
    shop: Shop
    model: Model


async def play(screen: Screen, folder: Path, *, says_yes: bool) -> None:
    """Play it from start to end. Raises `PlayError` when something is not as it should be."""
    async with _model() as model:
        is_automatic = says_yes or not screen.is_interactive
        if is_automatic and not says_yes and model.scripted is None:
            raise PlayError(
                "There is no terminal to ask you at, and the model is your own. Say --yes to let "
                "the play answer every question itself, or unset " + " and ".join(OWN) + "."
            )
        shop = await asyncio.to_thread(open_shop, folder / "shop")
        _opening(screen, model, shop, is_automatic=is_automatic)
        person = PersonAtTerminal(screen, is_automatic)
        editor = Editor(shop.folder, person)
        environment = dict(model.environment) | {"STEWARD_DATA_DIR": str(folder / "data")}
        async with server_process(
            environment, folder / "server.log", editor.answer, person.hear
        ) as server:
            await editor.start(server.connection)
            await _acts(Scene(screen, person, editor, shop, model))


async def _acts(scene: Scene) -> None:
    await _ghost_text(scene)
    before = await asyncio.to_thread(scene.shop.state)
    outcome = await _agent(scene)
    claims = await asyncio.to_thread(_claims_about_files, scene, before, outcome)
    claims += await _claims_about_money(scene)
    claims += await _claims_about_audit(scene)
    scene.screen.title("What is true now, looked up and not taken on trust")
    for is_true, claim in claims:
        scene.screen.check(is_true=is_true, claim=claim)
    if not all(is_true for is_true, _ in claims):
        raise PlayError("Not everything is as it should be: see the lines marked NO above.")


@asynccontextmanager
async def _model() -> AsyncGenerator[Model]:
    inherited = {name: value for name, value in os.environ.items() if name != "STEWARD_DATA_DIR"}
    if any(os.environ.get(name) for name in OWN):
        yield Model("your own, as the environment says", inherited, None)
        return
    async with ScriptedModel() as scripted:
        foreign = ("STEWARD_", "OPENAI_")
        clean = {name: text for name, text in inherited.items() if not name.startswith(foreign)}
        settings = {
            "STEWARD_MODEL_URL": scripted.url,
            "STEWARD_MODEL": "scripted",
            "STEWARD_MODEL_PRICE": "0.15/0.60",
        }
        label = "the scripted model, which is no AI: hand-written answers from a local server"
        yield Model(label, clean | settings, scripted)


def _opening(screen: Screen, model: Model, shop: Shop, *, is_automatic: bool) -> None:
    screen.title("Steward at work on a copy of a small shop with one failing test")
    screen.say(f"Folder  {shop.folder}")
    screen.say(f"Model   {model.label}")
    screen.say(
        "Answers by the play itself, which approves everything (there is no terminal, or --yes)"
        if is_automatic
        else "Answers by you, here in the terminal"
    )
    passed, printed = shop.tests()
    if passed:
        raise PlayError("The sample's tests pass before anything was done; one should fail.")
    screen.note("the tests before: " + printed.strip().splitlines()[-1])


async def _ghost_text(scene: Scene) -> None:
    """A keystroke, a suggestion, and the person takes it."""
    scene.screen.title("1. Ghost text")
    document = await scene.editor.open("shop/basket.py")
    await scene.editor.change(document, document.text + TYPED)
    items = await scene.editor.ghost_text(document)
    if not items:
        if scene.model.scripted is not None:
            raise PlayError("The server suggested nothing where the scripted model has an answer.")
        scene.screen.say("The model suggested nothing here.")
        await scene.editor.change(document, document.text.removesuffix(TYPED))
        return
    suggestion = _text(items[0])
    scene.screen.quote(TYPED.strip("\n").rstrip() + "\n+       " + suggestion)
    await _accept(scene.editor, document.uri, items[0], suggestion)
    scene.screen.say("Taken, and saved in shop/basket.py: your own edit, so nobody asks.")


async def _accept(editor: Editor, uri: str, item: Json, suggestion: str) -> None:
    document = editor.documents[uri]
    place: Json = item.get("range") or {"start": document.end(), "end": document.end()}
    text = document.with_edits([{"range": place, "newText": suggestion}])
    await editor.change(document, text + "\n")
    await editor.save(document)
    if command := item.get("command"):
        await editor.command(command["command"], *command.get("arguments", []))


def _text(item: Json) -> str:
    inserted: Json = item["insertText"]
    return inserted if isinstance(inserted, str) else inserted["value"]


async def _agent(scene: Scene) -> Json:
    """Ask for the fix, and answer what the agent asks until it is done."""
    scene.screen.title("2. An agent is asked to fix the failing test")
    document = await scene.editor.open("tests/test_basket.py")
    scene.screen.say(GOAL)
    started = await scene.editor.command(
        "steward.agent.run", {"agent": "fix", "goal": GOAL, "uri": document.uri}
    )
    outcome = await scene.person.until_ended(started["runId"])
    scene.screen.title(f"The run has {outcome['state']}")
    scene.screen.say(outcome.get("message") or "It left no message.")
    shown = await scene.editor.command("steward.run.show", {"runId": started["runId"]})
    scene.screen.table(["step", "what", "outcome"], _steps(shown["markdown"]), numbers_from=3)
    if outcome["state"] == "failed":
        raise PlayError(f"The run failed: {outcome.get('message')}")
    return outcome


def _steps(markdown: str) -> list[list[str]]:
    """The rows of the run's page: step, what was done, and what came of it."""
    _, _, body = markdown.partition("| --- " * 6 + "|\n")
    rows = [line.removeprefix("| ").removesuffix(" |").split(" | ") for line in body.splitlines()]
    return [
        [step, what, _short(" | ".join(told).removesuffix(" Output:"))]
        for step, what, *told, _took, _cost, _approved in rows
    ]


def _claims_about_files(scene: Scene, before: str, outcome: Json) -> list[tuple[bool, str]]:
    shop, screen = scene.shop, scene.screen
    passed, _ = shop.tests()
    stayed = (shop.state() == before, "your branch, HEAD and index are as they were")
    if not scene.person.has_approved_all:
        asked = "; ".join(f"{kind}: {choice}" for kind, choice in scene.person.answers)
        screen.note(f"you answered {asked}")
        edited = ("edit", "approve") in scene.person.answers
        committed = ("commit", "approve") in scene.person.answers
        return [
            (passed is edited, "the tests " + ("pass" if edited else "fail as before")),
            (bool(shop.branches()) is committed, "nothing is committed without your yes"),
            stayed,
        ]
    branches = shop.branches()
    changed = shop.git("diff", "--name-only", "main", branches[0]).split() if branches else []
    if branches:
        screen.title(f"3. The branch {branches[0]}")
        screen.quote(shop.git("log", "--format=%h %s%n%n%b", f"main..{branches[0]}"))
        screen.quote("")
        screen.quote(shop.git("diff", "main", branches[0]))
    return [
        (outcome["state"] == "finished", "the run finished"),
        (passed, "the tests pass, run by the play itself"),
        (len(branches) == 1, "the correction is committed on one branch of its own"),
        (changed == ["shop/delivery.py"], "the commit holds the correction and nothing of yours"),
        stayed,
    ]


async def _claims_about_money(scene: Scene) -> list[tuple[bool, str]]:
    usage = await scene.editor.command("steward.usage")
    entries: list[Json] = usage["entries"]
    scene.screen.title("4. What it cost, from the ledger")
    scene.screen.table(
        ["task", "model", "tokens in", "tokens out", "US dollars"],
        [
            [
                str(entry["task"]),
                str(entry["model"]),
                str(entry["inputTokens"]),
                str(entry["outputTokens"]),
                f"{entry['costNanoUsd'] / 1e9:.6f}",
            ]
            for entry in entries
        ],
        numbers_from=2,
    )
    total = sum(entry["costNanoUsd"] for entry in entries)
    scene.screen.say(f"Together {total / 1e9:.6f} US dollars.")
    claims = [(total > 0, "the calls are on the books with their price")]
    if scene.model.scripted is not None:
        sent = len(scene.model.scripted.exchanges)
        scene.screen.note("the price is made up for the play; the scripted model costs nothing")
        claims.append((len(entries) == sent, f"the model was called {sent} times: one entry each"))
    return claims


async def _claims_about_audit(scene: Scene) -> list[tuple[bool, str]]:
    audit = await scene.editor.command("steward.audit")
    scene.screen.title("5. The audit trail")
    entries: list[Json] = audit["entries"]
    rows = [[entry["at"][11:19], entry["action"], _about(entry)] for entry in entries]
    scene.screen.table(["at (UTC)", "what", "about"], rows, numbers_from=3)
    return [(audit["verified"] is True, "the audit trail's chain holds")]


def _about(entry: Json) -> str:
    detail = entry["detail"]
    told = [str(detail[name]) for name in ("title", "tool", "outcome", "message") if name in detail]
    return _short(told[0] if told else "")


def _short(text: str) -> str:
    return textwrap.shorten(text, _ABOUT_CHARS, placeholder=" …")


def main() -> None:
    """Play, tidy up, and leave with 0 when everything was as it should be."""
    parser = argparse.ArgumentParser(prog="python -m demo.play", description=__doc__)
    parser.add_argument("--yes", action="store_true", help="approve everything without asking")
    parser.add_argument("--keep", action="store_true", help="leave the folder when it is over")
    options = parser.parse_args()
    screen = terminal()
    # The real path: some systems keep their temporary folder behind a link.
    folder = Path(tempfile.mkdtemp(prefix="steward-play-")).resolve()
    try:
        code = _guarded(screen, folder, says_yes=options.yes)
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)
    if options.keep:
        screen.say(f"Everything is left in {folder}")
    sys.exit(code)


def _guarded(screen: Screen, folder: Path, *, says_yes: bool) -> int:
    """The exit code; whatever was foreseen is told in words, and a bug with its traceback."""
    try:
        asyncio.run(play(screen, folder, says_yes=says_yes))
    except KeyboardInterrupt:
        screen.title("Stopped.")
        return 130
    except Exception as error:
        told = _told(error)
        if told is None:
            raise
        screen.title("The play could not be played to its end.")
        screen.say(told)
        _show_log(screen, folder / "server.log")
        return 1
    return 0


def _told(error: BaseException) -> str | None:
    """What to tell about an error that was foreseen; None for one that was not."""
    match error:
        case BaseExceptionGroup(exceptions=(BaseException() as inner, *_)):
            return _told(inner)
        case ServerGoneError():
            return "The server ended in the middle of the play. Its last words, if any, are below."
        case SilentRunError():
            return "The run went silent, neither working nor asking. The server's log is below."
        case TimeoutError():
            return "The server did not answer in time. Its log is below."
        case PlayError() | ServerSaidNoError():
            return str(error)
        case _:
            return None


def _show_log(screen: Screen, log: Path) -> None:
    with contextlib.suppress(OSError):
        last = log.read_text("utf-8", errors="replace").splitlines()[-20:]
        if last:
            screen.quote("\n".join(last))


if __name__ == "__main__":
    main()
