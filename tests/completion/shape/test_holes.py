"""Holes cut into real code get back what was there, whatever the model adds to it."""

from collections.abc import Sequence
from pathlib import Path

import pathspec
import pluggy

from benchmarks.holes import Source
from benchmarks.quality import Outcome, kept, outcomes, overruns, share

CLIENT = Path(__file__).parents[3] / "clients" / "vscode" / "src"
_CUT, _KEPT = 0.98, 0.99


def sources(folder: Path, language: str, suffix: str) -> list[Source]:
    return [
        Source(folder.name, path.name, language, path.read_text("utf-8"))
        for path in sorted(folder.rglob(f"*{suffix}"))
    ]


def check(found: Sequence[Outcome]) -> None:
    missed = [
        (outcome.overrun, outcome.cut.cursor.path, outcome.cut.truth, outcome.found)
        for outcome in found
        if not outcome.is_right
    ]
    assert len(kept(found)) > 50
    assert share(overruns(found)) >= _CUT, missed
    assert share(kept(found)) >= _KEPT, missed


def test_in_python_overruns_are_cut_and_right_answers_kept() -> None:
    files = [
        source
        for package in (pathspec, pluggy)
        for source in sources(Path(str(package.__file__)).parent, "python", ".py")
    ]
    check(outcomes(files, count=14))


def test_in_typescript_overruns_are_cut_and_right_answers_kept() -> None:
    check(outcomes(sources(CLIENT, "typescript", ".ts"), count=14))
