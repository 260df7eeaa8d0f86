"""People at a shell: who is added, moved and removed, by whom."""

import json
from pathlib import Path

from tests.cli.conftest import ME, Ask, Books
from tests.places import execute


def people(ask: Ask) -> dict[str, tuple[str, str, bool]]:
    """Name → role, team, whether they lead it."""
    found = json.loads(ask("people", "list", "--json")[1])
    return {each["user"]: (each["role"], each["team"], each["is_lead"]) for each in found}


def test_the_first_person_is_an_owner_and_nobody_else_comes_before(books: Books, ask: Ask) -> None:
    assert "Nobody was added" in ask("people", "list")[1]
    code, said = ask("people", "add", "bob")
    assert (code, "must be an owner" in said) == (2, True)
    assert people(ask) == {}
    assert ask("people", "add", ME.user, "--role", "owner")[0] == 0
    assert ask("people", "add", "bob")[0] == 0
    assert people(ask) == {ME.user: ("owner", "", False), "bob": ("developer", "", False)}


def test_alone_on_a_file_nothing_has_to_be_set_up_and_on_a_server_somebody_owns_it(
    books: Books, ask: Ask
) -> None:
    code, said = ask("budget", "set", "user", "--limit", "1")
    if isinstance(books.place, Path):
        assert code == 0
    else:
        assert (code, "steward people add NAME --role owner" in said) == (2, True)


def test_people_move_between_roles_and_teams(books: Books, ask: Ask) -> None:
    ask("people", "add", ME.user, "--role", "owner")
    for user in ("lea", "bob"):
        assert ask("people", "add", user, "--team", "red")[0] == 0
    assert ask("people", "team", "lea", "red", "--lead")[0] == 0
    assert "red (lead)" in ask("people", "list")[1]
    # A team has one lead.
    assert ask("people", "team", "bob", "red", "--lead")[0] == 0
    assert ask("people", "role", "lea", "admin")[0] == 0
    assert people(ask) == {
        ME.user: ("owner", "", False),
        "bob": ("developer", "red", True),
        "lea": ("admin", "red", False),
    }
    assert ask("people", "team", "bob", "none")[0] == 0
    assert ask("people", "remove", "lea")[0] == 0
    assert people(ask) == {ME.user: ("owner", "", False), "bob": ("developer", "", False)}
    said = execute(books.place, "SELECT COUNT(*) FROM audit WHERE action = 'people.changed'")
    assert said == [(8,)]


def test_nobody_raises_himself_and_the_last_owner_stays(books: Books, ask: Ask) -> None:
    ask("people", "add", ME.user, "--role", "owner")
    for user, role in (("adam", "admin"), ("bob", "developer"), ("vic", "viewer")):
        ask("people", "add", user, "--role", role)
    before = people(ask)
    for user, change in (
        ("bob", ("role", "bob", "admin")),
        ("vic", ("role", "vic", "developer")),
        ("adam", ("role", "adam", "owner")),
        ("adam", ("add", "eve", "--role", "admin")),
        ("adam", ("remove", ME.user)),
        ("eve", ("add", "eve", "--role", "owner")),
        (ME.user, ("remove", ME.user)),
        (ME.user, ("role", ME.user, "developer")),
        (ME.user, ("team", "vic", "red", "--lead")),
        (ME.user, ("team", "bob", "none", "--lead")),
    ):
        assert ask("people", *change, user=user)[0] == 2, (user, change)
    assert people(ask) == before
    said = execute(books.place, "SELECT COUNT(*) FROM audit WHERE action = 'people.refused'")
    assert said == [(10,)]
    assert ask("people", "add", "cy", user="adam")[0] == 0
    assert ask("people", "role", "bob", "viewer", user="adam")[0] == 0


def test_who_is_there_or_not_is_told(books: Books, ask: Ask) -> None:
    ask("people", "add", ME.user, "--role", "owner")
    assert "among the people already" in ask("people", "add", ME.user)[1]
    for command in (("remove", "bob"), ("role", "bob", "admin"), ("team", "bob", "red")):
        code, said = ask("people", *command)
        assert (code, "There is nobody called 'bob'" in said) == (2, True)
    for name in ("", " ", "a\nb", "x" * 201):
        assert ask("people", "add", name)[0] == 2
