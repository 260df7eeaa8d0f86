"""Secrets in what is about to leave: found, and named by place and kind and never by value."""

from collections.abc import Iterable
from dataclasses import dataclass

from steward.core.errors import NotPermittedError
from steward.core.placeholders import encodings
from steward.core.redact import replace_secrets

_NAMED_MAX = 10
"""How many findings a message names; it says how many more there are."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One place where a secret, or a file of secrets, would leave."""

    where: str
    """The file and line, or what else it is."""
    kind: str


@dataclass(frozen=True, slots=True)
class Scan:
    """Looks for what must not leave."""

    known: tuple[str, ...] = ()
    """Values that are secret whatever they look like, in every usual encoding."""

    @classmethod
    def for_values(cls, values: Iterable[str]) -> "Scan":
        """A scan that knows these values."""
        return cls(tuple(form for value in values for form in encodings(value)))

    def text(self, where: str, after: str, before: str = "") -> list[Finding]:
        """The secrets of a text that did not stand in what was there before."""
        old = self._secrets(before) if before else {}
        news = {value: kind for value, kind in self._secrets(after).items() if value not in old}
        return [Finding(_line(where, after, value), kind) for value, kind in news.items()]

    def _secrets(self, text: str) -> dict[str, str]:
        """Value → kind."""
        found = {form: "known key" for form in self.known if form in text}

        def note(kind: str, value: str) -> str:
            found.setdefault(value, kind)
            return f"<redacted {kind}>"

        replace_secrets(text, note)
        return found


def refuse(findings: Iterable[Finding]) -> None:
    """Raise if anything was found.

    Raises:
        NotPermittedError: names each place and kind, and no value.
    """
    listed = list(dict.fromkeys(findings))
    if not listed:
        return
    named = "; ".join(f"{each.where}: {each.kind}" for each in listed[:_NAMED_MAX])
    more = f"; and {len(listed) - _NAMED_MAX} more" if len(listed) > _NAMED_MAX else ""
    raise NotPermittedError(
        f"Nothing was sent: what would leave holds secrets, or what looks like them"
        f" ({named}{more}). A branch is sent with all its commits, so taking them out of the newest"
        " one is not enough: make the branch anew without them. If they are none, push it yourself."
    )


def _line(where: str, text: str, value: str) -> str:
    at = text.find(value)
    return f"{where}, line {text.count(chr(10), 0, max(at, 0)) + 1}"
