"""Watches what becomes of each suggestion, and hands on counts.

Nothing here waits or writes: `offered`, `asked` and `edited` come at every key. What is due is
counted by `look`, and written down in batches by `Recorder`. Of the code only what is on the
screen, or was accepted in the last ten minutes, is remembered, and none of it is in a count.
"""

from collections import deque
from collections.abc import Callable, Mapping

from steward.completion.offer import Offer
from steward.completion.outcomes.kept import Kept
from steward.completion.outcomes.piece import Change, Piece, plain
from steward.completion.outcomes.showing import Offered, Outcome, Showing, Terms
from steward.completion.outcomes.tally import Tally
from steward.core.clock import Clock
from steward.core.limits import (
    GHOST_ACCEPTED_MAX,
    GHOST_CHARS_MAX,
    GHOST_EDIT_CHARS_MAX,
    GHOST_GONE_MAX,
    GHOST_SHOWN_MAX,
    GHOST_SHOWN_S_MAX,
)
from steward.workspace.edit import Edit
from steward.workspace.lines import Place

DECIDED_S = 10.0
"""So long after it is gone a suggestion may come back, or the editor say that it was accepted."""

TextBetween = Callable[[str, Place, Place], str | None]
"""What a document has between two places; None where nobody knows."""


class Outcomes:
    """What becomes of the suggestions of one editor window; the loop's thread only."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.tally = Tally()
        """What was counted since somebody took it; see `take_tally`."""
        self.text_between: TextBetween = lambda _document, _start, _end: None
        """Asked before a look at what was accepted, which must not be believed blindly."""
        self.on_due: Callable[[], object] = lambda: None
        """Called when there is something to wait for."""
        self.newest: Offer | None = None
        """The suggestion that was offered last."""
        self._shown: dict[str, Showing] = {}
        self._gone: deque[tuple[float, Showing]] = deque()
        self._accepted: list[Kept] = []

    def offered(self, offer: Offer) -> None:
        """A suggestion goes to the editor."""
        self.newest = offer
        offered = self._offered(offer)
        now_s = self._clock.monotonic_s()
        shown = self._shown.get(offered.document)
        if shown is not None and shown.continues(offered):
            shown.go_on(offered)
            return
        if shown is not None:
            self._end(offered.document, now_s)
        if (again := self._taken_back(offered)) is not None:
            again.come_back(offered, now_s)
            self._shown[offered.document] = again
        else:
            self._shown[offered.document] = Showing(offered, now_s)
        if len(self._shown) > GHOST_SHOWN_MAX:
            self._end(next(iter(self._shown)), now_s)
        self.on_due()

    def asked(self, document: str, place: Place) -> None:
        """The editor wants a suggestion for this place: what was shown elsewhere is gone."""
        shown = self._shown.get(document)
        if shown is not None and shown.place != place:
            self._end(document, self._clock.monotonic_s())

    def edited(self, edit: Edit) -> None:
        """A document is edited."""
        shown = self._shown.get(edit.uri)
        kept = [each for each in self._accepted if each.document == edit.uri]
        if shown is None and not kept:
            return
        if len(edit.removed) + len(edit.inserted) > GHOST_EDIT_CHARS_MAX:
            self._lose(edit.uri)
            return
        change = Change.of(edit)
        small = change.shrunk() if kept else change
        for each in kept:
            each.take(small)
            if len(each.piece.text) > GHOST_CHARS_MAX:
                self._accepted.remove(each)
        if shown is not None and shown.take(change, self._clock.monotonic_s()) != "on":
            self._end(edit.uri, self._clock.monotonic_s())

    def accepted(self, id_: str) -> bool:
        """The editor says that a suggestion was accepted; whether it is known."""
        showing = self._find(id_)
        if showing is not None:
            showing.is_certain = True
        return showing is not None

    def dismissed(self, id_: str) -> bool:
        """The editor says that a suggestion was put away; whether it is known."""
        showing = self._find(id_)
        if showing is not None and showing.state == "on":
            showing.is_dismissed = True
            self._end(showing.first.document, self._clock.monotonic_s())
        return showing is not None

    def is_shown(self, document: str) -> bool:
        """Whether a suggestion stands on the screen of a document."""
        return document in self._shown

    def finished(self, terms: Terms, outcome: Outcome, document: str, piece: Piece) -> None:
        """Count what somebody else followed to its end; what was accepted is looked at later."""
        self.tally.count_outcome(terms, outcome, piece.text)
        if outcome == "accepted":
            self.tally.count_accepted(terms, piece.text.count("\n") + 1, len(piece.text))
            if piece.text.strip():
                self._accepted.append(Kept(document, piece, terms, self._clock.monotonic_s()))
                del self._accepted[:-GHOST_ACCEPTED_MAX]
        self.on_due()

    def look(self) -> None:
        """Count what is due by now."""
        now_s = self._clock.monotonic_s()
        for document, showing in list(self._shown.items()):
            if now_s - showing.since_s > GHOST_SHOWN_S_MAX:
                self._end(document, now_s)
        while self._gone and self._gone[0][0] + DECIDED_S <= now_s:
            self._count(self._gone.popleft()[1])
        for kept in [each for each in self._accepted if each.due_s <= now_s]:
            self._look_at(kept, now_s)

    def finish(self) -> None:
        """The window closes: everything has become what it is."""
        self.look()
        for document in list(self._shown):
            self._end(document, self._clock.monotonic_s())
        while self._gone:
            self._count(self._gone.popleft()[1])
        self._accepted.clear()

    @property
    def due_s(self) -> float | None:
        """When there is something to look at next; None where there is nothing."""
        times = [kept.due_s for kept in self._accepted]
        times += [self._gone[0][0] + DECIDED_S] if self._gone else []
        times += [showing.since_s + GHOST_SHOWN_S_MAX for showing in self._shown.values()]
        return min(times, default=None)

    def take_tally(self) -> Tally:
        """What was counted; from now on it is counted anew."""
        taken, self.tally = self.tally, Tally()
        return taken

    def _offered(self, offer: Offer) -> Offered:
        cursor = offer.cursor
        day = self._clock.now().date().isoformat()
        return Offered(
            id=offer.id,
            document=cursor.document,
            place=(cursor.line, len(cursor.line_before)),
            text=plain(offer.suggestion.text),
            replaces=offer.suggestion.replaces,
            after=plain(cursor.after[: 2 * GHOST_CHARS_MAX]),
            terms=Terms(day, offer.language, offer.model, offer.node_kind),
            milliseconds=_milliseconds(offer),
        )

    def _end(self, document: str, now_s: float) -> None:
        """Take a suggestion off the screen."""
        showing = self._shown.pop(document)
        showing.leave(now_s)
        self._gone.append((now_s, showing))
        if showing.chosen:
            self._follow(document, showing, now_s)
        if len(self._gone) > GHOST_GONE_MAX:
            self._count(self._gone.popleft()[1])
        self.on_due()

    def _lose(self, document: str) -> None:
        """Nobody knows what became of a document's text."""
        self._accepted = [each for each in self._accepted if each.document != document]
        if document in self._shown:
            self._end(document, self._clock.monotonic_s())

    def _follow(self, document: str, showing: Showing, now_s: float) -> None:
        self._accepted.append(Kept(document, showing.accepted_piece(), showing.first.terms, now_s))
        if len(self._accepted) > GHOST_ACCEPTED_MAX:
            del self._accepted[0]

    def _count(self, showing: Showing) -> None:
        terms, outcome = showing.first.terms, showing.outcome
        self.tally.count_outcome(terms, outcome, showing.text)
        if outcome in ("accepted", "partly"):
            self.tally.count_accepted(terms, showing.accepted_lines, showing.accepted_characters)
        if showing.first.milliseconds is not None:
            self.tally.count_times(terms, showing.first.milliseconds)

    def _look_at(self, kept: Kept, now_s: float) -> None:
        """Count the latest look that is due; those that were missed were not made."""
        due = [after for after in kept.looks if kept.since_s + after <= now_s]
        del kept.looks[: len(due)]
        there = self.text_between(kept.document, kept.piece.start, kept.piece.end)
        is_known = there is not None and plain(there) == kept.piece.text
        if is_known:
            self.tally.count_look(kept.terms, due[-1], is_kept=kept.is_there)
        if not is_known or not kept.looks:
            self._accepted.remove(kept)

    def _taken_back(self, offered: Offered) -> Showing | None:
        for entry in self._gone:
            if entry[1].is_again(offered):
                self._gone.remove(entry)
                return entry[1]
        return None

    def _find(self, id_: str) -> Showing | None:
        known = (*self._shown.values(), *(showing for _, showing in self._gone))
        return next((each for each in known if id_ in each.ids), None)


def _milliseconds(offer: Offer) -> Mapping[str, int] | None:
    """Of a model's answer: what was remembered took no time that says anything."""
    if offer.origin != "model":
        return None
    latency = offer.latency
    parts = (latency.wait_ms, latency.context_ms, latency.network_ms, latency.rest_ms)
    names = ("wait", "context", "network", "rest")
    return {name: round(took) for name, took in zip(names, parts, strict=True)}
