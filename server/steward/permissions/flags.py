"""What a run has seen so far, as far as it matters for what it may still do unasked."""

from collections.abc import Iterable
from dataclasses import dataclass

from steward.core.origin import ORIGINS, PRIVATE, UNTRUSTED


@dataclass(frozen=True, slots=True)
class Flags:
    """Whether a run has read words of strangers, and whether it has seen private things.

    A run with both could be talked into giving away what it saw. From then on nothing that could
    carry it out goes unasked; see `steward.permissions.decide`.
    """

    has_untrusted: bool = False
    has_private: bool = False

    @property
    def are_both_set(self) -> bool:
        """Whether every writing and sending is asked about anew."""
        return self.has_untrusted and self.has_private


NOTHING_SEEN = Flags()


def flags_of(origins: Iterable[str]) -> Flags:
    """The flags of a run that has read text of these origins; an unknown one sets both."""
    seen = frozenset(origins)
    is_strange = bool(seen - ORIGINS)
    return Flags(
        has_untrusted=is_strange or bool(seen & UNTRUSTED),
        has_private=is_strange or bool(seen & PRIVATE),
    )
