"""Who switched ghost text off, and whose word counts."""

import pytest

from steward.completion.known_switches import KnownSwitches
from steward.completion.settings import CompletionSettings
from steward.completion.switches import (
    Flipped,
    Off,
    Scope,
    Switch,
    checked,
    flip,
    stand,
    switched_language,
    why_off,
)
from steward.core.clock import ManualClock
from steward.core.database import open_database
from steward.core.errors import InvalidInputError, LimitError
from steward.core.events import Events, GhostTextChanged
from steward.core.principal import Principal
from tests.context.test_cursor import at
from tests.places import Place, execute
from tests.rooms import START

ANN, BOB = Principal("ann", "s1", "/w/shop"), Principal("bob", "s2", "/w/shop")
USUAL = CompletionSettings()
BY_HAND, SET = Off("language", "python", "person"), Off("workspace", "/w/shop", "settings")


@pytest.mark.parametrize(
    ("settings", "flipped", "off"),
    [
        ({}, {}, None),
        # What the settings say for all, nobody flips.
        ({"enabled": False}, {("all", ""): True}, Off("all", "", "settings")),
        ({}, {("all", ""): False}, Off("all", "", "person")),
        # Off in one respect is off.
        ({}, {("all", ""): False, ("language", "python"): True}, Off("all", "", "person")),
        ({}, {("all", ""): True, ("language", "python"): False}, BY_HAND),
        ({}, {("workspace", "/w/shop"): False}, Off("workspace", "/w/shop", "person")),
        # The person counts before the settings.
        ({"languages": {"python": False}}, {}, Off("language", "python", "settings")),
        ({"languages": {"python": False}}, {("language", "python"): True}, None),
        ({"workspaces": {"/w/shop": False}}, {("workspace", "/w/shop"): True}, None),
        # The nearest folder counts.
        ({"workspaces": {"/w": False}}, {}, Off("workspace", "/w", "settings")),
        ({"workspaces": {"/w": False, "/w/shop": True}}, {}, None),
        ({"workspaces": {"/w/shop": False}}, {("workspace", "/w"): True}, SET),
        ({"workspaces": {"/w/sh": False, "/w/shop/cart": False}}, {}, None),
        ({}, {("language", "go"): False, ("workspace", "/w/other"): False}, None),
    ],
)  # fmt: skip
def test_off_in_one_respect_is_off_and_the_nearest_word_counts(
    settings: dict[str, object], flipped: Flipped, off: Off | None
) -> None:
    chosen = CompletionSettings.model_validate(settings)
    assert why_off(chosen, flipped, "python", "/w/shop") == off
    # What an editor offers to switch says the same, each switch for itself.
    each = stand(chosen, flipped, "python", ["/w/shop"])
    assert all(each.values()) == (off is None)
    assert off is None or each[off.scope] is False


def test_what_is_not_there_cannot_be_switched() -> None:
    each = stand(USUAL, {}, "", [""])
    assert each == {"all": True, "language": None, "workspace": None}


@pytest.mark.parametrize("language", ["plaintext", "git-commit"])
def test_where_people_write_prose_it_is_off_until_somebody_wants_it(language: str) -> None:
    assert why_off(USUAL, {}, language, "") == Off("language", language, "usual")
    assert why_off(USUAL, {("language", language): True}, language, "") is None
    wanted = CompletionSettings(languages={language: True})
    assert why_off(wanted, {}, language, "") is None


@pytest.mark.parametrize(
    ("path", "id_", "language"),
    [
        ("a.py", "python", "python"),
        ("a.py", "", "python"),
        ("a.jsx", "javascriptreact", "javascript"),
        ("notes.txt", "", "plaintext"),
        ("notes", "plaintext", "plaintext"),
        ("notes", "text", "plaintext"),
        ("COMMIT_EDITMSG", "gitcommit", "git-commit"),
        (".git/COMMIT_EDITMSG", "", "git-commit"),
        ("input", "scminput", "git-commit"),
        ("a.unheard", "haskell", "haskell"),
        ("a.unheard", "", ""),
        ("README.md", "markdown", "markdown"),
    ],
)
def test_a_document_is_switched_by_the_name_of_its_language(
    path: str, id_: str, language: str
) -> None:
    assert switched_language(path, id_) == language


def test_a_language_is_set_by_any_of_its_names() -> None:
    chosen = CompletionSettings(languages={"javascriptreact": False, "bash": False})
    for path, id_ in (("a.jsx", "javascriptreact"), ("a.js", "javascript"), ("a.sh", "")):
        language = switched_language(path, id_)
        assert why_off(chosen, {}, language, "") == Off("language", language, "settings")


def test_a_switch_is_named_as_documents_are() -> None:
    assert checked("language", "sh", is_on=False) == Switch("language", "shellscript", False)
    assert checked("language", "gitcommit", is_on=True) == Switch("language", "git-commit")
    assert checked("workspace", "/w/shop/", is_on=True) == Switch("workspace", "/w/shop")
    assert checked("all", "whatever", is_on=True) == Switch("all")


@pytest.mark.parametrize(
    ("scope", "name"),
    [
        ("language", ""),
        ("language", "a\nb"),
        ("language", "x" * 5000),
        ("workspace", "shop"),
        ("workspace", "/w/../etc"),
    ],
)
def test_a_switch_of_nothing_is_refused(scope: Scope, name: str) -> None:
    with pytest.raises(InvalidInputError, match=f"is no {scope}"):
        checked(scope, name, is_on=False)


async def test_a_flipped_switch_holds_in_all_windows_of_the_person_and_in_no_others(
    place: Place,
) -> None:
    async with open_database(place) as database:
        events = Events()

        def window(principal: Principal) -> KnownSwitches:
            clock = ManualClock(START)
            return KnownSwitches(USUAL, database, clock, events, principal, ("/w/shop",))

        here, there, others = window(ANN), window(ANN), window(BOB)
        cursor = at("x = |")
        await here.flip(Switch("language", "python", is_on=False))
        assert here.why_off(cursor) == Off("language", "python", "person")
        assert here.why_off_here is None
        with events.watch() as seen:
            for each in (there, others):
                await each.refresh()
            assert there.why_off(cursor) == Off("language", "python", "person")
            assert others.why_off(cursor) is None
            assert await anext(seen) == GhostTextChanged("/w/shop")
        await there.flip(Switch("language", "python"))
        await here.refresh()
        assert here.why_off(cursor) is None
        assert execute(place, "SELECT COUNT(*) FROM ghost_text_switch") == [(1,)]


async def test_nobody_flips_without_end(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("steward.completion.switches.GHOST_SWITCHES_MAX", 2)
    async with open_database(place) as database:
        for name in ("go", "rust"):
            await database.run(
                lambda session, name=name: flip(session, ANN, Switch("language", name), START)
            )
        with pytest.raises(LimitError, match="2 switches"):
            await database.run(lambda session: flip(session, ANN, Switch("language", "c"), START))
        again = Switch("language", "go", is_on=False)
        await database.run(lambda session: flip(session, ANN, again, START))
