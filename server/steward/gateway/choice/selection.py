"""The models that a call is made with: the settings' names made into models that can be asked."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import TypeVar, get_args

from steward.core.errors import NotPermittedError, UnavailableError, UnpricedError
from steward.core.principal import Principal
from steward.gateway.catalogue.catalogue import Catalogue
from steward.gateway.catalogue.model import Model
from steward.gateway.choice.choose import Choice, Preference, Rule, allowed, choose
from steward.gateway.choice.target import Target
from steward.gateway.provider import Provider
from steward.gateway.request import EmbeddingRequest, ModelRequest, Purpose, Task
from steward.gateway.settings import GatewaySettings, TaskModels

_log = logging.getLogger(__name__)

T = TypeVar("T")


class Selection:
    """What policy, preferences and fallbacks come to, under the settings in force."""

    def __init__(
        self, providers: Mapping[str, Provider], catalogue: Catalogue, settings: GatewaySettings
    ) -> None:
        self._providers = providers
        self._catalogue = catalogue
        self._settings = settings
        self._rules = tuple(
            Rule(tuple(map(self._id, rule.models)), rule.team, rule.task)
            for rule in settings.policy
        )
        self._fallbacks = {
            model: tuple(map(self._id, instead))
            for model, instead in self.by_id(settings.fallbacks).items()
        }

    def by_id(self, values: Mapping[str, T]) -> dict[str, T]:
        """What is set by a model's name, by its full name."""
        return {self._id(name): value for name, value in values.items()}

    def first(self, principal: Principal, task: Purpose) -> Target:
        """The model that this person's calls for a task go to where they name none.

        Raises:
            StewardError: as `of`.
        """
        return self._target(self._choice(principal, task, None).models[0])

    def of(
        self, principal: Principal, request: ModelRequest | EmbeddingRequest
    ) -> tuple[list[Target], str]:
        """The model for a call, those to ask where it fails, and why it is this one.

        Raises:
            UnavailableError: no model is configured.
            UnpricedError: nobody has said what it costs.
            NotPermittedError: the policy does not allow it.
        """
        wish = None if request.model is None else self._id(request.model)
        choice = self._choice(principal, request.task, wish)
        first, *others = choice.models
        if isinstance(request, ModelRequest) and (also := request.came_as) is not None:
            # Raises where the first is not allowed, and tells those that are.
            others = list(
                choose(also, principal.team, first, (), self._rules, {first: others}).models
            )[1:]
        return [self._target(first), *self._usable(others)], choice.why

    def _choice(self, principal: Principal, task: Purpose, wish: str | None) -> Choice:
        self._check_configured()
        chosen = self._settings
        preferences = (
            self._preference(
                "the preference for this workspace", chosen.workspaces, task, principal.workspace
            ),
            self._preference("your preference", chosen.preferred, task, principal.user),
            Preference(f"the default for the task {task!r}", self._default(task)),
        )
        return choose(task, principal.team, wish, preferences, self._rules, self._fallbacks)

    def offered(self, principal: Principal) -> tuple[Model, ...]:
        """Every model that this person may ask for something, by id."""
        named = {model.id: model for model in self._catalogue}
        for purpose in get_args(Purpose):
            if (default := self._default(purpose)) is not None:
                named[default] = self._catalogue.find(default)
        return tuple(
            model
            for id_, model in sorted(named.items())
            if model.provider in self._providers
            and model.price is not None
            and any(
                allowed(id_, principal.team, purpose, self._rules) for purpose in get_args(Purpose)
            )
        )

    def chosen(self, principal: Principal) -> tuple[str, ...]:
        """Every model that may answer this person where the request names none, by id."""
        found: set[str] = set()
        for task in get_args(Task):
            with suppress(UnavailableError, NotPermittedError):
                found.update(self._choice(principal, task, None).models)
        return tuple(sorted(found))

    def _preference(
        self, whose: str, by_name: Mapping[str, TaskModels], task: Purpose, name: str
    ) -> Preference:
        models = by_name.get(name)
        model = None if models is None else models.of(task)
        return Preference(whose, None if model is None else self._id(model))

    def _usable(self, fallbacks: list[str]) -> list[Target]:
        usable: list[Target] = []
        for name in fallbacks:
            try:
                usable.append(self._target(name))
            except (UnavailableError, UnpricedError) as error:
                _log.warning("the fallback %r cannot be asked: %s", name, error.code)
        return usable

    def _target(self, name: str) -> Target:
        model = self._catalogue.find(name)
        provider = self._providers.get(model.provider)
        if provider is None:
            raise UnavailableError(
                f"The provider {model.provider!r} of the model {model.name!r} is not configured."
                f" These are: {', '.join(sorted(self._providers))}. Choose a model of one of them,"
                " or configure the provider."
            )
        return Target(provider, model, model.priced())

    def _check_configured(self) -> None:
        if not self._providers:
            raise UnavailableError(
                "AI is off: no model is configured. Set OPENAI_API_KEY or run `steward key add"
                " openai`, or set STEWARD_MODEL_URL and STEWARD_MODEL for another"
                " OpenAI-compatible endpoint, and start again."
            )

    def _default(self, task: Purpose) -> str | None:
        model = self._settings.model_for(task, self._providers)
        return None if model is None else self._id(model)

    def _id(self, name: str) -> str:
        """`provider/model`. A pattern is one already."""
        return name if name.endswith("*") else self._catalogue.find(name).id
