"""`run-command`: a command that an extension wants run, asked about and in the jail."""

import shlex
from dataclasses import dataclass
from typing import Protocol

from steward.core.principal import Principal
from steward.extensions.granted import Wanted
from steward.extensions.host.arguments import payload_read, text_in
from steward.extensions.host.gate import Caller, Gate
from steward.extensions.payloads import RunCommandRequest, RunCommandResponse
from steward.workspace.reveal import reveal

_REQUEST_CHARS_MAX = 1024 * 1024
_OUTPUT_CHARS_MAX = 1_000_000


class JailedCommand(Protocol):
    """Asks the person, then runs a command in the jail."""

    async def run(
        self, principal: Principal, extension: str, wanted: RunCommandRequest
    ) -> RunCommandResponse:
        """What came of it; `extension` is its id and version, for the question.

        Raises:
            NotPermittedError: the person, a rule or their policy said no.
            SandboxUnavailableError: there is no jail here.
        """
        ...


@dataclass(frozen=True, slots=True)
class Commands:
    """Has commands run for extensions."""

    gate: Gate
    jailed: JailedCommand

    async def run(self, caller: Caller, arguments: tuple[str | None, ...]) -> str:
        """`run-command`: its output, once a person agreed."""
        text = text_in(arguments, 0, _REQUEST_CHARS_MAX)
        wanted = await payload_read(RunCommandRequest, text, _REQUEST_CHARS_MAX)
        await self.gate.check(caller, Wanted("command.run", (shlex.join(wanted.argv),)))
        found = await self.jailed.run(caller.principal, caller.named, wanted)
        output = reveal(found.output[:_OUTPUT_CHARS_MAX])[0]
        return found.model_copy(update={"output": output}).model_dump_json()
