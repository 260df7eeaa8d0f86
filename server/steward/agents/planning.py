"""The steps in which a plan comes about: made, read, asked about, amended."""

import asyncio
import json
from dataclasses import dataclass, replace
from typing import cast

from steward.agents.caps import cost_limit, reached
from steward.agents.course import Course
from steward.agents.instructing import has_instructions, told_at_start
from steward.agents.known import known_at_start
from steward.agents.page import plan_page
from steward.agents.plan import Plan, PlanStep, check_plan, parse_plan
from steward.agents.plan_view import Estimate, Setting, estimated, plan_view
from steward.agents.work import Work
from steward.agents.workflows.journal import JsonObject
from steward.context.agent_context import START_TOKENS_MAX, AgentContext, LeftOut, Wanted
from steward.context.block import Block
from steward.context.prompts import RefusedPlan, agent_messages, plan_messages
from steward.core.errors import InvalidInputError, NotPermittedError, StewardError
from steward.core.origin import Origin
from steward.gateway.call.answer import BYTES_PER_TOKEN
from steward.gateway.call.estimate import body_bytes
from steward.gateway.request import ToolCall
from steward.permissions.decide import Mode
from steward.permissions.question import Answer, Extra, Question
from steward.permissions.roles import capabilities_of

_REFUSED_CHARS_MAX = 8_000
"""What the model is shown of its own answer that is no plan."""

_AMENDED = "This is another plan than the one you approved: its last step is new."

_PART_FOR_START = 4
"""The part of the model's room that what is gathered at the start may take."""


@dataclass(frozen=True, slots=True)
class Planning(Work):
    """The steps of one run that concern its plan."""

    async def gather(self) -> JsonObject:
        """Look around before anything is planned: whether the folder is trusted, what was told.

        Raises:
            NotPermittedError: an extension stops the run, or its agent, before it begins.
        """
        agent_id = self.agent.agent_id
        for point in ("task", "agent"):
            if veto := await self.moments.before(point, agent_id):
                raise NotPermittedError(f"The run was not begun: {veto.told}.")
        async with self.moments.around("stage", "gather"):
            return await self._gathered()

    async def _gathered(self) -> JsonObject:
        specification = self.specification
        paths = await asyncio.to_thread(self.hands.context.paths, self._wanted)
        # Only other people's code and words for agents need it; nobody else is bothered with it.
        runs = bool(self.agent.permission_scope & {"command.run", "mcp.call"})
        if (runs and specification.mode != "analysis_only") or await has_instructions(self, paths):
            await self._settle_trust()
        said = await self._settle_servers()
        told = await told_at_start(self, paths, self.room(self.tools))
        known = await known_at_start(self.hands.workspace, paths)
        shown = await self._looked_around()
        left_out = tuple(LeftOut(*each) for each in told.left_out)
        shown = replace(
            shown,
            blocks=(*shown.blocks, *await self._handed_along()),
            left_out=(*left_out, *shown.left_out),
        )
        shown = await self._looked_at_last(shown)
        # What servers and extensions say of their tools is for no stage to change.
        blocks = (*shown.blocks, *said, *self._said_by_extensions())
        shown = replace(shown, blocks=blocks, instructions=told.instructions)
        await self.record("gather", "Looked around", shown.said())
        origins: set[Origin] = {"person", *(block.origin for block in shown.blocks)}
        # That the person lets agents follow it makes nobody else's words the person's.
        origins.update(each.writer for each in shown.instructions)
        if specification.observations:
            origins.add("editor")
        return {"origins": sorted(origins), "context": shown.as_json(), "known": known}

    async def _settle_trust(self) -> None:
        """Have the person decide about the folder, where they have not yet."""
        principal, trust = self.specification.principal, self.hands.trust
        if await trust.decided(principal) is None:
            await self.enter("waiting", "gather", "Whether this folder is trusted waits for you")
            await trust.ask_once(principal, self.run_id)

    async def _settle_servers(self) -> tuple[Block, ...]:
        """What MCP servers say of the agent's tools, once the person approved what is new."""
        principal, mcp, given = (
            self.specification.principal,
            self.hands.mcp,
            self.agent.allowed_tools,
        )
        may = "mcp.call" in self.agent.permission_scope & capabilities_of(principal.role)
        if mcp is None or not may or self.specification.mode == "analysis_only":
            return ()
        if not await self.hands.trust.is_trusted(principal):
            return ()
        await self.enter(
            "waiting", "gather", "MCP servers are looked at; what is new waits for you"
        )
        settled = await mcp.settle(principal, self.run_id, given, self.hands.workspace)
        if settled.notes:
            notes = "\n".join(settled.notes)
            await self.record("gather-mcp", "Looked at MCP servers", notes, ok=False)
        return settled.blocks

    def _said_by_extensions(self) -> tuple[Block, ...]:
        """What extensions say of the agent's tools that are theirs."""
        tools, granted = self.hands.extension_tools, self.agent.permission_scope
        if tools is None or "extension.call" not in granted:
            return ()
        return tools.told(self.agent.allowed_tools)

    async def _looked_at_last(self, shown: AgentContext) -> AgentContext:
        """The context when stages have seen all of it, as far as it is theirs to see."""
        hide = await self.hands.invoker.placeholders.of_run(self.run_id)
        return await self.hands.context.finish(shown, "agent", hide)

    async def _handed_along(self) -> tuple[Block, ...]:
        """What the person gave the run, without secrets."""
        given = self.specification.blocks
        hide = await self.hands.invoker.placeholders.of_run(self.run_id)
        return await asyncio.to_thread(
            lambda: tuple(replace(each, text=hide(each.text)) for each in given)
        )

    async def _looked_around(self) -> AgentContext:
        hide = await self.hands.invoker.placeholders.of_run(self.run_id)
        room = min(self.room(self.tools) // _PART_FOR_START, START_TOKENS_MAX)
        return await self.hands.context.gather(self._wanted, hide, room)

    @property
    def _wanted(self) -> Wanted:
        specification = self.specification
        return Wanted(
            specification.goal,
            specification.place,
            specification.mentions,
            specification.observations,
        )

    async def plan(self, step: str, refused: list[JsonObject]) -> JsonObject:
        """Ask the model for a plan, in the knowledge of those that were refused."""
        await self.enter("planning", step, "Thinking about a plan")
        began_s = self.now_s()
        over = reached(self.caps, *await self.used(None))
        if over is not None:
            return {"capped": over.cap, "message": over.message}
        earlier = [RefusedPlan(str(each["answer"]), str(each["reason"])) for each in refused]
        messages = plan_messages(self.agent.persona, self._offered(), self.assignment, earlier)
        async with self.moments.around("stage", "plan"):
            text, _ = await self.ask_model(step, "plan", messages)
        try:
            plan = await parse_plan(text, self.agent.allowed_tools)
        except InvalidInputError as error:
            await self.record(step, "Made no plan that can be read", str(error), ok=False)
            unread = {"answer": text[:_REFUSED_CHARS_MAX], "reason": str(error)}
            return {"unread": unread, "took_s": self.now_s() - began_s}
        await self.record(step, "Made a plan", plan.summary)
        return {"plan": plan.model_dump(mode="json"), "took_s": self.now_s() - began_s}

    async def ask_plan(self, step: str, plan: JsonObject, note: str) -> JsonObject:
        """Show the plan and wait for the answer."""
        shown = Plan.model_validate(plan)
        mode = self.specification.mode
        takes: set[Extra] = {"reason", "edited_plan"}
        if mode == "normal":
            takes.add("step_by_step")
        view = plan_view(shown, self._setting(shown, mode), note=note)
        question = Question(
            key=step,
            kind="plan",
            title=f"Plan of the agent {self.agent.name}",
            body=plan_page(view),
            operands=self._operands(plan, mode),
            run_id=self.run_id,
            takes=frozenset(takes),
            draft=plan,
            view=view.as_json(),
            acts=shown.acts,
        )
        answer = await self._asked(step, question, "The plan waits for your approval")
        reply = answer.reply
        await self.record(step, f"The plan was {answer.state}", reply.reason, ok=answer.is_approval)
        verdict: JsonObject = {"state": answer.state, "reason": reply.reason, "note": ""}
        if answer.is_approval:
            return verdict | {"mode": "step" if reply.is_step_by_step else mode}
        if reply.plan is None or answer.state != "rejected":
            return verdict
        try:
            edited = check_plan(reply.plan, self.agent.allowed_tools)
        except InvalidInputError as error:
            return verdict | {"edited": plan, "note": f"Your own plan was not taken: {error}"}
        return verdict | {"edited": edited.model_dump(mode="json")}

    async def ask_step(
        self, step: str, course: Course, call: JsonObject, beyond: JsonObject, by: Work
    ) -> JsonObject:
        """Ask for the plan again with a step for a call that it does not cover.

        `beyond`: what the call was found to be; `by`: the agent that made it, called or not.
        """
        plan, mode = course.common.plan, course.mode
        wanted = ToolCall(str(call["id"]), str(call["name"]), str(call["arguments"]))
        new = PlanStep(
            title=f"Use {wanted.name[:100]}",
            tool=wanted.name[:100],
            detail=f"With {wanted.arguments[:1500]}",
            files=tuple(cast(list[str], beyond["files"])),
            agents=tuple(cast(list[str], beyond.get("agents", []))),
        )
        try:
            amended = Plan.model_validate(plan).with_step(new)
        except InvalidInputError as error:
            return {"approved": False, "text": str(error), "plan": plan, "origin": "tool"}
        value: JsonObject = amended.model_dump(mode="json")
        view = plan_view(amended, self._setting(amended, mode), is_last_new=True, note=_AMENDED)
        question = Question(
            key=step,
            kind="plan",
            title=f"The agent {by.agent.name} wants to do more than {_planned(by)}",
            body=plan_page(view),
            operands=self._operands(value, mode),
            run_id=self.run_id,
            takes=frozenset(("reason",)),
            view=view.as_json(),
            acts=amended.acts,
        )
        answer = await self._asked(step, question, "A new plan waits for your approval")
        reason = answer.reply.reason
        await self.record(step, f"The new plan was {answer.state}", reason, ok=answer.is_approval)
        if answer.is_approval:
            return {"approved": True, "text": "", "plan": value, "origin": "person"}
        if answer.state == "rejected":
            await self.hands.invoker.note_refusal(wanted, by.call(step, {}), answer.approval_id)
        said = f" They said: {reason}" if reason else ""
        return {
            "approved": False,
            "text": f"{wanted.name} was not used: the plan does not cover this call, and a plan"
            f" with it was {answer.state} by the person.{said} Go on without it or stop.",
            "plan": plan,
            "origin": "person",
        }

    async def _asked(self, step: str, question: Question, message: str) -> Answer:
        await self.enter("waiting", step, message)
        answer = await self.hands.approvals.ask(self.specification.principal, question)
        if answer.is_approval:
            await self.hands.approvals.use(answer.approval_id, answer.digest)
        return answer

    def _offered(self) -> dict[str, str]:
        return {spec.name: spec.description for spec in self.tools}

    def _operands(self, plan: JsonObject, mode: Mode) -> dict[str, object]:
        """What an answer is bound to: who acts, whom they may call, and what is planned."""
        pinned = self.specification.as_json()
        return {"agent": pinned["agent"], "called": pinned["called"], "plan": plan, "mode": mode}

    def _setting(self, plan: Plan, mode: Mode) -> Setting:
        specification = self.specification
        return Setting(
            agent=self.agent,
            goal=specification.goal,
            place=specification.place,
            mode=mode,
            estimate=self._estimate(plan),
            cost_limit=cost_limit(self.caps),
            called=self.callable,
        )

    def _estimate(self, plan: Plan) -> Estimate | None:
        try:
            model = self.hands.gateway.model_for(self.specification.principal, "agent")
            price = model.priced()
        except StewardError:
            return None  # The call itself will say why; a plan can be read without it.
        messages = agent_messages(self.agent.persona, self.assignment, plan.brief(), [])
        sent = body_bytes(model, self.request("agent", messages, self.tools))
        return estimated(price, -(-sent // BYTES_PER_TOKEN), len(plan.steps))


def _planned(by: Work) -> str:
    """Whose plan it is."""
    return f"{by.above[-1].name} planned, which called it" if by.above else "it planned"


def refused_by_person(plan: JsonObject, reason: str) -> JsonObject:
    """A plan that a person sent back with a reason."""
    return {"answer": json.dumps(plan), "reason": reason}
