"""What a person reads before they say yes to an extension, each line in words of ours.

What the publisher wrote stands on one line each, with hidden characters spelled out, so that it
cannot be taken for ours.
"""

from collections.abc import Collection
from dataclasses import dataclass

from steward.extensions.capability import IN_WORDS, Capability
from steward.extensions.manifest import Grant, Manifest
from steward.extensions.packages.lookalikes import look_alikes
from steward.extensions.packages.signing import fingerprint
from steward.extensions.packages.statement import publisher_of
from steward.workspace.markdown import one_line

_TOGETHER: tuple[tuple[frozenset[Capability], str], ...] = (
    (
        frozenset(("files.read", "model.ask")),
        "It reads files and asks models: what it reads can leave this machine.",
    ),
    (
        frozenset(("files.read", "command.run")),
        "It reads files and asks you to run commands: look at each command for what it sends away.",
    ),
    (
        frozenset(("context.change",)),
        "It changes what models are told: their answers can be what its author wants.",
    ),
)
"""What follows from capabilities that are granted together."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is to be said yes to, beside the manifest."""

    key: str
    """The publisher's; empty where it is shipped."""
    is_known: bool
    """Whether this person saw the publisher's key before."""
    known_ids: Collection[str] = ()
    """The ids of other extensions, for which this one could be mistaken."""
    more: Collection[str] = ()
    """Of an update: what it wants beyond what it was granted."""


def consent_page(manifest: Manifest, asked: Asked, without: Collection[str] = ()) -> str:
    """All of it, for a person; `without` are the capabilities that they will not grant."""
    lines = [
        f"{one_line(manifest.name)} {manifest.version} ({manifest.id})",
        _by(manifest, asked),
        *([one_line(manifest.description)] if manifest.description else []),
        "",
    ]
    granted = [each for each in manifest.permission_scope if each.capability not in without]
    withheld = [each for each in manifest.permission_scope if each.capability in without]
    if granted:
        lines += ["It may:", *(line for each in granted for line in _grant(each))]
    else:
        lines.append("It may do nothing beyond its own computing.")
    if withheld:
        lines += ["You do not allow it to:", *(line for each in withheld for line in _grant(each))]
    lines += [f"Agents are offered its tool {tool.name}: {one_line(tool.description)}"
              for tool in manifest.tools]  # fmt: skip
    lines += [f"New: {one_line(each)}" for each in asked.more]
    warned = warnings_of(manifest, asked, without)
    lines += [f"Warning: {each}" for each in warned]
    return "\n".join(lines) + "\n"


def warnings_of(manifest: Manifest, asked: Asked, without: Collection[str] = ()) -> tuple[str, ...]:
    """What a person should think of before they say yes, a sentence each."""
    granted = {each.capability for each in manifest.permission_scope} - set(without)
    alike = look_alikes(manifest.id, asked.known_ids)
    publishers = {publisher_of(each) for each in asked.known_ids} | {"steward"}
    like = look_alikes(publisher_of(manifest.id), publishers)
    found = [text for capabilities, text in _TOGETHER if capabilities <= granted]
    if alike:
        found.insert(0, f"Its id looks like {', '.join(alike)}. Is it the one that you mean?")
    elif like:
        found.insert(0, f"Its publisher's name looks like {', '.join(like)}.")
    return tuple(found)


def _by(manifest: Manifest, asked: Asked) -> str:
    name = one_line(manifest.publisher)
    if not asked.key:
        return f"by {name}; it comes with Steward"
    known = "known to you" if asked.is_known else "NEW to you"
    return (
        f"by {name}; publisher {publisher_of(manifest.id)}, {known}; key {fingerprint(asked.key)}"
    )


def _grant(grant: Grant) -> list[str]:
    lines = [f"- {IN_WORDS[grant.capability]} ({grant.capability})"]
    if grant.globs:
        lines.append(f"    only: {one_line(', '.join(grant.globs))}")
    lines.append(f"    because, it says: {one_line(grant.reason)}")
    return lines
