"""A wheel whose program is the server of this checkout, so that a story can install it for real."""

import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

from tests.environment import ROOT

_NAME = "steward-0.1.0"
_PROGRAM = """\
import os, sys

def main():
    os.chdir("/")
    os.execve({python!r}, [{python!r}, "-m", "steward", *sys.argv[1:]], {environment!r})
"""


def write_wheel(wheel: Path, environment: Mapping[str, str]) -> None:
    """Write it; its server will have this environment."""
    environment = {**environment, "PYTHONPATH": str(ROOT / "server")}
    info = f"{_NAME}.dist-info"
    files = {
        "steward_here.py": _PROGRAM.format(python=sys.executable, environment=dict(environment)),
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: steward\nVersion: 0.1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": "[console_scripts]\nsteward = steward_here:main\n",
    }
    record = "".join(f"{name},,\n" for name in (*files, f"{info}/RECORD"))
    with zipfile.ZipFile(wheel, "w") as packed:
        for name, text in {**files, f"{info}/RECORD": record}.items():
            packed.writestr(name, text)
