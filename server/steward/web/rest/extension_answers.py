"""What is told of extensions.

Whatever their authors wrote stands on one line each, with hidden characters spelled out, so that
none of it can be taken for ours.
"""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Literal

from steward.extensions.activity import ExtensionActivity, Figures
from steward.extensions.capability import IN_WORDS, Capability
from steward.extensions.faults import Strike
from steward.extensions.manifest import Grant
from steward.extensions.packages.consent import Asked, consent_page, warnings_of
from steward.extensions.packages.installed import Installed
from steward.extensions.packages.signing import fingerprint
from steward.extensions.packages.standing import Broken
from steward.extensions.sums import ExtensionSum
from steward.web.rest.answer import Answer, Wanted
from steward.web.rest.performance import Latency
from steward.workspace.markdown import one_line
from steward.workspace.reveal import reveal


class GrantTold(Answer):
    """One thing that an extension wants."""

    capability: Capability
    words: str
    """The end of the sentence "It may …"."""
    globs: tuple[str, ...]
    """Only these paths, commands, parts or names; none: all of it."""
    reason: str
    """Why it needs this, as its author says."""
    is_granted: bool
    """Whether its person allowed it, and the operator leaves it."""
    is_denied: bool
    """Whether the operator denies it to all extensions."""


class Extension(Answer):
    """One extension of the person who asks."""

    id: str
    name: str
    version: str
    publisher: str
    description: str
    state: Literal["enabled", "disabled", "faulted", "asks", "broken", "offered"]
    """`offered`: it comes with Steward, and nobody said yes to it."""
    why_not: str
    """Why it does not run though its person would have it."""
    source: str
    """`shipped`, `file`, or the address of the registry that it came from."""
    digest: str
    """SHA-256 of the package; a yes is about this one and no other."""
    key: str
    """The fingerprint of its publisher's key; empty where it is shipped."""
    grants: tuple[GrantTold, ...]
    events: int
    """This month, with the four below."""
    took_ms: int
    refused: int
    faults: int
    cost_nano_usd: int
    """What models cost that it asked."""
    kept_bytes: int
    """What it keeps, now."""


class Done(Answer):
    """How much an extension did."""

    events: int
    took_ms: int
    host_calls: int
    refused: int
    faults: int
    cost_nano_usd: int


class HappenedTold(Answer):
    """Something that happened to an extension."""

    at: datetime
    kind: str
    """refused, fault, disabled, proposed, landed or asked."""
    subject: str
    said: str


class FaultTold(Answer):
    """One fault."""

    at: datetime
    version: str
    kind: str
    topic: str
    """What it was given."""
    said: str
    place: str
    """Where in its code, as far as it says."""
    is_open: bool
    """Whether it counts against it."""


class Consent(Answer):
    """What its person reads before they say yes."""

    page: str
    """Every word of it, as it stands at the terminal and in the editor."""
    warnings: tuple[str, ...]
    digest: str
    """To be sent back with the yes."""
    is_needed: bool
    """Whether it runs only once somebody says yes to this."""


class ExtensionShown(Answer):
    """Everything about one extension."""

    extension: Extension
    brings: dict[str, tuple[str, ...]]
    """Commands, hooks, tools … → their names."""
    settings: dict[str, str]
    """Setting → what it stands at, as JSON."""
    today: Done
    total: Done
    """Of the days that are kept."""
    happened: tuple[HappenedTold, ...]
    faults_told: tuple[FaultTold, ...]
    times: tuple[Latency, ...]
    """How long it took over what it was given, the last seven days, for everybody who has it."""
    consent: Consent


class Registry(Answer):
    """A registry that the person looks into."""

    address: str
    key: str
    """The fingerprint of the key that its index is signed with."""
    sequence: int
    """Of the newest index that was seen."""


class Granting(Wanted):
    """A yes to what was read."""

    digest: str
    """Of the package whose consent was read."""
    granted: tuple[Capability, ...]
    """What it may do; all else that it wants it may not."""


def extension_told(
    each: Installed, summed: ExtensionSum, denied: Collection[Capability], *, is_offered: bool
) -> Extension:
    """One extension that can be read."""
    manifest = each.manifest
    return Extension(
        id=manifest.id,
        name=one_line(manifest.name),
        version=manifest.version,
        publisher=one_line(manifest.publisher),
        description=one_line(manifest.description),
        state="offered" if is_offered else each.state,
        why_not=each.why_not,
        source=each.source,
        digest=each.digest,
        key=fingerprint(each.key) if each.key else "",
        grants=tuple(_grant(grant, each, denied) for grant in manifest.permission_scope),
        **_figures(summed),
    )


def broken_told(each: Broken, summed: ExtensionSum) -> Extension:
    """One that has a row and cannot be read."""
    return Extension(
        id=each.id,
        name=each.id,
        version=each.version,
        publisher="",
        description="",
        state="broken",
        why_not=one_line(each.why),
        source="",
        digest="",
        key="",
        grants=(),
        **_figures(summed),
    )


def consent_told(each: Installed, asked: Asked, *, is_needed: bool) -> Consent:
    """The words of the question, the very ones of the terminal."""
    return Consent(
        page=consent_page(each.manifest, asked),
        warnings=warnings_of(each.manifest, asked),
        digest=each.digest,
        is_needed=is_needed,
    )


def brings(each: Installed) -> dict[str, tuple[str, ...]]:
    """What it adds to Steward; what it has none of is left out."""
    manifest = each.manifest
    found = {
        "commands": [f"{one_line(one.title)} ({one.id})" for one in manifest.commands],
        "hooks": [hook.event for hook in manifest.hooks],
        "context stages": [stage.id for stage in manifest.context_stages],
        "tools for agents": [tool.name for tool in manifest.tools],
        "engine hooks": [f"{hook.time}-{hook.point}" for hook in manifest.engine_hooks],
        "panels": [one_line(panel.title) for panel in manifest.panels],
    }
    return {what: tuple(names) for what, names in found.items() if names}


def done(figures: Figures) -> Done:
    """How much it did."""
    return Done(
        events=figures.events,
        took_ms=figures.took_ms,
        host_calls=figures.host_calls,
        refused=figures.refused,
        faults=figures.faults,
        cost_nano_usd=figures.cost_nano_usd,
    )


def happened(activity: ExtensionActivity) -> tuple[HappenedTold, ...]:
    """What its person may want to know, the newest first."""
    return tuple(
        HappenedTold(at=one.at, kind=one.kind, subject=one_line(one.subject), said=_text(one.said))
        for one in activity.happened
    )


def faults(strikes: Sequence[Strike]) -> tuple[FaultTold, ...]:
    """What went wrong, the newest first."""
    return tuple(
        FaultTold(
            at=one.at,
            version=one.version,
            kind=one.kind,
            topic=one_line(one.topic),
            said=_text(one.said),
            place=one_line(one.place),
            is_open=one.is_open,
        )
        for one in strikes
    )


def _grant(grant: Grant, each: Installed, denied: Collection[Capability]) -> GrantTold:
    return GrantTold(
        capability=grant.capability,
        words=IN_WORDS[grant.capability],
        globs=tuple(map(one_line, grant.globs)),
        reason=one_line(grant.reason),
        is_granted=grant.capability in each.granted,
        is_denied=grant.capability in denied,
    )


def _figures(summed: ExtensionSum) -> dict[str, int]:
    return {
        "events": summed.events,
        "took_ms": summed.took_ms,
        "refused": summed.refused,
        "faults": summed.faults,
        "cost_nano_usd": summed.cost_nano_usd,
        "kept_bytes": summed.kept_bytes,
    }


def _text(said: str) -> str:
    """A stranger's lines, with hidden characters spelled out."""
    return reveal(said)[0]
