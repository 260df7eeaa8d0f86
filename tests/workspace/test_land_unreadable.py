"""A landing whose files cannot be read ends with a word on what is known, and is recorded."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from steward.core.limits import FILE_BYTES_MAX
from steward.workspace.editor import EditorReply
from tests.rooms import Rooms, open_rooms, silent, yes
from tests.workspace.test_land import EDIT, FAILED, cut_off, land


@pytest.fixture(params=[False, True], ids=["we ask", "the editor asks"])
def asked_rooms(rooms: Rooms, request: pytest.FixtureRequest) -> Rooms:
    rooms.editor.shows_diff = request.param
    return rooms


def _delete(path: Path) -> None:
    path.unlink()


def _grow(path: Path) -> None:
    with path.open("r+b") as file:
        file.truncate(FILE_BYTES_MAX + 1)


def _garble(path: Path) -> None:
    path.write_bytes(b"\xff")


def _link(path: Path) -> None:
    path.unlink()
    path.symlink_to("b.py")


SPOILED = pytest.mark.parametrize("spoil", [_delete, _grow, _garble, _link])


@SPOILED
async def test_a_file_that_cannot_be_compared_any_more_is_left_alone_and_that_is_recorded(
    asked_rooms: Rooms, spoil: Callable[[Path], None]
) -> None:
    spoil(asked_rooms.workspace.root / "a.py")
    landed = await land(asked_rooms, silent)
    assert landed.state == ("refused" if spoil is _link else "stale")
    assert "a.py" in landed.outcome
    assert asked_rooms.editor.edits == []
    assert (await asked_rooms.proposals.find(EDIT.id)).state == landed.state


@SPOILED
@pytest.mark.parametrize("answer", [EditorReply(is_applied=True, reason=""), FAILED])
async def test_a_file_that_cannot_be_read_back_is_left_to_the_person(
    asked_rooms: Rooms, spoil: Callable[[Path], None], answer: EditorReply
) -> None:
    asked_rooms.editor.answer = answer
    asked_rooms.editor.afterwards = lambda: asyncio.to_thread(
        spoil, asked_rooms.workspace.root / "a.py"
    )
    landed = await land(asked_rooms, silent if asked_rooms.editor.shows_diff else yes)
    assert landed.state == "partial"
    assert "a.py" in landed.outcome
    assert (await asked_rooms.proposals.find(EDIT.id)).state == "partial"


async def test_a_file_that_is_gone_after_a_restart_is_left_to_the_person(
    tmp_path: Path, rooms: Rooms
) -> None:
    await cut_off(rooms, when="applying")
    (rooms.workspace.root / "a.py").unlink()
    async with open_rooms(tmp_path / "data" / "steward.db", rooms.workspace.root) as again:
        assert (await again.lander.land(again.principal, EDIT.id)).state == "partial"
        assert (await again.proposals.find(EDIT.id)).state == "partial"
