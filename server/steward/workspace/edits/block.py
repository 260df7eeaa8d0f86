"""One replacement as a model asks for it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Block:
    """The text that stands in the file, and what stands there instead."""

    old_text: str
    new_text: str
    replace_all: bool = False
    """Every place where it stands; otherwise there must be exactly one."""
