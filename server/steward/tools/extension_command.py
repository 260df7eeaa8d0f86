"""A command that an extension wants run: asked about each time, and run in the jail.

That the extension may ask at all was decided before, in `steward.extensions.granted`. No rule and
no grant of a run spares this question: whoever says yes has seen the command.
"""

from dataclasses import dataclass, replace

from steward.core.errors import NotPermittedError
from steward.core.ids import IdSource
from steward.core.principal import Principal
from steward.core.redact import redact
from steward.extensions.payloads import RunCommandRequest, RunCommandResponse
from steward.permissions.approvals import Approvals
from steward.permissions.question import Question
from steward.sandbox.launcher import Launcher
from steward.tools.command import jailed
from steward.tools.command.report import bounded, plain
from steward.tools.run_command import RunCommand, RunCommandArguments, wish_of
from steward.tools.tool import Call, Request
from steward.workspace.markdown import code, inline, one_line
from steward.workspace.workspace import Workspace

_STEP = "command"
_TITLE_CHARS_MAX = 120


@dataclass(frozen=True, slots=True)
class ExtensionCommands:
    """Implements `extensions.host.command.JailedCommand`."""

    launcher: Launcher
    approvals: Approvals
    workspace: Workspace
    new_id: IdSource

    async def run(
        self, principal: Principal, extension: str, wanted: RunCommandRequest
    ) -> RunCommandResponse:
        """Ask, run, and give what it printed.

        Raises:
            NotPermittedError: the person said no.
            SandboxUnavailableError: there is no jail, so nobody is asked.
            StaleError: a file or the folder is not any more what was approved.
        """
        arguments = RunCommandArguments(argv=list(wanted.argv), timeout_s=wanted.timeout_s)
        run_id = f"extension-command:{self.new_id()}"
        call = Call(principal, run_id, _STEP, self.workspace, {}, agent=extension)
        tool = RunCommand(self.launcher)
        tool.act(arguments, call)  # Raises where the arguments cannot be taken.
        request = await tool.request(arguments, call)
        question = _question(extension, wanted.reason, request, run_id)
        try:
            answer = await self.approvals.ask(principal, question)
        finally:
            # Also where the extension went while its question was open.
            await self.approvals.withdraw(principal, run_id)
        if not answer.is_approval:
            raise NotPermittedError(f"The command was not run: the question was {answer.state}.")
        # Looked at again: what was approved must still be what runs.
        prepared = replace(call, prepared=request.prepared)
        now = await tool.request(arguments, prepared)
        again = replace(question, operands=_operands(extension, now))
        await self.approvals.use(answer.approval_id, again.digest())
        _, outcome = await jailed.ran(wish_of(arguments, prepared), self.launcher, prepared)
        return RunCommandResponse(
            exit_code=outcome.exit_code,
            output=bounded(redact(plain(outcome.output))),
            verdict=outcome.verdict(),
        )


def _question(extension: str, reason: str, request: Request, run_id: str) -> Question:
    title = one_line(f"The extension {extension} wants this: {request.title}")
    return Question(
        key=_STEP,
        kind="command",
        title=title[:_TITLE_CHARS_MAX],
        body=f"The extension {code(extension)} wants it, and says why: {inline(reason)}\n\n"
        f"{request.body}",
        operands=_operands(extension, request),
        run_id=run_id,
    )


def _operands(extension: str, request: Request) -> dict[str, object]:
    return {"extension": extension, **request.operands}
