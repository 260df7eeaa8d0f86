"""A line is carried back to the run that wrote it, and never to another one."""

import json
import random
from collections import Counter
from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from steward.core.principal import Principal
from steward.workspace.history.ancestry import Ancestry, Walk
from steward.workspace.history.elsewhere import Elsewhere
from steward.workspace.history.landings import Place, Records
from steward.workspace.proposal import EditProposal, FileChange
from tests.places import Place as DatabasePlace, execute
from tests.rooms import Rooms, open_rooms
from tests.workspace.histories import History, land, land_proposal, play

BEFORE = "def first():\n    return alphabet\n\n\ndef last():\n    return omegas\n"
ADDED = "\n\ndef middle():\n    value_of_all = count(everything)\n    return value_of_all\n"
AFTER = BEFORE + ADDED


@pytest.fixture
async def rooms(place: DatabasePlace, tmp_path: Path) -> AsyncGenerator[Rooms]:
    async with open_rooms(place, tmp_path / "workspace") as rooms:
        yield rooms


@pytest.fixture
async def own_rooms(tmp_path: Path) -> AsyncGenerator[Rooms]:
    async with open_rooms(tmp_path / "steward.db", tmp_path / "workspace") as rooms:
        yield rooms


async def ancestry(rooms: Rooms, path: str, text: str) -> list[Ancestry]:
    """What is known of every line of a text at a path."""
    records, place = Records(rooms.database, "local"), Place(rooms.principal.workspace, path)
    lines = range(text.count("\n"))
    walk = Walk(records)
    found = await walk.ancestry([place], text, lines)
    elsewhere = Elsewhere(walk, [place.workspace], text)
    if not await records.at([place]):
        found |= await elsewhere.renamed([place], list(lines))
    left = [line for line in lines if found[line].verdict == "person"]
    found |= await elsewhere.blocks(left)
    return [found[line] for line in lines]


async def told(rooms: Rooms, path: str, text: str) -> list[str]:
    """For every line the run it is from, `-` for none, `?` where there are several answers."""
    found = await ancestry(rooms, path, text)
    return [_told(each) for each in found]


def _told(each: Ancestry) -> str:
    if each.verdict != "agent":
        return {"person": "-", "unclear": "?", "unknown": "unknown"}[each.verdict]
    source = each.sources[0]
    marks = (source.is_changed, "~"), (source.is_reformatted, "_"), (source.has_moved, ">")
    return source.run_id + "".join(mark for has, mark in marks if has)


async def edit(rooms: Rooms, run: str, before: str | None, after: str, path: str = "a.py") -> str:
    return await land(rooms, run, 0, (FileChange(path, before, after),))


async def test_lines_are_from_the_run_that_added_them(rooms: Rooms) -> None:
    await edit(rooms, "one", BEFORE, AFTER)
    later = AFTER.replace("alphabet", "letters")
    await edit(rooms, "two", AFTER, later)
    by_hand = "# a person's own comment\n" + later.replace("omegas", "the_very_last")
    found = await told(rooms, "a.py", by_hand)
    assert found == ["-", "-", "two", "-", "-", "-", "-", "one", "one", "one", "one", "one"]


async def test_a_line_that_was_changed_by_hand_has_both(rooms: Rooms) -> None:
    await edit(rooms, "one", BEFORE, AFTER)
    text = AFTER.replace("count(everything)", "count(everything, twice=True)")
    text = text.replace("    return value_of_all", "\treturn  value_of_all")
    assert (await told(rooms, "a.py", text))[-2:] == ["one~", "one_"]


async def test_blocks_that_moved_are_found_in_the_file_and_in_another(rooms: Rooms) -> None:
    await edit(rooms, "one", BEFORE, AFTER)
    block = ADDED.removeprefix("\n\n")
    assert (await told(rooms, "a.py", block + BEFORE))[:3] == ["one>", "one>", "one>"]
    # A person carries it to a file that no agent ever touched.
    carried = "import something\n" + block
    assert await told(rooms, "b.py", carried) == ["-", "one>", "one>", "one>"]
    # An agent takes it from one file to another: the line stays whose it was.
    changes = (
        FileChange("a.py", AFTER, BEFORE),
        FileChange("c.py", None, block + "wholly = 'new'\n"),
    )
    await land(rooms, "two", 1, changes)
    assert await told(rooms, "c.py", block + "wholly = 'new'\n") == ["one>", "one>", "one>", "two"]


async def test_a_renamed_file_keeps_its_history(rooms: Rooms) -> None:
    await edit(rooms, "one", BEFORE, AFTER)
    renamed = AFTER.replace("omegas", "omega_values")
    await land(rooms, "two", 1, (FileChange("b.py", AFTER, renamed, "a.py"),))
    expected = ["-", "-", "-", "-", "-", "two", "one", "one", "one", "one", "one"]
    assert await told(rooms, "b.py", renamed) == expected
    # By git or by hand, and changed a little: nothing says so but what is in it.
    found = await told(rooms, "lib/c.py", renamed + "# and a comment of a person\n")
    assert [each.removesuffix(">") for each in found] == [*expected, "-"]


async def test_a_text_that_came_back_is_found(rooms: Rooms) -> None:
    """As after a checkout of another branch, on which an agent had worked before."""
    await edit(rooms, "one", BEFORE, AFTER)
    other = BEFORE.replace("omegas", "other_omegas")
    await edit(rooms, "two", BEFORE, other)
    assert (await told(rooms, "a.py", AFTER))[-3:] == ["one>", "one>", "one>"]


async def test_what_was_undone_is_no_source_and_what_was_put_back_is_whose_it_was(
    rooms: Rooms,
) -> None:
    first = await edit(rooms, "one", BEFORE, AFTER)
    second = await edit(rooms, "two", AFTER, BEFORE)
    await undo(rooms, "undo-1", second, BEFORE, AFTER)
    expected = ["-", "-", "-", "-", "-", "-", "one", "one", "one", "one", "one"]
    assert await told(rooms, "a.py", AFTER) == expected
    undone = await undo(rooms, "undo-2", first, AFTER, BEFORE)
    assert set(await told(rooms, "a.py", BEFORE)) == {"-"}
    # A person writes the same once more: it is theirs now.
    assert set(await told(rooms, "a.py", AFTER)) == {"-"}
    await undo(rooms, "redo", undone, BEFORE, AFTER)
    assert await told(rooms, "a.py", AFTER) == expected


async def undo(rooms: Rooms, run: str, undone: str, before: str, after: str) -> str:
    """Land the reverse of a proposal, which says what it takes back."""
    id_ = await edit(rooms, run, before, after)
    place = rooms.principal.workspace
    row = json.dumps(
        {"title": "Undo", "undoes": [undone], "changes": [["a.py", before, after, None]]}
    )

    def work(session: object) -> None:
        from sqlmodel import Session

        from steward.workspace.tables import ProposalRow

        assert isinstance(session, Session)
        kept = session.get_one(ProposalRow, id_)
        assert kept.workspace == place
        kept.content = row
        session.add(kept)

    await rooms.database.run(work)
    return id_


async def test_between_two_answers_none_is_chosen(rooms: Rooms) -> None:
    before = "start = beginning()\n\nend = finishing()\n"
    after = "start = beginning()\n\n\nend = finishing()\n"
    await edit(rooms, "one", before, after)
    assert await told(rooms, "a.py", after) == ["-", "?", "?", "-"]
    kinds = [
        {source.kind for source in each.sources} for each in await ancestry(rooms, "a.py", after)
    ]
    assert kinds[1] == {"agent", "person"}


async def test_a_change_that_was_applied_in_part_is_never_certain(rooms: Rooms) -> None:
    id_ = await edit(rooms, "one", BEFORE, AFTER)
    await rooms.proposals.mark(rooms.principal, id_, "partial", outcome="Look at the files.")
    assert (await told(rooms, "a.py", AFTER))[-3:] == ["?", "?", "?"]
    await rooms.proposals.mark(rooms.principal, id_, "refused", outcome="Taken back.")
    assert set(await told(rooms, "a.py", AFTER)) == {"-"}


async def test_other_folders_and_organisations_say_nothing(
    rooms: Rooms, place: DatabasePlace
) -> None:
    for principal in (
        Principal("ann", "s", "/elsewhere"),
        Principal("eve", "s", rooms.principal.workspace, tenant_id="other"),
    ):
        change = FileChange("a.py", BEFORE, AFTER)
        proposal = EditProposal(f"{principal.user}.tool-0-0", principal.user, "x", (change,))
        await land_proposal(rooms, principal, proposal)
    assert len(execute(place, "SELECT * FROM landed_file")) == 2
    assert set(await told(rooms, "a.py", AFTER)) == {"-"}


async def compare(rooms: Rooms, seeds: range) -> Counter[tuple[str, str]]:
    """How often it was said of lines, told apart by what they are, what is not true."""
    counts: Counter[tuple[str, str]] = Counter()
    records = Records(rooms.database, "local")
    for seed in seeds:
        history = await play(rooms, random.Random(seed), f"f{seed}.py", 12)
        place = Place(rooms.principal.workspace, history.path)
        found = await Walk(records).ancestry([place], history.text, range(len(history.lines)))
        _judge(history, found, counts)
    return counts


def _judge(history: History, found: dict[int, Ancestry], counts: Counter[tuple[str, str]]) -> None:
    for at, line in enumerate(history.lines):
        ancestry = found[at]
        kind = "common" if "=" not in line.text else "moved" if line.is_moved else "own"
        if ancestry.verdict == "agent":
            source = ancestry.sources[0]
            is_right = source.run_id == line.run and source.is_changed <= line.is_changed
            said = "right" if is_right else "wrong run"
        elif ancestry.verdict == "person":
            said = "right" if not line.run else "missed"
        else:
            known = {source.run_id for source in ancestry.sources}
            said = "open" if line.run in known else "open, and none is right"
        counts[kind, said] += 1


@pytest.mark.parametrize(
    "seeds",
    [
        range(15),
        pytest.param(range(1000, 3000), marks=[pytest.mark.soak, pytest.mark.timeout(900)]),
    ],
)
async def test_no_line_is_said_to_be_of_a_wrong_run(own_rooms: Rooms, seeds: range) -> None:
    """Against histories in which it is known of each line where it comes from.

    A lone bracket or an empty line that somebody deleted and wrote again in one go cannot be told
    from one that stayed, so of such lines alone a few may be wrong.
    """
    counts = await compare(own_rooms, seeds)
    own = sum(count for (kind, _), count in counts.items() if kind == "own")
    common = sum(count for (kind, _), count in counts.items() if kind == "common")
    assert counts["own", "wrong run"] == counts["moved", "wrong run"] == 0, counts
    assert counts["own", "right"] >= 0.95 * own > 0, counts
    assert counts["common", "wrong run"] <= 0.03 * common, counts
