"""One suggestion from when it is offered to when it is gone, and how much of it was taken.

A person accepts it whole, a word or a line at a time, or types it; the protocol tells none of
this, so it is read from the edits. What the editor inserts in one edit was accepted, what comes
key by key was typed.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from steward.completion.outcomes.piece import Change, Piece, behind
from steward.core.limits import GHOST_IDS_MAX, GHOST_WINDOW_CHARS
from steward.workspace.lines import Place

Outcome = Literal["accepted", "partly", "typed", "rejected", "unseen"]
"""What becomes of a suggestion; of each exactly one.

`partly`: a word or a line of it; `typed`: the person wrote it to its end; `unseen`: it was gone
before anybody could read it.
"""
State = Literal["on", "whole", "left"]
"""What is on the screen: the suggestion, its text as part of the document, or neither."""

SHOWN_S = 0.75
"""What is visible for less was not read."""
DISMISSED_S = 0.25
"""A key that dismisses a suggestion before this was meant for something else."""

_CLOSERS = ")]}>\"'`"
_CLOSERS_MAX = 4


@dataclass(frozen=True, slots=True)
class Terms:
    """Under which a suggestion is counted."""

    day: str
    language: str
    model: str
    kind: str


@dataclass(frozen=True, slots=True)
class Offered:
    """A suggestion as it went to the editor."""

    id: str
    document: str
    place: Place
    text: str
    """With LF at its lines' ends."""
    replaces: int
    after: str
    """What follows the cursor, or as much of it as matters."""
    terms: Terms
    """What it is counted under."""
    milliseconds: Mapping[str, int] | None
    """`wait`, `context`, `network` and `rest` where a model was asked for it."""


class Showing:
    """A suggestion, followed through the edits of its document."""

    def __init__(self, offered: Offered, now_s: float) -> None:
        self.first = offered
        self.ids = [offered.id]
        self.text = offered.text
        self.taken = 0
        """How many of its characters are in the document by now."""
        self.chosen = 0
        """How many of these came in one edit."""
        self.state: State = "on"
        self.is_certain = False
        """Whether the editor said itself that it was accepted."""
        self.is_dismissed = False
        self.since_s = now_s
        self._visible_s = 0.0
        self._ended_at_once = False
        self._show(offered)

    def _show(self, offered: Offered) -> None:
        after = offered.after[: len(offered.text) + GHOST_WINDOW_CHARS]
        self._replaces = offered.replaces
        self._after = after
        self._around = Piece(
            self.start if self.taken else offered.place,
            self.text[: self.taken] + after,
            has_edge=True,
        )

    @property
    def start(self) -> Place:
        """Where it begins."""
        return self._around.start

    @property
    def place(self) -> Place:
        """Where the cursor stands, behind what was taken."""
        return behind(self.start, self.text[: self.taken])

    def accepted_piece(self) -> Piece:
        """What the document has of it, at its place."""
        return Piece(self.start, self.text[: self.taken], has_edge=False)

    @property
    def accepted_characters(self) -> int:
        """How many of its characters nobody typed."""
        return self.chosen or len(self.text)

    @property
    def accepted_lines(self) -> int:
        """On how many lines these stand."""
        taken = self.text[: self.taken] if self.chosen else self.text
        return taken.count("\n") + 1

    @property
    def outcome(self) -> Outcome:
        """What becomes of it if nothing else happens."""
        if self.is_certain or (self.state == "whole" and self._ended_at_once):
            return "accepted"
        if self.chosen:
            return "partly"
        if self.state == "whole":
            return "typed"
        if self._visible_s >= SHOWN_S or (self.is_dismissed and self._visible_s >= DISMISSED_S):
            return "rejected"
        return "unseen"

    def continues(self, offered: Offered) -> bool:
        """Whether the offer is what is left of this one, or more of the same."""
        rest = self.text[self.taken :]
        return bool(rest) and offered.place == self.place and offered.text.startswith(rest)

    def go_on(self, offered: Offered) -> None:
        """Take an offer that continues this one."""
        self.ids = [*self.ids[-GHOST_IDS_MAX + 1 :], offered.id]
        self.text = self.text[: self.taken] + offered.text
        self._show(offered)

    def come_back(self, offered: Offered, now_s: float) -> None:
        """The same suggestion again, at the same place, soon after it was gone."""
        self.state, self.since_s, self.taken, self.chosen = "on", now_s, 0, 0
        self.go_on(offered)

    def is_again(self, offered: Offered) -> bool:
        """Whether this is gone and the offer is the same once more."""
        return (
            self.state == "left"
            and not self.chosen
            and (offered.document, offered.place) == (self.first.document, self.start)
            and offered.text == self.text
        )

    def leave(self, now_s: float, state: State = "left") -> None:
        """It is not on the screen any more."""
        if self.state == "on":
            self.state = state
            self._visible_s += max(0.0, now_s - self.since_s)

    def take(self, change: Change, now_s: float) -> State:
        """Follow an edit of its document; gives what is on the screen afterwards."""
        change = change.shrunk(self.start)
        if change.removed and change.end == self.start:
            self.leave(now_s)  # What it went on from is deleted.
            return self.state
        match self._around.take(change):
            case "elsewhere":
                return self.state
            case "across":
                self.leave(now_s)
                return self.state
            case "inside":
                return self._weigh(now_s)

    def _weigh(self, now_s: float) -> State:
        taken = self._taken()
        if taken is None:
            self.leave(now_s)
            return self.state
        gained = taken - self.taken
        is_chosen = gained > 1 and _ends_word(self.text, taken)
        self.chosen = min(taken, self.chosen + gained if is_chosen else self.chosen)
        self.taken = taken
        if taken == len(self.text):
            self._ended_at_once = is_chosen
            self.leave(now_s, "whole")
        return self.state

    def _taken(self) -> int | None:
        """How much of the suggestion the document has now; None where it has something else."""
        now, after = self._around.text, self._after
        if now == self.text + after[self._replaces :]:
            return len(self.text)
        for closed in range(_CLOSERS_MAX + 1):
            # An editor may have closed what was opened.
            taken = len(now) - len(after) - closed
            if not 0 <= taken <= len(self.text) or now[taken + closed :] != after:
                continue
            if now[:taken] == self.text[:taken] and set(now[taken : taken + closed]) <= set(
                _CLOSERS
            ):
                return taken
        return None


def _ends_word(text: str, size: int) -> bool:
    """Whether a word, a line or the text ends there."""
    before, after = text[size - 1 : size], text[size : size + 1]
    return not (_in_word(before) and _in_word(after))


def _in_word(character: str) -> bool:
    return character.isalnum() or character == "_"
