"""Next edits at a desk: a real gateway over the scripted model, and somebody who edits a file."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from demo.scripted_model import ScriptedModel
from steward.completion.next_edit.ask import Foresight
from steward.completion.next_edit.next_edits import NextEdits
from steward.completion.next_edit.offered import NextEdit
from steward.completion.outcomes.outcomes import Outcomes
from steward.completion.outcomes.tally import Counts
from steward.completion.settings import CompletionSettings
from steward.context.cursor import Cursor
from steward.context.edit_history import EditHistory
from steward.context.gather import Gatherer
from steward.core.principal import Principal
from steward.gateway.gateway import Gateway
from steward.gateway.reach.http import HttpClient
from steward.gateway.reach.keys import SettingsKeys
from steward.gateway.reach.providers import open_providers
from steward.gateway.settings import GatewaySettings
from steward.ledger.ledger import Ledger
from steward.ledger.settings import LedgerSettings
from steward.workspace.edit import Edit
from steward.workspace.lines import Lines, Place
from tests.completion.desk import Pauses, settle
from tests.context.surroundings import Surroundings, surrounded
from tests.ledger.bank import key_in
from tests.rooms import DEADLINE_S, Ground, numbered, open_ground, steady

ANN = Principal("ann", "session-1", "/work")
ABLE: Mapping[str, object] = {
    "models": {"next_edit": "seer"},
    "models_known": {"custom/seer": {"abilities": ["chat", "next_edit"]}},
}
PAUSE_S = 0.4


@dataclass
class Desk:
    next_edits: NextEdits
    outcomes: Outcomes
    around: Surroundings
    pauses: Pauses
    model: ScriptedModel
    ground: Ground
    ledger: Ledger
    is_allowed: bool = True
    version: int = 1

    def uri(self, name: str) -> str:
        return (self.around.root / name).as_uri()

    def open(self, name: str, text: str) -> None:
        self.around.write({name: text})
        self.around.open(name, text)

    def text(self, name: str) -> str:
        return self.around.editor.documents[self.around.root / name]

    def put(self, name: str, start: Place, end: Place, new: str) -> None:
        """Edit a document, as the front door tells of it."""
        removed = Lines(self.text(name)).between(start, end)
        edit = Edit(self.uri(name), name, start, removed, new, self.version)
        self.version += 1
        self.outcomes.edited(edit)
        self.next_edits.edited(edit)
        self.around.put(name, start, end, new)

    def replace(self, name: str, old: str, new: str) -> None:
        """Edit the first place where a text stands."""
        lines = Lines(self.text(name))
        number = next(n for n, line in enumerate(lines.lines) if old in line)
        column = lines.lines[number].index(old)
        self.put(name, (number, column), (number, column + len(old)), new)

    def take(self, edit: NextEdit, name: str) -> None:
        """Do what is offered, in one edit."""
        change = edit.change
        self.put(name, change.start, change.end, change.inserted)

    async def rest(self, name: str, seconds: float = PAUSE_S) -> NextEdit | None:
        """Let the typing rest so long; gives what is offered when all has been done."""
        await self.pauses.advance(seconds)
        async with asyncio.timeout(DEADLINE_S):
            sheet = self.next_edits._sheets.find(self.uri(name))
            for task in () if sheet is None else (sheet.asking,):
                if task is not None:
                    await asyncio.wait((task,))
        await settle()
        return self.next_edits.current(self.uri(name))

    def counts(self) -> Counts:
        """What was counted of next edits so far."""
        total = Counts()
        for terms, counts in self.outcomes.tally:
            assert terms.kind == "next_edit"
            total.join(counts)
        return total


@asynccontextmanager
async def open_desk(
    folder: Path,
    model: ScriptedModel,
    chosen: Mapping[str, object] = ABLE,
    *,
    next_edit: bool | None = None,
) -> AsyncGenerator[Desk]:
    root = folder / "work"
    root.mkdir()
    gateway_settings = GatewaySettings.model_validate(
        {
            "url": model.url,
            "prices": {"seer": {"input": "0.15", "output": "0.60"}},
            "cache": {"enabled": False},
            **chosen,
        }
    )
    settings = CompletionSettings(next_edit=next_edit)
    async with AsyncExitStack() as stack:
        ground = await stack.enter_async_context(open_ground(folder / "steward.db"))
        ledger = Ledger(
            ground.database, ground.clock, ground.events, LedgerSettings(), key_in(folder)
        )
        client = HttpClient()
        stack.push_async_callback(client.close)
        providers = open_providers(gateway_settings, SettingsKeys(gateway_settings), client)
        gateway = Gateway(providers, ledger, gateway_settings, steady(ground.clock))
        stack.push_async_callback(gateway.close)
        around = surrounded(root)
        history = EditHistory(around.workspace, around.verdicts, around.edits)
        gatherer = Gatherer((around.edited,), around.verdicts, around.clock)
        foresight = Foresight(gateway, gatherer, history, numbered("call"), settings)
        outcomes, pauses = Outcomes(ground.clock), Pauses(ground.clock)
        next_edits = NextEdits(
            foresight, outcomes, ground.clock, pauses.pause, numbered("edit"), ANN
        )
        desk = Desk(next_edits, outcomes, around, pauses, model, ground, ledger)
        _join(desk)
        await stack.enter_async_context(next_edits.running())
        yield desk


def _join(desk: Desk) -> None:
    def path(document: str) -> Path:
        return Path(document.removeprefix("file://"))

    def look(document: str, place: Place) -> Cursor | None:
        text = desk.around.editor.documents[path(document)]
        at = Lines(text).offset(place)
        name = path(document).name
        return Cursor(name, text[:at], text[at:], uri=document, line=place[0])

    async def may_ask(_cursor: Cursor) -> bool:
        return desk.is_allowed

    def between(document: str, start: Place, end: Place) -> str:
        return Lines(desk.around.editor.documents[path(document)]).between(start, end)

    desk.next_edits.cursor_at, desk.next_edits.may_ask = look, may_ask
    desk.next_edits.text_between = desk.outcomes.text_between = between
