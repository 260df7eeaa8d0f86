"""How long is waited before another attempt."""

from hypothesis import given, strategies as st

from steward.core.errors import RateLimitedError, UnavailableError
from steward.core.limits import PROVIDER_FIRST_PIECE_S
from steward.gateway.call.pacing import PAUSE_S_MAX, patience, pause_s
from steward.gateway.settings import RetrySettings

FAULT = UnavailableError("a fault")


@given(tries=st.integers(1, 20), first_s=st.floats(0.01, 5), dice=st.floats(0, 1, exclude_max=True))
def test_a_pause_doubles_varies_by_half_and_has_an_end(
    tries: int, first_s: float, dice: float
) -> None:
    longest_s = min(PAUSE_S_MAX, first_s * 2 ** (tries - 1))
    assert longest_s / 2 <= pause_s(tries, FAULT, first_s, lambda: dice) <= longest_s


@given(asked_s=st.floats(0, 3600), dice=st.floats(0, 1, exclude_max=True))
def test_what_the_provider_asks_for_is_waited_for_and_not_by_all_at_once(
    asked_s: float, dice: float
) -> None:
    limited = RateLimitedError("slow down", asked_s)
    waited_s = pause_s(1, limited, 0.5, lambda: dice)
    assert asked_s < waited_s <= asked_s + 0.5


def test_ghost_text_is_asked_for_once_a_model() -> None:
    settings = RetrySettings()
    assert patience("completion", settings).tries == 1
    assert patience("agent", settings).tries == settings.tries > 1


def test_another_model_can_be_asked_after_a_providers_silence_and_for_ghost_text_only_soon() -> (
    None
):
    settings = RetrySettings()
    assert patience("agent", settings).within_s > PROVIDER_FIRST_PIECE_S
    assert patience("completion", settings).within_s == 3
