"""What a wheel holds of `extensions/`, and the list of digests by which it is known again.

Hatchling runs it while it builds a wheel. It stands on the standard library alone: where a wheel is
built, nothing of ours is installed. In a checkout the extensions are read where they lie.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PLACE = "steward/_extensions"
LIST_NAME = "digests.json"
MANIFEST_NAME = "extension.yaml"
LEFT_OUT = frozenset(("__pycache__", "node_modules", "tests", "dist"))
LEFT_OUT_ENDINGS = (".pyc", ".stewardext", "~")


class ShippedExtensions(BuildHookInterface[Any]):
    """Puts the shipped extensions into the wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name the files, and write the list of their digests."""
        if version == "editable":
            return
        source = Path(self.root) / "extensions"
        named = Path(self.directory) / f"extension-{LIST_NAME}"
        named.parent.mkdir(parents=True, exist_ok=True)
        named.write_text(digest_list(source), encoding="utf-8")
        included: dict[str, str] = build_data["force_include"]
        included.update({str(source / path): f"{PLACE}/{path}" for path in shipped_files(source)})
        included[str(named)] = f"{PLACE}/{LIST_NAME}"


def shipped_files(source: Path) -> list[str]:
    """The paths of all files of all extensions, relative to their folder, sorted."""
    found: list[str] = []
    for file in sorted(source.glob("*/**/*")):
        path = file.relative_to(source)
        is_one = (source / path.parts[0] / MANIFEST_NAME).is_file() and file.is_file()
        is_hidden = any(part.startswith(".") for part in path.parts)
        is_left_out = LEFT_OUT.intersection(path.parts[1:-1]) or path.name.endswith(
            LEFT_OUT_ENDINGS
        )
        if is_one and not is_hidden and not is_left_out:
            found.append(path.as_posix())
    return found


def digest_list(source: Path) -> str:
    """Path → SHA-256 of all of them, as JSON."""
    digests = {
        path: hashlib.sha256((source / path).read_bytes()).hexdigest()
        for path in shipped_files(source)
    }
    return json.dumps(digests, indent=2) + "\n"
