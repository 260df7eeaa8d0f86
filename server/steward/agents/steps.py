"""What a run does in each of its steps. Each is journaled; each may be run again after a kill."""

import asyncio
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any, cast

from steward.agents.caps import cost_limit, reached, token_limit
from steward.agents.course import REPEATS_MAX, Course, Ending
from steward.agents.instructing import told_later
from steward.agents.known import proposed
from steward.agents.plan import Plan
from steward.agents.plan_progress import covering
from steward.agents.run import RunState
from steward.agents.turns import NOT_IN_NAMES, tool_call, turn_of
from steward.agents.work import Work
from steward.agents.workflows.journal import JsonObject
from steward.context.prompts import agent_prompt
from steward.core.agent_limits import AGENTS_CALLED_MAX
from steward.core.errors import NotFoundError, NotPermittedError
from steward.core.limits import TOOL_OUTPUT_CHARS_MAX
from steward.core.principal import Role
from steward.extensions.engine_hooks import Time, Veto
from steward.gateway.request import Message, ToolCall
from steward.permissions.decide import Act, Authority
from steward.permissions.flags import flags_of
from steward.permissions.globs import literal
from steward.permissions.people import identified
from steward.permissions.question import Question
from steward.permissions.roles import capabilities_of, may_move_protected
from steward.tools.invoke import Result
from steward.tools.tool import AgentTask, Allowance, Call
from steward.workspace.markdown import code, fenced, one_line
from steward.workspace.proposal import EditProposal
from steward.workspace.shown import question_of

_SUBJECTS = ("path", "query", "branch")
"""The argument that says what a call is about, the first that is there."""
_TITLE_CHARS_MAX = 120
_IN_FILES = frozenset(("files.read", "files.propose"))
_ID_CHARS_MAX = 64
_SAID_NOTHING = Message(
    "user",
    "You answered nothing. Use a tool; or, if you are done or cannot go on, say in plain words what"
    " you did and what you did not.",
)


@dataclass(frozen=True, slots=True)
class Steps(Work):
    """The steps in which one agent of a run thinks and acts."""

    caller: "Steps | None" = None
    """Who called the agent; nobody did where the run was started with it."""

    async def think(self, step: str, course: Course, *, is_again: bool = False) -> JsonObject:
        """Ask the model what to do next. `is_again`: it has just answered nothing."""
        began_s = self.now_s()
        if (over := await self._reached(course)) is not None:
            return over
        tools = self.tools
        prompt = agent_prompt(
            self.agent.persona,
            self.assignment,
            Plan.model_validate(course.common.plan).brief(),
            [turn_of(turn) for turn in course.turns],
            self.room(tools),
            tools,
        )
        await self.enter("working", step, "Thinking", context=prompt.meter)
        if prompt.is_shorter_now:
            shorter = "Shortened the conversation to save room"
            await self.record(f"{step}-room", shorter, prompt.meter.in_words())
        again = (_SAID_NOTHING,) if is_again else ()
        async with self.moments.around("stage", "think"):
            text, calls = await self.ask_model(step, "agent", (*prompt.messages, *again), tools)
        return {
            "text": text,
            "calls": _told_apart(calls),
            "context": prompt.meter.kept(),
            "took_s": self.now_s() - began_s,
        }

    async def use_tool(self, course: Course, call: JsonObject, step: str) -> JsonObject:
        """Run one tool call."""
        wanted = tool_call(call)
        title = _title(wanted)
        await self.enter("working", step, title)
        began_s = self.now_s()
        principal = self.specification.principal
        # Looked up for each call: what was taken from the person meanwhile, the run has no more.
        now = await self.hands.log.database.read(lambda session: identified(session, principal))
        is_trusted = await self.hands.trust.is_trusted(principal)
        authority = self.authority(course, now.role, is_trusted=is_trusted)
        landed = await self.hands.lander.proposals.landed_in(self.run_id)
        surroundings = self._surroundings(course, step, landed)
        plan = Plan.model_validate(course.common.plan)
        act = self.hands.invoker.act_of(wanted, surroundings)
        covered_by = covering(plan, act) if act else ()
        self.hands.log.at_work[self.run_id] = (step, covered_by)
        result = await self._looked_at(wanted, act, authority, surroundings)
        await self.record(step, title, _first_line(result.text), ok=result.ok)
        if result.is_recorded:
            await self._show_recorded(step, surroundings)
        told = await self._come_upon(step, course, result)
        return told | {
            "text": result.text,
            "code": result.code,
            "subject": wanted.name if wanted.name in self.hands.invoker.tools else "unknown",
            "proposal": result.proposal_id,
            "origin": result.origin,
            "recorded": result.is_recorded,
            "agents": [result.act.agent] if result.act and result.act.agent else [],
            "task": await self._task(result.task),
            "files": [literal(path) for path in result.act.paths] if result.act else [],
            "covered_by": covered_by,
            "took_s": self.now_s() - began_s,
            "read": None if result.reading is None else asdict(result.reading),
            "proposed": await self._proposed(result),
        }

    async def _looked_at(
        self, wanted: ToolCall, act: Act | None, authority: Authority, call: Call
    ) -> Result:
        """What became of a call, which extensions may look at, or stop before it is decided."""
        paths, name = act.paths if act else (), wanted.name
        veto = await self.moments.before("tool", name, paths)
        if veto is None:
            result = await self.hands.invoker.invoke(wanted, authority, call)
            if veto := await self._vetoed_agent(result.task):
                result = replace(result, ok=False, task=None)
        else:
            result = Result("", ok=False, act=act)
        if veto is not None:
            text = f"{name} was not used: {veto.told}. Go on without it, or stop."
            code = NotPermittedError.code
            result = replace(result, text=text, code=code, origin="extension", proposal_id=None)
        time: Time = "error" if result.code else "after"
        self.moments.tell("tool", time, name, paths, error=result.code)
        return result

    async def _vetoed_agent(self, task: AgentTask | None) -> Veto | None:
        """Who stops an agent that is called."""
        return None if task is None else await self.moments.before("agent", task.agent)

    async def _proposed(self, result: Result) -> list[JsonObject]:
        """What the agent would have become of each file, if it alone has a say."""
        made = result.act is not None and result.act.capability == "files.propose"
        if result.proposal_id is None or not made:
            return []
        proposal = (await self.hands.lander.proposals.find(result.proposal_id)).proposal
        return proposed(proposal) if isinstance(proposal, EditProposal) else []

    async def _come_upon(self, step: str, course: Course, result: Result) -> JsonObject:
        """Instructions that count where a tool has just been, and were not told before."""
        if result.act is None or not result.ok or result.act.capability not in _IN_FILES:
            return {}
        earlier = [each for turn in course.turns for each in turn_of(turn).instructions]
        told = (*self.shown.instructions, *earlier)
        known = {each.path for each in told} | course.told
        found = await told_later(self, result.act.paths, told, known)
        if not found.instructions and not found.left_out:
            return {}
        followed = ", ".join(each.path for each in found.instructions) or "none"
        left_out = "; ".join(f"{path}: {why}" for path, why in found.left_out)
        detail = f"Followed from here on: {followed}." + (f" {left_out}." if left_out else "")
        await self.record(f"{step}-instructions", "Came upon instructions", detail)
        paths = [each.path for each in found.instructions]
        return {
            "instructions": [asdict(each) for each in found.instructions],
            "came_upon": [*paths, *(path for path, _ in found.left_out)],
        }

    async def _reached(self, course: Course) -> JsonObject | None:
        """The first limit that the agent has come to, or anybody above it."""
        for steps, used in zip(self._chain, await self.used(course), strict=True):
            if (over := reached(steps.caps, used)) is not None:
                return {"capped": over.cap, "message": over.message, "whose": steps.agent.name}
        return None

    async def _task(self, task: AgentTask | None) -> JsonObject | None:
        """What another agent is to do, with what the run has taken before."""
        if task is None:
            return None
        (used, *_) = await self.used(None)
        before: JsonObject = {"tokens": used.tokens, "cost": used.cost_nano_usd}
        return {**asdict(task), **before}

    async def answer(self, step: str, course: Course, ending: Ending) -> JsonObject:
        """End a called agent: what its caller is told of what it did."""
        last = next((str(turn["text"]) for turn in reversed(course.turns) if turn["text"]), "")
        match ending:
            case Ending("finished", text, ""):
                title, told = "Answered", text
            case Ending("finished"):
                title = f"Ended early at a limit: {ending.capped}"
                told = (
                    f"The agent {self.agent.agent_id} ended early: it came to a limit"
                    f" ({ending.capped}). What was landed stays. It said last:\n{last or 'nothing'}"
                )
            case _:
                title = "Gave no answer"
                told = f"The agent {self.agent.agent_id} gave no answer: {ending.message}"
        is_whole = title == "Answered"
        await self.record(step, title, _first_line(told), ok=is_whole)
        time: Time = "after" if is_whole else "error"
        self.moments.tell("agent", time, self.agent.agent_id, error="" if is_whole else title)
        return {"text": told[:TOOL_OUTPUT_CHARS_MAX], "origin": "agent", "ok": is_whole}

    @property
    def _chain(self) -> "Iterator[Steps]":
        at: Steps | None = self
        while at is not None:
            yield at
            at = at.caller

    async def land(self, proposal_id: str, step: str) -> JsonObject:
        """Put the proposal before the person and, if they approve, make it so."""
        await self.enter("waiting", step, "A proposal waits for your decision")
        landed = await self.hands.lander.land(self.specification.principal, proposal_id)
        ok = landed.state == "applied"
        if landed.state == "refused":
            await self.hands.invoker.note_refused(proposal_id, self.call(step, {}))
        if landed.is_pull_request:
            await self.hands.log.tell_pull_request(self.specification)
        await self.record(step, f"Proposal {landed.state}", landed.outcome, ok=ok)
        # What the person said stays as they said it, however long the conversation gets.
        origin = "person" if landed.has_reason else "tool"
        told: JsonObject = {"text": landed.outcome, "origin": origin, "state": landed.state}
        return told | ({"part": True} if landed.is_part else {})

    async def ask_whether_to_go_on(self, step: str, call: JsonObject, result: str) -> JsonObject:
        """Ask the person whether a run that goes round in circles should go on."""
        wanted = tool_call(call)
        await self.enter("waiting", step, "The agent repeats itself; it waits for you")
        question = Question(
            key=step,
            kind="command",
            title=f"The agent {self.agent.name} repeats itself: go on?",
            body=f"It has called {code(wanted.name)} {REPEATS_MAX} times with the same arguments"
            f" and got the same result each time.\n\n{fenced(wanted.arguments[:2000], 'json')}\n\n"
            f"{fenced(result[:2000], '')}\n\nYes lets it go on; no ends the run. What was landed"
            " stays.",
            operands={"tool": wanted.name, "arguments": wanted.arguments, "repeats": REPEATS_MAX},
            run_id=self.run_id,
            takes=frozenset(("reason",)),
        )
        answer = await self.hands.approvals.ask(self.specification.principal, question)
        if answer.is_approval:
            await self.hands.approvals.use(answer.approval_id, answer.digest)
        reason = answer.reply.reason
        await self.record(step, f"Going on was {answer.state}", reason, ok=answer.is_approval)
        return {"approved": answer.is_approval, "state": answer.state}

    async def end(self, ending: Ending) -> JsonObject:
        """Close the run."""
        is_well = ending.state == "finished"
        time: Time = "after" if is_well else "error"
        error = "" if is_well else ending.state
        self.moments.tell("agent", time, self.agent.agent_id, error=error)
        self.moments.tell("task", time, self.agent.agent_id, error=error)
        await self.hands.approvals.withdraw(self.specification.principal, self.run_id)
        state = cast(RunState, ending.state)
        await self.hands.log.enter(self.run_id, state, "end", ending.message, capped=ending.capped)
        outcome: JsonObject = {"state": ending.state, "message": ending.message}
        return outcome | ({"capped": ending.capped} if ending.capped else {})

    def _surroundings(self, course: Course, step: str, landed: Mapping[str, str | None]) -> Call:
        pairs = list(zip(self._chain, course.chain, strict=True))
        costs = [(cost_limit(each.caps), at.cost_before) for each, at in pairs]
        tokens = [(token_limit(each.caps), at.tokens_before) for each, at in pairs]
        return replace(
            self.call(step, landed),
            allowance=Allowance(_narrowest(costs), _narrowest(tokens)),
            known=dict(course.known.digests),
        )

    def authority(self, course: Course, now: Role | None, *, is_trusted: bool) -> Authority:
        """The agent's, under those of all that called it.

        `now`: the person's role at this moment; the run has what both it and the first give.
        """
        plan = Plan.model_validate(course.common.plan)
        above: tuple[Authority, ...] = ()
        if self.caller is not None and course.caller is not None:
            above = (self.caller.authority(course.caller, now, is_trusted=is_trusted),)
        first = self.specification.principal.role
        return Authority(
            agent_tools=self.agent.allowed_tools,
            agent_grants=self.agent.permission_scope,
            role_grants=capabilities_of(first) & capabilities_of(now),
            may_move_protected=may_move_protected(first) and may_move_protected(now),
            mode=course.mode,
            plan_tools=plan.tools,
            plan_files=plan.files,
            rules=self.agent.rules,
            flags=flags_of(course.common.origins),
            is_trusted=is_trusted,
            agents=frozenset(each.agent_id for each in self.callable),
            agents_left=AGENTS_CALLED_MAX - course.common.called,
            plan_agents=plan.agents,
            above=above,
        )

    async def _show_recorded(self, step: str, call: Call) -> None:
        """Put what a dry run would have changed into the trace, without the files' secrets."""
        with suppress(NotFoundError):  # Of a command there is no proposal.
            proposal = (await self.hands.lander.proposals.find(call.proposal_id)).proposal
            asked = await asyncio.to_thread(question_of, proposal)
            paths = tuple(proposal.by_path()) if isinstance(proposal, EditProposal) else ()
            seen = Act(proposal.title, "files.read", paths)
            body = await self.hands.invoker.placeholders.hidden(asked.body, seen, call)
            await self.record(f"{step}-recorded", f"Would do: {asked.title}", body)


def _narrowest(limits: Sequence[tuple[int | None, int]]) -> int | None:
    """What the whole run may have taken when the first of them comes to its limit.

    Each has its limit, and what the run had taken when it began.
    """
    return min((limit + before for limit, before in limits if limit is not None), default=None)


def _told_apart(calls: tuple[ToolCall, ...]) -> list[JsonObject]:
    """The calls with ids of their own: a model may give none, one twice, or a book."""
    told: dict[str, JsonObject] = {}
    for index, call in enumerate(calls):
        id_ = call.id
        if not id_ or len(id_) > _ID_CHARS_MAX or id_ in told:
            id_ = f"{NOT_IN_NAMES.sub('_', id_[: _ID_CHARS_MAX - 8])}_{index}"
        told[id_] = {"id": id_, "name": call.name, "arguments": call.arguments}
    return list(told.values())


def _title(call: ToolCall) -> str:
    """The call in a few words: the tool, and what it is about."""
    try:
        arguments: Any = json.loads(call.arguments or "{}")
        subject = next(str(arguments[name]) for name in _SUBJECTS if name in arguments)
    except (ValueError, TypeError, StopIteration, RecursionError):
        subject = ""
    return one_line(f"{call.name} {subject}".strip()[:_TITLE_CHARS_MAX])


def _first_line(text: str) -> str:
    return text.split("\n", 1)[0][:300]
