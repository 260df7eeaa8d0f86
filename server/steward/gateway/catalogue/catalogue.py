"""The models that are known, with what an operator says of them above what the data file says."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal

from steward.core.money import PicoUsd
from steward.gateway.catalogue.book import FILL_FORMATS, KNOWN
from steward.gateway.catalogue.by_name import named_model
from steward.gateway.catalogue.model import FillFormat, Model
from steward.gateway.fill_settings import FillSettings
from steward.gateway.prices import Price, Tier
from steward.gateway.settings import GatewaySettings, ModelPrice, ModelSettings

_PICO_PER_TOKEN = 1_000_000
"""One dollar for a million tokens is a millionth of a dollar, 10^6 pico-dollars, for one."""

Spoken = tuple[Mapping[str, Price], Mapping[str, Model]]
"""What administrators and a team's server say, at one moment."""


class Catalogue:
    """What is known of models: the operator's own word first, then the data file's.

    A price is the settings' first, then the one that an administrator set, then the file's.
    """

    def __init__(
        self,
        settings: GatewaySettings,
        decided: Mapping[str, Price] | None = None,
        providers: Collection[str] = (),
        told: Mapping[str, Model] | None = None,
    ) -> None:
        """Join what is said of models.

        Args:
            settings: What the operator says.
            decided: The prices that administrators set, by `provider/model`.
            providers: Those that can be asked, where the settings do not speak of them: their
                keys are in the vault.
            told: What a team's server says of its models, by `team/model`.
        """
        self._settings = settings
        self._decided: Mapping[str, Price] = {} if decided is None else decided
        self._providers = providers
        self._told: Mapping[str, Model] = {} if told is None else told

    def find(self, name: str) -> Model:
        """What is known of a model, by `provider/model`, or by a name of the default provider.

        A model that nobody has described has the abilities that most have, and no price.
        """
        return self._described(*self._settings.split(name, self._providers))

    def spoken(self) -> Spoken:
        """What others say of models now; whatever was made of the catalogue holds while it does."""
        return dict(self._decided), dict(self._told)

    def is_still(self, spoken: Spoken) -> bool:
        """Whether they say the same as then."""
        return spoken == (self._decided, self._told)

    def __iter__(self) -> Iterator[Model]:
        """Every model that the data file or the operator names, sorted by id."""
        default = self._settings.provider
        named = {f"{default}/{name}" for name in self._settings.prices if "/" not in name}
        named |= {name for name in self._settings.prices if "/" in name}
        for known in sorted(
            {*KNOWN, *self._settings.models_known, *self._decided, *named, *self._told}
        ):
            provider, _, name = known.partition("/")
            yield self._described(provider, name)

    def _described(self, provider: str, name: str) -> Model:
        id_ = f"{provider}/{name}"
        known = self._told.get(id_) or KNOWN.get(id_)
        if known is None:
            known = named_model(self._settings, provider, name)
        if (set_price := self._decided.get(known.id)) is not None:
            known = replace(known, price=set_price)
        described = self._settings.models_known.get(known.id)
        if described is not None:
            known = _with(known, described)
        own = self._settings.prices.get(known.id)
        if own is None and provider == self._settings.provider:
            own = self._settings.prices.get(name)
        return known if own is None else replace(known, price=own_price(own, "settings"))


def own_price(own: ModelPrice, version: str) -> Price:
    """A price as a person set it: what they left out costs as much as all other input."""
    cached = own.input if own.cached_input is None else own.cached_input
    kept = own.input if own.cache_write is None else own.cache_write
    tiers = sorted(own.tiers, key=lambda tier: tier.above_input_tokens)
    return Price(
        _pico(own.input),
        _pico(cached),
        _pico(own.output),
        version,
        _pico(kept),
        tuple(
            Tier(
                tier.above_input_tokens,
                _pico(tier.input),
                _pico(tier.input if tier.cached_input is None else tier.cached_input),
                _pico(tier.output),
                _pico(tier.input if tier.cache_write is None else tier.cache_write),
            )
            for tier in tiers
        ),
    )


def _with(known: Model, own: ModelSettings) -> Model:
    """The model with everything replaced that the operator speaks of."""
    fill = known.fill if own.fill is None else _fill(own.fill)
    abilities = known.abilities if own.abilities is None else frozenset(own.abilities)
    abilities = abilities - {"fill"} if fill is None else abilities | {"fill"}
    return replace(
        known,
        abilities=abilities,
        fill=fill,
        input_tokens_max=own.input_tokens_max or known.input_tokens_max,
        output_tokens_max=own.output_tokens_max or known.output_tokens_max,
        refuses=known.refuses if own.refuses is None else frozenset(own.refuses),
        price=known.price if own.price is None else own_price(own.price, "settings"),
    )


def _fill(own: str | FillSettings) -> FillFormat | None:
    if isinstance(own, str):
        return FILL_FORMATS.get(own)  # Of all names only `none` has no format.
    return FillFormat(**{name: getattr(own, name) for name in FillSettings.model_fields})


def _pico(usd_per_million: Decimal) -> PicoUsd:
    # Settings allow six places, so nothing is lost.
    return PicoUsd(int(usd_per_million * _PICO_PER_TOKEN))
