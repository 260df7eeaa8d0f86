"""Standard output; apart from the shell, which loads the database's layer."""

import sys


def say(text: str) -> None:
    """Write to standard output."""
    sys.stdout.write(text)
