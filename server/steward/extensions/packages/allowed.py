"""What the operator leaves of a person's choice: one pure function for each question."""

from collections.abc import Collection

from steward.extensions.capability import Capability
from steward.extensions.packages.statement import publisher_of
from steward.extensions.settings import ExtensionsSettings


def why_not_allowed(chosen: ExtensionsSettings, extension: str) -> str | None:
    """Why the operator lets nobody have this extension; None if they do."""
    if not chosen.enabled:
        return "extensions are switched off here (`enabled` in [extensions])"
    means = {extension, f"{publisher_of(extension)}.*", "*"}
    if not means.isdisjoint(chosen.deny):
        return f"{extension!r} is denied here (`deny` in [extensions])"
    if means.isdisjoint(chosen.allow):
        return f"{extension!r} is not among those that are allowed here (`allow` in [extensions])"
    return None


def left_of(
    chosen: ExtensionsSettings, granted: Collection[Capability], declared: Collection[Capability]
) -> frozenset[Capability]:
    """What an extension may do: granted and declared, and not forbidden."""
    return frozenset(granted) & frozenset(declared) - frozenset(chosen.deny_capabilities)
