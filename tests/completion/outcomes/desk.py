"""A document under a person's hands, and the watcher of what becomes of suggestions for it."""

from dataclasses import dataclass, field
from datetime import timedelta

from steward.completion.offer import Latency, Offer, Origin
from steward.completion.outcomes.outcomes import Outcomes
from steward.completion.outcomes.tally import Counts
from steward.completion.suggestion import Suggestion
from steward.context.cursor import Cursor
from steward.core.clock import ManualClock
from steward.workspace.edit import Edit
from steward.workspace.lines import Lines, Place
from tests.rooms import START, numbered

LATENCY = Latency(40.4, 10.0, 120.0, 2.0)


@dataclass
class Desk:
    """An open document with a cursor in it."""

    text: str = "def add(a, b):\n    \n"
    uri: str = "file:///w/a.py"
    end: str = "\n"
    clock: ManualClock = field(default_factory=lambda: ManualClock(START))

    def __post_init__(self) -> None:
        self.outcomes = Outcomes(self.clock)
        self.outcomes.text_between = self.between
        self.lines = Lines(self.text)
        self.cursor: Place = (1, 4)
        self.new_id = numbered("offer")

    def between(self, uri: str, start: Place, end: Place) -> str | None:
        return self.lines.between(start, end) if uri == self.uri else None

    def offer(
        self,
        text: str,
        *,
        replaces: int = 0,
        origin: Origin = "model",
        id_: str | None = None,
    ) -> str:
        """Show a suggestion at the cursor; gives its id."""
        before, after = self.lines.around(self.cursor, 1000)
        cursor = Cursor("a.py", before, after, "python", self.uri, self.cursor[0])
        suggestion = Suggestion(text, replaces)
        offer = Offer(
            id_ or self.new_id(), cursor, suggestion, origin, "acme/small", True, "block", LATENCY
        )
        self.outcomes.asked(self.uri, self.cursor)
        self.outcomes.offered(offer)
        return offer.id

    def edit(self, start: Place, end: Place, new: str) -> None:
        """Change the document; the cursor stands behind what was put there."""
        removed = self.lines.between(start, end)
        self.outcomes.edited(Edit(self.uri, "a.py", start, removed, new))
        self.lines.replace(start, end, new)
        at = self.lines.offset(start) + len(new)
        head = Lines(self.lines.text[:at])
        self.cursor = head.end

    def put(self, text: str, replaced: int = 0) -> None:
        """Insert at the cursor, in one edit, in place of so many characters of the line."""
        line, column = self.cursor
        self.edit(self.cursor, (line, column + replaced), text)

    def type(self, text: str) -> None:
        """Type, key by key."""
        for key in text:
            self.put(key)

    def wait(self, seconds: float) -> None:
        self.clock.advance(timedelta(seconds=seconds))
        self.outcomes.look()

    def counts(self) -> Counts:
        """Everything that was counted so far, under whatever heading."""
        total = Counts()
        for _, counts in self.outcomes.tally:
            total.join(counts)
        return total

    def outcome(self) -> str:
        """What became of the one suggestion, once that is certain."""
        self.wait(700)
        self.wait(10)
        counts = self.counts()
        assert counts.offered == 1
        names = ("accepted", "partly", "typed", "rejected", "unseen")
        found = [name for name in names for _ in range(getattr(counts, name))]
        assert len(found) == 1, found
        return found[0]
