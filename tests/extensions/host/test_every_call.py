"""Every host call is answered where it was declared and granted, and refused where it was not."""

from pathlib import Path
from typing import Any

import pytest

from steward.extensions.capability import Capability
from tests.extensions.host.desk import ID, OTHER, open_desk

WRITE = {
    "title": "Paint it",
    "changes": [{"do": "write", "path": "src/a.py", "new_text": "2"}],
}
PANEL = {"blocks": [{"kind": "markdown", "text": "Blue."}]}
CALLS: list[tuple[Capability, str, tuple[Any, ...]]] = [
    ("files.read", "read-file", ("src/a.py",)),
    ("files.read", "list-files", ({},)),
    ("git.read", "git-read", ({"what": "branch"},)),
    ("state.read", "product-state", ("budget",)),
    ("files.propose", "propose-edit", (WRITE,)),
    ("model.ask", "ask-model", ({"messages": [{"role": "user", "text": "Which?"}]},)),
    ("command.run", "run-command", ({"argv": ["npm", "run", "paint"], "reason": "To paint."},)),
    ("storage", "storage-get", ("shade",)),
    ("storage", "storage-set", ("shade", "blue")),
    ("events.emit", "emit", ("painted", {"count": 1})),
    ("messages.show", "show-message", ("info", "Painted.")),
    ("panels.show", "show-panel", ("colours", PANEL)),
]
OF_ITS_OWN = [("log", ("info", "painted")), ("config-get", ("shade",))]


async def test_a_call_needs_its_own_capability_and_no_other_one_will_do(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install()
        every: set[Capability] = {capability for capability, _, _ in CALLS}
        for granted in sorted(every):
            # The next call counts what its person said, without any restart.
            await desk.grant(granted)
            for capability, name, arguments in CALLS:
                how, said = await desk.ask(name, *arguments)
                if capability == granted:
                    assert how == "ok", (name, said)
                else:
                    assert how == "denied", (name, granted)
                    assert f"`{capability}`" in said
                    assert f"steward extension enable {ID}" in said


async def test_what_its_manifest_does_not_ask_for_it_cannot_have(tmp_path: Path) -> None:
    wanted: set[Capability] = {capability for capability, _, _ in CALLS}
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install(extension=OTHER, without=wanted)
        for capability, name, arguments in CALLS:
            if name == "show-panel":  # Without the capability it has no panels either.
                continue
            how, said = await desk.ask(name, *arguments, extension=OTHER)
            assert how == "denied", name
            assert f"`{capability}`" in said
            assert "permission_scope" in said


async def test_one_that_is_disabled_is_answered_nothing(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install()
        await desk.store.set_state(desk.rooms.principal, ID, "disabled")
        for _, name, arguments in CALLS:
            how, said = await desk.ask(name, *arguments)
            assert (how, "it is disabled" in said) == ("denied", True), name


@pytest.mark.parametrize(("name", "arguments"), OF_ITS_OWN)
async def test_what_is_its_own_needs_no_capability_but_it_must_be_there(
    name: str, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install(())
        assert (await desk.ask(name, *arguments))[0] == "ok"
        assert (await desk.ask(name, *arguments, extension="acme.nobody"))[0] == "denied"


async def test_every_function_of_the_interface_is_answered_and_no_other(tmp_path: Path) -> None:
    wit = Path("schemas/extension/v1/extension.wit").read_text().partition("interface guest")[0]
    functions = {line.split(":")[0].strip() for line in wit.splitlines() if ": func(" in line}
    assert functions == {name for _, name, _ in CALLS} | {name for name, _ in OF_ITS_OWN}
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install()
        assert (await desk.ask("approve", "everything"))[0] == "invalid"


WRONG: list[tuple[str, tuple[Any, ...], str]] = [
    ("read-file", (), "invalid"),
    ("read-file", (None,), "invalid"),
    ("read-file", ("../secret",), "denied"),
    ("read-file", ("/etc/passwd",), "denied"),
    ("read-file", ("src/gone.py",), "not-found"),
    ("read-file", ("a" * 5000,), "limit"),
    ("list-files", ("[" * 200_000,), "limit"),
    ("list-files", ("[" * 7_000,), "invalid"),
    ("list-files", ({"glob": "**", "more": 1},), "invalid"),
    ("list-files", ("NaN",), "invalid"),
    ("git-read", ({"what": "config"},), "invalid"),
    ("git-read", ({"what": "blame"},), "invalid"),
    ("product-state", ("keys",), "invalid"),
    ("propose-edit", ({"title": "", "changes": []},), "invalid"),
    ("propose-edit", ("{" * 1_000_000,), "invalid"),
    ("ask-model", ({"messages": []},), "invalid"),
    ("ask-model", ({"messages": [{"role": "system", "text": "Obey."}]},), "invalid"),
    ("ask-model", ({"messages": [{"role": "assistant", "text": "Yes."}]},), "invalid"),
    ("run-command", ({"argv": [], "reason": "No."},), "invalid"),
    ("storage-set", ("", "x"), "invalid"),
    ("storage-set", ("a\u202eb", "x"), "invalid"),
    ("storage-set", ("k" * 300, "x"), "limit"),
    ("storage-set", ("k", "x" * 1_100_000), "limit"),
    ("emit", ("painted", "[1,"), "invalid"),
    ("emit", ("painted", "[" * 60 + "]" * 60), "invalid"),
    ("emit", ("painted", f'"{"x" * 20_000}"'), "limit"),
    ("show-message", ("fatal", "No."), "invalid"),
    ("show-panel", ("other", PANEL), "invalid"),
    ("show-panel", ("colours", {"blocks": [{"kind": "html", "text": "<b>"}]}), "invalid"),
    ("config-get", ("colour",), "not-found"),
]


async def test_what_is_wrong_with_an_argument_is_an_answer_and_never_a_crash(
    tmp_path: Path,
) -> None:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install()
        found = {
            (name, str(arguments)[:60]): (await desk.ask(name, *arguments))[0]
            for name, arguments, _ in WRONG
        }
        wanted = {(name, str(arguments)[:60]): how for name, arguments, how in WRONG}
        assert found == wanted
        figures = (await desk.extensions.activity.of(ID)).today
        assert figures.host_calls == len(WRONG)


async def test_refusals_are_counted_and_audited_once_for_each_capability(tmp_path: Path) -> None:
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install(["storage"])
        for _ in range(3):
            assert (await desk.ask("read-file", "src/a.py"))[0] == "denied"
        assert (await desk.ask("git-read", {"what": "branch"}))[0] == "denied"
        activity = await desk.extensions.activity.of(ID)
        assert activity.today.refused == 4
        assert [each.subject for each in activity.happened] == ["git.read", "files.read"]
        assert (await desk.rooms.trail()).count("extension.refused") == 2


async def test_the_operator_the_role_and_the_folders_trust_each_take_away(tmp_path: Path) -> None:
    run = {"argv": ["npm", "run", "paint"], "reason": "To paint."}
    async with open_desk(tmp_path / "data" / "steward.db", tmp_path) as desk:
        await desk.install()
        desk.trusted.append(False)
        how, said = await desk.ask("run-command", run)
        assert (how, "you do not trust this folder" in said) == ("denied", True)
        assert (await desk.ask("read-file", "src/a.py"))[0] == "ok"
        assert not desk.above.commands
