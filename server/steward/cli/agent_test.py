"""`steward agent test`: what an agent may do for a person here, and what it would plan."""

import argparse
import asyncio
from pathlib import Path

from steward.agents.agent import Agent
from steward.agents.definitions.limits import FIXED_PROMPT_TOKENS_MAX
from steward.agents.definitions.powers import narrower, powers
from steward.agents.plan import parse_plan
from steward.agents.run import RunSpecification
from steward.agents.trial import fixed_tokens
from steward.agents.work import Hands, Work
from steward.app.house import open_house
from steward.cli.shell import Shell, say
from steward.cli.table import table
from steward.context.prompts import plan_messages
from steward.core.errors import InvalidInputError, StewardError
from steward.core.money import as_usd
from steward.lsp.rooms import Rooms
from steward.workspace.disk_editor import DiskEditor


def test(shell: Shell, arguments: argparse.Namespace) -> int:
    """Write what there is to know; gives 1 if its fixed prompt is too long."""
    return asyncio.run(_test(shell, arguments.name, arguments.goal, arguments.workspace.resolve()))


async def _test(shell: Shell, name: str, goal: str | None, root: Path) -> int:
    async with open_house(shell.settings, root, DiskEditor()) as rooms:
        if rooms.runs is None:
            raise InvalidInputError(
                f"{str(root)!r} cannot be a workspace; name a project's folder."
            )
        agent = await rooms.roster.find(rooms.principal, name)
        hands = rooms.runs.hands
        tokens = fixed_tokens(agent, hands.invoker.specs(agent.allowed_tools))
        say(await _page(shell, rooms, agent, tokens))
        if goal is not None:
            say(await _plan(Work(hands, _specification(rooms, agent, goal))))
    return 1 if tokens > FIXED_PROMPT_TOKENS_MAX else 0


async def _page(shell: Shell, rooms: Rooms, agent: Agent, tokens: int) -> str:
    is_trusted = await rooms.trust.is_trusted(rooms.principal)
    rules = shell.settings.permissions.policy().rules
    decided = powers(agent, rooms.principal, rules, is_trusted=is_trusted)
    rows = [(each.tool, each.decision, each.reason) for each in decided]
    verdict = "" if tokens <= FIXED_PROMPT_TOKENS_MAX else " That is too many: shorten the persona."
    lines = [
        f"{agent.described()}: {agent.description}",
        f"mode    {agent.mode}",
        f"model   {_model(rooms)}",
        f"prompt  {tokens:,} of {FIXED_PROMPT_TOKENS_MAX:,} tokens are fixed.{verdict}",
        *(f"rule    {rule}" for rule in narrower(agent)),
    ]
    if not is_trusted:
        lines.append("trust   You do not trust this folder, so no command runs (`steward trust`).")
    head = ("tool", "decision", "why, where the plan names it")
    return "\n".join(lines) + "\n\n" + table((head, *rows), are_numbers=False)


def _model(rooms: Rooms) -> str:
    try:
        return rooms.gateway.model_for(rooms.principal, "agent").id
    except StewardError as error:
        return f"none: {error}"


def _specification(rooms: Rooms, agent: Agent, goal: str) -> RunSpecification:
    assert rooms.runs is not None
    return RunSpecification(
        run_id=f"test-{rooms.runs.hands.new_id()}",
        agent=agent,
        goal=goal,
        place="",
        observations="",
        mode=agent.mode,
        principal=rooms.principal,
    )


async def _plan(work: Work) -> str:
    """What its model would do, asked for and paid; nothing of it is done."""
    hands: Hands = work.hands
    offered = {spec.name: spec.description for spec in work.tools}
    messages = plan_messages(work.agent.persona, offered, work.assignment)
    async with hands.gateway.call(
        work.specification.principal, work.request("plan", messages)
    ) as answer:
        text = "".join([piece async for piece in answer])
    cost = as_usd(await hands.ledger.run_cost(work.run_id))
    plan = await parse_plan(text, work.agent.allowed_tools)
    steps = "".join(
        f"{number}. {step.title} ({step.tool})\n" for number, step in enumerate(plan.steps, 1)
    )
    return f"\n{plan.summary}\n\n{steps}\nThe plan cost {cost}. Nothing of it was done.\n"
