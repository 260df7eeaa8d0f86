"""`steward doctor`."""

import argparse

from steward.cli.doctor.run import examine as examined
from steward.core.clock import SystemClock


def examine(arguments: argparse.Namespace) -> int:
    """Say what is wrong here; returns 0, 1 with warnings, 2 with a fault."""
    return examined(arguments, SystemClock())
