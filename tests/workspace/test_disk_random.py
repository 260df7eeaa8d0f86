"""Whatever is proposed and whatever happens at whatever call, all is old or all is new."""

import errno
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings, strategies as st

from steward.workspace.encoding import BOM
from steward.workspace.proposal import FileChange
from tests.workspace.disk_calls import (
    KILL,
    At,
    Call,
    Landings,
    at_call,
    both,
    open_landings,
    without,
)
from tests.workspace.disk_sample import save_by_renaming, save_in_place

EXAMPLES, EXAMPLES_SOAK = 120, 3_000
CALLS_MAX = 90
USERS = b"what the user saves"

texts = st.text(st.sampled_from("ab\n\r\té😀"), max_size=6)
FILES = ("a", "b", "d/a", "d/e/a", "d/e/b")
FREE = ("c", "d/c", "n/a", "n/m/b")

Tree = dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Case:
    """A workspace, what is proposed for it, and what happens meanwhile."""

    old: Tree
    new: Tree
    changes: tuple[FileChange, ...]
    lacking: tuple[str, ...]
    number: int
    happens: str | int
    path: str


@pytest.fixture(scope="module")
def landings() -> Generator[Landings]:
    with open_landings() as landings:
        yield landings


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A few files, each left alone, edited, deleted or renamed, and some new ones."""
    free = list(draw(st.permutations(FREE)))
    old: Tree = {}
    new: Tree = {}
    changes: list[FileChange] = []
    for path in FILES:
        mark, before, after = draw(st.sampled_from(["", BOM])), draw(texts), draw(texts)
        old[path] = (mark + before).encode()
        match draw(st.sampled_from(["alone", "edit", "edit", "delete", "rename"])):
            case "edit":
                changes.append(FileChange(path, before, after))
                new[path] = (mark + after).encode()
            case "delete":
                changes.append(FileChange(path, before, None))
            case "rename" if len(free) > 2:
                changes.append(FileChange(free[-1], before, after, path))
                new[free.pop()] = (mark + after).encode()
            case _:
                new[path] = old[path]
    for path in free[: draw(st.integers(0, 2))]:
        after = draw(texts)
        changes.append(FileChange(path, None, after))
        new[path] = after.encode()
    return Case(
        old,
        new,
        tuple(draw(st.permutations(changes))),
        draw(st.sampled_from([(), (), ("renameat2",), ("linkat",)])),
        draw(st.integers(1, CALLS_MAX)),
        draw(st.sampled_from([KILL, errno.ENOSPC, errno.EIO, "save in place", "save by renaming"])),
        draw(st.sampled_from(FILES + FREE)),
    )


def tree(root: Path) -> Tree:
    """Every file's bytes."""
    files = [path for path in root.rglob("*") if not path.is_dir()]
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def happening(case: Case, root: Path) -> At:
    """What happens just before the chosen call."""
    if isinstance(case.happens, int):
        return at_call(case.number, case.happens)
    save = save_in_place if case.happens == "save in place" else save_by_renaming

    def at(call: Call) -> None:
        if call.count == case.number:
            save(root / case.path, USERS.decode())

    return at


def check(landings: Landings, case: Case) -> None:
    """Land it, finish it if need be, and compare."""
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with TemporaryDirectory(dir=memory) as folder:
        root = Path(folder)
        for path, content in case.old.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)
        at = both(happening(case, root), without(*case.lacking))
        outcome = landings.write(root, case.changes, at)
        if outcome.is_killed or outcome.error == "UnfinishedError":
            assert landings.finish(root, case.changes).error is None
        found = tree(root)
        expected = [case.old, case.new]
        if isinstance(case.happens, str) and outcome.calls >= case.number:
            expected = [{**each, case.path: USERS} for each in expected]
        assert found in expected
        if not outcome.is_killed and outcome.error is None:
            assert found == expected[1]
        assert not [path for path in root.rglob("*") if path.name.startswith(".steward")]


@settings(max_examples=EXAMPLES, deadline=None)
@given(case=cases())
def test_any_proposal_lands_whole_or_not_at_all(landings: Landings, case: Case) -> None:
    check(landings, case)


@pytest.mark.soak
@pytest.mark.timeout(900)
@settings(max_examples=EXAMPLES_SOAK, deadline=None)
@given(case=cases())
def test_any_of_very_many_proposals_lands_whole_or_not_at_all(
    landings: Landings, case: Case
) -> None:
    check(landings, case)
