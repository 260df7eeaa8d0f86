"""Which model is asked, and which instead of it: decided here, from plain values, and explained.

The narrowest word counts: what the request names, what was preferred for the workspace, what the
person prefers, the default for the task. Above all of them stands the policy. A request that names
a model outside it is refused, because something else than was asked for must not be bought in
silence; a preference outside it is passed over, and the explanation says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from steward.core.errors import NotPermittedError, UnavailableError
from steward.gateway.request import Purpose


@dataclass(frozen=True, slots=True)
class Rule:
    """What may be asked where it applies. Where several apply, each of them must allow a model."""

    models: tuple[str, ...]
    """`provider/model`; one that ends in `*` allows everything that begins so."""
    team: str | None = None
    """None applies to everybody."""
    task: Purpose | None = None
    """None applies to every task."""

    def applies(self, team: str, task: Purpose) -> bool:
        """Whether the rule speaks of this call."""
        return self.team in (None, team) and self.task in (None, task)

    def allows(self, model: str) -> bool:
        """Whether the rule lets this model be asked."""
        return any(
            model.startswith(each[:-1]) if each.endswith("*") else model == each
            for each in self.models
        )


@dataclass(frozen=True, slots=True)
class Preference:
    """A model that somebody would like."""

    whose: str
    """In words that go on with `is`: `the preference for this workspace`."""
    model: str | None


@dataclass(frozen=True, slots=True)
class Choice:
    """What is asked, in order."""

    models: tuple[str, ...]
    """The model, and those that are asked where it fails; at least one, each once."""
    why: str
    """Why this model, in words."""


def allowed(model: str, team: str, task: Purpose, rules: Sequence[Rule]) -> bool:
    """Whether the policy lets this model be asked. Without a rule that applies it does."""
    return all(rule.allows(model) for rule in rules if rule.applies(team, task))


def choose(
    task: Purpose,
    team: str,
    wish: str | None,
    preferences: Sequence[Preference],
    rules: Sequence[Rule],
    fallbacks: Mapping[str, Sequence[str]],
) -> Choice:
    """The model for a call, and its fallbacks as far as the policy allows them.

    `preferences` come with the narrowest first, and the default last.

    Raises:
        NotPermittedError: the policy does not allow the model that is wished for, or none of the
            preferred ones.
        UnavailableError: nobody has chosen a model for the task.
    """
    if wish is not None:
        if not allowed(wish, team, task, rules):
            raise _outside(wish, team, task, rules)
        return _choice(wish, "the request names it", task, team, rules, fallbacks)
    passed_over: list[str] = []
    refused: str | None = None
    for preference in preferences:
        if (model := preference.model) is None:
            continue
        if allowed(model, team, task, rules):
            why = "; ".join([f"it is {preference.whose}", *passed_over])
            return _choice(model, why, task, team, rules, fallbacks)
        passed_over.append(f"{model!r}, {preference.whose}, is not allowed by the policy")
        refused = model
    if refused is not None:
        raise _outside(refused, team, task, rules)
    raise UnavailableError(
        f"AI is off: no model is chosen for the task {task!r}. Set STEWARD_MODEL, or {task!r}"
        " in [gateway.models], to the name of one that your endpoint offers, and start again."
    )


def _choice(
    model: str,
    why: str,
    task: Purpose,
    team: str,
    rules: Sequence[Rule],
    fallbacks: Mapping[str, Sequence[str]],
) -> Choice:
    instead = (each for each in fallbacks.get(model, ()) if allowed(each, team, task, rules))
    return Choice(tuple(dict.fromkeys((model, *instead))), why)


def _outside(model: str, team: str, task: Purpose, rules: Sequence[Rule]) -> NotPermittedError:
    applying = [rule for rule in rules if rule.applies(team, task)]
    offered = sorted({each for rule in applying for each in rule.models})
    return NotPermittedError(
        f"The policy does not allow the model {model!r} for the task {task!r}"
        f"{f' and the team {team!r}' if team else ''}; nothing was sent. It allows"
        f" {', '.join(offered) or 'none'}. Whoever administers [gateway.policy] can change that."
    )
