"""What still runs of a story after its editor is closed."""

from pathlib import Path


def servers(data: Path) -> list[str]:
    """The processes that were started for this data folder, by their command lines."""
    mark = f"STEWARD_DATA_DIR={data}".encode()
    found: list[str] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_text("utf-8").replace("\0", " "))
        except OSError:
            continue  # It has ended, or is somebody else's.
    return found
