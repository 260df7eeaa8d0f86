"""Why a line is there, as Markdown and for programs."""

from collections.abc import Sequence
from dataclasses import asdict
from itertools import groupby
from pathlib import PurePath

from steward.agents.talk.as_run import message_of_run
from steward.agents.why import Answer, Cause, Line
from steward.core.money import as_usd
from steward.workspace.history.ancestry import Source
from steward.workspace.markdown import code, inline

_GOAL_CHARS = 300


def why_page(answer: Answer, workspace: str = "") -> str:
    """The whole answer; lines that have the same one stand together.

    The file is named as it stands in the workspace, where it is in that one.
    """
    parts = [f"# Why {code(_named_in(answer.file, workspace))} is as it is"]
    for _, group in groupby(answer.lines, key=_same):
        parts += _section(list(group), answer)
    shown = [cause for cause in answer.causes.values() if _is_named(answer, cause)]
    parts += ["\n".join(_cause(cause)) for cause in shown]
    if answer.is_cut:
        parts.append("Older changes than these were not looked at: there are too many.")
    return "\n\n".join(parts) + "\n"


def why_values(answer: Answer) -> dict[str, object]:
    """The same for a program."""
    return {
        "file": answer.file,
        "lines": [
            {
                "number": line.number,
                "text": line.text,
                "verdict": line.ancestry.verdict,
                "commit": line.commit or None,
                "sources": [_source_values(source) for source in line.ancestry.sources],
            }
            for line in answer.lines
        ],
        "causes": [_cause_values(cause) for cause in answer.causes.values()],
        "is_cut": answer.is_cut,
    }


def _named_in(file: str, workspace: str) -> str:
    path = PurePath(file)
    is_inside = bool(workspace) and path.is_relative_to(workspace)
    return path.relative_to(workspace).as_posix() if is_inside else file


def _same(line: Line) -> tuple[object, ...]:
    return line.ancestry, line.commit


def _section(lines: Sequence[Line], answer: Answer) -> list[str]:
    first, last = lines[0], lines[-1]
    which = f"Line {first.number}" if len(lines) == 1 else f"Lines {first.number} to {last.number}"
    told = [f"## {which}", code(first.text) if len(lines) == 1 else "", *_verdict(first, answer)]
    if first.commit:
        told.append(f"git has it in the commit `{first.commit[:12]}`.")
    return [part for part in told if part]


def _verdict(line: Line, answer: Answer) -> list[str]:
    sources = line.ancestry.sources
    match line.ancestry.verdict:
        case "agent":
            return [f"**From an agent**{_since(sources[0])}: {_named(sources[0], answer)}."]
        case "person":
            return ["**Not from an agent.**"]
        case "unknown":
            return ["**It cannot be told:** what is known of this file does not reach back so far."]
        case "unclear":
            listed = "\n".join(f"- {_candidate(source, answer)}" for source in sources)
            return [f"**It cannot be told which of these it is:**\n\n{listed}"]


def _candidate(source: Source, answer: Answer) -> str:
    match source.kind:
        case "agent":
            partly = ", which was applied in part" if source.is_partial else ""
            return f"from an agent{_since(source)}: {_named(source, answer)}{partly}"
        case "person":
            return "not from an agent"
        case "unknown":
            return "something older, or one of many lines that are the same"


def _since(source: Source) -> str:
    """What became of the line since it landed."""
    said = [
        "and changed by hand since" if source.is_changed else "",
        "the same but for its whitespace" if source.is_reformatted else "",
        "from another place" if source.has_moved else "",
    ]
    told = ", ".join(each for each in said if each)
    return f" ({told})" if told else ""


def _named(source: Source, answer: Answer) -> str:
    cause = answer.causes.get(source.proposal_id)
    if cause is None:
        return "a change that is not kept any more"
    if not cause.is_visible:
        return "a run of somebody else; an owner or admin can look at it"
    where = f", which put it into {code(source.place.path)}" if source.place else ""
    if cause.is_answer and cause.step:
        message = message_of_run(cause.run_id)
        return f"the answer `{message}` in a conversation{where}"
    step = f"in the step `{cause.step}`" if cause.step else "when it was undone or made again"
    return f"the run `{cause.run_id}`, {step}{where}"


def _is_named(answer: Answer, cause: Cause) -> bool:
    sources = (source for line in answer.lines for source in line.ancestry.sources)
    return cause.is_visible and any(each.proposal_id == cause.proposal_id for each in sources)


def _cause(cause: Cause) -> list[str]:
    goal = inline(cause.goal)
    goal = goal if len(goal) <= _GOAL_CHARS else f"{goal[: _GOAL_CHARS - 1]}…"
    cost = f"the run cost {as_usd(cause.run_cost_nano_usd)}"
    if cause.step_cost_nano_usd is not None:
        cost = f"the step cost {as_usd(cause.step_cost_nano_usd)}, {cost}"
    lines = [
        f"## {inline(cause.title)}",
        "",
        *_whose(cause, goal),
        f"- Model: {inline(cause.model) or 'not known any more'}; {cost}",
        f"- {_approval(cause)}",
    ]
    if cause.landed_at is not None:
        lines.append(f"- Landed {cause.landed_at:%Y-%m-%d %H:%M:%S} UTC: {inline(cause.outcome)}")
    lines += [f"- Committed by the run: {inline(outcome)}" for outcome in cause.commits]
    lines.append(_sent(cause))
    return lines


def _whose(cause: Cause, goal: str) -> tuple[str, str]:
    if cause.is_answer:
        message = message_of_run(cause.run_id)
        return f"- Answer `{message}` in a conversation of {inline(cause.user)}", f"- Asked: {goal}"
    run = f"- Run `{cause.run_id}` of the agent {inline(cause.agent)}, for {inline(cause.user)}"
    return run, f"- Goal: {goal}"


def _approval(cause: Cause) -> str:
    approved = cause.approved
    if approved is None:
        return "**No answer is kept for it.**"
    at = f" at {approved.at:%Y-%m-%d %H:%M:%S} UTC" if approved.at is not None else ""
    seal = (
        "its seal holds"
        if approved.is_sealed
        else "**its seal does not hold: the row was changed past Steward**"
    )
    return (
        f"{approved.state.capitalize()} by {inline(approved.by)}"
        f" ({inline(approved.channel)}){at}; digest `{approved.digest}`, {seal}"
    )


def _sent(cause: Cause) -> str:
    if cause.is_answer:
        return "- What the model was sent: ask the conversation what was sent for this answer"
    if not cause.think:
        return f"- Everything it did: `steward run show {cause.run_id}`"
    return f"- What the model was sent: `steward run sent {cause.run_id} --step {cause.think}`"


def _source_values(source: Source) -> dict[str, object]:
    return {
        "kind": source.kind,
        "proposal_id": source.proposal_id or None,
        "path": source.place.path if source.place else None,
        "is_changed_by_hand": source.is_changed,
        "is_reformatted": source.is_reformatted,
        "has_moved": source.has_moved,
        "is_partial": source.is_partial,
    }


def _cause_values(cause: Cause) -> dict[str, object]:
    if not cause.is_visible:
        return {"proposal_id": cause.proposal_id, "is_visible": False}
    approved = cause.approved
    values = asdict(cause)
    values["landed_at"] = cause.landed_at and cause.landed_at.isoformat()
    if approved is not None:
        values["approved"] = asdict(approved) | {"at": approved.at and approved.at.isoformat()}
    return values
