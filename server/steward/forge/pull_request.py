"""A pull request as the forge has it, and as it is asked for."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PullRequest:
    """A pull request that is open."""

    number: int
    url: str
    """Its page; empty where the forge named none that can be shown."""
    commit: str
    """The id of the commit at its head."""

    def named(self) -> str:
        """The pull request, for a sentence."""
        return f"#{self.number} ({self.url})" if self.url else f"#{self.number}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """The pull request that there should be."""

    repository: str
    """Its owner and name at the forge."""
    base: str
    head: str
    """The branch, in the same repository."""
    title: str = ""
    text: str = ""
    is_draft: bool = False

    @property
    def branches(self) -> tuple[str, str, str]:
        """What another pull request must have in common with it to be the same."""
        return self.repository.lower(), self.head, self.base
