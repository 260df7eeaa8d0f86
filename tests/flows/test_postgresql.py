"""The same stories, kept on a PostgreSQL server: one setting is all that makes the difference."""

from pathlib import Path

from demo.scripted_model import ScriptedModel
from steward.core.audit import verify
from steward.core.database import open_database
from tests.environment import git
from tests.flows.conftest import OpenWindow
from tests.flows.scripts import COMMIT, EDIT, after_plan
from tests.places import execute


async def test_an_agents_run_is_kept_on_the_server_and_nothing_of_it_in_the_data_folder(
    open_window: OpenWindow,
    workspace: Path,
    data_folder: Path,
    scripted_model: ScriptedModel,
    postgresql: str,
) -> None:
    scripted_model.script = after_plan(EDIT, COMMIT)
    window = await open_window(STEWARD_DATABASE=postgresql)
    run = await window.until_ended(await window.run_agent())
    assert run["state"] == "finished"
    assert git(workspace, "branch", "--list", "steward/*")
    paid = execute(postgresql, "SELECT state, is_estimated FROM reservation")
    assert paid == [("settled", False)] * len(scripted_model.exchanges)
    assert execute(postgresql, "SELECT DISTINCT state FROM proposal") == [("applied",)]
    async with open_database(postgresql) as database:
        assert (await database.read(verify)).is_intact
    assert not (data_folder / "steward.db").exists()
