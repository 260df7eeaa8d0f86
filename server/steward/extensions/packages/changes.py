"""What an update wants that nobody said yes to: compared field by field, in words."""

from collections.abc import Iterator

from steward.extensions.capability import Capability
from steward.extensions.manifest import Grant, Manifest
from steward.extensions.packages.installed import Installed
from steward.permissions.globs import is_glob_in

_OF_PATHS: frozenset[Capability] = frozenset(("files.read", "files.propose"))


def wants_more(before: Manifest, after: Manifest) -> tuple[str, ...]:
    """What the new manifest wants beyond the old one, a sentence each; empty: nothing.

    A tool that says anything else of itself counts: a model reads its words and acts on them.
    """
    return (*_of_grants(before, after), *_of_tools(before, after), *_of_engine(before, after))


def newly_granted(before: Installed, after: Manifest) -> list[Capability]:
    """What a yes to an update grants: all that it wants, but for what the person kept from it."""
    kept_back = kept_from(before)
    scope = after.permission_scope
    return [grant.capability for grant in scope if grant.capability not in kept_back]


def kept_from(before: Installed) -> frozenset[Capability]:
    """What the extension wanted and its person did not allow, or took back."""
    if before.state == "asks":  # They were not asked about all of it yet.
        return frozenset()
    wanted: set[Capability] = {each.capability for each in before.manifest.permission_scope}
    return frozenset(wanted - before.granted)


def _of_grants(before: Manifest, after: Manifest) -> Iterator[str]:
    had = {grant.capability: grant for grant in before.permission_scope}
    for grant in after.permission_scope:
        old = had.get(grant.capability)
        if old is None:
            yield f"It wants {grant.capability!r} now."
        elif not _is_within(grant, old):
            yield f"It wants more of {grant.capability!r} than before."


def _is_within(new: Grant, old: Grant) -> bool:
    """Whether each glob surely means nothing that none of the old ones meant."""
    if not old.globs:
        return True
    if new.capability not in _OF_PATHS:  # What stands for words is no path: it must be the same.
        return bool(new.globs) and set(new.globs) <= set(old.globs)
    return bool(new.globs) and all(
        any(glob == each or is_glob_in(glob, each) for each in old.globs) for glob in new.globs
    )


def _of_tools(before: Manifest, after: Manifest) -> Iterator[str]:
    had = {tool.name: tool for tool in before.tools}
    for tool in after.tools:
        if tool.name not in had:
            yield f"It offers agents a tool {tool.name!r} now."
        elif tool != had[tool.name]:
            yield f"It says something else of its tool {tool.name!r}, which agents read."


def _of_engine(before: Manifest, after: Manifest) -> Iterator[str]:
    had = {(hook.time, hook.point, hook.veto) for hook in before.engine_hooks}
    for hook in after.engine_hooks:
        if hook.veto and (hook.time, hook.point, True) not in had:
            yield f"It wants to stop steps of runs now: {hook.time}-{hook.point}."
