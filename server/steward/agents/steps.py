"""What a run does in each of its steps. Each is journaled; each may be run again after a kill."""

import json
from dataclasses import dataclass
from typing import Any, cast

from steward.agents.agent import Agent
from steward.agents.plan import Plan, parse_plan
from steward.agents.run import RunLog, RunSpecification, RunState
from steward.agents.workflows.journal import JsonObject
from steward.context.prompts import Assignment, Turn, agent_messages, plan_messages
from steward.core.errors import OverBudgetError
from steward.core.ids import IdSource
from steward.core.money import NanoUsd, as_usd
from steward.gateway.gateway import Gateway
from steward.gateway.request import Message, ModelRequest, Task, ToolCall, ToolSpec
from steward.ledger.ledger import Ledger
from steward.permissions.approvals import Approvals
from steward.permissions.decide import EVERYTHING, Authority
from steward.permissions.question import Question
from steward.tools.invoke import Invoker
from steward.tools.tool import Call
from steward.workspace.land import Lander
from steward.workspace.markdown import one_line
from steward.workspace.workspace import Workspace

_SUBJECTS = ("path", "query", "branch")
"""The argument that says what a call is about, the first that is there."""
_TITLE_CHARS_MAX = 120


@dataclass(frozen=True, slots=True)
class Hands:
    """What every run works with."""

    gateway: Gateway
    ledger: Ledger
    approvals: Approvals
    invoker: Invoker
    lander: Lander
    workspace: Workspace
    log: RunLog
    new_id: IdSource
    cost_limit: NanoUsd
    output_tokens_max: int


@dataclass(frozen=True, slots=True)
class Steps:
    """One run's steps."""

    hands: Hands
    agent: Agent
    specification: RunSpecification

    @property
    def run_id(self) -> str:
        """The run's id."""
        return self.specification.run_id

    async def plan(self) -> JsonObject:
        """Ask the model for a plan."""
        specs = self.hands.invoker.specs(self.agent.allowed_tools)
        offered = {spec.name: spec.description for spec in specs}
        messages = plan_messages(self.agent.persona, offered, self._assignment())
        text, _ = await self._model("plan", "plan", messages)
        plan = parse_plan(text, self.agent.allowed_tools)
        await self._record("plan", "Made a plan", plan.summary)
        return plan.model_dump(mode="json")

    async def ask_plan(self, plan: JsonObject) -> JsonObject:
        """Show the plan and wait for the answer."""
        await self._enter("waiting", "ask-plan", "The plan waits for your approval")
        specification = self.specification
        question = Question(
            key="plan",
            kind="plan",
            title=f"Plan of the agent {self.agent.name}",
            body=_plan(plan).markdown(self.agent.name, specification.goal, specification.place),
            operands={"agent": self.agent.agent_id, "plan": plan, "mode": specification.mode},
            run_id=self.run_id,
        )
        answer = await self.hands.approvals.ask(specification.principal, question)
        if answer.is_approval:
            await self.hands.approvals.use(answer.approval_id, answer.digest)
        await self._record("ask-plan", f"The plan was {answer.state}", "", ok=answer.is_approval)
        return {"approved": answer.is_approval, "state": answer.state}

    async def think(self, plan: JsonObject, turns: list[JsonObject]) -> JsonObject:
        """Ask the model what to do next."""
        await self._enter("working", f"think-{len(turns)}", "Thinking")
        spent = await self.hands.ledger.run_cost(self.run_id)
        if spent >= self.hands.cost_limit:
            raise OverBudgetError(
                f"This run has spent {as_usd(spent)}; its limit is {as_usd(self.hands.cost_limit)}."
                " What was landed stays. Raise `cost_limit_usd` under [agents] in settings.toml."
            )
        specification = self.specification
        body = _plan(plan).markdown(self.agent.name, specification.goal, specification.place)
        messages = agent_messages(
            self.agent.persona, self._assignment(), body, [_turn(turn) for turn in turns]
        )
        tools = self.hands.invoker.specs(self.agent.allowed_tools)
        text, calls = await self._model(f"think-{len(turns)}", "agent", messages, tools)
        return {
            "text": text,
            "calls": [{"id": c.id, "name": c.name, "arguments": c.arguments} for c in calls],
        }

    async def use_tool(self, plan: JsonObject, call: JsonObject, step: str) -> JsonObject:
        """Run one tool call."""
        wanted = _tool_call(call)
        title = _title(wanted)
        await self._enter("working", step, title)
        specification = self.specification
        authority = Authority(
            agent_tools=self.agent.allowed_tools,
            agent_grants=self.agent.permission_scope,
            role_grants=EVERYTHING,  # The local user owns this machine's Steward.
            mode=specification.mode,
            plan_tools=_plan(plan).tools,
        )
        surroundings = Call(
            specification.principal,
            self.run_id,
            step,
            self.hands.workspace,
            await self.hands.lander.proposals.landed_in(self.run_id),
        )
        result = await self.hands.invoker.invoke(wanted, authority, surroundings)
        await self._record(step, title, _first_line(result.text), ok=result.ok)
        return {"text": result.text, "proposal": result.proposal_id}

    async def land(self, proposal_id: str, step: str) -> JsonObject:
        """Put the proposal before the person and, if they approve, make it so."""
        await self._enter("waiting", step, "A proposal waits for your decision")
        landed = await self.hands.lander.land(self.specification.principal, proposal_id)
        ok = landed.state == "applied"
        await self._record(step, f"Proposal {landed.state}", landed.outcome, ok=ok)
        return {"text": landed.outcome, "proposal": None}

    async def end(self, state: str, message: str) -> JsonObject:
        """Close the run."""
        await self.hands.approvals.withdraw(self.specification.principal, self.run_id)
        await self._enter(cast(RunState, state), "end", message)
        return {"state": state, "message": message}

    async def _model(
        self,
        step: str,
        task: Task,
        messages: tuple[Message, ...],
        tools: tuple[ToolSpec, ...] = (),
    ) -> tuple[str, tuple[ToolCall, ...]]:
        request = ModelRequest(
            request_id=self.hands.new_id(),
            task=task,
            messages=messages,
            output_tokens_max=self.hands.output_tokens_max,
            tools=tools,
            run_id=self.run_id,
            agent=self.agent.agent_id,
        )
        async with self.hands.gateway.call(self.specification.principal, request) as answer:
            text = "".join([piece async for piece in answer])
        if notes := answer.trail.notes():
            title = f"The answer came from {answer.trail.model}"
            await self._record(f"{step}-model", title, "; ".join(notes))
        if answer.lowered_to is not None and answer.finish_reason == "length":
            raise OverBudgetError(
                f"The model's answer ended after {answer.lowered_to} tokens, which is all that the"
                " budget still covered, and half an answer is not acted on. What was landed stays."
                " `steward budget show` says what is left; a higher limit lets the run start again."
            )
        calls = [ToolCall(_sound(c.id), _sound(c.name), c.arguments) for c in answer.tool_calls]
        return _sound(text), tuple(calls)

    def _assignment(self) -> Assignment:
        specification = self.specification
        return Assignment(specification.goal, specification.place, specification.observations)

    async def _enter(self, state: RunState, step: str, message: str) -> None:
        await self.hands.log.enter(self.run_id, state, step, message)

    async def _record(self, name: str, title: str, detail: str, *, ok: bool = True) -> None:
        await self.hands.log.record(self.specification, name, title, detail, ok=ok)


def _plan(value: JsonObject) -> Plan:
    return Plan.model_validate(value)


def _tool_call(value: JsonObject) -> ToolCall:
    return ToolCall(str(value["id"]), str(value["name"]), str(value["arguments"]))


def _title(call: ToolCall) -> str:
    """The call in a few words: the tool, and what it is about."""
    try:
        arguments: Any = json.loads(call.arguments or "{}")
        subject = next(str(arguments[name]) for name in _SUBJECTS if name in arguments)
    except (ValueError, TypeError, StopIteration):
        subject = ""
    return one_line(f"{call.name} {subject}".strip()[:_TITLE_CHARS_MAX])


def _turn(value: JsonObject) -> Turn:
    calls = tuple(_tool_call(call) for call in cast(list[JsonObject], value["calls"]))
    return Turn(str(value["text"]), calls, tuple(cast(list[str], value["results"])))


def _sound(text: str) -> str:
    """The text with halves of characters joined, or replaced where they stand alone.

    JSON can carry half a surrogate pair; no database and no other side takes one.
    """
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _first_line(text: str) -> str:
    return text.split("\n", 1)[0][:300]
