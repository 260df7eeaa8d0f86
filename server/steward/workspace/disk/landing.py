"""One landing on disk: how far it is, on to its end, and back to its beginning.

How far each step is follows from what the file's name and our temporary name lead to; nothing
else is remembered, so that a process that was not there can tell as well:

    changing a file     (old, new) → exchange → (new, old)
    making a file       (nothing, new) → link → (new, the same file)
    removing a file     (old, nothing) → rename → (nothing, old)

Somebody else's text at a temporary name has just come out of the file's name and goes back there.
"""

import os
from collections.abc import Sequence
from enum import Enum
from pathlib import Path
from types import TracebackType

from steward.core.errors import StaleError, UnavailableError
from steward.workspace.disk.failures import GONE, naming, unavailable, unfinished
from steward.workspace.disk.folders import Folders
from steward.workspace.disk.names import (
    Expectation,
    Place,
    Sight,
    give_back,
    look,
    put,
    swap,
    take,
    withdraw,
)
from steward.workspace.disk.stage import Staged, stage
from steward.workspace.disk.step import Step
from steward.workspace.disk.sync import sync_each

_AT_ONCE_MAX = 64
"""Files that are open at the same time; some systems allow a process no more than 256."""


class _State(Enum):
    UNTOUCHED = "as before"
    DONE = "done, and by us"
    ALREADY = "as if done, and nothing tells by whom"
    FOREIGN = "neither"


class Landing:
    """Use it in a `with`: it holds the folders open."""

    def __init__(self, root: Path, steps: Sequence[Step], mark: str) -> None:
        self._steps = steps
        self._folders = Folders(root, mark, [step.path for step in steps])
        self._has_begun = False

    def __enter__(self) -> "Landing":
        try:
            self._folders.__enter__()
        except OSError as error:
            raise UnavailableError(f"The workspace cannot be opened: {error.strerror}.") from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._folders.__exit__(kind, error, trace)

    def has_traces(self) -> bool:
        """Whether there is anything under a name of ours."""
        with unavailable():
            return self._folders.has_traces() or any(
                _exists(place.folder, name)
                for step, place in self._places()
                for name in (step.temp, step.part, step.aside, step.done)
            )

    def put_in_order(self) -> None:
        """Bring every step to where it can be told how far it is."""
        with unfinished():
            self._folders.tidy()
            for step, place in self._places():
                _put_in_order(step, place)
            self._has_begun = _State.DONE in self._states().values()

    @property
    def has_begun(self) -> bool:
        """Whether a file has been changed."""
        return self._has_begun

    def is_committed(self) -> bool:
        """Whether all steps had been made, and only what is ours is left to remove."""
        with unfinished():
            return any(_exists(place.folder, step.done) for step, place in self._places())

    def rest(self) -> tuple[Step, ...] | None:
        """The steps still to be made; `None` if somebody has changed a file of theirs."""
        with unfinished():
            states = self._states()
        if _State.FOREIGN in states.values():
            return None
        return tuple(step for step, state in states.items() if state is _State.UNTOUCHED)

    def go_on(self, steps: Sequence[Step]) -> None:
        """Make these steps, and with them the whole landing; `clear` remains to be called.

        Raises:
            StaleError: a file is not as it was, or somebody is writing to it.
            UnavailableError: the disk or its permissions failed us.
        """
        for first in range(0, len(steps), _AT_ONCE_MAX):
            self._write(steps[first : first + _AT_ONCE_MAX])
        with unavailable():
            self._folders.sync()
        self._has_begun = True
        for step in steps:
            with naming(step):
                _make(step, self._place(step))
        with unavailable():
            self._folders.sync()
        # Somebody may have opened a file just before it got its other name, and written since.
        for step in self._steps:
            with naming(step):
                _check_old(step, self._place(step))
        with unavailable():
            self._commit()

    def clear(self) -> None:
        """Remove what is left of ours after everything is done.

        Raises:
            UnfinishedError: the disk does not let us.
        """
        with unfinished():
            for step, place in self._places():
                _remove(place.folder, step.temp)
            self._folders.keep()
            self._folders.sync()
            for step, place in self._places():
                _remove(place.folder, step.done)

    def go_back(self) -> tuple[str, ...]:
        """Undo every step that has been made, and remove what is left of ours.

        Returns the files that hold neither text because of somebody else; they were left alone.

        Raises:
            UnfinishedError: the disk does not let us.
        """
        failures: list[OSError] = []
        for step in reversed(self._steps):
            try:
                if place := self._find(step):
                    _put_in_order(step, place)
                    _undo(step, place, has_begun=self._has_begun)
            except OSError as error:
                failures.append(error)
        with unfinished():
            if failures:
                raise failures[0]
            for step, place in self._places():
                _remove(place.folder, step.temp)
            self._folders.tidy()
            self._folders.remove()
            self._folders.sync()
        return self.others(is_done=False)

    def others(self, *, is_done: bool) -> tuple[str, ...]:
        """The files that hold something else than what we left there."""
        with unfinished():
            return tuple(
                str(step.path)
                for step in self._steps
                if not self._holds(step, step.after if is_done else step.before)
            )

    def _holds(self, step: Step, text: str | None) -> bool:
        place = self._find(step)
        seen = look(place.folder, place.name, is_ours=False) if place is not None else None
        return seen is None if text is None else seen is not None and seen.holds(text)

    def _states(self) -> dict[Step, _State]:
        return {step: self._state(step) for step in self._steps}

    def _state(self, step: Step) -> _State:
        place = self._find(step)
        if place is None:
            return _State.UNTOUCHED if step.before is None else _State.FOREIGN
        return _state(step, place)

    def _write(self, steps: Sequence[Step]) -> None:
        """Write the new texts, all of them before the disk is waited for."""
        written: list[Staged] = []
        try:
            for step in steps:
                with naming(step):
                    written += self._prepare(step)
            failures = sync_each([staged.file for staged in written])
            for staged, failure in zip(written, failures, strict=True):
                with naming(staged.step):
                    if failure is not None:
                        raise failure
                    staged.finish()
        finally:
            for staged in written:
                staged.close()

    def _prepare(self, step: Step) -> list[Staged]:
        """Compare the file with what it should be, and write the new text beside it, if any."""
        if step.before is None:
            self._folders.make(step.path.parent)
        place = self._place(step)
        if not self._holds(step, step.before):
            raise _changed(step)
        if step.after is None or _exists(place.folder, step.temp):
            return []
        return [stage(place.folder, step, self._original(step))]

    def _original(self, step: Step) -> tuple[int, str] | None:
        """The file whose permissions the new one gets."""
        if step.before is not None:
            place = self._place(step)
            return place.folder, place.name
        if step.like is None:
            return None
        place = self._place(step.like)
        is_there = _exists(place.folder, place.name)
        return place.folder, place.name if is_there else place.temp

    def _commit(self) -> None:
        for step, place in self._places():
            if _exists(place.folder, step.temp):
                os.rename(step.temp, step.done, src_dir_fd=place.folder, dst_dir_fd=place.folder)
                return

    def _places(self) -> list[tuple[Step, Place]]:
        """The steps whose folder can be reached."""
        found = [(step, self._find(step)) for step in self._steps]
        return [(step, place) for step, place in found if place is not None]

    def _find(self, step: Step) -> Place | None:
        try:
            return self._place(step)
        except OSError as error:
            if error.errno not in GONE:
                raise
            return None

    def _place(self, step: Step) -> Place:
        folder = self._folders.find(step.path.parent)
        return Place(folder, step.path.name, step.temp, step.aside)


def _put_in_order(step: Step, place: Place) -> None:
    """Undo what was half of a step, and give back what is somebody else's."""
    _remove(place.folder, step.part)
    if _exists(place.folder, place.aside):
        _end_aside(place)
    temp = look(place.folder, place.temp, is_ours=True)
    if temp is None or step.before is None or _is_ours(step, temp):
        return
    name = look(place.folder, place.name, is_ours=False)
    if name is None or step.after is None:
        give_back(place.folder, place.temp, place.name)
    elif _is_ours(step, name) or temp.stamp[1] > name.stamp[1]:
        swap(place, lambda seen: _is_ours(step, seen) or seen.is_still(name))
    if (left := look(place.folder, place.temp, is_ours=True)) and not _is_ours(step, left):
        _remove(place.folder, place.temp)  # It was saved over.


def _end_aside(place: Place) -> None:
    """The file at `aside` came from the file's name; what is there now is newer."""
    name = look(place.folder, place.name, is_ours=False)
    temp = look(place.folder, place.temp, is_ours=False)
    if name is not None and (temp is None or temp.inode == name.inode):
        os.rename(place.aside, place.temp, src_dir_fd=place.folder, dst_dir_fd=place.folder)
    else:
        give_back(place.folder, place.aside, place.name)


def _is_ours(step: Step, seen: Sight) -> bool:
    return any(text is not None and seen.holds(text) for text in (step.before, step.after))


def _state(step: Step, place: Place) -> _State:
    name = look(place.folder, place.name, is_ours=False)
    temp = look(place.folder, place.temp, is_ours=True)
    if step.before is None:
        return _state_of_new(step, name, temp)
    if temp is not None and temp.holds(step.before):
        return _State.DONE
    if name is not None and name.holds(step.before):
        return _State.UNTOUCHED
    is_as_after = name is None if step.after is None else name and name.holds(step.after)
    return _State.ALREADY if is_as_after and temp is None else _State.FOREIGN


def _state_of_new(step: Step, name: Sight | None, temp: Sight | None) -> _State:
    is_whole = temp is None or temp.holds(step.after or "")
    if name is None:
        return _State.UNTOUCHED if is_whole else _State.FOREIGN
    if temp is not None:
        return _State.DONE if temp.inode == name.inode else _State.FOREIGN
    return _State.ALREADY if name.holds(step.after or "") else _State.FOREIGN


def _make(step: Step, place: Place) -> None:
    if step.before is None:
        is_made = put(place)
    elif step.after is None:
        is_made = take(place, _expecting(step.before))
    else:
        is_made = swap(place, _expecting(step.before))
    if not is_made:
        raise _changed(step)


def _undo(step: Step, place: Place, *, has_begun: bool) -> None:
    state = _state(step, place)
    if step.before is None:
        # Where there are no links, a file of this text is ours if we had begun at all.
        if state is _State.DONE or (state is _State.ALREADY and has_begun):
            withdraw(place, _expecting(step.after or ""))
    elif state is _State.DONE and (step.after is None or not _exists(place.folder, place.name)):
        give_back(place.folder, place.temp, place.name)
    elif state is _State.DONE:
        swap(place, _expecting(step.after or ""))


def _check_old(step: Step, place: Place) -> None:
    if step.before is None:
        return
    temp = look(place.folder, place.temp, is_ours=True)
    if temp is not None and not temp.holds(step.before):
        raise _changed(step)


def _expecting(text: str) -> Expectation:
    return lambda seen: seen.holds(text)


def _exists(folder: int, name: str) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _remove(folder: int, name: str) -> None:
    # Where nothing may be written, removing what is not there is refused, too.
    if _exists(folder, name):
        os.unlink(name, dir_fd=folder)


def _changed(step: Step) -> StaleError:
    if step.before is None:
        return StaleError(f"There is a '{step.path}' already. Propose another name.")
    return StaleError(
        f"'{step.path}' has changed since the diff was computed, or is being written to. Read the"
        " file again and propose the change anew."
    )
