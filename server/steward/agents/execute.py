"""The order in which a run takes its steps: plan, ask, then think and act until done.

Pure orchestration: every effect is inside a journaled step, and what comes next follows from
recorded outcomes alone, so a replay takes the same way.
"""

import logging
from collections import Counter
from collections.abc import Mapping
from functools import partial
from typing import cast

from steward.agents.agent import Agent
from steward.agents.run import specification_from_json
from steward.agents.steps import Hands, Steps
from steward.agents.workflows.durable import Interpret
from steward.agents.workflows.journal import Journal, JsonObject
from steward.core.errors import NotFoundError, StewardError

_log = logging.getLogger(__name__)

_REPEATS_MAX = 3
"""So often may one call bring one result before the run is taken to be in a loop."""


def interpreter(hands: Hands, agents: Mapping[str, Agent], turns_max: int, owner: str) -> Interpret:
    """What the durable engine plays: any run of any of these agents, as `owner`'s."""

    async def interpret(
        run_id: str, specification: Mapping[str, object], journal: Journal
    ) -> JsonObject:
        parsed = specification_from_json(dict(specification))
        # On every start, also after a crash: whoever looks for the living finds us.
        await hands.log.take_over(run_id, owner)
        agent = agents.get(parsed.agent_id)
        if agent is None:
            raise NotFoundError(f"Run {run_id!r} needs the agent {parsed.agent_id!r}; it is gone.")
        return await execute(Steps(hands, agent, parsed), journal, turns_max)

    return interpret


async def execute(steps: Steps, journal: Journal, turns_max: int) -> JsonObject:
    """Play the run to its end. Returns how it ended; only cancellation is raised."""
    try:
        state, message = await _play(steps, journal, turns_max)
    except StewardError as error:
        state, message = "failed", str(error)
    except Exception:  # The run step is an outer boundary: a bug ends the run, not the server.
        _log.exception("run %s broke", steps.run_id)
        state, message = "failed", "Something went wrong inside Steward; the log has the details."
    return await journal.step("end", partial(steps.end, state, message))


async def _play(steps: Steps, journal: Journal, turns_max: int) -> tuple[str, str]:
    plan = await journal.step("plan", steps.plan)
    verdict = await journal.step("ask-plan", partial(steps.ask_plan, plan))
    if not verdict["approved"]:
        return "cancelled", f"The plan was {verdict['state']}; nothing was done."
    turns: list[JsonObject] = []
    seen: Counter[tuple[str, str, str]] = Counter()
    for number in range(turns_max):
        thought = await journal.step(f"think-{number}", partial(steps.think, plan, list(turns)))
        calls = cast(list[JsonObject], thought["calls"])
        if not calls:
            return "finished", str(thought["text"])
        results = await _act(steps, journal, plan, number, calls)
        turns.append({**thought, "results": results})
        seen.update(
            (str(call["name"]), str(call["arguments"]), result)
            for call, result in zip(calls, results, strict=True)
        )
        if max(seen.values()) >= _REPEATS_MAX:
            return "failed", (
                f"Stopped: the agent made the same call {_REPEATS_MAX} times with the same result."
            )
    return "failed", f"Stopped after {turns_max} turns, the limit for one run."


async def _act(
    steps: Steps, journal: Journal, plan: JsonObject, number: int, calls: list[JsonObject]
) -> list[str]:
    results: list[str] = []
    for index, call in enumerate(calls):
        step = f"tool-{number}-{index}"
        result = await journal.step(step, partial(steps.use_tool, plan, call, step))
        if proposal := result["proposal"]:
            step = f"land-{number}-{index}"
            result = await journal.step(step, partial(steps.land, str(proposal), step))
        results.append(str(result["text"]))
    return results
