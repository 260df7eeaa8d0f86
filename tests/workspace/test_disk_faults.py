"""At whatever system call a landing is refused, killed or raced, all is old or all is new."""

import errno
import os
import random
from collections.abc import Callable, Generator
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.workspace.disk_calls import (
    KILL,
    MARK,
    At,
    Call,
    Landings,
    Outcome,
    at_call,
    both,
    from_call,
    open_landings,
    without,
)
from tests.workspace.disk_sample import (
    CHANGES,
    TOUCHED,
    Sample,
    make_sample,
    save_by_renaming,
    save_in_place,
    seen_in,
)

SOAK = pytest.mark.soak
KILLS, KILLS_SOAK = 25, 500
CALLS_MIN = 80
"""The sample takes more calls than this; a sweep that ends before has watched nothing."""
USERS = "what the user saves"

SYSTEMS = pytest.mark.parametrize(
    "system",
    [
        pytest.param(without(), id="all calls"),
        pytest.param(without("renameat2"), id="no exchange"),
        pytest.param(without("linkat"), id="no links", marks=SOAK),
    ],
)
REFUSALS = pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(errno.ENOSPC, id="full"),
        pytest.param(errno.EACCES, id="forbidden", marks=SOAK),
    ],
)
SAVES = pytest.mark.parametrize("save", [save_in_place, save_by_renaming])


@pytest.fixture(scope="module")
def landings() -> Generator[Landings]:
    with open_landings() as landings:
        yield landings


@pytest.fixture
def sample(landings: Landings) -> Generator[Sample]:
    # Thousands of landings wait for a real disk; that they wait at all is not tested here.
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with TemporaryDirectory(dir=memory) as folder:
        yield make_sample(Path(folder) / "project")


def sweep(run: Callable[[int], Outcome], step: int = 1) -> None:
    """Run it for the first call, the second, and so on until there are no more."""
    for number in count(1, step):
        if run(number).calls < number:
            assert number > CALLS_MIN
            return


@SYSTEMS
@REFUSALS
def test_a_landing_that_is_refused_any_one_call_leaves_all_as_it_was_or_all_as_approved(
    landings: Landings, sample: Sample, system: At, refusal: int
) -> None:
    def run(number: int) -> Outcome:
        at = both(at_call(number, refusal), system)
        outcome = landings.write(sample.afresh(), CHANGES, at)
        if outcome.error == "UnfinishedError":
            outcome_after = landings.finish(sample.root, CHANGES)
            assert outcome_after.error is None
            assert sample.is_whole()
        else:
            assert seen_in(sample.root) == (sample.new if outcome.error is None else sample.old)
        return outcome

    sweep(run)


def test_a_landing_that_is_refused_everything_from_some_call_on_is_ended_later(
    landings: Landings, sample: Sample
) -> None:
    def run(number: int) -> Outcome:
        outcome = landings.write(sample.afresh(), CHANGES, from_call(number, errno.EROFS))
        if outcome.error != "UnfinishedError":
            assert seen_in(sample.root) == (sample.new if outcome.error is None else sample.old)
        assert landings.finish(sample.root, CHANGES).error is None
        assert sample.is_whole()
        return outcome

    sweep(run)


@SYSTEMS
def test_a_landing_that_is_killed_at_any_call_is_finished_by_the_next_process(
    landings: Landings, sample: Sample, system: At
) -> None:
    ends: set[str] = set()

    def run(number: int) -> Outcome:
        killed = landings.write(sample.afresh(), CHANGES, both(at_call(number, KILL), system))
        finished = landings.finish(sample.root, CHANGES, system)
        assert finished.error is None
        assert finished.others == ()
        assert sample.is_whole()
        assert finished.did != "completed" or seen_in(sample.root) == sample.new
        ends.add(finished.did)
        return killed

    sweep(run)
    assert ends == {"nothing", "completed"}


def kill_again_and_again(landings: Landings, sample: Sample, kills: int) -> None:
    """Kill landings, and whatever is to finish them, at random calls."""
    chance = random.Random(kills)
    done = 0
    while done < kills:
        root = sample.afresh()
        outcome = landings.write(root, CHANGES, at_call(chance.randint(1, 70), KILL))
        while outcome.is_killed:
            done += 1
            outcome = landings.finish(root, CHANGES, at_call(chance.randint(1, 70), KILL))
        assert outcome.error is None
        assert sample.is_whole()


def test_it_may_be_killed_while_it_is_being_finished(landings: Landings, sample: Sample) -> None:
    kill_again_and_again(landings, sample, KILLS)


@SOAK
@pytest.mark.timeout(600)
def test_it_may_be_killed_while_it_is_being_finished_many_times(
    landings: Landings, sample: Sample
) -> None:
    kill_again_and_again(landings, sample, KILLS_SOAK)


def saving(number: int, save: Callable[[Path, str], None], path: Path) -> At:
    """A user who saves just before that call."""

    def at(call: Call) -> None:
        if call.count == number:
            save(path, USERS)

    return at


@SYSTEMS
@SAVES
def test_what_a_user_saves_at_any_call_stays_and_the_rest_is_all_old_or_all_new(
    landings: Landings, sample: Sample, system: At, save: Callable[[Path, str], None]
) -> None:
    def run(number: int) -> Outcome:
        path = TOUCHED[number % len(TOUCHED)]
        at = both(saving(number, save, sample.afresh() / path), system)
        outcome = landings.write(sample.root, CHANGES, at)
        assert outcome.calls < number or (sample.root / path).read_text() == USERS
        assert outcome.error in (None, "StaleError")
        assert sample.is_whole(but=path)
        return outcome

    sweep(run)


@SAVES
@pytest.mark.parametrize("later", [1, 4])
def test_what_a_user_saves_shortly_before_a_landing_is_taken_back_stays(
    landings: Landings, sample: Sample, save: Callable[[Path, str], None], later: int
) -> None:
    def run(number: int) -> Outcome:
        path = TOUCHED[number % len(TOUCHED)]
        refused = at_call(number + later, errno.ENOSPC)
        at = both(saving(number, save, sample.afresh() / path), refused)
        outcome = landings.write(sample.root, CHANGES, at)
        if outcome.error == "UnfinishedError":
            assert landings.finish(sample.root, CHANGES).error is None
        assert outcome.calls < number or (sample.root / path).read_text() == USERS
        assert sample.is_whole(but=path)
        return outcome

    sweep(run, step=3)


@SAVES
@pytest.mark.parametrize("saves", [2, pytest.param(7, marks=SOAK)])
def test_the_last_of_several_saves_in_a_row_stays(
    landings: Landings, sample: Sample, save: Callable[[Path, str], None], saves: int
) -> None:
    """The second comes while the first is being put back: it is two exchanges wide."""

    def run(number: int) -> Outcome:
        path = sample.afresh() / "marked.py"
        last = ""

        def at(call: Call) -> None:
            nonlocal last
            if number <= call.count < number + 2 * saves and (call.count - number) % 2 == 0:
                last = f"save {call.count}"
                save(path, last)

        outcome = landings.write(sample.root, CHANGES, at)
        assert outcome.calls < number or path.read_text() == last
        assert sample.is_whole(but="marked.py")
        return outcome

    sweep(run, step=2)


@SAVES
@pytest.mark.parametrize("later", [1, pytest.param(3, marks=SOAK), pytest.param(8, marks=SOAK)])
def test_what_a_user_saves_shortly_before_a_kill_stays_too(
    landings: Landings, sample: Sample, save: Callable[[Path, str], None], later: int
) -> None:
    def run(number: int) -> Outcome:
        path = TOUCHED[number % len(TOUCHED)]
        at = both(saving(number, save, sample.afresh() / path), at_call(number + later, KILL))
        killed = landings.write(sample.root, CHANGES, at)
        finished = landings.finish(sample.root, CHANGES)
        assert finished.error is None
        assert killed.calls < number or (sample.root / path).read_text() == USERS
        assert sample.is_whole(but=path)
        return killed

    sweep(run, step=3)


@pytest.mark.parametrize("path", ["marked.py", "plain.py", "old/gone.py", "old/moved.py"])
def test_what_a_user_writes_into_a_file_that_was_open_before_stays(
    landings: Landings, sample: Sample, path: str
) -> None:
    def run(number: int) -> Outcome:
        with (sample.afresh() / path).open("r+b") as file:

            def at(call: Call) -> None:
                if call.count == number:
                    file.write(USERS.encode())
                    file.flush()

            outcome = landings.write(sample.root, CHANGES, at)
            file.truncate(len(USERS))
        assert outcome.error == "StaleError"
        assert outcome.calls < number or (sample.root / path).read_text() == USERS
        assert sample.is_whole(but=path)
        return outcome

    sweep(run, step=4)


@pytest.mark.parametrize("path", ["marked.py", "old/gone.py", "old/moved.py", "plain.py"])
def test_what_is_written_by_whoever_was_just_opening_the_file_stays(
    landings: Landings, sample: Sample, path: str
) -> None:
    """Their opening began before the exchange and ended after we had looked who has it open."""
    root = sample.afresh()
    old, written = (root / path).read_bytes(), False

    def at(call: Call) -> None:
        nonlocal written
        if call.name != "fsync":
            return
        for temp in root.rglob(f".steward-{MARK}-*"):
            if not written and temp.is_file() and temp.read_bytes() == old:
                written = temp.write_text(USERS) > 0

    outcome = landings.write(root, CHANGES, at)
    assert written
    assert outcome.error == "StaleError"
    assert (root / path).read_text() == USERS
    assert sample.is_whole(but=path)


@SAVES
@pytest.mark.parametrize("turn", [0, pytest.param(3, marks=SOAK), pytest.param(6, marks=SOAK)])
def test_what_a_user_saves_between_a_kill_and_its_end_stays(
    landings: Landings, sample: Sample, save: Callable[[Path, str], None], turn: int
) -> None:
    def run(number: int) -> Outcome:
        path = TOUCHED[(number + turn) % len(TOUCHED)]
        killed = landings.write(sample.afresh(), CHANGES, at_call(number, KILL))
        save(sample.root / path, USERS)
        finished = landings.finish(sample.root, CHANGES)
        assert finished.error is None
        assert (sample.root / path).read_text() == USERS
        assert sample.is_whole(but=path)
        return killed

    sweep(run, step=3)


def replace_by_link(path: Path, outside: Path) -> None:
    path.unlink(missing_ok=True)
    path.symlink_to(outside / "secret.py")


def replace_by_folder(path: Path, outside: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()
    (path / "inside").write_text(USERS)


def replace_by_fifo(path: Path, outside: Path) -> None:
    path.unlink(missing_ok=True)
    os.mkfifo(path)


@pytest.mark.parametrize(
    "replace",
    [replace_by_link, replace_by_folder, pytest.param(replace_by_fifo, marks=SOAK)],
)
def test_what_is_no_file_any_more_at_any_call_stays_what_it_is(
    landings: Landings, sample: Sample, replace: Callable[[Path, Path], None]
) -> None:
    outside = sample.root.parent / "outside"
    outside.mkdir()
    (outside / "secret.py").write_text("three\n")

    def run(number: int) -> Outcome:
        path = sample.afresh() / "plain.py"

        def at(call: Call) -> None:
            if call.count == number:
                replace(path, outside)

        outcome = landings.write(sample.root, CHANGES, at)
        assert outcome.calls < number or not path.is_file() or path.is_symlink()
        assert (outside / "secret.py").read_text() == "three\n"
        assert outcome.error in (None, "StaleError")
        return outcome

    sweep(run)
