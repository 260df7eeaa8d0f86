"""What an extension's code registered, held against what its manifest says."""

from collections.abc import Iterable

from steward.extensions.manifest import Manifest
from steward.extensions.payloads import LoadResponse


def why_not_registered(manifest: Manifest, registered: LoadResponse) -> str | None:
    """Why the code may not register this; None if all of it is in the manifest.

    A person agreed to the manifest, so what is not in it is nothing that they agreed to.
    """
    declared: dict[str, tuple[Iterable[str], Iterable[str]]] = {
        "commands": (registered.commands, (each.id for each in manifest.commands)),
        "hooks": (registered.hooks, (each.event for each in manifest.hooks)),
        "context_stages": (
            registered.context_stages,
            (each.id for each in manifest.context_stages),
        ),
        "tools": (registered.tools, (each.name for each in manifest.tools)),
        "engine_hooks": (
            registered.engine_hooks,
            (f"{each.time}-{each.point}" for each in manifest.engine_hooks),
        ),
    }
    for part, (said, known) in declared.items():
        more = sorted(set(said) - set(known))
        if more:
            return (
                f"The code registers {more[0][:100]!r}, which is not under `{part}` in its"
                " manifest. Its author must add it there, or take it out of the code."
            )
    return None
