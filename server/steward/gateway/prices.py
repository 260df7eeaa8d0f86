"""What a token costs, and what a call with so many of them costs at most."""

from dataclasses import dataclass

from steward.core.money import NanoUsd, PicoUsd, round_up
from steward.gateway.request import Usage


@dataclass(frozen=True, slots=True)
class Tier:
    """Other rates for a call that sends more than so many tokens; they hold for all of it."""

    above_input_tokens: int
    input: PicoUsd
    cached_input: PicoUsd
    output: PicoUsd
    cache_write: PicoUsd


@dataclass(frozen=True, slots=True)
class Price:
    """What a model costs, in pico-dollars a token."""

    input: PicoUsd
    cached_input: PicoUsd
    output: PicoUsd
    version: str
    """Which table or setting it was taken from; kept with every reservation."""
    cache_write: PicoUsd | None = None
    """What is sent and kept by the provider for the next time; as `input` where it is None."""
    tiers: tuple[Tier, ...] = ()
    """Sorted by `above_input_tokens`."""

    def in_words(self) -> str:
        """What people are told: `$0.15 in, $0.60 out a million tokens`; `free`."""
        if not (self.input or self.cached_input or self.output or self.cache_write or self.tiers):
            return "free"
        more = "; more for long requests" if self.tiers else ""
        return f"{_usd(self.input)} in, {_usd(self.output)} out a million tokens{more}"

    def cost(self, usage: Usage) -> NanoUsd:
        """The cost of a call, rounded up once: we never record less than was spent."""
        rates = self._at(usage.input_tokens)
        fresh = usage.input_tokens - usage.cached_tokens - usage.cache_write_tokens
        return round_up(
            fresh * rates.input
            + usage.cached_tokens * rates.cached_input
            + usage.cache_write_tokens * rates.cache_write
            + usage.output_tokens * rates.output
        )

    def worst(self, input_tokens_max: int, output_tokens_max: int) -> NanoUsd:
        """The most that a call within these bounds can cost, at the dearest rates."""
        return round_up(
            self._worst_input(input_tokens_max)
            + output_tokens_max * self._dearest_output(input_tokens_max)
        )

    def _at(self, input_tokens: int) -> Tier:
        rates = self._base()
        for tier in self.tiers:
            if input_tokens > tier.above_input_tokens:
                rates = tier
        return rates

    def _base(self) -> Tier:
        kept = self.input if self.cache_write is None else self.cache_write
        return Tier(0, self.input, self.cached_input, self.output, kept)

    def _within(self, input_tokens_max: int) -> list[Tier]:
        """Every set of rates that a call within the bound could be billed at."""
        reached = [tier for tier in self.tiers if input_tokens_max > tier.above_input_tokens]
        return [self._base(), *reached]

    def _worst_input(self, input_tokens_max: int) -> int:
        return input_tokens_max * max(
            max(rates.input, rates.cached_input, rates.cache_write)
            for rates in self._within(input_tokens_max)
        )

    def _dearest_output(self, input_tokens_max: int) -> int:
        return max(rates.output for rates in self._within(input_tokens_max))


def _usd(pico_usd: int) -> str:
    """Pico-dollars a token as dollars a million tokens, with as many places as it has."""
    dollars, rest = divmod(pico_usd, 1_000_000)
    return f"${dollars}.{f'{rest:06}'.rstrip('0'):0<2}"
