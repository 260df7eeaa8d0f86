"""`product-state`: parts of what Steward knows, each granted by its name.

No part holds a text of code, a key, or anything of another person; files that are kept from models
are in none of them.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol, cast, get_args

from pydantic import Field, StringConstraints

from steward.core.errors import InvalidInputError, StewardError
from steward.core.principal import Principal
from steward.core.redact import redact
from steward.extensions.granted import Wanted
from steward.extensions.host.arguments import text_in
from steward.extensions.host.gate import Caller, Gate
from steward.extensions.payloads import Path, Payload, Range, Short, StatePart
from steward.ledger.ledger import Ledger
from steward.workspace.paths import WorkspacePath
from steward.workspace.reveal import reveal
from steward.workspace.workspace import Workspace

_LISTED_MAX = 500


class OpenDocument(Payload):
    """A document that is open in the editor."""

    path: Path
    language: str = ""


class KnownDiagnostic(Payload):
    """What the editor's tools remark on a place."""

    path: Path
    range: Range
    message: Annotated[str, StringConstraints(max_length=2000)]
    severity: Literal["error", "warning", "information", "hint"]
    source: Short = ""


class KnownRun(Payload):
    """A run of an agent."""

    id: str
    agent: str
    state: str
    cost_nano_usd: int


class DocumentsState(Payload):
    """`documents`."""

    documents: tuple[OpenDocument, ...]


class DiagnosticsState(Payload):
    """`diagnostics`."""

    diagnostics: tuple[KnownDiagnostic, ...]


class RunsState(Payload):
    """`runs`: the person's in this workspace, the newest first."""

    runs: tuple[KnownRun, ...]


class BudgetState(Payload):
    """`budget`: of the person's month."""

    spent_nano_usd: int
    spent_today_nano_usd: int
    left_nano_usd: int | None
    """None where there is no limit."""


class CountsState(Payload):
    """`counts`: how often what happened today."""

    counts: dict[str, int] = Field(max_length=200)


class Watched(Protocol):
    """What rooms above know: the editor's screen, agents' runs, and the product's figures."""

    def documents(self) -> Sequence[OpenDocument]:
        """Open documents, by their paths in the workspace."""
        ...

    def diagnostics(self) -> Sequence[KnownDiagnostic]:
        """What the editor's tools remark on them."""
        ...

    async def runs(self, principal: Principal) -> Sequence[KnownRun]:
        """The person's runs in this workspace, the newest first."""
        ...

    async def counts(self, principal: Principal) -> dict[str, int]:
        """How often what happened today."""
        ...


@dataclass(frozen=True, slots=True)
class ProductState:
    """Tells extensions what they were granted to know."""

    gate: Gate
    workspace: Workspace
    ledger: Ledger
    watched: Watched

    async def tell(self, caller: Caller, arguments: tuple[str | None, ...]) -> str:
        """`product-state`: a part as JSON."""
        name = text_in(arguments, 0, 100)
        if name not in get_args(StatePart):
            raise InvalidInputError(
                f"There is no part {name!r}; there are {', '.join(get_args(StatePart))}."
            )
        await self.gate.check(caller, Wanted("state.read", (name,)))
        return (await self._part(caller.principal, cast("StatePart", name))).model_dump_json()

    async def _part(self, principal: Principal, part: StatePart) -> Payload:
        match part:
            case "documents":
                documents = self.watched.documents()
                seen = await self._seen(each.path for each in documents)
                shown = [each for each in documents if each.path in seen]
                return DocumentsState(documents=tuple(shown[:_LISTED_MAX]))
            case "diagnostics":
                found = self.watched.diagnostics()
                seen = await self._seen(each.path for each in found)
                told = [_told(each) for each in found if each.path in seen]
                return DiagnosticsState(diagnostics=tuple(told[:_LISTED_MAX]))
            case "runs":
                runs = await self.watched.runs(principal)
                return RunsState(runs=tuple(runs[:_LISTED_MAX]))
            case "budget":
                standing = await self.ledger.standing(principal)
                return BudgetState(
                    spent_nano_usd=standing.spent,
                    spent_today_nano_usd=standing.spent_today,
                    left_nano_usd=standing.left,
                )
            case "counts":
                return CountsState(counts=await self.watched.counts(principal))

    async def _seen(self, paths: Iterable[str]) -> frozenset[str]:
        """Those of the paths that are not kept from models."""
        parsed: list[WorkspacePath] = []
        for path in dict.fromkeys(paths):
            try:
                parsed.append(self.workspace.resolve(path))
            except StewardError:
                continue
        verdicts = await asyncio.to_thread(self.workspace.oracle.why_not_each, parsed)
        return frozenset(str(path) for path, reason in verdicts.items() if reason is None)


def _told(diagnostic: KnownDiagnostic) -> KnownDiagnostic:
    message = reveal(redact(diagnostic.message))[0][:2000]
    return diagnostic.model_copy(update={"message": message})
