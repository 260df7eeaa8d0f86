"""The one door through which a tool runs: decide, ask, run, bound, record."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from pydantic import BaseModel, ValidationError
from sqlmodel import Session

from steward.core.audit import append
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import InvalidInputError, NotPermittedError, StewardError
from steward.core.limits import TOOL_OUTPUT_CHARS_MAX
from steward.core.redact import redact
from steward.gateway.request import ToolCall, ToolSpec
from steward.permissions.approvals import Approvals
from steward.permissions.decide import Allow, Ask, Authority, Deny, decide
from steward.permissions.question import Question
from steward.tools.tool import Call, Output, Tool
from steward.workspace.markdown import one_line
from steward.workspace.proposals import Proposals

_log = logging.getLogger(__name__)

_NAME_CHARS_MAX = 100
"""What the audit trail keeps of a tool's name, which may be anything that a model wrote."""


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a call. Exactly one of `text` and `proposal_id` matters."""

    text: str
    ok: bool
    code: str = ""
    """The error's code when `ok` is false for another reason than the tool's own finding."""
    proposal_id: str | None = None


@dataclass(frozen=True, slots=True)
class Invoker:
    """Runs tools on an agent's behalf."""

    tools: Mapping[str, Tool[Any]]
    approvals: Approvals
    proposals: Proposals
    database: Database
    clock: Clock

    def specs(self, names: frozenset[str]) -> tuple[ToolSpec, ...]:
        """The given tools as a model is told of them, sorted by name."""
        return tuple(
            ToolSpec(tool.name, tool.description, _schema(tool.arguments))
            for name, tool in sorted(self.tools.items())
            if name in names
        )

    async def invoke(self, wanted: ToolCall, authority: Authority, call: Call) -> Result:
        """Run one tool. What goes wrong on purpose is a result for the model, never a crash."""
        try:
            result = await self._invoke(wanted, authority, call)
        except StewardError as error:
            # The message may quote what the model wrote, at any length.
            result = Result(_bounded(str(error)), ok=False, code=error.code)
        await self._record(wanted, result, call)
        return result

    async def _invoke(self, wanted: ToolCall, authority: Authority, call: Call) -> Result:
        tool = self.tools.get(wanted.name)
        if tool is None:
            raise InvalidInputError(f"There is no tool {wanted.name!r}.")
        try:
            arguments = tool.arguments.model_validate_json(wanted.arguments or "{}")
        except ValidationError as error:
            raise InvalidInputError(f"{wanted.name}: {_what_is_wrong(error)}") from error
        match decide(authority, tool.name, tool.capability):
            case Deny(reason):
                raise NotPermittedError(f"{tool.name} was denied: {reason}.")
            case Ask(reason):
                call = await self._ask(tool, arguments, reason, call)
            case Allow():
                pass
        outcome = await tool.run(arguments, call)
        if isinstance(outcome, Output):
            return Result(_bounded(outcome.text), outcome.ok)
        await self.proposals.keep(call.principal, outcome)
        return Result(outcome.title, ok=True, proposal_id=outcome.id)

    async def _ask(self, tool: Tool[Any], arguments: object, reason: str, call: Call) -> Call:
        """Put the question; gives the call with what was approved in it."""
        request = await tool.request(arguments, call)
        question = Question(
            key=call.step,
            kind="command",
            title=request.title,
            body=f"{request.body}\n\nYou are asked because {reason}.",
            operands={"tool": tool.name, **request.operands},
            run_id=call.run_id,
        )
        answer = await self.approvals.ask(call.principal, question)
        if not answer.is_approval:
            raise NotPermittedError(
                f"{tool.name} was not run: the question was {answer.state}."
                " Go on without it or stop; do not try it again."
            )
        # Asked about again right before it is done: what was approved must still be what runs.
        request = await tool.request(arguments, replace(call, prepared=request.prepared))
        now = replace(question, operands={"tool": tool.name, **request.operands})
        await self.approvals.use(answer.approval_id, now.digest())
        return replace(call, prepared=request.prepared)

    async def _record(self, wanted: ToolCall, result: Result, call: Call) -> None:
        action = "tool.denied" if result.code == NotPermittedError.code else "tool.called"
        name = one_line(wanted.name[:_NAME_CHARS_MAX])
        detail = {"tool": name, "ok": result.ok, "code": result.code, "step": call.step}

        def work(session: Session) -> None:
            append(
                session,
                at=self.clock.now(),
                tenant_id=call.principal.tenant_id,
                actor=call.principal.user,
                action=action,
                subject=call.run_id,
                detail=detail,
            )

        await self.database.run(work)


@cache
def _schema(arguments: type[BaseModel]) -> Mapping[str, Any]:
    # Every turn of an agent tells the model of its tools again, and a schema takes long to make.
    return arguments.model_json_schema()


def _bounded(text: str) -> str:
    return redact(text)[:TOOL_OUTPUT_CHARS_MAX]


def _what_is_wrong(error: ValidationError) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(str(part) for part in first["loc"]) or "the arguments"
    return f"{where}: {first['msg']}"
