"""The one gate of the host API: every call passes it, and what it refuses is counted.

Who calls is an id that the sandbox gives; what it was granted is looked up at each call, so what
its person takes back counts from the next call on. What is decided, and in which order, stands in
`steward.extensions.granted`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from steward.core.errors import NotPermittedError
from steward.core.principal import Principal
from steward.extensions.activity import Activity
from steward.extensions.capability import Capability
from steward.extensions.granted import Refusal, Scope, Wanted, may, why_not
from steward.extensions.packages.installed import Installed
from steward.extensions.settings import ExtensionsSettings
from steward.permissions.roles import capabilities_of
from steward.permissions.rules import Rule

Find = Callable[[str], Awaitable[Installed | None]]
"""Id → the extension as it stands now; None where there is none."""


class NotGrantedError(NotPermittedError):
    """An extension may not do it; the message says what is missing and who can change that."""

    code = "steward.not_granted"

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Caller:
    """Whose call it is, on whose behalf, and what it may do."""

    installed: Installed
    principal: Principal
    scope: Scope

    @property
    def id(self) -> str:
        """The extension's."""
        return self.installed.manifest.id

    @property
    def named(self) -> str:
        """It and its version, for a sentence: the name it gives itself could be another's."""
        return f"{self.id} {self.installed.manifest.version}"

    def may(self, capability: Capability, subject: str) -> bool:
        """Whether it may do this to one of many; nothing is counted."""
        return may(Wanted(capability, (subject,)), self.scope)


@dataclass(frozen=True, slots=True)
class Gate:
    """Says for each call whether it may be made."""

    find: Find
    principal: Principal
    activity: Activity
    settings: ExtensionsSettings
    rules: tuple[Rule, ...]
    """The operator's, about tools."""
    is_trusted: Callable[[], Awaitable[bool]]
    """Whether the person trusts the folder; asked only where it matters."""

    async def caller(self, extension: str) -> Caller:
        """Who calls, with what they may do at this moment.

        Raises:
            NotPermittedError: there is no such extension, or none runs here.
        """
        installed = await self.find(extension)
        if installed is None or not self.settings.enabled:
            raise NotPermittedError(f"The extension {extension!r} does not run here any more.")
        scope = Scope(
            installed.manifest.id,
            installed.state,
            installed.manifest.permission_scope,
            installed.granted,
            frozenset(self.settings.deny_capabilities),
            self.rules,
            capabilities_of(self.principal.role),
        )
        return Caller(installed, self.principal, scope)

    async def check(self, caller: Caller, wanted: Wanted) -> None:
        """Return if it may be done.

        Raises:
            NotGrantedError: it may not; that is counted, and audited once a day.
        """
        scope = caller.scope
        if wanted.capability == "command.run":
            scope = replace(scope, is_trusted=await self.is_trusted())
        refusal = why_not(wanted, scope)
        if refusal is not None:
            await self.activity.refused(caller.id, refusal)
            raise NotGrantedError(refusal)
