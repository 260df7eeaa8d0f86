"""`python -m benchmarks.peers FOLDER [--write]`: other people's agents beside ours, alone."""

import argparse
import sys
from pathlib import Path

from benchmarks import page
from benchmarks.peers.page import measured


def main() -> None:
    """Put all through everything; leave with 1 when a limit of ours is not held."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description=__doc__)
    parser.add_argument("folder", type=Path, help="what scripts/peers.sh made")
    parser.add_argument("--write", action="store_true", help=f"also write {page.PAGE.name}")
    options = parser.parse_args()
    if options.write and page.is_busy():
        sys.exit("The machine is busy with other things; what is written would tell of those.")
    sys.exit(not measured(options.folder, is_written=options.write))


if __name__ == "__main__":
    main()
