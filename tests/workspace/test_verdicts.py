"""A verdict is remembered for a second, and no longer."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from steward.core.clock import ManualClock
from steward.workspace.ignore import IgnoreOracle
from steward.workspace.paths import WorkspacePath
from steward.workspace.verdicts import RecentVerdicts


async def test_a_file_that_is_ignored_from_now_on_is_kept_back_a_second_later(
    tmp_path: Path,
) -> None:
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    verdicts = RecentVerdicts(IgnoreOracle(tmp_path), clock)
    notes, key = WorkspacePath.parse("notes.txt"), WorkspacePath.parse(".env")
    assert await verdicts.why_not(notes) is None
    assert await verdicts.why_not(key) is not None

    (tmp_path / ".stewardignore").write_text("notes.txt\n")
    clock.advance(timedelta(seconds=1))
    assert await verdicts.why_not(notes) is not None
    assert await verdicts.why_not(key) is not None


async def test_many_files_are_judged_at_one_moment_and_remembered(tmp_path: Path) -> None:
    clock = ManualClock(datetime(2026, 1, 1, tzinfo=UTC))
    verdicts = RecentVerdicts(IgnoreOracle(tmp_path), clock)
    paths = [WorkspacePath.parse(name) for name in ("a.txt", "b/.env", "b/c.txt")]

    async def ignored() -> list[str]:
        return [str(path) for path, why in (await verdicts.why_not_each(paths)).items() if why]

    assert await verdicts.why_not(paths[0]) is None
    (tmp_path / ".stewardignore").write_text("*.txt\n")
    assert await ignored() == ["b/.env", "b/c.txt"]
    clock.advance(timedelta(seconds=1))
    assert sorted(await ignored()) == ["a.txt", "b/.env", "b/c.txt"]
    assert await verdicts.why_not_each([]) == {}
