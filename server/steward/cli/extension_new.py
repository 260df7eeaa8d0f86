"""`steward extension new`: an extension that does something, and its test."""

import argparse
from pathlib import Path

from steward.cli.shell import Shell, say
from steward.extensions.authoring.new import full_id, make_extension


def answer(shell: Shell, arguments: argparse.Namespace) -> int:
    """Write it, and say what to do with it."""
    extension = full_id(arguments.name, shell.principal.user)
    folder: Path = arguments.folder or Path(extension.partition(".")[2])
    files = make_extension(extension, arguments.language, folder)
    lines = [f"{extension}: a new extension in {folder}", *(f"    {file}" for file in files), ""]
    if arguments.language == "typescript":
        lines.append(f"Build it after each change:  cd {folder} && npm ci && npm run build")
    lines.append(f"Test it in the sandbox:      steward extension test {folder}")
    say("\n".join(lines) + "\n")
    return 0
