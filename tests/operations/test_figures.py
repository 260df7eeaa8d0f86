"""The figures of what helps, on both databases, against a slow count of the same events."""

import random
from collections import defaultdict
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from statistics import median

import pytest
from sqlmodel import Session

from steward.completion.outcomes.record import write as write_sums
from steward.completion.outcomes.showing import Terms
from steward.completion.outcomes.tally import Tally
from steward.core.principal import Principal
from steward.operations.analytics import BY_PEOPLE, Happened, forget, write
from steward.operations.figures.counted import Asked, By, counted
from steward.operations.figures.figures import Figures, Report, report
from steward.operations.figures.settings import MetricsSettings
from steward.permissions.tables import PersonRow
from tests.places import Place
from tests.rooms import Ground, open_ground

FIRST, LAST = date(2026, 10, 5), date(2026, 11, 8)
"""A Monday, and a Sunday."""
USERS = {"ann": "red", "bob": "red", "eve": "blue", "joe": ""}
SETTINGS = MetricsSettings()


@pytest.fixture
async def ground(place: Place) -> AsyncGenerator[Ground]:
    async with open_ground(place) as ground:
        yield ground


def at(day: date, hour: float = 9.0) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour)


def some_events(dice: random.Random, count: int) -> list[Happened]:
    """What some people did in the weeks around those that are asked about."""
    events: list[Happened] = []
    outcomes = {
        "AI_APPLY": ("applied", "applied", "refused", "partial", "stale", "unfinished"),
        "AGENT_RUN_ENDED": ("finished", "finished", "capped", "failed", "cancelled"),
        "AGENT_PLAN_APPROVED": ("approved",),
        "AGENT_PLAN_REJECTED": ("rejected", "edited"),
        "AGENT_RUN_STARTED": ("",),
        "AI_REQUEST": ("ok",),
        "PR_CREATED": ("ok",),
        "TOOL_USED": ("ok",),
    }
    for _ in range(count):
        name = dice.choice(list(outcomes))
        when = at(FIRST + timedelta(days=dice.randint(-10, 45)), dice.randint(0, 23))
        run = f"run-{dice.randint(0, count // 3)}"
        events.append(
            Happened(
                when,
                name,
                dice.choice(list(USERS)),
                run,
                dice.choice(("fix", "paint")),
                model=dice.choice(("small", "large")),
                outcome=dice.choice(outcomes[name]),
                took_ms=dice.randint(0, 400_000),
            )
        )
    return events


def some_sums(dice: random.Random) -> list[tuple[str, Tally]]:
    """What became of suggestions on some days: user and counts."""
    found: list[tuple[str, Tally]] = []
    for _ in range(40):
        day = FIRST + timedelta(days=dice.randint(-10, 45))
        terms = Terms(day.isoformat(), "python", dice.choice(("small", "large")), "code")
        tally = Tally()
        for _ in range(dice.randint(0, 5)):
            tally.count_outcome(terms, dice.choice(("accepted", "partly", "rejected")), "some text")
        tally.count_accepted(terms, 1, dice.randint(0, 500))
        found.append((dice.choice(list(USERS)), tally))
    return found


async def figures(ground: Ground, by: By | None = None, user: str | None = None) -> Report:
    asked = Asked("local", FIRST, LAST, user, by, SETTINGS.answer_s_max)
    counts = await ground.database.read(lambda session: counted(session, asked))
    return report(asked, counts, SETTINGS)


async def fill(ground: Ground, events: list[Happened], sums: list[tuple[str, Tally]]) -> None:
    def work(session: Session) -> None:
        for user, team in USERS.items():
            role = "owner" if user == "ann" else "developer"
            session.merge(
                PersonRow(tenant_id="local", user=user, role=role, team=team, is_lead=False)
            )
        write(session, "local", events)
        # Another organisation's are none of ours.
        write(session, "other", events[:50])
        for user, tally in sums:
            write_sums(session, Principal(user, "s", "/w"), tally, at(LAST))

    await ground.database.run(work)


@dataclass
class Slow:
    """What was counted one by one under one name."""

    values: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    active: set[tuple[str, str]] = field(default_factory=set[tuple[str, str]])

    def total(self, name: str) -> float:
        return sum(self.values[name])

    def told(self, by: By | None) -> dict[str, object]:
        applied = self.total("AI_APPLY applied")
        look = self.total("shown") + self.total("answering")
        runs = sum(len(v) for name, v in self.values.items() if name.startswith("AGENT_RUN_ENDED"))
        decided = applied + self.total("AI_APPLY partial") + self.total("AI_APPLY refused")
        hours = self.values["hours"]
        characters = self.total("characters")
        people = len({user for user, _ in self.active}), len(self.active)
        return {
            "suggestions": (self.total("taken"), self.total("shown")),
            "proposals": (applied, decided),
            "runs": (self.total("AGENT_RUN_ENDED finished"), runs),
            "low": round((characters * 0.1 + applied * 60 - look) / 3600, 6),
            "high": round((characters * 0.3 + applied * 600 - look) / 3600, 6),
            "opened": self.total("opened"),
            "hours": round(median(hours), 6) if hours else None,
            "active": people if by in (None, "user", "team") else None,
        }


def slowly(
    by: By | None, user: str | None, events: list[Happened], sums: list[tuple[str, Tally]]
) -> dict[str, dict[str, object]]:
    """The same figures, counted one by one."""
    slow: dict[str, Slow] = defaultdict(Slow)
    started: dict[str, datetime] = {}
    for each in events:
        if each.name == "AGENT_RUN_STARTED":
            started[each.run_id] = min(each.at, started.get(each.run_id, each.at))
    for each in events:
        if FIRST <= each.at.date() <= LAST and user in (None, each.user):
            group = {"agent": each.agent, "model": each.model, **_of_user(each.user)}
            _count_event(slow, group.get(by or "", ""), each, started.get(each.run_id), by)
    for who, tally in sums:
        for terms, counts in tally:
            if str(FIRST) <= terms.day <= str(LAST) and user in (None, who):
                group = {"agent": "", "model": terms.model, **_of_user(who)}
                into = slow[group.get(by or "", "")]
                into.values["shown"].append(counts.shown)
                into.values["taken"].append(counts.accepted + counts.partly)
                into.values["characters"].append(counts.accepted_characters)
                if counts.shown:
                    into.active.add((who, terms.day))
    return {name: each.told(by) for name, each in slow.items()}


def _of_user(user: str) -> dict[str, str]:
    return {"user": user, "team": USERS[user]}


def _count_event(
    slow: dict[str, Slow], name: str, each: Happened, since: datetime | None, by: By | None
) -> None:
    if each.name in ("AI_APPLY", "AGENT_RUN_ENDED"):
        slow[name].values[f"{each.name} {each.outcome}"].append(1)
    if each.name in ("AI_APPLY", "AGENT_PLAN_APPROVED", "AGENT_PLAN_REJECTED"):
        slow[name].values["answering"].append(min(each.took_ms, 120_000) / 1000)
    if each.name == "PR_CREATED":
        slow[name].values["opened"].append(1)
        if since is not None:
            slow[name].values["hours"].append((each.at - since).total_seconds() / 3600)
    if each.name in BY_PEOPLE and by in (None, "user", "team"):
        slow[name].active.add((each.user, str(each.at.date())))


def plainly(line: Figures) -> dict[str, object]:
    people = line.people
    hours = line.pull_requests.hours
    return {
        "suggestions": (line.suggestions.part, line.suggestions.whole),
        "proposals": (line.proposals.part, line.proposals.whole),
        "runs": (line.runs.part, line.runs.whole),
        "low": round(line.saved.low, 6),
        "high": round(line.saved.high, 6),
        "opened": line.pull_requests.opened,
        "hours": None if hours is None else round(hours, 6),
        "active": None if people is None else (people.active, round(people.a_day * 35)),
    }


async def test_figures_are_what_a_slow_count_gives(ground: Ground) -> None:
    dice = random.Random(8)
    events, sums = some_events(dice, 600), some_sums(dice)
    await fill(ground, events, sums)
    every: list[By | None] = [None, "user", "team", "agent", "model"]
    asked: list[tuple[By | None, str | None]] = [(None, "ann")]
    asked.extend([(by, None) for by in every])
    for by, user in asked:
        found = await figures(ground, by, user)
        assert {line.name: plainly(line) for line in found.lines} == slowly(by, user, events, sums)


async def test_weeks_tell_who_came_back(ground: Ground) -> None:
    def came(user: str, *days: int) -> list[Happened]:
        return [Happened(at(FIRST + timedelta(days=day)), "AI_REQUEST", user) for day in days]

    # Eve was there before; Ann comes back in the second and the fourth week; Bob never does.
    events = [*came("eve", -3, 0), *came("ann", 0, 1, 7, 22), *came("bob", 2), *came("joe", 8, 15)]
    await fill(ground, events, [])
    people = (await figures(ground)).lines[0].people
    assert people is not None
    assert [(week.active, week.new, week.retained) for week in people.weeks] == [
        (3, 2, (1, 0, 1, 0)),
        (2, 1, (1, 0, 0)),
        (1, 0, (0, 0)),
        (1, 0, (0,)),
        (0, 0, ()),
    ]
    assert all(week.is_whole for week in people.weeks)
    assert (people.active, people.a_day) == (4, 8 / 35)


async def test_nothing_is_told_of_nothing_and_what_is_gone_is_said(ground: Ground) -> None:
    empty = (await figures(ground)).lines[0]
    assert (empty.suggestions.value, empty.runs.value, empty.pull_requests.hours) == (None,) * 3
    assert empty.saved.high == 0
    assert "no figures of agents" in (await figures(ground)).cautions[0]
    days = [at(FIRST + timedelta(days=day)) for day in range(10)]
    apply = [Happened(day, "AI_APPLY", "ann", outcome="applied") for day in days]
    await fill(ground, [*apply, Happened(at(LAST), "EVENTS_LOST", "ann", count=7)], [])
    await ground.database.run(lambda session: forget(session, "local", days[4]))
    found = await figures(ground)
    assert found.lines[0].proposals.part == 6
    assert found.cautions[0] == "Events are kept from 2026-10-09 on: figures of agents begin there."
    assert "7 events were lost" in found.cautions[1]
    assert "`*`" in found.cautions[2]
    # Who was at work is remembered beyond that.
    people = found.lines[0].people
    assert people is not None
    assert people.weeks[0].new == 1
    assert people.a_day == 10 / 35
