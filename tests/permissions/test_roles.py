"""What each role includes, and that what is unknown includes nothing."""

from dataclasses import replace
from itertools import product
from typing import Any

import pytest

from steward.core.principal import Principal, Role
from steward.permissions.decide import EVERYTHING, HARMLESS, Capability
from steward.permissions.roles import (
    ChangePerson,
    Person,
    SetBudget,
    capabilities_of,
    may_move_protected,
    why_no_call,
    why_not,
)

OWNER, ADMIN = Person("olga", "owner"), Person("adam", "admin")
LEAD, MEMBER = Person("lea", "developer", "red", is_lead=True), Person("bob", "developer", "red")
VIEWER = Person("vic", "viewer", "red")
EVERYBODY = [OWNER, ADMIN, LEAD, MEMBER, VIEWER]
STRANGER = None
NOTHING: frozenset[Capability] = frozenset()


def budget(whose: Person | None, hard: int | None = 5, team_hard: int | None = 10) -> SetBudget:
    scope = f"user:{whose.user}" if whose else "organisation"
    return SetBudget(scope, hard, whose, team_hard, owners=1)


def test_owners_and_admins_set_any_budget_and_others_none_but_a_lead_of_the_team() -> None:
    for whose in (*EVERYBODY, None):
        assert why_not(OWNER, budget(whose)) is None
        assert why_not(ADMIN, budget(whose)) is None
        for actor in (MEMBER, VIEWER, STRANGER):
            assert why_not(actor, budget(whose)) is not None
        in_team = whose is not None and whose.team == "red"
        assert (why_not(LEAD, budget(whose)) is None) == in_team


@pytest.mark.parametrize(
    ("hard", "team_hard", "may"),
    [(10, 10, True), (0, 10, True), (11, 10, False), (None, 10, False), (5, None, False)],
)
def test_a_lead_never_gives_more_than_the_team_has(
    hard: int | None, team_hard: int | None, may: bool
) -> None:
    assert (why_not(LEAD, budget(MEMBER, hard, team_hard)) is None) == may


@pytest.mark.parametrize(
    "lead",
    [
        replace(LEAD, is_lead=False),
        replace(LEAD, team="blue"),
        replace(LEAD, role="viewer"),
        Person("lea", "developer", "", is_lead=True),
    ],
)
def test_only_the_lead_of_the_same_team_shares_it_out(lead: Person) -> None:
    assert why_not(lead, budget(MEMBER)) is not None
    assert why_not(lead, budget(replace(MEMBER, team=""))) is not None


def test_nobody_but_an_owner_touches_owners_and_admins() -> None:
    roles: tuple[Role, ...] = ("owner", "admin", "maintainer", "developer", "viewer")
    for before, after in product((None, *roles), (None, *roles)):
        change = ChangePerson(
            before and Person("x", before), after and Person("x", after), owners=2
        )
        assert why_not(OWNER, change) is None
        low = {before, after} <= {None, "maintainer", "developer", "viewer"}
        assert (why_not(ADMIN, change) is None) == low
        for actor in (LEAD, MEMBER, VIEWER, STRANGER):
            assert why_not(actor, change) is not None


def test_there_is_always_an_owner() -> None:
    for actor in (*EVERYBODY, STRANGER):
        first = ChangePerson(None, MEMBER, owners=0)
        assert why_not(actor, first) is not None
        assert why_not(actor, ChangePerson(None, OWNER, owners=0)) is None
    for after in (None, replace(OWNER, role="admin")):
        assert why_not(OWNER, ChangePerson(OWNER, after, owners=1)) is not None
        assert why_not(OWNER, ChangePerson(OWNER, after, owners=2)) is None


@pytest.mark.parametrize(
    ("role", "may"),
    [
        *(("owner", True), ("admin", True), ("maintainer", True), ("developer", True)),
        *(("viewer", False), (None, False)),
    ],
)
def test_who_reads_only_or_is_unknown_calls_no_model(role: Role | None, may: bool) -> None:
    assert (why_no_call(Principal("ann", "s", "/w", role=role)) is None) == may


@pytest.mark.parametrize(
    ("role", "capabilities", "moves_protected"),
    [
        *((role, EVERYTHING, True) for role in ("owner", "admin", "maintainer")),
        ("developer", EVERYTHING, False),
        ("viewer", HARMLESS, False),
        (None, NOTHING, False),
        ("emperor", NOTHING, False),
    ],
)
def test_an_agent_does_no_more_than_the_role_of_its_person(
    role: Any, capabilities: frozenset[Capability], moves_protected: bool
) -> None:
    assert capabilities_of(role) == capabilities
    assert may_move_protected(role) == moves_protected


def test_a_lead_may_be_a_maintainer() -> None:
    lead = Person("lea", "maintainer", "red", is_lead=True)
    assert why_not(lead, budget(MEMBER)) is None
