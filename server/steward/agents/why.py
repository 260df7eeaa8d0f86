"""Why a line is there: the run, the step, the question and the answer behind it."""

import asyncio
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath

from sqlmodel import Session, col, select

from steward.agents.asked import run_of
from steward.agents.extension_run import extension_as_run
from steward.agents.tables import RunRow, RunStepRow, SentCallRow
from steward.agents.talk.as_run import answer_as_run
from steward.agents.undo import step_of
from steward.core.agent_limits import WHY_LINES_MAX
from steward.core.database import Database
from steward.core.errors import InvalidInputError, NotFoundError, StewardError
from steward.core.principal import Principal
from steward.ledger.reading import run_totals
from steward.permissions.seal import Seal
from steward.permissions.tables import ApprovalRow
from steward.workspace.git.process import GitProcess
from steward.workspace.git.reading import GitReader
from steward.workspace.history.ancestry import Ancestry, Walk
from steward.workspace.history.descent import lines_in
from steward.workspace.history.elsewhere import Elsewhere
from steward.workspace.history.landings import Place, Records
from steward.workspace.history.undo_rows import undone_run
from steward.workspace.proposal import commit_from_json
from steward.workspace.tables import ProposalRow

_TURN = re.compile(r"(.*/)?tool-(\d+)[^/]*", re.DOTALL)
"""A call of a tool, perhaps inside of another one that called an agent."""


@dataclass(frozen=True, slots=True)
class Approved:
    """The answer that let a change land."""

    by: str
    channel: str
    at: datetime | None
    digest: str
    """What the answer was bound to."""
    state: str
    is_sealed: bool
    """Whether its row is as Steward wrote it."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What is known of a proposal that lines come from."""

    proposal_id: str
    run_id: str
    step: str
    think: str
    """The step in which the model was asked, whose message `steward run sent` shows."""
    title: str
    outcome: str
    landed_at: datetime | None
    agent: str = ""
    user: str = ""
    goal: str = ""
    model: str = ""
    """As it was asked for; empty where that was removed for its age."""
    step_cost_nano_usd: int | None = None
    run_cost_nano_usd: int = 0
    approved: Approved | None = None
    commits: tuple[str, ...] = ()
    """What the run committed of this file since, in words."""
    is_answer: bool = False
    """Whether it is code of an answer in a conversation, and the goal is what was asked."""
    is_visible: bool = True
    """False where it is somebody else's run, of which nothing more is said."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line, and where it comes from."""

    number: int
    text: str
    ancestry: Ancestry
    commit: str = ""
    """The commit in which git has it; empty where it is not committed, or git cannot say."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Why some lines of a file are there."""

    file: str
    lines: tuple[Line, ...]
    causes: dict[str, Cause]
    """Proposal → what is known of it."""
    is_cut: bool
    """Whether older changes were not looked at."""


@dataclass(frozen=True, slots=True)
class Why:
    """Answers a person."""

    database: Database
    principal: Principal
    seal: Seal

    async def ask(self, file: Path, text: str, first: int, last: int) -> Answer:
        """Why these lines of a file are there, counted from one, as it stands in `text`.

        Raises:
            InvalidInputError: there are no such lines, or too many of them.
        """
        texts = lines_in(text)
        wanted = _checked(file, len(texts), first, last)
        records = Records(self.database, self.principal.tenant_id)
        places = await _places(records, file)
        walk = Walk(records)
        found = await _ancestry(walk, places, text, wanted)
        is_agents = any(found[at].verdict != "person" for at in wanted)
        commits = await asyncio.to_thread(_blamed, file, text, first, last) if is_agents else {}
        lines = tuple(Line(at + 1, texts[at], found[at], commits.get(at + 1, "")) for at in wanted)
        ids = {source.proposal_id for line in lines for source in line.ancestry.sources}
        paths = {place.path for place in places}
        causes = await self.database.read(lambda session: self._causes(session, ids - {""}, paths))
        return Answer(str(file), lines, causes, walk.is_cut)

    def _causes(
        self, session: Session, proposal_ids: Iterable[str], paths: set[str]
    ) -> dict[str, Cause]:
        found: dict[str, Cause] = {}
        for id_ in sorted(proposal_ids):
            row = session.get(ProposalRow, id_)
            if row is not None:
                found[id_] = self._cause(session, row, paths)
        return found

    def _cause(self, session: Session, row: ProposalRow, paths: set[str]) -> Cause:
        run_id = undone_run(row.run_id)
        answer = answer_as_run(session, run_id)
        own = answer or extension_as_run(session, run_id)
        run = own or session.get(RunRow, run_id)
        if run is not None and not self._may_see(session, run, is_answer=own is not None):
            return Cause(row.id, "", "", "", "", "", row.ended_at, is_visible=False)
        # An undo is in no step of its run.
        step = step_of(row.id, run_id) if run_id == row.run_id else ""
        turn = _TURN.fullmatch(step)
        think = f"{turn[1] or ''}think-{turn[2]}" if turn else "answer" if answer else ""
        sent = _sent_in(session, run_id, think)
        spent = _step_of(session, run_id, sent.step if sent else think)
        return Cause(
            proposal_id=row.id,
            run_id=run_id,
            step=step,
            think=sent.step if sent else "",
            title=_title_of(row),
            outcome=row.outcome,
            landed_at=row.ended_at,
            agent=run.agent_name or run.agent_id if run else "",
            user=run.user if run else "",
            goal=run.goal if run else "",
            model=sent.model if sent else "",
            step_cost_nano_usd=spent.cost_nano_usd if spent else None,
            run_cost_nano_usd=run_totals(session, run_id).cost_nano_usd,
            approved=self._approved(session, row.approval_id),
            commits=_commits(session, row, paths),
            is_answer=answer is not None,
        )

    def _may_see(self, session: Session, run: RunRow, *, is_answer: bool) -> bool:
        if is_answer:
            return (run.tenant_id, run.user) == (self.principal.tenant_id, self.principal.user)
        try:
            run_of(session, self.principal, run.id)
        except NotFoundError:
            return False
        return True

    def _approved(self, session: Session, approval_id: str | None) -> Approved | None:
        row = session.get(ApprovalRow, approval_id) if approval_id else None
        if row is None:
            return None
        is_sealed = self.seal.fits("approval", row.model_dump())
        by, channel = row.answered_by or "", row.channel or ""
        return Approved(by, channel, row.answered_at, row.digest, row.state, is_sealed)


async def _places(records: Records, file: Path) -> list[Place]:
    """The file in each workspace above it, by its path as given and without links."""
    known = await asyncio.to_thread(lambda: {file, file.parent.resolve() / file.name})
    folders = {str(folder): each for each in known for folder in each.parents}
    return [
        Place(workspace, str(PurePosixPath(folders[workspace].relative_to(workspace))))
        for workspace in await records.workspaces_above(list(folders))
    ]


async def _ancestry(
    walk: Walk, places: Sequence[Place], text: str, wanted: Sequence[int]
) -> dict[int, Ancestry]:
    found = await walk.ancestry(places, text, wanted)
    # Where nothing ever landed in a folder above, no agent can have written it elsewhere there.
    workspaces = [place.workspace for place in places]
    if workspaces:
        elsewhere = Elsewhere(walk, workspaces, text)
        if not await walk.records.at(places):
            found |= await elsewhere.renamed(places, wanted)
        left = [line for line in wanted if found[line].verdict == "person"]
        found |= await elsewhere.blocks(left)
    return found


def _checked(file: Path, count: int, first: int, last: int) -> range:
    if not 1 <= first <= last <= count:
        has = f"{count} lines" if count != 1 else "1 line"
        raise InvalidInputError(
            f"{file.name!r} has {has}, so there is nothing from {first} to {last}; ask for others."
        )
    if last - first >= WHY_LINES_MAX:
        raise InvalidInputError(f"Ask for at most {WHY_LINES_MAX} lines at once.")
    return range(first - 1, last)


def _blamed(file: Path, text: str, first: int, last: int) -> dict[int, str]:
    """Line → the commit in which git has it, of those that are committed."""
    reader = GitReader(GitProcess(file.parent))
    try:
        blamed = reader.blame(file.name, text.encode("utf-8", "surrogatepass"), first, last)
    except StewardError:  # No repository, or none of the person's own: then nobody is told.
        return {}
    return {each.number: each.commit for each in blamed if each.commit is not None}


def _sent_in(session: Session, run_id: str, think: str) -> SentCallRow | None:
    """The call in which the model wanted the change; an empty answer is asked about again."""
    if not think:
        return None
    return session.exec(
        select(SentCallRow)
        .where(SentCallRow.run_id == run_id, col(SentCallRow.step).in_((think, f"{think}-again")))
        .order_by(col(SentCallRow.attempt).desc(), col(SentCallRow.step).desc())
    ).first()


def _step_of(session: Session, run_id: str, name: str) -> RunStepRow | None:
    return session.exec(
        select(RunStepRow)
        .where(RunStepRow.run_id == run_id, RunStepRow.name == name)
        .order_by(col(RunStepRow.attempt).desc())
    ).first()


def _title_of(row: ProposalRow) -> str:
    return str(json.loads(row.content)["title"])


def _commits(session: Session, row: ProposalRow, paths: set[str]) -> tuple[str, ...]:
    """The commits that the same run made afterwards and that hold one of these files."""
    later = session.exec(
        select(ProposalRow)
        .where(
            ProposalRow.run_id == row.run_id,
            ProposalRow.kind == "commit",
            ProposalRow.state == "applied",
            col(ProposalRow.ended_at) >= row.ended_at,
        )
        .order_by(col(ProposalRow.ended_at))
    )
    return tuple(
        each.outcome
        for each in later
        if paths & set(commit_from_json(each.id, each.run_id, each.content).prepared.files)
    )
