"""Which jail was found to hold the last time that they were tried out, for whoever only asks that.

Trying takes a second or two, so what only shows the level reads what the last trial wrote down.
Nothing is decided by it: before the first command is let in, the jail is tried again.
"""

import json
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from steward.core.private_files import write_private

_FILE = "sandbox.json"
_BYTES_MAX = 4096


@dataclass(frozen=True, slots=True)
class Tried:
    """What a trial found."""

    level: str | None
    at: datetime
    boot: str
    """The machine may be another one after a start."""


def write_tried(data_dir: Path, tried: Tried) -> None:
    """Remember it, where the disk lets us. Blocks."""
    said = json.dumps(asdict(tried) | {"at": tried.at.isoformat()})
    with suppress(OSError):
        write_private(data_dir / _FILE, said.encode(), may_replace=True)


def read_tried(data_dir: Path) -> Tried | None:
    """The last one; None where none is known. Blocks."""
    try:
        with (data_dir / _FILE).open("rb") as opened:
            found = json.loads(opened.read(_BYTES_MAX))
        return Tried(found["level"], datetime.fromisoformat(found["at"]), str(found["boot"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None
