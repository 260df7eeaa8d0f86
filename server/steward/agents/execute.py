"""The order in which a run takes its steps: plan, ask, then think and act until done.

Pure orchestration: every effect is inside a journaled step, and what comes next follows from
recorded outcomes alone, so a replay takes the same way.

    gather → plan → ask-plan (sent back with a reason, or edited → again) → think-n → tool-n-i
    (→ ask-plan-n-i → tool-n-i-again) (→ land-n-i) (→ ask-loop-n-i) → … → end

An agent that another one calls takes the same steps from think-0 on, inside of the call: their
names begin with that of the call, as in tool-2-0/think-0, and its last one is tool-2-0/answer.
"""

import logging
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from itertools import count
from typing import cast

from steward.agents.called import called
from steward.agents.course import Common, Course, Ending
from steward.agents.known import Known
from steward.agents.limits import (
    CALLS_OF_TURN_MAX,
    PLANS_ASKED_MAX,
    PLANS_MADE_MAX,
    PLANS_UNREAD_MAX,
)
from steward.agents.planning import Planning, refused_by_person
from steward.agents.run import specification_from_json
from steward.agents.steps import Steps
from steward.agents.trace import TracedJournal, for_agent
from steward.agents.work import Hands
from steward.agents.workflows.durable import Interpret
from steward.agents.workflows.journal import Journal, JsonObject
from steward.context.agent_context import context_from_json
from steward.core.errors import InvalidInputError, StewardError
from steward.permissions.decide import Mode
from steward.tools.invoke import BEYOND_PLAN

_log = logging.getLogger(__name__)

_KEPT = ("text", "origin", "decision", "instructions")
"""What stays of a call's outcome in the conversation."""
_TOO_MANY: JsonObject = {
    "text": f"This call was not made: one answer may hold {CALLS_OF_TURN_MAX} calls. Make it again"
    " in your next answer if you still need it.",
    "origin": "tool",
}


def interpreter(hands: Hands, owner: str) -> Interpret:
    """What the durable engine plays: any run, as `owner`'s."""

    async def interpret(
        run_id: str, specification: Mapping[str, object], journal: Journal
    ) -> JsonObject:
        try:
            parsed = specification_from_json(dict(specification))
        except InvalidInputError as error:
            # Nobody else closes its row, and a person would wait for it.
            await hands.log.enter(run_id, "failed", "start", str(error))
            return {"state": "failed", "message": str(error)}
        # On every start, also after a crash: whoever looks for the living finds us.
        taken = await hands.log.take_over(run_id, owner)
        if taken.ended:
            # Somebody ended it while it was on its way to the engine: then nothing is done.
            return {"state": taken.ended, "message": "It had ended before it was begun."}
        traced = TracedJournal(journal, hands.log, run_id, parsed.agent.agent_id)
        return await execute(Steps(hands, parsed, taken.raised), traced)

    return interpret


async def execute(steps: Steps, journal: Journal) -> JsonObject:
    """Play the run to its end. Returns how it ended; only cancellation is raised."""
    try:
        ending = await _play(steps, journal)
    except StewardError as error:
        ending = Ending("failed", str(error))
    except Exception:  # The run step is an outer boundary: a bug ends the run, not the server.
        _log.exception("run %s broke", steps.run_id)
        ending = Ending("failed", "Something went wrong inside Steward; the log has the details.")
    return await journal.step("end", partial(steps.end, ending))


async def _play(steps: Steps, journal: Journal) -> Ending:
    planning = Planning(steps.hands, steps.specification, steps.raised)
    gathered = await journal.step("gather", planning.gather)
    shown = context_from_json(cast(JsonObject, gathered["context"]))
    steps, planning = replace(steps, shown=shown), replace(planning, shown=shown)
    agreed = await _agree(planning, journal, gathered)
    if isinstance(agreed, Ending):
        return agreed
    ending = await _work(steps, planning, journal, agreed)
    is_done = ending.state == "finished" and not ending.capped
    return _finished(agreed, ending.message) if is_done else ending


async def _work(steps: Steps, planning: Planning, journal: Journal, agreed: Course) -> Ending:
    """Think and act until the agent has said its last."""
    for number in count():
        thought = await _think(steps, journal, agreed, number)
        if isinstance(thought, Ending):
            return thought
        calls = cast(list[JsonObject], thought["calls"])
        if not calls:
            return Ending("finished", str(thought["text"]))
        results = await _act(steps, planning, journal, agreed, calls)
        if isinstance(results, Ending):
            return results
        agreed.add(thought, results)
        stopped = await _break_loops(steps, journal, agreed, calls)
        if stopped is not None:
            return stopped
    raise AssertionError  # pragma: no cover


async def _agree(planning: Planning, journal: Journal, gathered: JsonObject) -> Course | Ending:
    """The plan that the person approved, with the mode that they chose; or the end."""
    refused: list[JsonObject] = []
    work_s: dict[str, float] = {}
    plan: JsonObject | None = None
    note = ""
    made = 0
    for asked in range(PLANS_ASKED_MAX):
        if plan is None:
            made += 1
            planned = await _planned(planning, journal, asked, refused, work_s)
            if isinstance(planned, Ending):
                return planned
            plan = planned
        step = _numbered("ask-plan", asked)
        verdict = await journal.step(step, partial(planning.ask_plan, step, plan, note))
        if verdict["state"] == "approved":
            common = Common(plan, set(cast(list[str], gathered["origins"])))
            known = Known(dict(cast(dict[str, str], gathered.get("known", {}))))
            return Course(common, cast(Mode, verdict["mode"]), work_s=work_s, known=known)
        note = str(verdict["note"])
        if "edited" in verdict:
            plan = cast(JsonObject, verdict["edited"])
        elif verdict["state"] == "rejected" and verdict["reason"] and made < PLANS_MADE_MAX:
            refused.append(refused_by_person(plan, str(verdict["reason"])))
            plan = None
        else:
            return Ending("cancelled", f"The plan was {verdict['state']}; nothing was done.")
    return Ending("cancelled", f"{PLANS_ASKED_MAX} plans were shown and none approved.")


async def _planned(
    planning: Planning,
    journal: Journal,
    asked: int,
    refused: list[JsonObject],
    work_s: dict[str, float],
) -> JsonObject | Ending:
    """A plan that can be read: the model is told what is wrong with one that cannot, and asked."""
    unread: list[JsonObject] = []
    for attempt in range(PLANS_UNREAD_MAX):
        step = _numbered("plan", asked) + (f"-again-{attempt}" if attempt else "")
        made = await journal.step(step, partial(planning.plan, step, [*refused, *unread]))
        if "capped" in made:
            return _capped(made)
        work_s[step] = cast(float, made["took_s"])
        if "plan" in made:
            return cast(JsonObject, made["plan"])
        unread.append(cast(JsonObject, made["unread"]))
    raise InvalidInputError(str(unread[-1]["reason"]))


async def _think(
    steps: Steps, journal: Journal, course: Course, number: int
) -> JsonObject | Ending:
    """The model's next answer: a text, or calls; one that is neither is asked for once more."""
    for is_again in (False, True):
        step = course.named(f"think-{number}" + ("-again" if is_again else ""))
        thought = await journal.step(step, partial(steps.think, step, course, is_again=is_again))
        if "capped" in thought:
            return _capped(thought)
        course.took(step, thought)
        if thought["calls"] or str(thought["text"]).strip():
            course.thought()
            return thought
    return Ending(
        "failed",
        "The model answered nothing, twice. What was landed stays. Let the run go on later, or"
        " choose another model.",
    )


async def _act(
    steps: Steps, planning: Planning, journal: Journal, course: Course, calls: list[JsonObject]
) -> list[JsonObject] | Ending:
    """What the calls of one answer brought, in order; each sees what those before it changed.

    The end, where a person ended an agent that one of them called.
    """
    number = len(course.turns)
    results: list[JsonObject] = []
    for index, call in enumerate(calls):
        if index >= CALLS_OF_TURN_MAX:
            results.append(_TOO_MANY)
            continue
        place = f"{number}-{index}"
        result = await _used(steps, planning, journal, course, call, place)
        if task := cast(JsonObject | None, result.get("task")):
            answered = await _called(steps, planning, journal, course, task, place)
            if isinstance(answered, Ending):
                return answered
            results.append({"text": answered["text"], "origin": answered["origin"]})
            continue
        course.saw(result)
        if proposal := result["proposal"]:
            step = course.named(f"land-{place}")
            landed = await journal.step(step, partial(steps.land, str(proposal), step))
            if landed["state"] == "applied":
                course.known.landed(result)
            # What a command printed stays beside what became of its changes.
            printed = f"{result['text']}\n" if result["origin"] == "command" else ""
            result |= {"text": f"{printed}{landed['text']}", "origin": landed["origin"]}
            result |= {"origin": "command"} if printed else {}
            result["decision"] = landed
        results.append({name: result[name] for name in _KEPT if name in result})
    return results


async def _called(
    steps: Steps,
    planning: Planning,
    journal: Journal,
    course: Course,
    task: JsonObject,
    place: str,
) -> JsonObject | Ending:
    """What another agent answers that was called; its steps are taken inside of the call."""
    begun, inside = called(steps, course, task, course.named(f"tool-{place}/"))
    own = for_agent(journal, begun.agent.agent_id)
    ending = await _work(begun, planning, own, inside)
    if ending.state == "cancelled":  # A person did not let it go on, and that ends the run.
        return ending
    step = inside.named("answer")
    answered = await own.step(step, partial(begun.answer, step, inside, ending))
    course.common.origins.add(str(answered["origin"]))
    return answered


async def _used(
    steps: Steps,
    planning: Planning,
    journal: Journal,
    course: Course,
    call: JsonObject,
    place: str,
) -> JsonObject:
    """One call's outcome; a call that the plan does not cover is another plan, asked about."""
    step = course.named(f"tool-{place}")
    result = await journal.step(step, partial(steps.use_tool, course, call, step))
    course.took(step, result)
    if result["code"] != BEYOND_PLAN:
        return result
    ask = course.named(f"ask-plan-{place}")
    verdict = await journal.step(ask, partial(planning.ask_step, ask, course, call, result, steps))
    if not verdict["approved"]:
        return result | {"text": verdict["text"], "origin": verdict["origin"]}
    course.common.plan = cast(JsonObject, verdict["plan"])
    step = f"{step}-again"
    result = await journal.step(step, partial(steps.use_tool, course, call, step))
    course.took(step, result)
    return result


async def _break_loops(
    steps: Steps, journal: Journal, course: Course, calls: list[JsonObject]
) -> Ending | None:
    """Ask whether to go on where a call has brought the same too often."""
    number = len(course.turns) - 1
    results = cast(list[JsonObject], course.turns[-1]["results"])
    for index, (call, result) in enumerate(zip(calls, results, strict=True)):
        if not course.repeats(call, result):
            continue
        step = course.named(f"ask-loop-{number}-{index}")
        verdict = await journal.step(
            step, partial(steps.ask_whether_to_go_on, step, call, str(result["text"]))
        )
        if not verdict["approved"]:
            return Ending(
                "cancelled",
                "Stopped: the agent made the same call again and again with the same result, and"
                f" going on was {verdict['state']}. What was landed stays.",
            )
    return None


def _finished(course: Course, text: str) -> Ending:
    if course.mode != "dry_run":
        return Ending("finished", text)
    recorded = course.common.recorded
    acts = "1 act was" if recorded == 1 else f"{recorded} acts were"
    return Ending(
        "finished",
        f"Dry run: {acts} recorded, nothing was changed and nothing was run. The run's course shows"
        f" what would have been done.\n\n{text}",
    )


def _capped(outcome: JsonObject) -> Ending:
    return Ending("finished", str(outcome["message"]), str(outcome["capped"]))


def _numbered(name: str, number: int) -> str:
    return f"{name}-{number}" if number else name
