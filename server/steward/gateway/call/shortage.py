"""Which calls were refused for want of money, for as long as it is wanting."""

from dataclasses import dataclass

from steward.core.money import NOTHING, NanoUsd


@dataclass(frozen=True, slots=True)
class Shortage:
    """A call that was refused."""

    task: str
    needed: NanoUsd
    """What it might have cost."""
    reason: str
    """What whoever called was told."""


class Shortages:
    """The last refusal of each kind of task."""

    def __init__(self) -> None:
        self._by_task: dict[str, Shortage] = {}

    def note(self, task: str, needed: NanoUsd, reason: str) -> None:
        """A call was refused."""
        self._by_task[task] = Shortage(task, needed, reason)

    def clear(self) -> None:
        """A call went through: there is money again."""
        self._by_task.clear()

    def needed(self, *tasks: str) -> NanoUsd:
        """The least that a refused call of these tasks, or of any, needs; nought if none was."""
        wanted = [each.needed for each in self._by_task.values() if each.task in tasks or not tasks]
        return min(wanted, default=NOTHING)

    def of(self, left: NanoUsd | None, task: str | None = None) -> Shortage | None:
        """A call, of one task or of any, that was refused and that `left` does not cover now.

        What it does cover is forgotten. `left` is None where there is no limit.
        """
        self._by_task = {
            name: each
            for name, each in self._by_task.items()
            if left is not None and left < each.needed
        }
        found = (each for each in self._by_task.values() if task in (None, each.task))
        return min(found, key=lambda each: each.needed, default=None)
