"""An agent works beside a secret: the file keeps it, and nothing that leaves or stays has it."""

import json
import re
from dataclasses import replace

from sqlalchemy import text
from sqlmodel import Session

from demo.replies import JsonObject, Reply, call, say
from tests.agents.crew import PLAN, Crew
from tests.attacks.canary import seen
from tests.core.test_redact import SECRETS

KEY = SECRETS["github token"]
BEFORE = f'API_TOKEN = "{KEY}"\npassword: hunter2hunter2\nlimit = 1\n'
MAY_HOLD_FILES = {"approval", "proposal"}
"""What a person was asked, and what they approved, stays on their machine as it was shown."""


def _edit_what_is_shown(request: JsonObject) -> Reply:
    """Read the file, edit all of its lines, and say that it is done."""
    results = [str(each["content"]) for each in request["messages"] if each["role"] == "tool"]
    if "[task: plan]" in str(request["messages"][0]["content"]):
        return say(json.dumps(PLAN))
    if not results:
        return call("read_file", path="conf.py")
    if len(results) > 1:
        return say("Done.")
    lines = re.findall(r"^(?:API_TOKEN|password|limit).*\n", results[0], re.MULTILINE)
    old = "".join(lines)
    new = old.replace("limit = 1", "limit = 2")
    return call("edit_file", path="conf.py", old_text=old, new_text=new)


async def test_a_file_keeps_its_secrets_and_nobody_else_has_them(crew: Crew) -> None:
    file = crew.rooms.workspace.root / "conf.py"
    file.write_text(BEFORE)
    specification = replace(
        crew.steps.specification,
        place="conf.py:3",
        mentions=("conf.py",),
        observations=f"conf.py:1: {KEY} is unused",
    )
    crew.model.script = _edit_what_is_shown
    steps = replace(crew.steps, specification=specification)
    ended = await replace(crew, steps=steps).go_on()
    assert ended["state"] == "finished"
    assert file.read_text() == BEFORE.replace("limit = 1", "limit = 2")
    for exchange in crew.model.exchanges:
        sent = json.dumps(exchange.body, ensure_ascii=False)
        assert "<secret github token " in sent
        assert not seen(KEY, sent)
        assert "hunter2" not in sent
    for table, rows in (await crew.rooms.database.read(_everything)).items():
        assert table in MAY_HOLD_FILES or not seen(KEY, rows), table
        assert table in MAY_HOLD_FILES or "hunter2" not in rows, table


async def test_what_a_dry_run_would_change_is_traced_without_the_files_secrets(crew: Crew) -> None:
    file = crew.rooms.workspace.root / "conf.py"
    file.write_text(BEFORE)
    crew.model.script = _edit_what_is_shown
    assert (await crew.with_mode("dry_run").go_on())["state"] == "finished"
    rows = await crew.rooms.database.read(_everything)
    assert "+limit = 2" in rows["run_step"]
    assert not seen(KEY, rows["run_step"])
    assert "hunter2" not in rows["run_step"]


def _everything(session: Session) -> dict[str, str]:
    tables = session.connection().execute(text("SELECT name FROM sqlite_master WHERE type='table'"))
    return {
        name: repr(session.connection().execute(text(f'SELECT * FROM "{name}"')).all())
        for (name,) in tables.all()
    }
