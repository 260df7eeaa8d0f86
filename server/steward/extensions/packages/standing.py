"""What a row and its package come to: what the extension may do, and whether it runs."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

from pydantic import JsonValue

from steward.core.errors import StewardError
from steward.extensions.capability import Capability
from steward.extensions.manifest import Manifest
from steward.extensions.packages.allowed import left_of, why_not_allowed
from steward.extensions.packages.installed import Installed, State
from steward.extensions.packages.kept import SHIPPED, Kept
from steward.extensions.packages.schemas import why_not_value
from steward.extensions.packages.tables import ExtensionRow
from steward.extensions.settings import ExtensionsSettings

ASKS = "it wants what you have not said yes to; `steward extension enable` asks you"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Broken:
    """An extension that has a row and cannot be read."""

    id: str
    version: str
    why: str


def standing_of(
    row: ExtensionRow, packages: Kept, chosen: ExtensionsSettings, *, is_ours: bool
) -> Installed | Broken:
    """The extension as it stands; where we did not write the row, it counts for nothing. Blocks."""
    try:
        read = packages.of(row)
    except (StewardError, OSError) as error:
        _log.warning("the extension %s cannot be read: %s", row.id, type(error).__name__)
        return Broken(row.id, row.version, str(error))
    if read is None:
        return Broken(row.id, row.version, "It does not come with this Steward any more.")
    asks = not is_ours or read.digest != row.digest or read.manifest.id != row.id
    said = cast("list[Capability]", json.loads(row.granted)) if is_ours else []
    declared: list[Capability] = [each.capability for each in read.manifest.permission_scope]
    found = Installed(
        read.manifest,
        read.files,
        read.digest,
        is_shipped=row.source == SHIPPED,
        granted=left_of(chosen, said, declared),
        state="asks" if asks else cast("State", row.state),
        config=_fitting(read.manifest, json.loads(row.config)) if is_ours else {},
        key=read.key,
        sequence=read.sequence,
        source=row.source,
    )
    if (why := why_not_allowed(chosen, row.id)) is not None:
        return replace(found, state="disabled", why_not=why)
    return replace(found, why_not=ASKS) if found.state == "asks" else found


def offered_of(extension: str, packages: Kept) -> Installed | None:
    """A shipped extension that nobody said yes to; None if it cannot be read. Blocks."""
    try:
        read = packages.shipped(extension)
    except (StewardError, OSError) as error:
        _log.warning("the shipped extension %s cannot be read: %s", extension, error)
        return None
    if read is None:
        return None
    return Installed(
        read.manifest,
        read.files,
        read.digest,
        is_shipped=True,
        granted=frozenset(),
        state="disabled",
        source=SHIPPED,
    )


def _fitting(manifest: Manifest, config: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """What the person set, without what another release does not take any more."""
    fields = cast("Mapping[str, Mapping[str, JsonValue]]", manifest.config.get("properties", {}))
    return {
        name: value
        for name, value in config.items()
        if name in fields and why_not_value(fields[name], value) is None
    }
