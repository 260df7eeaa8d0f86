"""What a model is not shown, so that a person can see it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something that the model is not shown, and why."""

    what: str
    why: str
