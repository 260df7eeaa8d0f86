"""Ghost text of one editor window, as the front door tells and asks about it.

What is told here comes at every key, so none of it waits or reads the database.
"""

from dataclasses import dataclass

from steward.completion.known_switches import KnownSwitches
from steward.completion.offer import Offer
from steward.completion.outcomes.outcomes import Outcomes
from steward.completion.outcomes.record import Recorder
from steward.completion.reason import Reason
from steward.completion.why import READY, Standing, off, standing
from steward.context.cursor import Cursor
from steward.core.events import Events, GhostTextChanged
from steward.core.limits import GHOST_SHOWN_MAX
from steward.core.principal import Principal


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is known of the last request for a document."""

    cursor: Cursor
    reason: Reason | None


class GhostText:
    """Its switches, what became of it, and why there is none; the loop's thread only."""

    def __init__(
        self,
        switches: KnownSwitches,
        outcomes: Outcomes,
        recorder: Recorder,
        events: Events,
        principal: Principal,
    ) -> None:
        self.switches = switches
        self.outcomes = outcomes
        self.recorder = recorder
        self._events = events
        self._principal = principal
        self._asked: dict[str, _Asked] = {}
        self._told = self.steady

    def asked(self, cursor: Cursor) -> None:
        """The editor wants a suggestion here: what is shown elsewhere in the document is gone."""
        self.outcomes.asked(cursor.document, (cursor.line, len(cursor.line_before)))

    def why_off(self, cursor: Cursor) -> Reason | None:
        """Why a request is answered with nothing at once; `None` where ghost text is on."""
        by = self.switches.why_off(cursor)
        return None if by is None else off(by)

    def answered(self, cursor: Cursor, reason: Reason | None) -> None:
        """A request was answered: with nothing for this reason, or, for `None`, with something."""
        # Where in the text it was matters to nobody any more, so the text is let go.
        place = Cursor(cursor.path, "", "", cursor.language_id, cursor.uri)
        self._asked.pop(cursor.document, None)
        self._asked[cursor.document] = _Asked(place, reason)
        if len(self._asked) > GHOST_SHOWN_MAX:
            del self._asked[next(iter(self._asked))]
        self._tell_change()

    def offered(self, offer: Offer) -> None:
        """A suggestion goes to the editor."""
        self.outcomes.offered(offer)

    def standing(self, document: str | None = None) -> Standing:
        """How ghost text stands in a document, or where it was last asked for.

        A switch counts at once, whatever the last request met.
        """
        asked = self._newest() if document is None else self._asked.get(document)
        by = self.switches.why_off(asked.cursor) if asked else self.switches.why_off_here
        if by is not None:
            return standing(off(by))
        if asked is None or (asked.reason is not None and asked.reason.because == "off"):
            return READY
        return standing(asked.reason)

    @property
    def steady(self) -> Standing:
        """What a status shows: not each reason that comes and goes with a key."""
        now = self.standing()
        is_steady = now.state in ("off", "unavailable") or now.because == "ignored"
        return now if is_steady else READY

    def _newest(self) -> _Asked | None:
        return self._asked[next(reversed(self._asked))] if self._asked else None

    def _tell_change(self) -> None:
        if (now := self.steady) != self._told:
            self._told = now
            self._events.send(GhostTextChanged(self._principal.workspace))
