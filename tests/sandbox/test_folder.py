"""What a killed Steward leaves behind is thrown away by the next one, and nothing else is."""

import os
import tempfile
from pathlib import Path

import pytest

from steward.sandbox.folder import make_folder, sweep


def test_the_folder_of_a_dead_process_is_thrown_away_and_that_of_a_living_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / "steward-jail-being-made").mkdir()
    living, dead = make_folder(), make_folder()
    (dead.path / "workspace").mkdir()
    (dead.path / "workspace" / "barred").mkdir(mode=0)
    # As the kernel does with the locks of a process that is killed.
    os.close(dead.lock)
    sweep()
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {living.path.name, "steward-jail-being-made"}
    living.remove()
    assert not living.path.exists()
