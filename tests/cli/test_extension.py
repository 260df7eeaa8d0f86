"""Extensions at a shell: made, published, found, asked about, changed and taken back."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from steward.cli.answers import run
from steward.cli.main import build_parser
from steward.core.clock import ManualClock
from tests.cli.conftest import Ask, Books
from tests.extensions.packages.making import MAIN, manifest
from tests.places import execute

MORE = "  - {capability: model.ask, reason: To ask for colours.}\n"
EVERYTHING = "files.read,messages.show"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

pytestmark = pytest.mark.parametrize("place", ["sqlite"], indirect=True)
"""What both databases do is tested beside the store."""

Extension = Callable[..., tuple[int, str]]


@pytest.fixture
def extension(books: Books, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> Extension:
    """Ask `steward extension`, with keys in a folder of the test's own."""
    monkeypatch.setenv("STEWARD_CONFIG_DIR", str(books.folder / "config"))

    def steward(*arguments: object, **more: object) -> tuple[int, str]:
        return ask("extension", *arguments, **more)

    return steward


@pytest.fixture
def author(books: Books, extension: Extension) -> Callable[..., Path]:
    """Acme packs a release of its painter; gives the package."""
    assert extension("key", "new", "acme")[0] == 0

    def release(version: str = "1.0.0", more: str = "", **files: bytes) -> Path:
        folder = books.folder / "painter"
        folder.mkdir(exist_ok=True)
        (folder / "extension.yaml").write_bytes(manifest(version, more))
        (folder / "main.py").write_bytes(MAIN)
        (folder / ".env").write_bytes(b"TOKEN=1")
        out = books.folder / f"painter-{version}.stewardext"
        code, said = extension("pack", folder, "--out", out)
        assert (code, "Left out: .env" in said) == (0, True), said
        return out

    return release


def states(extension: Extension) -> dict[str, tuple[str, list[str]]]:
    """Id → state and grants."""
    found = json.loads(extension("list", "--json")[1])
    return {
        each["id"]: (each["state"], each["granted"]) for each in found if not each.get("is_shipped")
    }


def test_a_package_is_installed_with_what_somebody_allowed_and_nothing_else(
    books: Books, extension: Extension, author: Callable[..., Path]
) -> None:
    package = author()
    # Nobody sits at a terminal, and nobody said beforehand what is allowed.
    code, said = extension("install", package)
    assert (code, "at a terminal" in said) == (2, True)
    assert "- read files of the workspace (files.read)\n    only: src/**" in said
    assert "because, it says: To see what to paint." in said
    assert "NEW to you" in said
    code, said = extension("install", package, "--yes", "--allow", "files.read")
    assert (code, "also wants messages.show" in said) == (2, True)
    assert states(extension) == {}
    code, said = extension(
        "install", package, "--yes", "--allow", "files.read", "--without", "messages.show"
    )
    assert code == 0, said
    assert states(extension) == {"acme.painter": ("enabled", ["files.read"])}
    assert "messages.show (not allowed)" in extension("info", "acme.painter")[1]
    assert extension("revoke", "acme.painter", "files.read")[0] == 0
    assert states(extension) == {"acme.painter": ("enabled", [])}
    assert extension("disable", "acme.painter")[0] == 0
    assert extension("enable", "acme.painter")[0] == 0
    assert extension("enable", "acme.painter", "--yes", "--allow", EVERYTHING)[0] == 0
    assert states(extension) == {"acme.painter": ("enabled", EVERYTHING.split(","))}
    assert extension("remove", "acme.painter")[0] == 0
    assert states(extension) == {}
    actions = {row[0] for row in execute(books.place, "SELECT action FROM audit")}
    assert {
        "extension.publisher_pinned",
        "extension.installed",
        "extension.granted",
        "extension.revoked",
        "extension.enabled",
        "extension.disabled",
        "extension.removed",
    } <= actions


def test_at_a_terminal_the_person_is_asked_and_anything_but_yes_is_no(
    books: Books, extension: Extension, author: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    package = author()
    for typed, code in (("", 1), ("n", 1), ("no", 1), ("sure", 1), ("y", 0)):
        asked = build_parser().parse_args(["extension", "install", str(package)])
        ours, theirs = os.openpty()
        with (
            os.fdopen(theirs, "r") as typing,
            open(os.dup(theirs), "w") as screen,
            monkeypatch.context() as at,
        ):
            at.setattr("sys.stdin", typing)
            at.setattr("sys.stdout", screen)
            os.write(ours, f"{typed}\n".encode())
            assert run(asked) == code
        os.close(ours)
        assert bool(states(extension)) is (code == 0)


def test_a_team_runs_a_registry_and_others_find_install_update_and_rate(
    books: Books, extension: Extension, author: Callable[..., Path]
) -> None:
    clock = ManualClock(NOW)
    own = books.folder / "registry"
    assert extension("key", "new", "team")[0] == 0
    code, said = extension("registry", "init", own, "--name", "Ours", "--key", "team", clock=clock)
    assert code == 0, said
    first = author()
    assert extension("registry", "publish", own, first, "--key", "team", clock=clock)[0] == 0
    code, said = extension("registry", "add", own, clock=clock)
    assert code == 2
    shown = said.partition("fingerprint ")[2].partition(". If")[0]
    wrong = extension("registry", "add", own, "--fingerprint", "0" * 40, clock=clock)
    assert (wrong[0], "not the one that you gave" in wrong[1]) == (2, True)
    assert extension("registry", "add", own, "--fingerprint", shown, clock=clock)[0] == 0
    assert "acme.painter" in extension("search", "PAINTS", clock=clock)[1]
    code, said = extension("install", "acme.paimter", clock=clock)
    assert (code, "Did you mean acme.painter?" in said) == (2, True)
    allowed = ("--yes", "--allow", EVERYTHING)
    assert extension("install", "acme.painter", *allowed, clock=clock)[0] == 0
    assert "nothing newer" in extension("update", clock=clock)[1]
    # The next release wants more, so it waits.
    second = author("1.1.0", MORE)
    assert extension("registry", "publish", own, second, "--key", "team", clock=clock)[0] == 0
    assert "1.1.0 is there" in extension("update", "--check", clock=clock)[1]
    code, said = extension("update", clock=clock)
    assert (code, "It wants 'model.ask' now" in said) == (0, True)
    assert states(extension)["acme.painter"] == ("asks", EVERYTHING.split(","))
    code, said = extension("enable", "acme.painter")
    assert (code, "what it reads can leave this machine" in said) == (2, True)
    assert (
        extension("enable", "acme.painter", "--yes", "--allow", f"{EVERYTHING},model.ask")[0] == 0
    )
    assert states(extension)["acme.painter"][0] == "enabled"
    # Its own author's vote does not count; others' do, once each.
    assert "does not count" in extension("rate", "acme.painter", 5, "--key", "acme")[1]
    assert extension("key", "new", "bob")[0] == 0
    for stars in (1, 4):
        clock.advance(timedelta(seconds=1))
        code, said = extension("rate", "acme.painter", stars, "--key", "bob", clock=clock)
        assert code == 0, said
        assert extension("registry", "sign", own, "--key", "team", clock=clock)[0] == 0
    assert "4.0 (1)" in extension("search", clock=clock)[1]


def test_a_lost_key_and_a_withdrawn_release_switch_off_what_they_are_about(
    books: Books, extension: Extension, author: Callable[..., Path]
) -> None:
    clock = ManualClock(NOW)
    own = books.folder / "registry"
    extension("key", "new", "team")
    extension("registry", "init", own, "--name", "Ours", "--key", "team", clock=clock)
    extension("registry", "publish", own, author(), "--key", "team", clock=clock)
    key = json.loads((own / "index.json").read_text("utf-8"))["key"]
    shown = extension("registry", "add", own, clock=clock)[1]
    shown = shown.partition("fingerprint ")[2].partition(". If")[0]
    assert extension("registry", "add", own, "--fingerprint", shown, clock=clock)[0] == 0, key
    allowed = ("--yes", "--allow", EVERYTHING)
    assert extension("install", "acme.painter", *allowed, clock=clock)[0] == 0
    told = json.loads(extension("info", "acme.painter", "--json")[1])
    assert (told["total"]["events"], told["faults"]) == (0, [])
    theirs = told["key"]
    extension(
        "registry", "withdraw", own, "acme.painter", "1.0.0", "it paints badly", "--key", "team"
    )
    assert "it paints badly" in extension("update", clock=clock)[1]
    assert states(extension)["acme.painter"][0] == "disabled"
    # Nobody enables it again without hearing of it.
    code, said = extension("enable", "acme.painter", clock=clock)
    assert (code, "it paints badly" in said) == (2, True)
    assert states(extension)["acme.painter"][0] == "disabled"
    assert extension("install", "acme.painter", *allowed, clock=clock)[0] == 2
    extension("registry", "revoke", own, theirs, "--key", "team", clock=clock)
    extension("update", clock=clock)
    extension("remove", "acme.painter")
    code, said = extension("install", author("2.0.0"), *allowed)
    assert (code, "was revoked" in said) == (2, True)
    # A new key that the old one did not sign helps nobody; one that it signed was signed too late.
    assert extension("registry", "publish", own, author("2.0.1"), "--key", "team")[0] == 2


def test_a_publisher_changes_keys_with_the_old_ones_word_and_not_without(
    books: Books, extension: Extension, author: Callable[..., Path]
) -> None:
    allowed = ("--yes", "--allow", EVERYTHING)
    assert extension("install", author(), *allowed)[0] == 0
    assert extension("key", "rotate", "acme")[0] == 0
    assert extension("install", author("1.0.1"), *allowed)[0] == 0
    for file in (books.folder / "config" / "extension-keys").glob("*.key"):
        assert file.stat().st_mode & 0o777 == 0o600
        file.unlink()
    extension("key", "new", "acme")
    package = author("1.0.2")
    code, said = extension("install", package, *allowed)
    assert (code, "another key" in said) == (2, True)
    assert states(extension)["acme.painter"][0] == "enabled"
    assert extension("key", "forget", "acme")[0] == 0
    assert extension("install", package, *allowed)[0] == 0


def test_settings_are_set_as_the_manifest_takes_them(
    extension: Extension, author: Callable[..., Path]
) -> None:
    config = (
        "config:\n  type: object\n  properties:\n"
        "    tone: {type: string, default: red, description: What to paint in.}\n"
        "    coats: {type: integer, default: 2, minimum: 1}\n"
    )
    assert extension("install", author(more=config), "--yes", "--allow", EVERYTHING)[0] == 0
    assert 'setting tone = "red": What to paint in.' in extension("config", "acme.painter")[1]
    assert extension("config", "acme.painter", "tone", "5")[0] == 0
    code, said = extension("config", "acme.painter", "coats", "0")
    assert (code, "at least 1" in said) == (2, True)
    assert extension("config", "acme.painter", "size", "1")[0] == 2
    found = json.loads(extension("config", "acme.painter", "--json")[1])
    assert found == {"tone": "5", "coats": 2}
    assert extension("config", "acme.painter", "tone")[0] == 0
    assert json.loads(extension("config", "acme.painter", "--json")[1])["tone"] == "red"


def test_an_operator_who_denies_extensions_is_obeyed(
    extension: Extension, author: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    package = author()
    allowed = ("--yes", "--allow", EVERYTHING)
    monkeypatch.setenv("STEWARD_EXTENSIONS__DENY", '["acme.*"]')
    code, said = extension("install", package, *allowed)
    assert (code, "is denied here" in said) == (2, True)
    monkeypatch.setenv("STEWARD_EXTENSIONS__DENY", "[]")
    assert extension("install", package, *allowed)[0] == 0
    monkeypatch.setenv("STEWARD_EXTENSIONS__ENABLED", "false")
    assert states(extension)["acme.painter"] == ("disabled", EVERYTHING.split(","))
