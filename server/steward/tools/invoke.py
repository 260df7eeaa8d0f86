"""The one door through which a tool runs: decide, ask, run, bound, record."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from hashlib import sha256
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlmodel import Session

from steward.core.audit import append
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import InvalidInputError, NotPermittedError, StewardError
from steward.core.limits import TOOL_OUTPUT_CHARS_MAX
from steward.core.origin import Origin
from steward.core.redact import redact
from steward.gateway.request import ToolCall, ToolSpec
from steward.permissions.act import is_given
from steward.permissions.approvals import Approvals
from steward.permissions.decide import (
    Act,
    Allow,
    Ask,
    Authority,
    Decision,
    Deny,
    Record,
    decide,
    may_be_granted,
)
from steward.permissions.denials import Exactly, of_act, of_call, said_at
from steward.permissions.grants import in_words, narrow_rules
from steward.permissions.policy import NO_POLICY, Policy
from steward.permissions.question import Answer, Question
from steward.tools.denied import of_proposal
from steward.tools.placeholders import Placeholders
from steward.tools.schema import schema_for_model
from steward.tools.tool import AgentTask, Call, Output, Reading, Request, Tool
from steward.workspace.markdown import code, inline, one_line
from steward.workspace.proposal import Proposal
from steward.workspace.proposals import Proposals

_log = logging.getLogger(__name__)

BEYOND_PLAN = "steward.beyond_plan"
"""The code of a call that the approved plan does not cover. Nothing was done and nobody asked."""

_PROPOSING = ("files.propose", "git.propose", "git.send")
"""The capabilities whose tools only make a proposal, which a dry run keeps."""

_NAME_CHARS_MAX = 100
"""What the audit trail keeps of a tool's name, which may be anything that a model wrote."""
_PATHS_MAX = 10
"""How many of a call's paths the audit trail keeps; it says how many more there were."""
_PATH_CHARS_MAX = 200


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a call: what the model reads, and what waits for a person."""

    text: str
    ok: bool
    code: str = ""
    """The error's code when `ok` is false for another reason than the tool's own finding;
    `BEYOND_PLAN` where the plan must grow before the call can be made."""
    proposal_id: str | None = None
    origin: Origin = "tool"
    """Who wrote the text."""
    act: Act | None = None
    """What it did, or would do; None where that could not be understood."""
    is_recorded: bool = False
    """Whether it was only worked out and written down, because the run is a dry one."""
    task: AgentTask | None = None
    """What another agent is to do now."""
    reading: Reading | None = None
    """The file that was read, where one was."""


@dataclass(frozen=True, slots=True)
class Invoker:
    """Runs tools on an agent's behalf."""

    tools: Mapping[str, Tool[Any]]
    approvals: Approvals
    proposals: Proposals
    database: Database
    clock: Clock
    placeholders: Placeholders
    policy: Policy = NO_POLICY

    def specs(self, names: frozenset[str]) -> tuple[ToolSpec, ...]:
        """The given tools as a model is told of them, sorted by name."""
        return specs_of({name: self.tools[name] for name in self.tools if is_given(name, names)})

    async def invoke(self, wanted: ToolCall, authority: Authority, call: Call) -> Result:
        """Run one tool. What goes wrong on purpose is a result for the model, never a crash."""
        attempt = _Attempt()
        try:
            result = await self._invoke(wanted, authority, call, attempt)
        except StewardError as error:
            # The message may quote what the model wrote, at any length.
            origin: Origin = "tool" if attempt.has_run else "model"
            result = Result(str(error), ok=False, code=error.code, origin=origin)
        # Hidden before it is bounded: half of a secret does not look like one.
        text = await self.placeholders.hidden(result.text, attempt.act, call)
        result = replace(result, text=_bounded(text), act=attempt.act)
        await self._record(wanted, authority, result, attempt, call)
        return result

    def act_of(self, wanted: ToolCall, call: Call) -> Act | None:
        """What a call would do, as it would be decided about; None where nobody can tell."""
        try:
            tool, arguments = self._understood(wanted)
            return tool.act(arguments, call)
        except StewardError:
            return None

    async def _invoke(
        self, wanted: ToolCall, authority: Authority, call: Call, attempt: "_Attempt"
    ) -> Result:
        tool, arguments = self._understood(wanted)
        attempt.act = act = tool.act(arguments, call)
        # Looked up for each call: what was taken back a moment ago does not count any more.
        grants = await self.approvals.grants.of_run(call.principal, call.run_id)
        asked = (of_act(act, _values(arguments)), of_call(tool.name, _values(arguments)))
        refused = await self._refused(call, *asked)
        authority = replace(self.policy.over(authority, grants), refused=refused)
        attempt.decision = decision = decide(authority, act)
        if not isinstance(decision, Deny):
            arguments = await self._restored(tool, arguments, act, call)
        match decision:
            case Deny(reason):
                raise NotPermittedError(f"{tool.name} was denied: {reason}.")
            case Ask(reason, is_beyond_plan=True):
                text = f"{tool.name} was not called: {reason}."
                return Result(text, ok=False, code=BEYOND_PLAN, origin="model", act=act)
            case Record(reason) if act.capability not in _PROPOSING:
                text = f"{tool.name} was not run, because {reason}."
                return Result(text, ok=True, origin="model", is_recorded=True)
            case Ask(reason):
                offered = (act,) if may_be_granted(authority, act) else ()
                answered = await self._ask(tool, arguments, reason, (offered, asked[0]), call)
                if isinstance(answered, Answer):
                    return _refused(tool.name, answered)
                call = answered
            case Allow() | Record():
                pass
        attempt.has_run = True
        outcome = await tool.run(arguments, call)
        if not isinstance(outcome, Output):
            return await self._keep(outcome, decision, call)
        told = Result(
            outcome.text,
            outcome.ok,
            origin=outcome.origin,
            task=outcome.task,
            reading=outcome.reading,
        )
        if outcome.proposal is None:
            return told
        kept = await self._keep(outcome.proposal, decision, call)
        return replace(told, proposal_id=kept.proposal_id, is_recorded=kept.is_recorded)

    def _understood(self, wanted: ToolCall) -> tuple[Tool[Any], BaseModel]:
        """The tool that a model named, and its arguments parsed."""
        tool = self.tools.get(wanted.name)
        if tool is None:
            raise InvalidInputError(f"There is no tool {wanted.name!r}.")
        try:
            return tool, tool.arguments.model_validate_json(wanted.arguments or "{}")
        except ValidationError as error:
            raise InvalidInputError(f"{wanted.name}: {_what_is_wrong(error)}") from error

    async def _restored(
        self, tool: Tool[Any], arguments: BaseModel, act: Act, call: Call
    ) -> BaseModel:
        """The arguments with secrets put back; what was decided about must stay what is done."""
        restored = await self.placeholders.restored(arguments, act, call)
        if restored is not arguments and tool.act(restored, call) != act:
            raise InvalidInputError(
                "A placeholder stands for a secret, and no path or name is made of one."
            )
        return restored

    async def _keep(self, proposal: Proposal, decision: Decision, call: Call) -> Result:
        if isinstance(decision, Record):
            await self.proposals.keep(call.principal, proposal, "recorded")
            text = f"{proposal.title}: written down and not done, because {decision.reason}."
            return Result(text, ok=True, is_recorded=True)
        if refused := await self._refused(call, of_proposal(proposal)):
            raise NotPermittedError(
                f"{proposal.title}: you refused exactly this change at {refused}, and that holds"
                " until you take it back. It was not proposed again; go on without it or stop."
            )
        await self.proposals.keep(call.principal, proposal)
        return Result(proposal.title, ok=True, proposal_id=proposal.id)

    async def note_refusal(self, wanted: ToolCall, call: Call, approval_id: str) -> None:
        """Keep that a person refused a plan because of this call; it is not asked about again."""
        tool, arguments = self._understood(wanted)
        refused = of_call(tool.name, _values(arguments))
        await self.approvals.grants.denials.add(call.principal, call.run_id, refused, approval_id)

    async def note_refused(self, proposal_id: str, call: Call) -> None:
        """Keep that a person refused this proposal, if it was a person's no that ended it.

        Or what took its place, such as a merge: that is what they looked at.
        """
        while (following := await self.proposals.successor_of(proposal_id)) is not None:
            proposal_id = following
        proposal = (await self.proposals.find(proposal_id)).proposal
        denials = self.approvals.grants.denials
        refused = of_proposal(proposal)
        await denials.add_if_rejected(call.principal, call.run_id, proposal_id, refused)

    async def _refused(self, call: Call, *asked: Exactly) -> str:
        """When a person refused one of these, as far as that holds here; empty where nobody did."""
        digests = (each.digest for each in asked)
        denials, is_called = self.approvals.grants.denials, bool(call.callers)
        at = await denials.when(call.principal, call.run_id, digests, is_called=is_called)
        return "" if at is None else said_at(at)

    async def _ask(
        self,
        tool: Tool[Any],
        arguments: object,
        reason: str,
        covers: tuple[tuple[Act, ...], Exactly],
        call: Call,
    ) -> Call | Answer:
        """Put the question; gives the call with what was approved in it, or the answer.

        `covers`: the call, unless only a look at each single one will do, and what a no refuses.
        """
        acts, refused = covers
        offer = tuple(rule for act in acts for rule in narrow_rules(act))
        request = await tool.request(arguments, call)
        question = Question(
            key=call.step,
            kind="command",
            title=request.title,
            body=f"{request.body}\n\nYou are asked because {inline(reason)}.{_asked_by(call)}",
            operands=_operands(tool.name, request, call),
            run_id=call.run_id,
            takes=frozenset(("reason", "for_run") if offer else ("reason",)),
            grant=one_line(in_words(offer)),
            acts=acts,
        )
        answer = await self.approvals.ask(call.principal, question)
        if not answer.is_approval:
            if answer.state == "rejected":
                denials, approval_id = self.approvals.grants.denials, answer.approval_id
                await denials.add(call.principal, call.run_id, refused, approval_id)
            return answer
        # Asked about again right before it is done: what was approved must still be what runs.
        request = await tool.request(arguments, replace(call, prepared=request.prepared))
        now = replace(question, operands=_operands(tool.name, request, call))
        await self.approvals.use(answer.approval_id, now.digest())
        if answer.reply.is_for_run:
            grants = self.approvals.grants
            await grants.add(call.principal, call.run_id, offer, answer.approval_id)
        return replace(call, prepared=request.prepared)

    async def _record(
        self,
        wanted: ToolCall,
        authority: Authority,
        result: Result,
        attempt: "_Attempt",
        call: Call,
    ) -> None:
        detail = {
            "tool": one_line(wanted.name[:_NAME_CHARS_MAX]),
            "ok": result.ok,
            "code": result.code,
            "step": call.step,
            **({"agent": call.agent, "callers": list(call.callers)} if call.callers else {}),
            "arguments": sha256(wanted.arguments.encode("utf-8", "surrogatepass")).hexdigest(),
            "mode": authority.mode,
            "has_untrusted": authority.flags.has_untrusted,
            "has_private": authority.flags.has_private,
            **attempt.as_detail(),
        }

        def work(session: Session) -> None:
            append(
                session,
                at=self.clock.now(),
                tenant_id=call.principal.tenant_id,
                actor=call.principal.user,
                action=_action(result),
                subject=call.run_id,
                detail=detail,
            )

        await self.database.run(work)


@dataclass(slots=True)
class _Attempt:
    """How far one call got."""

    act: Act | None = None
    """What it would do; None where that could not be understood."""
    decision: Decision | None = None
    has_run: bool = False

    def as_detail(self) -> dict[str, object]:
        """What the audit trail keeps of it: bounded, and without keys."""
        if self.act is None or self.decision is None:
            return {"decision": "none"}
        paths = [one_line(redact(path))[:_PATH_CHARS_MAX] for path in self.act.paths[:_PATHS_MAX]]
        reason = "" if isinstance(self.decision, Allow) else self.decision.reason
        return {
            "decision": type(self.decision).__name__.lower(),
            "reason": one_line(redact(reason))[:_PATH_CHARS_MAX],
            "paths": paths,
            "more_paths": len(self.act.paths) - len(paths),
        }


def specs_of(tools: Mapping[str, Tool[Any]]) -> tuple[ToolSpec, ...]:
    """Tools as a model is told of them, sorted by name."""
    return tuple(
        ToolSpec(tool.name, tool.description, _schema(tool.arguments))
        for _, tool in sorted(tools.items())
    )


@cache
def _schema(arguments: type[BaseModel]) -> Mapping[str, Any]:
    # Every turn of an agent tells the model of its tools again, and a schema takes long to make.
    return schema_for_model(arguments)


def _action(result: Result) -> str:
    if result.code == NotPermittedError.code:
        return "tool.denied"
    return "tool.unplanned" if result.code == BEYOND_PLAN else "tool.called"


def _values(arguments: BaseModel) -> dict[str, Any]:
    return arguments.model_dump(mode="json")


def _operands(tool: str, request: Request, call: Call) -> dict[str, object]:
    """What an answer is bound to: what would be done and, where a person did not, who asks."""
    whose = {"agent": call.agent, "callers": list(call.callers)} if call.callers else {}
    return {"tool": tool, **request.operands, **whose}


def _asked_by(call: Call) -> str:
    """Who wants it, where it is not the agent that the person started."""
    if not call.callers:
        return ""
    callers = ", called by ".join(map(code, call.callers))
    return f" It is the agent {code(call.agent)} that wants it, called by {callers}."


def _refused(tool: str, answer: Answer) -> Result:
    """What a person said no to; their reason stays as they said it, however long the run gets."""
    said = answer.reply.reason
    text = (
        f"{tool} was not run: the question was {answer.state}."
        + (f" The person says: {said}" if said else "")
        + " Go on without it or stop; do not try it again."
    )
    origin: Origin = "person" if said else "tool"
    return Result(text, ok=False, code=NotPermittedError.code, origin=origin)


def _bounded(text: str) -> str:
    return redact(text)[:TOOL_OUTPUT_CHARS_MAX]


def _what_is_wrong(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the arguments"
    return f"{where}: {first['msg']}"
