"""What is known of one model."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from steward.core.errors import UnpricedError
from steward.gateway.ability import Ability, Refused
from steward.gateway.prices import Price


@dataclass(frozen=True, slots=True)
class FillFormat:
    """How a model is asked to close a gap."""

    path: str
    """Below the provider's base URL."""
    template: str | None = None
    """The prompt, with `{prefix}`, `{suffix}` and, where other files stand apart from both,
    `{files}`; None where prefix and suffix have fields of their own."""
    output_tokens_max: int | None = None
    """The most that it writes into a gap, where that is less than it writes elsewhere."""
    parameters: Mapping[str, object] = field(default_factory=dict[str, object])
    """What has to be said besides."""
    marks: tuple[str, ...] = ()
    """What means something to the model beyond its characters, so that no file may say it."""
    stops: tuple[str, ...] = ()
    """Where it stops, besides what a request says."""
    repository: str = ""
    """How the repository's name stands before other files, with `{name}`."""
    file: str | None = None
    """How another file is written, with `{path}` and `{text}`; None writes it as comments."""
    files_end: str = ""
    """What follows the last of other files; it may hold the own file's `{path}`."""
    heading: str = ""
    """What begins the prefix where there are other files; it may hold the own file's `{path}`."""
    empty_suffix: str = ""
    """What is sent for a suffix that is empty, where an empty one asks for something else."""


@dataclass(frozen=True, slots=True)
class Model:
    """One model of one provider."""

    provider: str
    """Its name in the settings, such as `openai`."""
    name: str
    """What the provider calls the model; it may hold slashes."""
    abilities: frozenset[Ability] = frozenset({"chat", "tools"})
    input_tokens_max: int | None = None
    """The most that it reads; None if nobody has said."""
    output_tokens_max: int | None = None
    """The most that it writes; None if nobody has said."""
    price: Price | None = None
    """None if nobody has said."""
    fill: FillFormat | None = None
    refuses: frozenset[Refused] = frozenset()

    @property
    def id(self) -> str:
        """`provider/model`, which is how settings, policy, ledger and people name it."""
        return f"{self.provider}/{self.name}"

    def priced(self) -> Price:
        """Its price.

        Raises:
            UnpricedError: nobody has said what it costs.
        """
        if self.price is None:
            raise UnpricedError(
                f"Nobody has said what the model {self.name!r} of {self.provider!r} costs, so it is"
                " not called: its bill could not be limited. Set its price in US dollars a million"
                ' tokens, for input and output, with STEWARD_MODEL_PRICE="0.15/0.60" (for'
                f' STEWARD_MODEL) or in settings.toml: [gateway.prices."{self.name}"]'
                ' input = 0.15, output = 0.60. "0/0" declares it free.'
            )
        return self.price
