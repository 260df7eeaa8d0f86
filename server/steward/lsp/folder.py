"""Which of the editor's folders is the workspace."""

import os
from collections.abc import Sequence
from pathlib import Path


def choose_folder(named: Sequence[Path], home: Path) -> tuple[Path | None, str]:
    """The first folder that can be a workspace, and a sentence for the person where none can.

    A folder that holds the home folder is no project: what is in it is everything that the person
    has, keys and letters included, and nobody means to hand that to an agent. Looks at the disk,
    so call it on a thread.
    """
    real_home = Path(os.path.realpath(home))
    for folder in named:
        if not real_home.is_relative_to(os.path.realpath(folder)):
            return folder, ""
    if not named:
        return None, ""
    return None, (
        f"{str(named[0])!r} is not taken as a workspace, because it holds your home folder. Ghost"
        " text works as without a folder; open the folder of one project for agents."
    )
