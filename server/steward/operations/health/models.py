"""Providers and their keys: who can be asked now, when one last answered; nobody is asked."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.principal import Principal
from steward.gateway.gateway import Gateway
from steward.gateway.observe import OK, CallRecord
from steward.gateway.standing import ModelStanding
from steward.gateway.vault.stored import all_of
from steward.operations.health.verdict import Fact, Found

_NOBODY = Principal("", "", "", role="owner")
"""On whose behalf models are looked at: everything that is configured, nothing that is called."""


@dataclass(slots=True)
class LastAnswers:
    """When each provider last answered; told by the gateway."""

    clock: Clock
    at: dict[str, datetime] = field(default_factory=dict[str, datetime])
    wants_text: bool = False

    def observed(self, record: CallRecord) -> None:
        """A call is over."""
        if record.outcome == OK and not record.is_cached:
            self.at[record.model.partition("/")[0]] = self.clock.now()


@dataclass(frozen=True, slots=True)
class ProvidersLook:
    """How the configured providers stand."""

    gateway: Gateway
    last: LastAnswers

    async def __call__(self) -> Found:
        """Healthy where every model that is chosen can be asked."""
        standings = await self.gateway.standings(_NOBODY)
        chosen = [each for each in standings if each.tasks]
        facts: dict[str, Fact] = {"models": len(standings)}
        for provider in sorted({each.model.provider for each in standings}):
            answered = self.last.at.get(provider)
            facts[provider] = _state_of(provider, standings)
            facts[f"{provider}_answered_at"] = answered and answered.isoformat()
        if not standings:
            return Found("degraded", _NONE, facts)
        blocked = {each.why: None for each in chosen or standings if each.state != "ready"}
        if not blocked:
            return Found(facts=facts)
        works = any(each.state == "ready" for each in chosen or standings)
        return Found("degraded" if works else "unhealthy", " ".join(blocked), facts)


@dataclass(frozen=True, slots=True)
class KeysLook:
    """Whether keys of providers are old, or were refused."""

    database: Database
    clock: Clock
    tenant_id: str

    async def __call__(self) -> Found:
        """How they stand."""
        now = self.clock.now()
        keys = await self.database.read(lambda session: all_of(session, self.tenant_id))
        refused = [
            f"{key.host} refused the key {key.mask}: `steward key rotate {key.provider}`."
            for key in keys
            if key.verdict == "refused"
        ]
        old = [key.reminder(now) for key in keys if key.is_old(now)]
        facts: dict[str, Fact] = {"keys": len(keys), "refused": len(refused), "old": len(old)}
        causes = [*refused, *old]
        return Found("degraded" if causes else "healthy", " ".join(causes), facts)


def _state_of(provider: str, standings: Collection[ModelStanding]) -> str:
    """The best state of a provider's models."""
    states = [each.state for each in standings if each.model.provider == provider]
    return "ready" if "ready" in states else states[0]


_NONE = (
    "No provider is configured, so no model can be asked. Add a key with `steward key add"
    " PROVIDER`, or name a server with STEWARD_MODEL_URL."
)
