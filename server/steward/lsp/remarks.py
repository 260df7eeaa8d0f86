"""What we remark on documents, from several who know nothing of each other.

An editor gets all remarks of a server on a document at once, so whoever says something new says
what the others said, too.
"""

from collections.abc import Callable, Iterable, Sequence

from lsprotocol import types

Publish = Callable[[str, list[types.Diagnostic], int | None], None]
"""URI, all remarks on it, and the version that they are about, if it is known."""


class Remarks:
    """The remarks that editors show, by who made them and which document they are about."""

    def __init__(self, publish: Publish) -> None:
        self._publish = publish
        self._by_uri: dict[str, dict[str, Sequence[types.Diagnostic]]] = {}

    def put(
        self, owner: str, uri: str, found: Sequence[types.Diagnostic], version: int | None = None
    ) -> None:
        """Show these in place of what this owner remarked on the document before."""
        owners = self._by_uri.setdefault(uri, {})
        if not found and owner not in owners:
            return
        if found:
            owners[owner] = found
        else:
            del owners[owner]
        shown = [each for name in sorted(owners) for each in owners[name]]
        if not owners:
            del self._by_uri[uri]
        self._publish(uri, shown, version)

    def drop(self, owner: str) -> None:
        """Take away all that this owner remarked."""
        for uri in self.of(owner):
            self.put(owner, uri, ())

    def keep_only(self, owners: Iterable[str], prefix: str) -> None:
        """Take away what owners remarked whose names begin so, but for these."""
        kept = set(owners)
        there = {name for by_owner in self._by_uri.values() for name in by_owner}
        for owner in there - kept:
            if owner.startswith(prefix):
                self.drop(owner)

    def of(self, owner: str) -> list[str]:
        """The documents that this owner remarked something on."""
        return [uri for uri, owners in self._by_uri.items() if owner in owners]

    def owners(self, uri: str) -> list[str]:
        """Those who remarked something on a document."""
        return list(self._by_uri.get(uri, ()))

    def all(self) -> list[tuple[str, types.Diagnostic]]:
        """Every remark with its document."""
        return [
            (uri, each)
            for uri, owners in self._by_uri.items()
            for found in owners.values()
            for each in found
        ]
