"""`config-get`: what the person set of an extension, and else what its manifest says."""

import json
from typing import Any, cast

from steward.core.errors import NotFoundError
from steward.core.extension_limits import EXTENSION_KEY_CHARS_MAX
from steward.extensions.host.arguments import text_in
from steward.extensions.host.gate import Caller
from steward.extensions.packages.installed import Installed


async def config_get(caller: Caller, arguments: tuple[str | None, ...]) -> str:
    """`config-get`: the value as JSON. It is the extension's own, so it needs no capability."""
    key = text_in(arguments, 0, EXTENSION_KEY_CHARS_MAX)
    values = config_of(caller.installed)
    if key not in values:
        known = ", ".join(sorted(values)) or "none"
        raise NotFoundError(f"The manifest has no setting {key[:100]!r}; it has: {known}.")
    return json.dumps(values[key])


def config_of(installed: Installed) -> dict[str, Any]:
    """Every setting of an extension that has a value, with the person's over the manifest's."""
    known = cast("dict[str, dict[str, Any]]", installed.manifest.config.get("properties", {}))
    defaults = {name: field["default"] for name, field in known.items() if "default" in field}
    return defaults | {name: value for name, value in installed.config.items() if name in known}
