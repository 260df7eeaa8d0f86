"""What a person says beside yes and no is taken only where it was offered, and kept whole."""

from dataclasses import replace

import pytest

from steward.core.agent_limits import REASON_CHARS_MAX, REPLY_CHARS_MAX
from steward.core.errors import InvalidInputError
from steward.core.principal import Principal
from steward.permissions.question import Question, Reply
from tests.rooms import Ground

ANN = Principal("ann", "session-1", "/work")
QUESTION = Question("plan", "plan", "Plan", "Do it.", {}, "run-1")
TAKES_ALL = replace(
    QUESTION, takes=frozenset(("reason", "for_run", "step_by_step", "edited_plan")), grant="src/*"
)


@pytest.mark.parametrize(
    ("approve", "reply"),
    [
        (True, Reply()),
        (True, Reply(is_for_run=True)),
        (True, Reply(is_step_by_step=True)),
        (False, Reply(reason="Not \u2028 so.")),
        (False, Reply(reason="So:", plan={"summary": "é", "steps": [{"title": "a"}]})),
    ],
)
async def test_what_was_said_reaches_whoever_asked(
    ground: Ground, approve: bool, reply: Reply
) -> None:
    asked = await ground.approvals.open(ANN, TAKES_ALL)
    digest = TAKES_ALL.digest()
    await ground.approvals.answer(ANN, asked, digest, approve=approve, channel="test", reply=reply)
    assert (await ground.approvals.look(asked)).reply == reply


@pytest.mark.parametrize(
    ("question", "approve", "reply"),
    [
        (QUESTION, True, Reply(is_for_run=True)),
        (QUESTION, False, Reply(reason="No.")),
        (TAKES_ALL, True, Reply(reason="Yes, but")),
        (TAKES_ALL, True, Reply(plan={})),
        (TAKES_ALL, False, Reply(is_for_run=True)),
        (TAKES_ALL, False, Reply(reason="x" * (REASON_CHARS_MAX + 1))),
        (TAKES_ALL, False, Reply(plan={"summary": "x" * REPLY_CHARS_MAX})),
    ],
)
async def test_what_was_not_offered_or_is_too_long_is_refused_and_answers_nothing(
    ground: Ground, question: Question, approve: bool, reply: Reply
) -> None:
    asked = await ground.approvals.open(ANN, question)
    with pytest.raises(InvalidInputError):
        await ground.approvals.answer(
            ANN, asked, question.digest(), approve=approve, channel="test", reply=reply
        )
    assert (await ground.approvals.look(asked)).state == "pending"
