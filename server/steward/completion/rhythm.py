"""How long to wait for a pause in somebody's typing."""

from steward.core.clock import Clock

_DOCUMENTS_REMEMBERED_MAX = 64
_LONGER_THAN_A_GAP = 1.5
_LONGEST = 4.0


class Rhythm:
    """Watches the keystrokes of each document.

    A fixed wait that is shorter than the gap between two keys would ask the model at every key,
    and pay for questions that the next key cancels.
    """

    def __init__(self, clock: Clock, wait_s: float) -> None:
        self._clock = clock
        self._wait_s = wait_s
        self._last_s: dict[str, float] = {}

    def keystroke(self, path: str) -> float:
        """Note a keystroke; gives the seconds after which it was the last one for now.

        At least the wait that was set, which is enough for the first key after a pause; longer
        than the gap to the key before while somebody types on, up to four times as long.
        """
        now_s = self._clock.monotonic_s()
        before_s = self._last_s.pop(path, None)
        self._last_s[path] = now_s
        if len(self._last_s) > _DOCUMENTS_REMEMBERED_MAX:
            del self._last_s[next(iter(self._last_s))]
        wanted_s = (now_s - before_s) * _LONGER_THAN_A_GAP if before_s is not None else 0.0
        is_typing_on = wanted_s <= self._wait_s * _LONGEST
        return max(self._wait_s, wanted_s) if is_typing_on else self._wait_s
