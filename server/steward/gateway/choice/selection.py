"""The models that a call is made with: the settings' names made into models that can be asked."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from typing import TypeVar, get_args

from steward.core.errors import NotPermittedError, UnavailableError, UnpricedError
from steward.core.limits import CHOICES_KEPT_MAX
from steward.core.principal import Principal
from steward.gateway.catalogue.catalogue import Catalogue
from steward.gateway.catalogue.model import Model
from steward.gateway.choice.choose import Choice, Preference, Rule, allowed, choose
from steward.gateway.choice.target import Target
from steward.gateway.provider import Provider
from steward.gateway.request import EmbeddingRequest, Hint, ModelRequest, Purpose, Written
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
        self._firsts: dict[tuple[Principal, Purpose], Target] = {}
        """What `first` found while nobody said anything else of a model."""
        self._spoken = catalogue.spoken()
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
        # Asked at every key and by every status, so it is remembered. Settings and providers stay
        # as they are; what administrators or a team's server say of models does not.
        if not self._catalogue.is_still(self._spoken):
            self._spoken = self._catalogue.spoken()
            self._firsts.clear()
        found = self._firsts.get((principal, task))
        if found is None:
            found = self._target(self._choice(principal, task, None).models[0])
            self._firsts[principal, task] = found
            if len(self._firsts) > CHOICES_KEPT_MAX:
                del self._firsts[next(iter(self._firsts))]
        return found

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
        hint = request.hint if isinstance(request, ModelRequest) else None
        choice = self._choice(principal, request.task, wish, hint)
        first, *others = choice.models
        if isinstance(request, ModelRequest) and (also := request.came_as) is not None:
            # Raises where the first is not allowed, and tells those that are.
            others = list(
                choose(also, principal.team, first, (), self._rules, {first: others}).models
            )[1:]
        return [self._target(first), *self._usable(others)], choice.why

    def _choice(
        self, principal: Principal, task: Purpose, wish: str | None, hint: Hint | None = None
    ) -> Choice:
        self._check_configured()
        chosen = self._settings
        preferences = (
            self._preference(
                "the preference for this workspace", chosen.workspaces, task, principal.workspace
            ),
            self._preference("your preference", chosen.preferred, task, principal.user),
            *(() if hint is None else (self._hinted(hint),)),
            Preference(f"the default for the task {task!r}", self._default(task)),
        )
        return choose(task, principal.team, wish, preferences, self._rules, self._fallbacks)

    def offered(self, principal: Principal, *tasks: Purpose) -> tuple[Model, ...]:
        """Every model that this person may ask for all of these tasks, by id.

        Where none is named, for any.
        """
        named = {model.id: model for model in self._catalogue}
        for purpose in get_args(Purpose):
            if (default := self._default(purpose)) is not None:
                named[default] = self._catalogue.find(default)
        return tuple(
            model
            for id_, model in sorted(named.items())
            if model.provider in self._providers
            and model.price is not None
            and (all if tasks else any)(
                allowed(id_, principal.team, purpose, self._rules)
                for purpose in tasks or get_args(Purpose)
            )
        )

    def assigned(self, principal: Principal) -> dict[str, tuple[Purpose, ...]]:
        """Model → the tasks that this person's calls go to it for where they name none.

        Whether or not it can be asked; those that calls go to only where it fails are not there.
        """
        found: dict[str, tuple[Purpose, ...]] = {}
        for purpose in get_args(Purpose):
            with suppress(UnavailableError, NotPermittedError):
                first = self._choice(principal, purpose, None).models[0]
                found[first] = (*found.get(first, ()), purpose)
        return found

    def choices(self, principal: Principal) -> dict[Purpose, Choice | str]:
        """Task → what this person's calls go to where they name nothing; or why to nothing."""
        found: dict[Purpose, Choice | str] = {}
        for purpose in get_args(Purpose):
            try:
                found[purpose] = self._choice(principal, purpose, None)
            except (UnavailableError, NotPermittedError) as error:
                found[purpose] = str(error)
        return found

    def every(self) -> tuple[Model, ...]:
        """Every model that is known, whether or not anybody may ask it; by id."""
        return tuple(self._catalogue)

    def known(self, id_: str) -> Model:
        """What is known of a model, by `provider/model`."""
        return self._catalogue.find(id_)

    def chosen(self, principal: Principal) -> tuple[str, ...]:
        """Every model that may answer this person where the request names none, by id."""
        found: set[str] = set()
        for task in get_args(Written):
            with suppress(UnavailableError, NotPermittedError):
                found.update(self._choice(principal, task, None).models)
        return tuple(sorted(found))

    def _preference(
        self, whose: str, by_name: Mapping[str, TaskModels], task: Purpose, name: str
    ) -> Preference:
        models = by_name.get(name)
        model = None if models is None else models.of(task)
        return Preference(whose, None if model is None else self._id(model))

    def _hinted(self, hint: Hint) -> Preference:
        """What a hint comes to; nothing where nobody has said which model is so strong."""
        name = self._settings.tiers.of(hint.tier)
        model = None if name is None else self._id(name)
        if model is not None and not self._is_usable(model):
            model = None
        words = f"the {hint.tier} one, which {hint.whose} suggests ({hint.reason})"
        return Preference(words, model)

    def _is_usable(self, model: str) -> bool:
        try:
            self._target(model)
        except (UnavailableError, UnpricedError):
            return False
        return True

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
