"""The extensions that come with Steward: off until somebody says yes, and as they were built."""

from pathlib import Path

import pytest

from scripts.wheel_extensions import digest_list, shipped_files
from steward.core.database import open_database
from steward.core.errors import NotPermittedError
from steward.extensions.packages.shipped import LIST_NAME, load_shipped, shipped_ids
from steward.extensions.packages.store import Broken
from tests.environment import ROOT
from tests.extensions.packages.making import ADA, sources, store

SHIPPED = ROOT / "extensions"


def one(folder: Path) -> Path:
    for path, content in sources(extension="steward.painter").items():
        file = folder / "painter" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    return folder


async def test_one_runs_after_a_yes_and_asks_again_when_it_is_another(tmp_path: Path) -> None:
    folder = one(tmp_path / "shipped")
    async with open_database(tmp_path / "steward.db") as database:
        packages = store(database, tmp_path, shipped=folder)
        (offered,) = await packages.offered(ADA)
        assert (offered.manifest.id, offered.state) == ("steward.painter", "disabled")
        assert await packages.installed(ADA) == ()
        with pytest.raises(NotPermittedError):
            await packages.set_state(ADA, "steward.painter", "enabled")
        put = await packages.set_granted(
            ADA, await packages.one(ADA, "steward.painter"), ["files.read"]
        )
        assert (put.state, put.granted, put.is_shipped) == ("enabled", {"files.read"}, True)
        assert await packages.offered(ADA) == ()
        (folder / "painter" / "main.py").write_bytes(b"import steward\n# Other code.\n")
        (found,) = await packages.installed(ADA)
        assert found.state == "asks"
        await packages.set_granted(ADA, await packages.one(ADA, "steward.painter"), ["files.read"])
        (found,) = await packages.installed(ADA)
        assert found.state == "enabled"


async def test_in_a_wheel_a_file_that_was_changed_since_is_noticed(tmp_path: Path) -> None:
    folder = one(tmp_path / "shipped")
    (folder / LIST_NAME).write_text(digest_list(folder), "utf-8")
    async with open_database(tmp_path / "steward.db") as database:
        packages = store(database, tmp_path, shipped=folder)
        await packages.set_granted(ADA, await packages.one(ADA, "steward.painter"), [])
        (folder / "painter" / "more.py").write_bytes(b"evil = True\n")
        (found,) = await packages.everything(ADA)
        assert isinstance(found, Broken)
        assert "somebody changed its files" in found.why


@pytest.mark.parametrize("extension", shipped_ids(SHIPPED))
def test_each_shipped_one_fits_and_the_wheel_holds_what_is_read_of_it(extension: str) -> None:
    found = load_shipped(SHIPPED, extension)
    assert found is not None
    name = extension.partition(".")[2]
    held = {path for path in shipped_files(SHIPPED) if path.startswith(f"{name}/")}
    assert held == {f"{name}/{path}" for path in found.files}
