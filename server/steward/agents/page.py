"""A plan as a person reads it before approving: what it does, with what, and what it may cost."""

from collections.abc import Mapping

from pydantic import ValidationError

from steward.agents.plan_view import PlanView, StepView
from steward.workspace.markdown import code, inline


def plan_page(view: PlanView) -> str:
    """The page, as Markdown in which nothing that a model or a file says has any effect."""
    started = f"Started from {code(view.place)}." if view.place else ""
    steps = "\n".join(_step(number, step) for number, step in enumerate(view.steps, 1))
    questions = "\n".join(f"- {inline(question)}" for question in view.questions)
    parts = (
        _with_heading(view.note),
        f"**Goal:** {inline(view.goal)}",
        started,
        inline(view.summary),
        steps,
        f"It would like to know (say no, and answer in the reason):\n\n{questions}"
        if questions
        else "",
        _with_heading(view.mode_said),
        _called(view),
        view.cost.said,
        inline(view.covers),
    )
    return "\n\n".join(part for part in parts if part)


def view_of(shown: Mapping[str, object] | None, page: str) -> dict[str, object] | None:
    """What an editor's own view may show in place of this page; None where it has only the page.

    An answer is bound to the page. So the data is given only if exactly this page is made of it:
    what another version of ours kept, or what does not belong to it, is shown by nobody.
    """
    if shown is None:
        return None
    try:
        view = PlanView.model_validate(shown)
    except ValidationError:
        return None
    return view.as_json() if plan_page(view) == page else None


def _with_heading(text: str) -> str:
    """The text with what stands before its first colon in bold."""
    head, colon, rest = text.partition(":")
    return f"**{inline(head)}:**{f' {inline(rest)}' if rest.strip() else ''}" if colon else head


def _step(number: int, step: StepView) -> str:
    mark = "**New:** " if step.is_new else ""
    lines = [f"{number}. {mark}**{inline(step.title)}** ({code(step.tool)}: {step.needs})"]
    if step.detail:
        lines.append(f"   {inline(step.detail)}")
    if step.files:
        lines.append(f"   Files: {', '.join(map(code, step.files))}")
    if step.agents:
        lines.append(f"   Agents: {', '.join(map(code, step.agents))}")
    return "  \n".join(lines)


def _called(view: PlanView) -> str:
    """The agents that it may call where a step says so, and where each comes from."""
    if not view.called:
        return ""
    named = "; ".join(f"{code(each.agent_id)}: {inline(each.agent)}" for each in view.called)
    return (
        f"It may call these agents, where a step names them: {named}. The plan holds for them, too,"
        " and they have no more rights, money and time than it has."
    )
