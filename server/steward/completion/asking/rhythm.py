"""How long to wait for a pause in somebody's typing."""

from collections import deque
from dataclasses import dataclass

from steward.context.cursor import Cursor

_HARD_S = 0.025
"""Of a wait, the part in which nothing is done at all: most keys are followed by another."""
_LOOKING_S = 0.05
"""Of a wait, the part in which the model's context is gathered. It comes last: whoever types on in
a longer wait has not had it gathered for nothing."""
_LONGEST_S = 0.4
"""The longest wait for a quick answer; whoever leaves a longer gap has stopped typing."""
_LONGER_THAN_A_GAP = 1.6
_GAPS_MAX = 6
_PUNCTUATION = frozenset(".,;:([{=<>+-*/|&!?\"'`")
_AFTER_PUNCTUATION = 0.5
_AT_LINE_END = 0.75


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait in two parts."""

    hard_s: float
    """Nothing is done."""
    soft_s: float
    """What the model should see is gathered meanwhile."""
    is_early: bool
    """Whether it may end between two keys of somebody who types on."""

    @property
    def total_s(self) -> float:
        """All of it."""
        return self.hard_s + self.soft_s


AT_ONCE = Wait(0.0, 0.0, is_early=False)


class Rhythm:
    """Watches the keys of one document.

    A fixed wait that is shorter than the gap between two keys would ask the model at every key,
    and pay for questions that the next key cancels. So a burst of keys may be interrupted once by
    a short wait; after that the wait is longer than its gaps, and the next call comes behind its
    last key.
    """

    def __init__(self, wait_s: float) -> None:
        self._wait_s = wait_s
        self._gaps_s = deque[float](maxlen=_GAPS_MAX)
        self._last_s: float | None = None
        self._has_asked = False

    def keystroke(self, now_s: float, cursor: Cursor) -> Wait:
        """Note a key at a monotonic time; gives how long to wait until it was the last for now."""
        gap_s = None if self._last_s is None else now_s - self._last_s
        self._last_s = now_s
        if gap_s is None or gap_s > max(_LONGEST_S, self._wait_s):
            # Somebody begins to type: how quickly they did it before is all that is known.
            self._has_asked = False
        else:
            self._gaps_s.append(gap_s)
        if self._wait_s <= 0:
            return AT_ONCE
        patient_s = self._patient_s()
        wait_s = patient_s if self._has_asked else self._short_s(patient_s, cursor)
        hard_s = min(wait_s, max(_HARD_S, wait_s - _LOOKING_S))
        return Wait(hard_s, wait_s - hard_s, is_early=wait_s < patient_s or not self._gaps_s)

    def note_asked(self, wait: Wait) -> None:
        """The wait is over, and a model is asked."""
        self._has_asked = self._has_asked or wait.is_early

    def _patient_s(self) -> float:
        """Longer than the gaps of late, and no shorter than what was set."""
        longest_s = max(self._gaps_s, default=0.0) * _LONGER_THAN_A_GAP
        return max(self._wait_s, min(longest_s, _LONGEST_S))

    def _short_s(self, patient_s: float, cursor: Cursor) -> float:
        line = cursor.line_before
        if not line.strip() and not cursor.line_after.strip():
            return 0.0  # Nobody is in the middle of a word.
        if line[-1:] in _PUNCTUATION:
            patient_s *= _AFTER_PUNCTUATION
        elif not cursor.line_after.strip():
            patient_s *= _AT_LINE_END
        return max(self._wait_s, patient_s)
