"""What a person wants undone, or done again, as a proposal of its own; nothing is changed by it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlmodel import Session

from steward.agents.asked import run_of
from steward.agents.extension_run import extension_as_run
from steward.agents.tables import RunRow
from steward.agents.talk.as_run import answer_as_run
from steward.core.agent_limits import CHANGES_LISTED_MAX
from steward.core.errors import InvalidInputError, NotFoundError, NotPermittedError
from steward.core.events import RUN_ENDED
from steward.core.principal import Principal
from steward.workspace.history.undo import Applied
from steward.workspace.history.undo_rows import (
    Change,
    Entry,
    Story,
    newest_runs,
    run_of_change,
    stories,
    story_of,
)
from steward.workspace.markdown import one_line

_STEP = re.compile(r"\bland-")
_THINK = re.compile(r"\bthink-(\d+)(?:-again)?\Z")
_TITLE_CHARS_MAX = 80


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be taken back, or to be done again after it was."""

    run_id: str = ""
    """Empty where the change says which run it is."""
    step: str = ""
    """Only what this step changed: `tool-0-0`, `land-0-0`, or a whole turn, `think-0`."""
    change_id: str = ""
    """Only this proposal; it may be an undo, which is then taken back."""
    is_redo: bool = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """What exactly that is."""

    run: RunRow
    targets: tuple[Applied, ...]
    """With only those changes that are to be taken back."""
    is_redo: bool

    @property
    def title(self) -> str:
        """The proposal's title."""
        does = "Redo" if self.is_redo else "Undo"
        (first, *more) = self.targets
        if more:
            what = f"{len(self.targets)} changes of: {one_line(self.run.goal)}"
        else:
            what = re.sub(r"\A(?:Undo|Redo): ", "", first.proposal.title)
        return f"{does}: {what[:_TITLE_CHARS_MAX]}"


def chosen(session: Session, principal: Principal, wanted: Wanted) -> Chosen:
    """A unit of work that finds out.

    Raises:
        NotFoundError: there is no such run or change of theirs.
        NotPermittedError: it is somebody else's, or it was made in another folder.
        InvalidInputError: nothing of it is left to undo, or it is under way.
    """
    if not wanted.run_id and not wanted.change_id:
        wanted = _newest(session, principal, wanted)
    run = _run(session, principal, wanted)
    story = story_of(session, principal.tenant_id, run.id)
    undo = next((u for u in story.undos if u.applied.proposal.id == wanted.change_id), None)
    if undo is not None:
        return _of_undos(story, run, (undo,))
    found = _matching(story, wanted)
    if wanted.is_redo:
        return _of_undos(story, run, _undos_of(story, found))
    targets = tuple(left for change in found if (left := _rest(story, change)) is not None)
    if not targets:
        raise InvalidInputError(
            "All of that is undone already; `steward redo` brings it back."
            if found
            else f"That changed no files, so there is nothing to undo; `steward changes {run.id}`"
            " lists what the run changed."
        )
    if not wanted.change_id and not wanted.step and run.state not in RUN_ENDED:
        raise InvalidInputError(
            f"The run is under way ({run.state}) and would go on changing files. Cancel it first,"
            " or name a change or a step of it."
        )
    return Chosen(run, targets, is_redo=False)


def _newest(session: Session, principal: Principal, wanted: Wanted) -> Wanted:
    """What is wanted where nothing was named: the newest change that is not undone, or undo."""
    if wanted.step:
        raise InvalidInputError("Say of which run the step is; `steward changes` lists them.")
    ids = newest_runs(session, principal.tenant_id, principal.workspace, CHANGES_LISTED_MAX)
    own = [
        run.id
        for run_id in ids
        if (run := _own(session, run_id) or session.get(RunRow, run_id)) and _is_own(run, principal)
    ]
    each = stories(session, principal.tenant_id, own).values()
    if wanted.is_redo:
        open_ones = [u for story in each for u in story.undos if story.in_force(u.applied.proposal)]
        open_ones = [
            u for u in open_ones if u.applied.proposal.undo and not u.applied.proposal.undo.is_redo
        ]
    else:
        open_ones = [
            change for story in each for change in story.changes if change.is_undone != "yes"
        ]
    if not open_ones:
        raise InvalidInputError(
            "Nothing is undone in this folder."
            if wanted.is_redo
            else "No agent changed anything in this folder that is not undone."
        )
    newest = max(open_ones, key=lambda change: change.applied.at)
    return replace(wanted, change_id=newest.applied.proposal.id)


def _own(session: Session, run_id: str) -> RunRow | None:
    """What stands in a run's place where an answer or an extension changed something."""
    return answer_as_run(session, run_id) or extension_as_run(session, run_id)


def _is_own(run: RunRow, principal: Principal) -> bool:
    return (run.user, run.workspace) == (principal.user, principal.workspace)


def _run(session: Session, principal: Principal, wanted: Wanted) -> RunRow:
    run_id = wanted.run_id
    if wanted.change_id:
        of_change = run_of_change(session, principal.tenant_id, wanted.change_id)
        if of_change is None or run_id not in ("", of_change):
            raise NotFoundError(
                f"There is no change {wanted.change_id!r} here; `steward changes` lists them."
            )
        run_id = of_change
    if not run_id:
        raise InvalidInputError("Say what: a run, or a change; `steward changes` lists them.")
    run = _own(session, run_id) or run_of(session, principal, run_id)
    if run.user != principal.user:
        raise NotPermittedError(
            f"The run {run_id!r} acted for {run.user!r}, in their files; only they undo it."
        )
    if run.workspace != principal.workspace:
        raise NotPermittedError(
            f"The run {run_id!r} changed {run.workspace}; open that folder to undo it."
        )
    return run


def _matching(story: Story, wanted: Wanted) -> list[Change]:
    """The changes that were named."""
    if wanted.change_id:
        found = [c for c in story.changes if c.applied.proposal.id == wanted.change_id]
        if not found:
            raise InvalidInputError(
                f"The change {wanted.change_id!r} was never made, so there is nothing to undo."
            )
        return found
    if not wanted.step:
        return list(story.changes)
    found = [c for c in story.changes if is_of_step(c.applied.proposal.id, story.run_id, wanted)]
    if not found:
        raise NotFoundError(
            f"The run changed no files in a step {wanted.step!r}; `steward changes"
            f" {story.run_id}` names the steps that did."
        )
    return found


def is_of_step(proposal_id: str, run_id: str, wanted: Wanted) -> bool:
    """Whether a proposal was made in the step, or in one below it."""
    made_in = step_of(proposal_id, run_id)
    step = _THINK.sub(r"tool-\1-", _STEP.sub("tool-", wanted.step))
    if step.endswith("-"):
        return made_in.startswith(step)
    return re.match(rf"{re.escape(step)}(?!\d)", made_in) is not None


def step_of(proposal_id: str, run_id: str) -> str:
    """The step that made a proposal."""
    return proposal_id.removeprefix(f"{run_id}.")


def _rest(story: Story, change: Change) -> Applied | None:
    """The change without what is undone already."""
    proposal = change.applied.proposal
    rest = tuple(each for each in proposal.changes if not story.is_undone((proposal.id, each.path)))
    return replace(change.applied, proposal=replace(proposal, changes=rest)) if rest else None


def _undos_of(story: Story, found: Sequence[Change]) -> tuple[Change, ...]:
    """The undos that hold for these changes now."""
    entries: list[Entry] = [
        (change.applied.proposal.id, each.path)
        for change in found
        for each in change.applied.proposal.changes
    ]
    holding = {story.marks[entry].proposal.id for entry in entries if story.is_undone(entry)}
    return tuple(undo for undo in story.undos if undo.applied.proposal.id in holding)


def _of_undos(story: Story, run: RunRow, undos: Sequence[Change]) -> Chosen:
    standing = [undo for undo in undos if story.in_force(undo.applied.proposal)]
    if not standing:
        raise InvalidInputError(
            "Nothing of that is undone now, so there is nothing to do again; `steward changes"
            f" {run.id}` shows how it stands."
        )
    undo = standing[0].applied.proposal.undo
    is_redo = undo is not None and not undo.is_redo
    return Chosen(run, tuple(each.applied for each in standing), is_redo)
