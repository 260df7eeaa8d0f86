"""Edits as models write them, put through the tools with real files: what came of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Literal

from benchmarks.edit_cases import Case, Group
from benchmarks.edit_kinds import KINDS, Kind
from benchmarks.edit_sources import LANGUAGES, source
from steward.core.errors import StewardError
from steward.core.principal import Principal
from steward.tools.change_files import ChangeFiles, ChangeFilesArguments
from steward.tools.edit_file import EditFile, EditFileArguments
from steward.tools.tool import Call
from steward.workspace.disk_editor import DiskEditor
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.proposal import EditProposal
from steward.workspace.workspace import Workspace

Became = Literal["right", "refused", "wrong"]
BARS: dict[Group, float] = {
    "exact": 1.0,
    "white space": 0.95,
    "wrapping": 0.95,
    "context": 0.85,
    "refused": 1.0,
}
"""Which part of each group has to be right; nothing at all may be wrong."""
CASES = 3_000
_SEED = 7
_TRIES = 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one case."""

    kind: Kind
    language: str
    became: Became
    """`wrong` is every proposal but the one that was meant, wherever it differs."""
    case: Case
    message: str

    @property
    def is_right(self) -> bool:
        """Whether it was placed, or refused as it had to be and with the reason."""
        return self.became == "right"


async def outcomes(folder: Path, count: int) -> list[Outcome]:
    """As many cases, in turn of every kind and language; the same for the same count."""
    folder = folder.resolve()
    workspace = Workspace(folder, DiskEditor(), IgnoreOracle(folder))
    call = Call(Principal("somebody", "session", str(folder)), "run", "step", workspace, landed={})
    found: list[Outcome] = []
    for number in range(count):
        kind = KINDS[number % len(KINDS)]
        language, case = _case(Random(f"{_SEED} {number}"), kind, number // len(KINDS))
        for name, content in case.files.items():
            (folder / name).write_bytes(content)
        became, message = await _came_of(case, call)
        found.append(Outcome(kind, language, became, case, message))
        for name in case.files:
            (folder / name).unlink()
    return found


def of(found: Sequence[Outcome], group: Group) -> list[Outcome]:
    """Those of one group."""
    return [outcome for outcome in found if outcome.kind.group == group]


def share(found: Sequence[Outcome], became: Became = "right") -> float:
    """Which part of them became so."""
    return sum(outcome.became == became for outcome in found) / max(1, len(found))


def _case(random: Random, kind: Kind, turn: int) -> tuple[str, Case]:
    # Some kinds say nothing in some languages: there is no tab to write spaces for.
    for attempt in range(_TRIES * len(LANGUAGES)):
        language = LANGUAGES[(turn + attempt) % len(LANGUAGES)]
        case = kind.make(random, source(random, language))
        if case is not None:
            return language, case
    raise AssertionError(f"no case of {kind.name!r} could be made")


async def _came_of(case: Case, call: Call) -> tuple[Became, str]:
    try:
        proposal = await _proposed(case, call)
    except StewardError as refusal:
        message = str(refusal)
        is_meant = case.expected is None and all(part in message for part in case.says)
        return ("right" if is_meant else "refused"), message
    made = {
        change.path: await call.workspace.bytes_of(change.after, change.path)
        for change in proposal.changes
        if change.after is not None
    }
    return ("right" if made == case.expected else "wrong"), str(made)


async def _proposed(case: Case, call: Call) -> EditProposal:
    if case.tool == "change_files":
        changes = ChangeFilesArguments.model_validate(case.arguments)
        return await ChangeFiles().run(changes, call)
    return await EditFile().run(EditFileArguments.model_validate(case.arguments), call)
