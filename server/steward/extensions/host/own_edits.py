"""Which texts of files an extension's own proposals made, so that it is not told of them."""

from collections.abc import Iterable
from hashlib import sha256

from steward.core.extension_limits import EXTENSION_LANDED_MAX
from steward.workspace.proposal import EditProposal


class OwnEdits:
    """Remembers for each extension what the files hold that its proposals wrote.

    A file that holds exactly that was changed by nobody else since, so an event about it is the
    extension's own doing. As soon as anybody else changes it, events are told again.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], str | None] = {}
        """Extension and path → the digest of the text; None where it deleted the file."""

    def note(self, extension: str, proposal: EditProposal) -> None:
        """It is about to make these texts, or has made them."""
        for path, versions in proposal.by_path().items():
            key = (extension, path)
            self._known.pop(key, None)
            self._known[key] = None if versions.after is None else _digest(versions.after)
        while len(self._known) > EXTENSION_LANDED_MAX:
            del self._known[next(iter(self._known))]

    def forget(self, extension: str, paths: Iterable[str]) -> None:
        """Nothing came of it."""
        for path in paths:
            self._known.pop((extension, path), None)

    def is_noted(self, extension: str, path: str) -> bool:
        """Whether the file may hold what it wrote."""
        return (extension, path) in self._known

    def is_own(self, extension: str, path: str, text: str | None) -> bool:
        """Whether the file holds what it wrote; None is a file that is gone."""
        key = (extension, path)
        if key not in self._known:
            return False
        return self._known[key] == (None if text is None else _digest(text))


def _digest(text: str) -> str:
    # Editors and forges differ in how they end a file's lines, and an event must not depend on it.
    plain = text.replace("\r\n", "\n").rstrip("\n")
    return sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()
