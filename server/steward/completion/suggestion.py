"""What is offered to a person at a cursor."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A text for the cursor's place."""

    text: str
    replaces: int = 0
    """How many characters after the cursor, on its line, the text takes the place of."""
