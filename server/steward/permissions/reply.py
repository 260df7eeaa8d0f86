"""What a person answered in an editor or at a page: yes or no, and what they said beside it.

It is read strictly. A field that nobody knows may be one that somebody misspelled, and a plan that
was to be gone through step by step must not be taken for one that was approved whole.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from steward.core.errors import InvalidInputError

if TYPE_CHECKING:  # It loads slowly, and the server answers before that.
    from steward.permissions.question import Reply

_CHOICES = {"approve": True, "reject": False}
_FIELDS = frozenset(
    ("id", "digest", "choice", "reason", "isForRun", "isStepByStep", "plan", "kept")
)


@dataclass(frozen=True, slots=True)
class Given:
    """An answer as it came."""

    is_yes: bool
    digest: str
    """Of what was shown."""
    reply: "Reply"


def given(answer: Mapping[str, Any]) -> Given:
    """The answer that `steward/ask` or a page brought back, or `steward.answer` was called with.

    Raises:
        InvalidInputError: it is none, or holds what no answer has.
    """
    from steward.permissions.question import Reply

    foreign = sorted(str(name)[:60] for name in set(answer) - _FIELDS)
    if foreign:
        raise InvalidInputError(
            f"An answer has no {', '.join(foreign)}; it has {', '.join(sorted(_FIELDS))}."
        )
    choice = answer.get("choice")
    if not isinstance(choice, str) or choice not in _CHOICES:
        raise InvalidInputError(f'`choice` is "approve" or "reject", not {choice!r:.60}.')
    reply = Reply(
        reason=_text(answer, "reason"),
        is_for_run=_flag(answer, "isForRun"),
        is_step_by_step=_flag(answer, "isStepByStep"),
        plan=_plan(answer),
        kept=_kept(answer),
    )
    return Given(_CHOICES[choice], _text(answer, "digest"), reply)


def _text(answer: Mapping[str, Any], name: str) -> str:
    value = answer.get(name)
    if value is not None and not isinstance(value, str):
        raise InvalidInputError(f"`{name}` must be given as text.")
    return (value or "").strip()


def _flag(answer: Mapping[str, Any], name: str) -> bool:
    value = answer.get(name)
    if value is not None and not isinstance(value, bool):
        raise InvalidInputError(f"`{name}` must be true or false.")
    return value is True


def _plan(answer: Mapping[str, Any]) -> Mapping[str, object] | None:
    value = answer.get("plan")
    if value is not None and not isinstance(value, Mapping):
        raise InvalidInputError("`plan` must be a plan as an object; see its schema.")
    return cast("Mapping[str, object] | None", value)


def _kept(answer: Mapping[str, Any]) -> tuple[str, ...] | None:
    value = answer.get("kept")
    if value is None:
        return None
    listed = cast("list[object]", value) if isinstance(value, list) else [None]
    ids = tuple(one for one in listed if isinstance(one, str))
    if len(ids) < len(listed):
        raise InvalidInputError("`kept` must be a list of the ids of hunks.")
    return ids
