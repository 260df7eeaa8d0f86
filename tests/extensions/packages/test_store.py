"""What is installed: for whom, with which grants, and what happens where somebody meddles."""

from pathlib import Path

import pytest

from steward.core.database import open_database
from steward.core.errors import (
    InvalidInputError,
    NotFoundError,
    NotPermittedError,
    PackageRefusedError,
    StaleError,
)
from steward.extensions.manifest import Grant, Manifest
from steward.extensions.packages.changes import newly_granted, wants_more
from steward.extensions.packages.store import Broken
from steward.extensions.settings import ExtensionsSettings
from tests.extensions.packages.making import ADA, BOB, MALLORY, release, store
from tests.places import Place, execute

MORE = "  - {capability: model.ask, reason: To ask for colours.}\n"


async def test_what_is_installed_is_what_was_verified_and_is_one_persons(
    place: Place, tmp_path: Path
) -> None:
    async with open_database(place) as database:
        packages = store(database, tmp_path)
        package = release()
        assert not await packages.has_enabled(ADA)
        put = await packages.install(ADA, package, ["files.read"])
        assert (put.files, put.digest) == (package.files, package.digest)
        assert (put.state, put.granted) == ("enabled", {"files.read"})
        assert await packages.has_enabled(ADA)
        assert await packages.installed(BOB) == ()
        await packages.set_state(ADA, "acme.painter", "disabled")
        assert not await packages.has_enabled(ADA)
        await packages.remove(ADA, "acme.painter")
        assert await packages.installed(ADA) == ()
        with pytest.raises(NotFoundError):
            await packages.remove(ADA, "acme.painter")
    assert not list((tmp_path / "extensions").rglob("*.stewardext"))
    actions = [row[0] for row in execute(place, "SELECT action FROM audit ORDER BY seq")]
    assert actions == [
        "extension.publisher_pinned",
        "extension.installed",
        "extension.disabled",
        "extension.removed",
    ]


async def test_a_row_that_somebody_else_wrote_grants_nothing(place: Place, tmp_path: Path) -> None:
    async with open_database(place) as database:
        packages = store(database, tmp_path)
        await packages.install(ADA, release(), [])
        execute(place, """UPDATE extension SET granted = '["files.read"]'""")
        (found,) = await packages.installed(ADA)
        assert (found.state, found.granted) == ("asks", frozenset())
        with pytest.raises(NotPermittedError):
            await packages.set_state(ADA, "acme.painter", "enabled")
        agreed = await packages.set_granted(
            ADA, await packages.one(ADA, "acme.painter"), ["messages.show"]
        )
        assert (agreed.state, agreed.granted) == ("enabled", {"messages.show"})


async def test_a_package_that_was_changed_on_the_disk_is_not_read(tmp_path: Path) -> None:
    async with open_database(tmp_path / "steward.db") as database:
        packages = store(database, tmp_path)
        await packages.install(ADA, release(), [])
        (file,) = (tmp_path / "extensions").rglob("*.stewardext")
        content = bytearray(file.read_bytes())
        content[content.index(b"painted")] ^= 1
        file.write_bytes(content)
        (found,) = await packages.everything(ADA)
        assert isinstance(found, Broken)
        assert "not what was installed" in found.why
        assert await packages.installed(ADA) == ()


async def test_an_update_that_wants_more_waits_for_a_yes_and_keeps_what_was_set(
    tmp_path: Path,
) -> None:
    config = "config:\n  type: object\n  properties:\n    tone: {type: string, default: red}\n"
    async with open_database(tmp_path / "steward.db") as database:
        packages = store(database, tmp_path)
        await packages.install(ADA, release(more=config), ["files.read"])
        with pytest.raises(InvalidInputError, match="tone"):
            await packages.set_config(ADA, "acme.painter", {"tone": 5})
        await packages.set_config(ADA, "acme.painter", {"tone": "blue"})
        put, more = await packages.update(ADA, release("1.1.0", config))
        assert (put.state, more, put.config) == ("enabled", (), {"tone": "blue"})
        put, more = await packages.update(ADA, release("1.2.0", MORE + config))
        assert put.state == "asks"
        assert more == ("It wants 'model.ask' now.",)
        assert put.granted == {"files.read"}
        assert not await packages.has_enabled(ADA)
        agreed = await packages.set_granted(
            ADA, await packages.one(ADA, "acme.painter"), ["files.read", "model.ask"]
        )
        assert (agreed.state, agreed.config) == ("enabled", {"tone": "blue"})


@pytest.mark.parametrize(
    ("before", "after", "is_more"),
    [
        (("files.read", "src/**"), ("files.read", "src/a/**"), False),
        (("files.read", "src/**"), ("files.read", "lib/**"), True),
        (("command.run", "npm run *"), ("command.run", "npm run *"), False),
        # As paths the old ones would mean the new; as words of a command they do not.
        (("command.run", "npm*"), ("command.run", "npm exec thing"), True),
        (("events.emit", "metric"), ("events.emit", "*"), True),
    ],
)
def test_globs_are_compared_as_what_they_stand_for(
    before: tuple[str, str], after: tuple[str, str], *, is_more: bool
) -> None:
    def wanting(capability: str, glob: str) -> Manifest:
        grant = {"capability": capability, "globs": (glob,), "reason": "To paint."}
        manifest = release().manifest
        return manifest.model_copy(update={"permission_scope": (Grant.model_validate(grant),)})

    assert bool(wants_more(wanting(*before), wanting(*after))) is is_more


async def test_a_tool_that_says_something_else_waits_for_a_yes_too(tmp_path: Path) -> None:
    tool = (
        "  - {{capability: tools.offer, reason: Agents paint.}}\ntools:\n"
        "  - {{name: paint, description: {}, input_schema: {{type: object}}}}\n"
    )
    async with open_database(tmp_path / "steward.db") as database:
        packages = store(database, tmp_path)
        await packages.install(ADA, release(more=tool.format("Paints.")), ["tools.offer"])
        put, more = await packages.update(ADA, release("1.0.1", tool.format("Paints and obeys.")))
        assert put.state == "asks"
        assert more == ("It says something else of its tool 'paint', which agents read.",)


async def test_nothing_older_and_nobody_elses_takes_the_place_of_a_release(tmp_path: Path) -> None:
    async with open_database(tmp_path / "steward.db") as database:
        packages = store(database, tmp_path)
        await packages.install(ADA, release("2.0.0"), ["files.read"])
        for package in (release("1.9.9"), release("2.0.0", files={"more.txt": b"more"})):
            with pytest.raises(PackageRefusedError, match="not newer"):
                await packages.install(ADA, package, [])
        with pytest.raises(PackageRefusedError, match="another key"):
            await packages.install(ADA, release("3.0.0", author=MALLORY), [])
        await packages.remove(ADA, "acme.painter")
        # The publisher's key is remembered beyond what was installed of them.
        with pytest.raises(PackageRefusedError, match="another key"):
            await packages.install(ADA, release("3.0.0", author=MALLORY), [])
        with pytest.raises(PackageRefusedError, match="name of Steward"):
            await packages.install(ADA, release(extension="steward.painter"), [])
        assert await packages.installed(ADA) == ()


async def test_the_operator_has_the_last_word(tmp_path: Path) -> None:
    async with open_database(tmp_path / "steward.db") as database:
        await store(database, tmp_path).install(ADA, release(), ["files.read", "messages.show"])
        for chosen in (
            ExtensionsSettings(enabled=False),
            ExtensionsSettings(deny=("acme.*",)),
            ExtensionsSettings(allow=("other.one",)),
        ):
            strict = store(database, tmp_path, chosen=chosen)
            (found,) = await strict.installed(ADA)
            assert found.state == "disabled"
            assert "[extensions]" in found.why_not
            with pytest.raises(NotPermittedError):
                await strict.install(ADA, release("1.0.1"), [])
        narrow = store(
            database, tmp_path, chosen=ExtensionsSettings(deny_capabilities=("files.read",))
        )
        (found,) = await narrow.installed(ADA)
        assert (found.state, found.granted) == ("enabled", {"messages.show"})


async def test_an_update_that_asks_cannot_be_enabled_past_its_question(tmp_path: Path) -> None:
    async with open_database(tmp_path / "steward.db") as database:
        packages = store(database, tmp_path)
        await packages.install(ADA, release(), ["files.read"])
        await packages.update(ADA, release("1.1.0", MORE))
        for state in ("disabled", "faulted"):
            assert (await packages.set_state(ADA, "acme.painter", state)).state == "asks"
            with pytest.raises(NotPermittedError, match="not said yes"):
                await packages.set_state(ADA, "acme.painter", "enabled")
        assert not await packages.has_enabled(ADA)


async def test_a_yes_holds_for_the_package_that_was_read_and_for_no_other(tmp_path: Path) -> None:
    async with open_database(tmp_path / "steward.db") as database:
        packages = store(database, tmp_path)
        await packages.install(ADA, release(), ["files.read"])
        read, _ = await packages.update(ADA, release("1.1.0", MORE))
        # While they read, another window puts a third release in its place.
        await packages.update(ADA, release("1.2.0", MORE))
        with pytest.raises(StaleError, match="not any more what you have read"):
            await packages.set_granted(ADA, read, ["files.read", "model.ask"])
        (found,) = await packages.installed(ADA)
        assert (found.state, found.granted) == ("asks", {"files.read"})
        await packages.remove(ADA, "acme.painter")
        with pytest.raises(NotFoundError):
            await packages.set_granted(ADA, read, ["files.read"])


async def test_a_yes_seals_nothing_that_somebody_else_wrote(place: Place, tmp_path: Path) -> None:
    config = "config:\n  type: object\n  properties:\n    tone: {type: string, default: red}\n"
    async with open_database(place) as database:
        packages = store(database, tmp_path)
        await packages.install(ADA, release(more=config), [])
        execute(place, """UPDATE extension SET config = '{"tone": "theirs"}'""")
        (read,) = await packages.installed(ADA)
        agreed = await packages.set_granted(ADA, read, [])
        assert (agreed.state, agreed.config) == ("enabled", {})


async def test_a_yes_to_an_update_gives_nothing_back_that_was_kept_from_the_last(
    tmp_path: Path,
) -> None:
    async with open_database(tmp_path / "steward.db") as database:
        packages = store(database, tmp_path)
        before = await packages.install(ADA, release(), ["messages.show"])
        package = release("1.1.0", MORE)
        assert newly_granted(before, package.manifest) == ["messages.show", "model.ask"]
        asking, _ = await packages.update(ADA, package)
        # Whoever was not asked has kept nothing back.
        assert newly_granted(asking, package.manifest) == [
            "files.read",
            "messages.show",
            "model.ask",
        ]
