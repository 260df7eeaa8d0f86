"""How long the typing must rest before a next edit is asked for."""

from steward.completion.next_edit.limits import PAUSE_S_MAX

_PAUSE_S = 0.4
_DOUBLINGS_MAX = 16


class Pace:
    """Asks less of those who want nothing of it: each rejection in a row doubles the pause."""

    def __init__(self) -> None:
        self._rejections = 0

    @property
    def pause_s(self) -> float:
        """The pause, in seconds."""
        doublings = min(self._rejections, _DOUBLINGS_MAX)
        return min(PAUSE_S_MAX, _PAUSE_S * 2**doublings)

    def note_rejection(self) -> None:
        """Somebody did not want one."""
        self._rejections += 1

    def note_acceptance(self) -> None:
        """Somebody took one."""
        self._rejections = 0
