"""How much a run may take: the narrowest of what settings, agent and person allow."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Literal

from steward.agents.agent import Caps
from steward.core.money import as_usd

Cap = Literal["cost", "tokens", "steps", "time", "output"]
Whose = Literal["settings", "agent", "person"]


@dataclass(frozen=True, slots=True)
class Used:
    """What a run has taken so far."""

    tokens: int = 0
    cost_nano_usd: int = 0
    steps: int = 0
    wall_s: float = 0.0
    output_chars: int = 0


@dataclass(frozen=True, slots=True)
class Reached:
    """The cap at which a run ends, and what a person is told of it."""

    cap: Cap
    message: str


_SETTINGS: Mapping[Cap, str] = {
    "cost": "cost_limit_usd",
    "tokens": "tokens_max",
    "steps": "turns_max",
    "time": "work_minutes_max",
    "output": "tool_output_chars_max",
}
_FIELDS: Mapping[Cap, str] = {
    "cost": "cost_usd",
    "tokens": "tokens",
    "steps": "steps",
    "time": "minutes",
    "output": "output_chars",
}


def reached(caps: Mapping[Whose, Caps], used: Used) -> Reached | None:
    """The first cap that the run has come to; None while it may go on."""
    for cap, taken in _amounts(used).items():
        limit, whose = _narrowest(cap, caps)
        if limit is not None and taken >= limit:
            return Reached(cap, _told(cap, limit, whose))
    return None


def raised(caps: Mapping[Whose, Caps], to: Caps) -> Mapping[Whose, Caps]:
    """The caps where a person raised some of them: those are theirs alone then."""
    named = {each.name: None for each in fields(Caps) if getattr(to, each.name) is not None}
    if not named:
        return caps
    others: dict[Whose, Caps] = {whose: replace(each, **named) for whose, each in caps.items()}
    wanted = {name: getattr(to, name) for name in named}
    others["person"] = replace(others["person"], **wanted)
    return others


def cost_limit(caps: Mapping[Whose, Caps]) -> int | None:
    """The nano-dollars at which the run ends; None where nobody set any."""
    return _whole("cost", caps)


def token_limit(caps: Mapping[Whose, Caps]) -> int | None:
    """The tokens at which the run ends; None where nobody set any."""
    return _whole("tokens", caps)


def _whole(cap: Cap, caps: Mapping[Whose, Caps]) -> int | None:
    limit, _ = _narrowest(cap, caps)
    return None if limit is None else int(limit)


def _narrowest(cap: Cap, caps: Mapping[Whose, Caps]) -> tuple[float | None, Whose]:
    limits: list[tuple[float, Whose]] = [
        (limit, whose) for whose, each in caps.items() if (limit := _of(each)[cap]) is not None
    ]
    return min(limits, key=lambda each: each[0]) if limits else (None, "settings")


def _of(caps: Caps) -> Mapping[Cap, float | None]:
    return {
        "cost": caps.cost_nano_usd,
        "tokens": caps.tokens,
        "steps": caps.steps,
        "time": caps.wall_s,
        "output": caps.output_chars,
    }


def _amounts(used: Used) -> Mapping[Cap, float]:
    return {
        "cost": used.cost_nano_usd,
        "tokens": used.tokens,
        "steps": used.steps,
        "time": used.wall_s,
        "output": used.output_chars,
    }


def _told(cap: Cap, limit: float, whose: Whose) -> str:
    may = {
        "cost": f"spend {as_usd(int(limit))}",
        "tokens": f"use {int(limit):,} tokens",
        "steps": f"ask its model {int(limit)} times",
        "time": f"work for {limit / 60:g} minutes",
        "output": f"read {int(limit):,} characters of its tools",
    }[cap]
    how = {
        "settings": f"Raise `{_SETTINGS[cap]}` under [agents] in settings.toml",
        "agent": f"Raise `{_FIELDS[cap]}` under `caps` in the agent's definition",
        "person": "Allow it more",
    }[whose]
    return (
        f"Finished early: this run may {may}, and that is used up. What was landed stays."
        f" {how} and let the run go on, or start another."
    )
