"""What the buttons of a question say."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import get_args

from steward.agents.question_told import choices
from steward.permissions.question import Kind, OpenQuestion

ANY = OpenQuestion("1", "r", "plan", "Title", "Body", "d", datetime(2026, 1, 1, tzinfo=UTC))


def test_a_yes_is_named_for_what_it_does_so_no_two_kinds_of_question_share_one() -> None:
    kinds: tuple[Kind, ...] = get_args(Kind)
    answers = [word for kind in kinds for word in choices(replace(ANY, kind=kind))]
    assert len(set(answers)) == 2 * len(kinds)
