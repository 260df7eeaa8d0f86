"""Budgets at a shell: set by those whose role includes it, shown with who decided."""

from datetime import UTC, datetime, timedelta

import pytest

from steward.core.clock import ManualClock
from tests.cli.conftest import ME, Ask, Books
from tests.places import execute


@pytest.fixture
def owned(books: Books, ask: Ask) -> Books:
    """Whoever runs the tests is the owner."""
    assert ask("people", "add", ME.user, "--role", "owner")[0] == 0
    return books


def shown(ask: Ask) -> dict[str, list[str]]:
    """Account → the cells of its line."""
    lines = [line.split() for line in ask("budget", "show")[1].splitlines() if line]
    return {line[0]: line[1:] for line in lines}


def own_line(said: str) -> list[str]:
    """The cells of the line of whoever runs the tests."""
    return next(line for line in said.splitlines() if line.startswith("user:")).split()


def audited(books: Books, action: str) -> list[tuple[object, ...]]:
    found = f"SELECT actor, subject FROM audit WHERE action = '{action}' ORDER BY seq"
    return execute(books.place, found)


def test_a_budget_that_is_set_is_shown_and_audited(owned: Books, ask: Ask) -> None:
    assert ask("budget", "set", "user", "--limit", "12.50", "--soft", "3")[0] == 0
    assert ask("budget", "set", "team:red", "--limit", "none")[0] == 0
    lines = shown(ask)
    own = ["$3.000000", "$12.500000", "$0.000003", "$0.000000", "$12.499997"]
    assert lines[f"user:{ME.user}"][:5] == own
    assert lines[f"user:{ME.user}"][6] == ME.user
    assert lines["team:red"][:5] == ["none", "none", "$0.000000", "$0.000000", "none"]
    assert lines["organisation"][2] == "$0.000003"
    assert lines["organisation"][6:] == ["settings", "-"]
    assert audited(owned, "ledger.budget_set") == [
        (ME.user, f"budget user:{ME.user}"),
        (ME.user, "budget team:red"),
    ]


def test_what_the_month_will_cost_is_told_once_a_day_of_it_has_passed(
    owned: Books, ask: Ask
) -> None:
    first = datetime.now(UTC).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    early = ask("budget", "show", clock=ManualClock(first + timedelta(hours=23)))[1]
    assert own_line(early)[6] == "-"
    later = ask("budget", "show", clock=ManualClock(first + timedelta(days=2)))[1]
    assert own_line(later)[6] == "$0.01"  # 3,000 nano-dollars in two days: rounded up, not down.
    assert own_line(later)[7:] == ["settings", "-"]


def test_who_may_not_set_a_budget_is_told_so_and_it_is_audited(owned: Books, ask: Ask) -> None:
    assert ask("people", "add", "bob")[0] == 0
    for user, why in (("bob", "Your role, 'developer'"), ("eve", "not among the people")):
        code, said = ask("budget", "set", f"user:{user}", "--limit", "1000", user=user)
        assert (code, why in said) == (2, True)
    assert audited(owned, "ledger.budget_set") == []
    assert audited(owned, "ledger.budget_refused") == [
        ("bob", "budget user:bob"),
        ("eve", "budget user:eve"),
    ]
    assert execute(owned.place, "SELECT * FROM budget") == []


def test_a_lead_shares_out_what_the_team_has_and_no_more(owned: Books, ask: Ask) -> None:
    for user in ("lea", "bob"):
        ask("people", "add", user, "--team", "red")
    ask("people", "add", "cy", "--team", "blue")
    assert ask("people", "team", "lea", "red", "--lead")[0] == 0
    code, said = ask("budget", "set", "user:bob", "--limit", "5", user="lea")
    assert (code, "no limit of its own" in said) == (2, True)
    assert ask("budget", "set", "team:red", "--limit", "10")[0] == 0
    assert ask("budget", "set", "user:bob", "--limit", "10", user="lea")[0] == 0
    for scope, usd in (
        *(("user:bob", "10.000000001"), ("user:bob", "none"), ("user:cy", "1")),
        *(("team:red", "11"), ("organisation", "1"), ("user:eve", "1"), ("workspace:/w", "1")),
    ):
        assert ask("budget", "set", scope, "--limit", usd, user="lea")[0] == 2, (scope, usd)
    lines = shown(ask)
    assert (lines["user:bob"][1], lines["user:bob"][6]) == ("$10.000000", "lea")


def test_a_workspace_is_limited_by_its_whole_path_however_it_is_named(
    owned: Books, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    (owned.folder / "house").mkdir()
    monkeypatch.chdir(owned.folder / "house")
    assert ask("budget", "set", "workspace:.", "--limit", "5")[0] == 0
    assert f"workspace:{(owned.folder / 'house').resolve()}" in shown(ask)


def test_a_limit_for_nobody_is_set_and_doubted(owned: Books, ask: Ask) -> None:
    assert "Nobody is called 'eve' yet" in ask("budget", "set", "user:eve", "--limit", "5")[1]
    said = ask("budget", "set", "team:red", "--limit", "5")[1]
    assert "Nobody belongs to the team 'red' yet" in said
    ask("people", "add", "eve", "--team", "red")
    for scope in ("user:eve", "team:red", "user", "organisation"):
        assert "Nobody" not in ask("budget", "set", scope, "--limit", "5")[1]


@pytest.mark.parametrize("scope", ["nobody", "user:", "thing:x", ""])
def test_a_budget_for_nothing_is_refused(owned: Books, ask: Ask, scope: str) -> None:
    code, said = ask("budget", "set", scope, "--limit", "1")
    assert (code, "is no account" in said) == (2, True)


@pytest.mark.parametrize("usd", ["-1", "NaN", "Infinity", "much", "1000000001", "0.0000000001"])
def test_a_budget_of_no_sum_is_refused(owned: Books, ask: Ask, usd: str) -> None:
    code, said = ask("budget", "set", "user", f"--limit={usd}")
    assert (code, "is no sum" in said) == (2, True)
