"""Where the runtimes are that Steward brings for extensions which are sources."""

from importlib.resources import files
from pathlib import Path
from typing import Literal

RUNTIMES: tuple[Literal["python", "javascript"], ...] = ("python", "javascript")


def runtime_file(runtime: str) -> Path:
    """Beside the package in a wheel; where `make` builds it in a checkout."""
    packaged = Path(str(files("steward"))) / "_runtimes"
    folder = packaged if packaged.is_dir() else Path(__file__).parents[4] / ".runtimes"
    return folder / f"{runtime}.wasm"
