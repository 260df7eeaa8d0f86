"""An extension as it is installed for a person: what runs, and what it was granted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from pydantic import JsonValue

from steward.extensions.capability import Capability
from steward.extensions.manifest import Manifest

State = Literal["enabled", "disabled", "faulted", "asks"]
"""`faulted`: it failed too often. `asks`: it wants what nobody said yes to, so it does not run."""


@dataclass(frozen=True, slots=True)
class Installed:
    """One extension of one person."""

    manifest: Manifest
    files: Mapping[str, bytes]
    """Path → content, exactly as it was verified; the manifest is among them."""
    digest: str
    """SHA-256 of the package; of a shipped one, of its list of files."""
    is_shipped: bool
    granted: frozenset[Capability]
    """What it may do: granted by the person, declared, and not forbidden by the operator."""
    state: State
    config: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    """What the person set; what they did not has the manifest's default."""
    key: str = ""
    """The publisher's key; empty where it is shipped."""
    sequence: int = 0
    source: str = ""
    """`shipped`, `file`, or the address of the registry that it came from."""
    why_not: str = ""
    """Why it does not run though the person would have it, in a sentence."""
