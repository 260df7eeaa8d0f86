"""A model whose answer has not the right shape is told why and asked again, and not for ever."""

import pytest
from pydantic import BaseModel, ConfigDict

from steward.core.errors import UnstructuredError
from steward.gateway.request import Message
from steward.gateway.structured.ask import ASKED_MOST, ask

WANTED = (Message("user", "How many?"),)


class Count(BaseModel):
    model_config = ConfigDict(extra="forbid")

    count: int


class Model:
    """Says what it was given to say, and remembers what it was asked."""

    def __init__(self, *answers: str) -> None:
        self._answers = answers
        self.asked: list[tuple[Message, ...]] = []

    async def say(self, messages: tuple[Message, ...], number: int) -> str:
        assert number == len(self.asked)
        self.asked.append(messages)
        return self._answers[number]


async def test_a_good_answer_is_asked_for_once() -> None:
    model = Model('{"count": 3}')
    assert (await ask(model.say, WANTED, Count)).value.count == 3
    assert model.asked == [WANTED]


async def test_a_wrong_answer_is_asked_for_again_with_what_is_wrong() -> None:
    model = Model("three", '{"cuont": 3}', '{"count": 3,}')
    found = await ask(model.say, WANTED, Count)
    assert (found.value.count, found.repairs) == (3, ("syntax",))
    *_, said, told = model.asked[2]
    assert (said.role, said.content) == ("assistant", '{"cuont": 3}')
    assert "count: Field required" in told.content


async def test_it_is_given_up_after_a_few_times_and_nothing_is_made_up() -> None:
    model = Model(*["three"] * (ASKED_MOST + 1))
    with pytest.raises(UnstructuredError):
        await ask(model.say, WANTED, Count)
    assert len(model.asked) == ASKED_MOST
