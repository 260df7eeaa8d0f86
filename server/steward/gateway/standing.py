"""How each model stands for a person: what it is asked for, and whether it can be asked now."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from steward.core.errors import StewardError
from steward.core.principal import Principal
from steward.gateway.built_in import BUILT_IN
from steward.gateway.call.breaker import Breakers
from steward.gateway.catalogue.model import Model
from steward.gateway.choice.selection import Selection
from steward.gateway.provider import Provider
from steward.gateway.request import Purpose

State = Literal["ready", "resting", "no key", "no price", "not configured", "off"]
"""Whether a call may be tried now, and if not, what is in its way."""


@dataclass(frozen=True, slots=True)
class ModelStanding:
    """One model, as a person is told of it."""

    model: Model
    tasks: tuple[Purpose, ...]
    """What this person's calls go to it for where they name no model."""
    state: State
    why: str
    """Why it cannot be asked now, and what to do; empty where it can."""


@dataclass(frozen=True, slots=True)
class Reachable:
    """What the state of a model follows from."""

    providers: Mapping[str, Provider]
    breakers: Breakers
    now_s: float
    """Monotonic."""
    why_off: str | None
    """Why nothing can be asked at all, if so."""


async def standings(
    selection: Selection, principal: Principal, reachable: Reachable
) -> tuple[ModelStanding, ...]:
    """Every model that this person may ask, and those chosen for tasks; by id."""
    tasks = selection.assigned(principal)
    models = {model.id: model for model in selection.offered(principal)}
    models |= {id_: selection.known(id_) for id_ in tasks if id_ not in models}
    keyless = await _keyless({model.provider for model in models.values()}, reachable.providers)
    return tuple(
        ModelStanding(model, tasks.get(id_, ()), *_state(model, reachable, keyless))
        for id_, model in sorted(models.items())
    )


def _state(model: Model, reachable: Reachable, keyless: Mapping[str, str]) -> tuple[State, str]:
    provider = model.provider
    if reachable.why_off is not None:
        return "off", reachable.why_off
    if provider not in reachable.providers:
        return "not configured", (
            f"The provider {provider!r} is not configured. Add its key with `steward key add"
            f" {provider}`, or name it under [gateway.providers] in settings.toml."
        )
    if model.price is None:
        return "no price", (
            "Nobody has said what it costs, so it is not called. Set its price with `steward model"
            " price`."
        )
    if provider in keyless:
        return "no key", keyless[provider]
    if reachable.breakers.of(provider).is_open(reachable.now_s):
        return "resting", (
            f"The provider {provider!r} failed again and again, so it is left alone for"
            f" {reachable.breakers.rest_s:g} seconds; then one call looks whether it is back."
        )
    return "ready", ""


async def _keyless(names: set[str], providers: Mapping[str, Provider]) -> dict[str, str]:
    """Provider → why it has no key, for those that will not answer without one."""
    found: dict[str, str] = {}
    for name in sorted(names & providers.keys()):
        if not _needs_key(name, providers[name]):
            continue
        try:
            if not await providers[name].has_key():
                found[name] = (
                    f"There is no key for {name!r}. Add one with `steward key add {name}`."
                )
        except StewardError as error:
            found[name] = str(error)
    return found


def _needs_key(name: str, provider: Provider) -> bool:
    """Only of those that everybody knows it is known; a URL of one's own may need none."""
    known = BUILT_IN.get(name)
    if known is None:
        return False
    home = urlsplit(known.home)
    return home.scheme == "https" and provider.address in ("", home.netloc)
