"""Try an agent out without a workspace: what it may do, what its prompt takes, what it would plan.

Nothing of a plan is done: no tool is there to be used, only what is said of each.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from steward.agents.agent import Agent
from steward.agents.definitions.powers import Power, powers
from steward.agents.plan import Plan, parse_plan
from steward.context.prompts import Assignment, agent_messages, plan_messages
from steward.context.tokens import count
from steward.core.errors import StewardError
from steward.core.ids import IdSource
from steward.core.money import NanoUsd
from steward.core.principal import Principal
from steward.gateway.call.estimate import body_bytes
from steward.gateway.gateway import Gateway
from steward.gateway.request import ModelRequest, ToolSpec
from steward.ledger.ledger import Ledger
from steward.permissions.act import is_given
from steward.permissions.rules import Rule


@dataclass(frozen=True, slots=True)
class Standing:
    """How an agent stands for a person who has no folder open."""

    powers: tuple[Power, ...]
    prompt_tokens: int
    """What each of its calls sends whatever the goal is."""
    model: str
    """Which model would be asked for its plan; empty where there is none."""
    why_no_model: str
    plan_cost_most: NanoUsd | None
    """What a plan may cost at most, for a goal of a few words; None where nobody can say."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A plan that was asked for and paid, and not carried out."""

    plan: Plan
    cost: NanoUsd


@dataclass(frozen=True, slots=True)
class Trial:
    """Tries agents out on behalf of people at a page."""

    gateway: Gateway
    ledger: Ledger
    new_id: IdSource
    tools: tuple[ToolSpec, ...]
    """The product's, as models are told of them."""
    rules: tuple[Rule, ...]
    """The operator's."""
    output_tokens_max: int

    def standing(self, principal: Principal, agent: Agent) -> Standing:
        """What is known without asking a model. Counting takes a while: call it on a thread."""
        offered = self._offered(agent)
        tokens = fixed_tokens(agent, offered)
        decided = powers(agent, principal, self.rules, is_trusted=False)
        try:
            model = self.gateway.model_for(principal, "plan")
            request = self._request(agent, "", "estimate")
            most = model.priced().worst(body_bytes(model, request), self.output_tokens_max)
        except StewardError as error:
            return Standing(decided, tokens, "", str(error), None)
        return Standing(decided, tokens, model.id, "", most)

    async def plan(self, principal: Principal, agent: Agent, goal: str) -> Tried:
        """What its model would do; booked on the account of whoever asks.

        Raises:
            OverBudgetError, UnavailableError, NotPermittedError: no model was asked, or none
                answered.
            InvalidInputError: what it answered is no plan.
        """
        run_id = f"test-{self.new_id()}"
        request = self._request(agent, goal, run_id)
        async with self.gateway.call(principal, request) as answer:
            text = "".join([piece async for piece in answer])
        cost = await self.ledger.run_cost(run_id)
        return Tried(await parse_plan(text, agent.allowed_tools), cost)

    def _request(self, agent: Agent, goal: str, run_id: str) -> ModelRequest:
        told: Mapping[str, str] = {each.name: each.description for each in self._offered(agent)}
        assignment = Assignment(goal, "", "", run_id=run_id)
        return ModelRequest(
            request_id=self.new_id(),
            task="plan",
            messages=plan_messages(agent.persona, told, assignment),
            output_tokens_max=self.output_tokens_max,
            run_id=run_id,
            model=agent.model_preference,
            agent=agent.agent_id,
            takes_contract=True,
        )

    def _offered(self, agent: Agent) -> tuple[ToolSpec, ...]:
        return tuple(each for each in self.tools if is_given(each.name, agent.allowed_tools))


def fixed_tokens(agent: Agent, specs: Sequence[ToolSpec]) -> int:
    """What each of its calls sends whatever the goal is: the longer of planning and acting."""
    nothing = Assignment("", "", "")
    offered = {spec.name: spec.description for spec in specs}
    planning = plan_messages(agent.persona, offered, nothing)
    acting = agent_messages(agent.persona, nothing, "", [])
    tools = "".join(_as_json(spec) for spec in specs)
    return max(count(planning[0].content), count(acting[0].content) + count(tools))


def _as_json(spec: ToolSpec) -> str:
    parameters: Mapping[str, object] = spec.parameters
    return json.dumps([spec.name, spec.description, parameters])
