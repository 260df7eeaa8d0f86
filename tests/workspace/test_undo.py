"""Undo takes back what an agent did and nothing else, whatever was done since."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from steward.workspace.history.undo import Applied, Left, TakenBack, paths_of, take_back
from steward.workspace.proposal import EditProposal, FileChange, Undo
from tests.rooms import START

Files = dict[str, str]

RANDOM = st.randoms(use_true_random=False)
PATHS = ("a.py", "b.py", "c/d.py", "e.py", "f.py")


def change(
    path: str, before: str | None, after: str | None, moved: str | None = None
) -> FileChange:
    return FileChange(path, before, after, moved)


def applied(number: int, *changes: FileChange) -> Applied:
    proposal = EditProposal(f"p{number}", "run", f"Change {number}", changes)
    return Applied(proposal, START + timedelta(seconds=number))


def undone(files: Files, targets: list[Applied], later: list[Applied] | None = None) -> TakenBack:
    later = later or []
    return take_back(targets, later, {path: files.get(path) for path in paths_of(targets, later)})


def after(files: Files, taken: TakenBack) -> Files:
    """The files with the changes made; each must be true of them."""
    made = dict(files)
    for one in taken.changes:
        for path, versions in one.by_path().items():
            assert made.get(path) == versions.before, path
    for one in taken.changes:
        for path, versions in one.by_path().items():
            if versions.after is None:
                made.pop(path, None)
    for one in taken.changes:
        if one.after is not None:
            made[one.path] = one.after
    return made


EDITED = applied(1, change("a.py", "1\n2\n3\n4\n5\n", "1\ntwo\n3\n4\n5\n"))


def test_what_was_typed_elsewhere_in_the_file_stays() -> None:
    files = {"a.py": "0\n1\ntwo\n3\n4\nfive\n"}
    assert after(files, undone(files, [EDITED])) == {"a.py": "0\n1\n2\n3\n4\nfive\n"}


def test_the_same_lines_changed_since_are_left_alone_and_named_as_they_are_now() -> None:
    files = {"a.py": "0\n1\nzwei\n3\n4\n5\n"}
    later = applied(2, change("a.py", "1\ntwo\n3\n4\n5\n", "1\nzwei\n3\n4\n5\n"))
    taken = undone(files, [EDITED], [later])
    assert taken.changes == ()
    (left,) = taken.left
    assert left == Left(
        "a.py", "the same lines, or lines beside them, were changed since", ((3, 3),), ("p2",)
    )


def test_a_file_is_undone_whole_or_left_whole_and_the_others_are_undone() -> None:
    first = applied(1, change("a.py", "1\n2\n3\n", "one\n2\n3\n"), change("b.py", "x\n", "y\n"))
    second = applied(2, change("a.py", "uno\n2\n3\n", "uno\n2\ntres\n"))
    files = {"a.py": "uno\n2\ntres\n", "b.py": "y\n"}
    taken = undone(files, [first, second])
    assert [left.path for left in taken.left] == ["a.py"]
    assert after(files, taken) == {"a.py": "uno\n2\ntres\n", "b.py": "x\n"}
    # The later change alone can be undone.
    assert after(files, undone(files, [second], [])) == files | {"a.py": "uno\n2\n3\n"}


@pytest.mark.parametrize(
    ("changed", "files", "result"),
    [
        (change("a.py", None, "new\n"), {"a.py": "new\n"}, {}),
        (change("a.py", None, "new\n"), {"a.py": "new\nmine\n"}, "changed after it was created"),
        (change("a.py", None, "new\n"), {}, {}),
        (change("a.py", "old\r\nend", None), {}, {"a.py": "old\r\nend"}),
        (change("a.py", "old\n", None), {"a.py": "mine\n"}, "another file of this name"),
        (change("b.py", "x", "x", "a.py"), {"b.py": "x"}, {"a.py": "x"}),
        (change("b.py", "x\n", "y\n", "a.py"), {"b.py": "y\n"}, {"a.py": "x\n"}),
        (change("b.py", "x", "x", "a.py"), {"b.py": "x", "a.py": "mine"}, "at its old place"),
        (change("b.py", "x", "x", "a.py"), {}, "is gone"),
        (change("a.py", "x\n", "y\n"), {}, "is gone"),
        (change("a.py", "x\n", "y"), {"a.py": "y"}, {"a.py": "x\n"}),
        (change("a.py", "x\n", "y\n"), {"a.py": "x\n"}, {"a.py": "x\n"}),
    ],
)
def test_whole_files_come_back_and_go_unless_somebody_made_them_theirs(
    changed: FileChange, files: Files, result: Files | str
) -> None:
    taken = undone(files, [applied(1, changed)])
    assert after(files, taken) == (files if isinstance(result, str) else result)
    reasons = [left.reason for left in taken.left]
    assert bool(reasons) == isinstance(result, str)
    assert not isinstance(result, str) or result in reasons[0]


def test_an_edit_is_undone_where_the_file_was_moved_to_later() -> None:
    moved = applied(
        2, change("b.py", EDITED.proposal.changes[0].after, "1\ntwo\n3\n4\n5\n", "a.py")
    )
    files = {"b.py": "1\ntwo\n3\n4\nfive\n"}
    assert after(files, undone(files, [EDITED], [moved])) == {"b.py": "1\n2\n3\n4\nfive\n"}
    assert after(files, undone(files, [EDITED, moved])) == {"a.py": "1\n2\n3\n4\nfive\n"}


class Afternoon(RuleBasedStateMachine):
    """An agent and a person change files in turn; the person takes back and does again.

    Lines bear the number of who wrote them, so that each can be followed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.files: Files = {
            path: "".join(f"start {path} {n}{end}" for n in range(6))
            for path, end in zip(PATHS[:3], ("\n", "\r\n", "\n"), strict=True)
        }
        self.number = 0
        self.history: list[Applied] = []
        self.undone: set[str] = set()
        self.removed: set[str] = set()
        """Lines that the person has taken away."""

    @rule(chance=RANDOM)
    def agent(self, chance: random.Random) -> None:
        changes = list(self._changes(chance))
        if not changes:
            return
        was = dict(self.files)
        one = applied(self._next(), *changes)
        self.files = after(self.files, TakenBack(tuple(changes), (), ()))
        self.history.append(one)
        # At once, it leads back to exactly where it was.
        assert after(self.files, undone(self.files, [one])) == was

    @rule(chance=RANDOM)
    def person(self, chance: random.Random) -> None:
        path = chance.choice(PATHS)
        was = self.files.get(path, "")
        if path in self.files and chance.random() < 0.1:
            del self.files[path]
        else:
            self.files[path] = self._edited(was, chance, "person")
        self.removed |= tokens(was) - {
            token for text in self.files.values() for token in tokens(text)
        }

    @precondition(lambda self: self.history)
    @rule(chance=RANDOM)
    def take_back(self, chance: random.Random) -> None:
        standing = [one for one in self.history if one.proposal.id not in self.undone]
        targets = chance.sample(standing, min(len(standing), chance.choice((1, 1, 2, 5))))
        if not targets:
            return
        later = [one for one in self.history if one not in targets]
        later = [one for one in later if one.at > min(target.at for target in targets)]
        taken = undone(self.files, targets, later)
        was, self.files = self.files, after(self.files, taken)
        self._check(was, targets, taken)
        if not taken.changes:
            return
        undo = applied(self._next(), *taken.changes)
        facts = Undo((), (), is_redo=False, owner="", together=taken.together)
        undo = replace(undo, proposal=replace(undo.proposal, undo=facts))
        assert after(self.files, undone(self.files, [undo])) == was
        self.undone |= {target.proposal.id for target in targets}
        self.history.append(undo)

    def _check(self, was: Files, targets: list[Applied], taken: TakenBack) -> None:
        touched = {path for one in taken.changes for path in one.by_path()}
        assert not touched & {left.path for left in taken.left}
        assert all(
            self.files.get(path) == text for path, text in was.items() if path not in touched
        )
        befores = [c.before or "" for one in targets for c in one.proposal.changes]
        afters = [c.after or "" for one in targets for c in one.proposal.changes]
        theirs = {token for text in afters for token in tokens(text)}
        brought = {token for text in befores for token in tokens(text)}
        now = {token for text in self.files.values() for token in tokens(text)}
        before = {token for text in was.values() for token in tokens(text)}
        assert before - now <= theirs
        assert now - before <= brought
        assert not now & self.removed
        lines = {line for text in (*was.values(), *befores) for line in text.splitlines(True)}
        for one in taken.changes:
            kept = [token for token in order(one.before) if token in tokens(one.after or "")]
            assert kept == [t for t in order(one.after) if t in tokens(one.before or "")]
            assert set((one.after or "").splitlines(True)) <= lines

    def _changes(self, chance: random.Random) -> Iterator[FileChange]:
        free = [path for path in PATHS if path not in self.files]
        for path in chance.sample(list(self.files), min(len(self.files), chance.randrange(3))):
            text = self.files[path]
            match chance.randrange(6):
                case 0:
                    yield change(path, text, None)
                case 1 if free:
                    new = free.pop()
                    edited = chance.choice((text, self._edited(text, chance, "agent")))
                    yield change(new, text, edited, path)
                case _:
                    yield change(path, text, self._edited(text, chance, "agent"))
        if free and chance.random() < 0.3:
            yield change(free[0], None, self._edited("", chance, "agent"))

    def _edited(self, text: str, chance: random.Random, who: str) -> str:
        lines = text.splitlines(True)
        for _ in range(chance.choice((1, 1, 2))):
            at = chance.randrange(len(lines) + 1)
            new = [
                f"{who} {self._next()}" + chance.choice(("\n", "\n", "\r\n"))
                for _ in range(chance.randrange(3))
            ]
            new += chance.choice(([], [], ["\n"]))
            lines[at : at + chance.randrange(3)] = new
        ended = [line if line.endswith("\n") else f"{line}\n" for line in lines[:-1]]
        last = "".join(lines[-1:])
        return "".join(ended) + (last.rstrip("\r\n") if chance.random() < 0.2 else last)

    def _next(self) -> int:
        self.number += 1
        return self.number


def order(text: str | None) -> list[str]:
    return [line.strip() for line in (text or "").splitlines() if line.strip()]


def tokens(text: str) -> set[str]:
    return set(order(text))


quick = settings(
    max_examples=20,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
)
TestAfternoon = Afternoon.TestCase
TestAfternoon.settings = quick


class LongAfternoon(Afternoon):
    """The same, many times over."""


TestLongAfternoon = pytest.mark.soak(pytest.mark.timeout(900)(LongAfternoon.TestCase))
TestLongAfternoon.settings = settings(quick, max_examples=1500, stateful_step_count=40)
