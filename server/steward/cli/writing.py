"""Let a person write a text in the editor that they use in a terminal."""

import os
import shlex
import subprocess
import tempfile
from pathlib import Path

from steward.core.errors import InvalidInputError, UnavailableError

_FALLBACK = "vi"


def written_by_hand(before: str) -> str:
    """What the person made of the text in `$VISUAL` or `$EDITOR`.

    Raises:
        InvalidInputError: they left it as it was, so nothing is to be done.
        UnavailableError: the editor cannot be started, or failed.
    """
    # A person's own choice in their own terminal, as every tool there takes it.
    chosen = os.environ.get("VISUAL") or os.environ.get("EDITOR") or _FALLBACK  # noqa: TID251
    with tempfile.TemporaryDirectory(prefix="steward-") as folder:
        file = Path(folder) / "agent.md"
        file.write_text(before, encoding="utf-8")
        try:
            done = subprocess.run([*shlex.split(chosen), str(file)], check=False)  # noqa: S603
        except (OSError, ValueError) as error:
            raise UnavailableError(
                f"Your editor {chosen!r} cannot be started. Set EDITOR, or give a file with --from."
            ) from error
        if done.returncode != 0:
            raise UnavailableError(
                f"Your editor {chosen!r} ended with {done.returncode}, so nothing was changed."
            )
        text = file.read_text(encoding="utf-8", errors="replace")
    if text == before:
        raise InvalidInputError("The text is as it was, so nothing was changed.")
    return text
