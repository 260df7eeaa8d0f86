"""Why there is no suggestion is told in words that say what happened and what to do."""

from typing import get_args

import pytest

from steward.completion.reason import Because, Reason
from steward.completion.settings import CompletionSettings
from steward.completion.switches import Flipped, why_off
from steward.completion.why import READY, off, standing


@pytest.mark.parametrize("because", get_args(Because))
def test_every_reason_has_words(because: Because) -> None:
    told = standing(Reason(because))
    assert told.reason.endswith(".")
    assert told.because == because
    assert told.state != "ready"


def test_where_suggestions_come_there_is_nothing_to_say() -> None:
    assert standing(None) is READY


def test_what_is_known_more_exactly_is_told_in_its_own_words() -> None:
    told = standing(Reason("no_model", "Set OPENAI_API_KEY"))
    assert told.reason == "No model can be asked for ghost text. Set OPENAI_API_KEY."
    told = standing(Reason("ignored", "'a.env' may hold secrets (built-in rule '*.env')"))
    assert told.reason.endswith("is sent: 'a.env' may hold secrets (built-in rule '*.env').")


@pytest.mark.parametrize(
    ("settings", "flipped", "words"),
    [
        ({"enabled": False}, {}, "Set `enabled = true` under [completion]"),
        ({"languages": {"go": False}}, {}, "off in go, because your settings say so"),
        ({}, {("language", "go"): False}, "`steward ghost on --language go`"),
        ({}, {("workspace", "/w"): False}, "`steward ghost on --workspace /w`"),
        ({}, {("all", ""): False}, "You switched ghost text off everywhere"),
    ],
)
def test_who_switched_it_off_is_named_and_how_to_switch_it_on(
    settings: dict[str, object], flipped: Flipped, words: str
) -> None:
    by = why_off(CompletionSettings.model_validate(settings), flipped, "go", "/w/shop")
    assert by is not None
    told = standing(off(by))
    assert (told.state, words in told.reason) == ("off", True), told.reason
