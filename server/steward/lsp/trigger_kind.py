"""How a request for ghost text came about, in the numbers of the standard and of its drafts.

LSP 3.18 counts from one: 1 is invoked, 2 automatic. Its drafts counted from zero, and clients of
both are in use, whose names do not tell them apart. What they send does.
"""

from lsprotocol.types import InlineCompletionTriggerKind as Kind

_ONES_MAX = 8
"""So many requests in a row are not all made by hand: a client that sends nothing but 1 means
automatic by it."""


class TriggerKinds:
    """Reads the numbers of one client, and learns meanwhile which it uses."""

    def __init__(self) -> None:
        self._first: int | None = None
        """What the client begins to count with, where that is known."""
        self._ones = 0

    def read(self, number: object) -> Kind:
        """What a number means.

        Raises:
            ValueError: it means nothing in either.
        """
        match number:
            case 0:
                self._first = 0
                return Kind.Invoked
            case 1:
                self._ones += 1
                is_draft = self._first == 0 or (self._first is None and self._ones > _ONES_MAX)
                return Kind.Automatic if is_draft else Kind.Invoked
            case 2:
                self._first = 1
                return Kind.Automatic
            case _:
                raise ValueError(f"{number!r} is no kind of trigger")
