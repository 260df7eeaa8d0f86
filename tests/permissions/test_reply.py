"""What a client sends as an answer is read strictly: what is not understood is no answer."""

from typing import Any

import pytest

from steward.core.errors import InvalidInputError
from steward.permissions.question import NOTHING_MORE, Reply
from steward.permissions.reply import Given, given

YES: dict[str, Any] = {"digest": "d", "choice": "approve"}
NO: dict[str, Any] = {"digest": "d", "choice": "reject"}
PLAN: dict[str, Any] = {"summary": "Less.", "steps": []}


@pytest.mark.parametrize(
    ("answer", "meant"),
    [
        (YES, Given(True, "d", NOTHING_MORE)),
        (YES | {"id": "q", "reason": None, "plan": None}, Given(True, "d", NOTHING_MORE)),
        (YES | {"isForRun": True}, Given(True, "d", Reply(is_for_run=True))),
        (YES | {"isStepByStep": True}, Given(True, "d", Reply(is_step_by_step=True))),
        (YES | {"isForRun": False}, Given(True, "d", NOTHING_MORE)),
        (NO | {"reason": " Not here. "}, Given(False, "d", Reply(reason="Not here."))),
        (NO | {"plan": PLAN}, Given(False, "d", Reply(plan=PLAN))),
        ({"choice": "reject"}, Given(False, "", NOTHING_MORE)),
    ],
)
def test_an_answer_is_what_it_says(answer: dict[str, Any], meant: Given) -> None:
    assert given(answer) == meant


@pytest.mark.parametrize(
    "wrong",
    [
        {"choice": "Approve"},
        {"choice": True},
        {"choice": None},
        {"choice": ["approve"]},
        {"isStepbystep": True},
        {"is_for_run": True},
        {"approved": True},
        {"isForRun": "yes"},
        {"isStepByStep": 1},
        {"reason": ["no"]},
        {"plan": "all of it"},
        {"plan": [PLAN]},
        {"digest": 3},
    ],
)
def test_what_is_not_understood_is_no_answer(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        given(YES | wrong)
