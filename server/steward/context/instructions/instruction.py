"""Words in a file that an agent is to follow, and a file that may hold some."""

from dataclasses import dataclass
from typing import Literal

Writer = Literal["person", "repository"]
"""Whose words they are: the person's own, or those of whoever writes the repository."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """What a model is told to follow, and whose words they are."""

    path: str
    """Relative to the workspace; of the person's own file, its whole path."""
    writer: Writer
    text: str


@dataclass(frozen=True, slots=True)
class InstructionFile:
    """A file that may hold instructions, and why it does not count, where it does not."""

    path: str
    writer: Writer
    bytes: int = 0
    digest: str = ""
    """SHA-256 of its bytes; empty where they were not read."""
    text: str = ""
    """As a person sees it: what is hidden is spelled out."""
    hidden: int = 0
    """Characters in it that nobody would see."""
    imported_by: str = ""
    """The file that names it in a line `@path`; empty where it stands for itself."""
    why_not: str = ""
    """Half a sentence; empty where it counts."""
    is_new: bool = False
    """Whether it does not count only because the person has not looked at these words yet."""

    @property
    def counts(self) -> bool:
        """Whether agents are shown it."""
        return not self.why_not
