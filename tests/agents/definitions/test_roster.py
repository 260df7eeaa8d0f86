"""Which definition counts: the product's, the organisation's, or that of a trusted folder."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from sqlmodel import Session

from steward.agents.definitions import stored
from steward.agents.definitions.agent_file import FOLDER
from steward.agents.definitions.limits import FILES_MAX
from steward.agents.definitions.roster import Roster
from steward.agents.enabled import enables
from steward.core.errors import InvalidInputError, NotFoundError
from steward.core.principal import Principal
from steward.permissions import people
from steward.permissions.roles import Person
from steward.permissions.trust import Trust
from tests.agents.definitions.written import written
from tests.rooms import START, Ground, answering, no, open_ground, yes

OLGA = Principal("olga", "s", "", role="owner")


@dataclass(frozen=True)
class Office:
    """A folder, the database, and who is asked."""

    ground: Ground
    trust: Trust
    roster: Roster
    ann: Principal
    root: Path

    def write(self, agent_id: str, text: str) -> None:
        """Put a definition into the folder."""
        folder = self.root / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{agent_id}.md").write_text(text, encoding="utf-8")

    async def trusted(self, *, is_trusted: bool = True) -> None:
        """Ann answers whether she trusts the folder."""
        async with answering(self.ground, self.ann, yes if is_trusted else no):
            await self.trust.ask(self.ann, "wish")

    async def keep(self, principal: Principal, agent_id: str, text: str) -> str | None:
        """Create an agent in the database; gives why not."""
        now = self.ground.clock.now()
        return await self.ground.database.run(
            lambda session: stored.create(session, principal, agent_id, text, now)
        )


@pytest.fixture
async def office(tmp_path: Path) -> AsyncGenerator[Office]:
    root = tmp_path / "project"
    root.mkdir()
    async with open_ground(tmp_path / "steward.db") as ground:
        trust = Trust(ground.database, ground.clock, ground.approvals, enables)
        roster = Roster(ground.database, root, ground.approvals.seal)
        await ground.database.run(_populate)
        yield Office(ground, trust, roster, Principal("ann", "s", str(root), team="red"), root)


def _populate(session: Session) -> None:
    for person in (
        Person("olga", "owner"),
        Person("ann", _WORKER, "red"),
        Person("bob", _WORKER, "blue"),
        Person("eve", "viewer"),
    ):
        assert people.add(session, OLGA, person, START) is None


_WORKER = Principal("", "", "").role or "viewer"
"""Who calls models, and administrates nothing."""


async def test_a_folder_that_nobody_trusts_brings_no_agents(office: Office) -> None:
    office.write("paint", written())
    with pytest.raises(NotFoundError, match="steward trust"):
        await office.roster.find(office.ann, "paint")
    await office.trusted(is_trusted=False)
    assert "paint" not in {each.agent_id for each in await office.roster.list(office.ann)}
    await office.trusted()
    agent = await office.roster.find(office.ann, "paint")
    assert (agent.name, agent.source, agent.replaces) == ("Painter", "workspace", ())


async def test_whoever_takes_the_place_of_another_says_so(office: Office) -> None:
    assert await office.keep(OLGA, "fix", written(name="Ours")) is None
    assert (await office.roster.find(office.ann, "fix")).replaces == ("shipped",)
    office.write("fix", written(name="Theirs"))
    await office.trusted()
    found = await office.roster.find(office.ann, "fix")
    assert (found.name, found.replaces) == ("Theirs", ("shipped", "stored"))
    assert "in place of" in found.described()
    listed = [each for each in await office.roster.list(office.ann) if each.agent_id == "fix"]
    assert [(each.source, each.counts) for each in listed] == [
        ("workspace", True),
        ("stored", False),
        ("shipped", False),
    ]


async def test_a_definition_that_cannot_be_read_is_no_way_back_to_a_weaker_one(
    office: Office,
) -> None:
    office.write("fix", written("nmae: x"))
    await office.trusted()
    with pytest.raises(InvalidInputError, match=r"fix\.md:5: There is no field `nmae`"):
        await office.roster.find(office.ann, "fix")


async def test_an_edited_file_counts_from_the_next_look(office: Office) -> None:
    office.write("paint", written())
    await office.trusted()
    office.write("paint", written(name="Other"))
    assert (await office.roster.find(office.ann, "paint")).name == "Other"


async def test_links_and_what_is_no_agent_are_not_followed_or_believed(
    office: Office, tmp_path: Path
) -> None:
    (tmp_path / "outside.md").write_text(written(), encoding="utf-8")
    office.write("paint", written())
    folder = office.root / FOLDER
    (folder / "linked.md").symlink_to(tmp_path / "outside.md")
    (folder / "Bad_Name.md").write_text(written(), encoding="utf-8")
    (folder / "huge.md").write_text(written() + "x" * 100_000, encoding="utf-8")
    (folder / "bytes.md").write_bytes(b"\xff\xfe")
    (folder / "notes.txt").write_text("no agent", encoding="utf-8")
    await office.trusted()
    brought = [each for each in await office.roster.list(office.ann) if each.source == "workspace"]
    assert {each.agent_id: each.agent is not None for each in brought} == {
        "paint": True,
        "Bad_Name": False,
        "huge": False,
        "bytes": False,
    }


async def test_a_folder_of_agents_that_is_a_link_has_none(office: Office, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "paint.md").write_text(written(), encoding="utf-8")
    (office.root / ".steward").mkdir()
    (office.root / FOLDER).symlink_to(elsewhere)
    await office.trusted()
    assert {each.source for each in await office.roster.list(office.ann)} == {"shipped"}


async def test_too_many_files_are_none(office: Office) -> None:
    for number in range(FILES_MAX + 1):
        office.write(f"a{number}", written())
    await office.trusted()
    brought = [each for each in await office.roster.list(office.ann) if each.source == "workspace"]
    assert [each.agent for each in brought] == [None]


async def test_the_question_about_trust_lists_what_the_agents_would_be(office: Office) -> None:
    office.write("paint", written(name="x").replace("Paints sheds.", "Does `rm` **now**."))
    office.write("broken", "no")
    async with answering(office.ground, office.ann, no) as seen:
        await office.trust.ask_once(office.ann, "run-1")
    assert "`paint`" in seen[0].body
    assert r"Does \`rm\` \*\*now\*\*." in seen[0].body
    assert "`.steward/agents/broken.md` is no agent" in seen[0].body


async def test_the_question_about_trust_tells_what_an_agent_may_unasked(office: Office) -> None:
    office.write("paint", written("allow: [run_tests]"))
    async with answering(office.ground, office.ann, no) as seen:
        await office.trust.ask_once(office.ann, "run-1")
    assert "without being asked about `run_tests`" in seen[0].body


async def test_an_agent_of_a_team_is_there_for_that_team_only(office: Office) -> None:
    assert await office.keep(office.ann, "paint", written("team: red")) is None
    assert await office.roster.find(office.ann, "paint")
    for other in (replace(office.ann, team="blue"), replace(office.ann, team="")):
        with pytest.raises(NotFoundError):
            await office.roster.find(other, "paint")
    stranger = replace(office.ann, role=None)
    assert {each.source for each in await office.roster.list(stranger)} == {"shipped"}


async def test_people_keep_agents_of_their_own_and_administrators_all(office: Office) -> None:
    bob, eve = (Principal(name, "s", "") for name in ("bob", "eve"))
    assert await office.keep(office.ann, "paint", written()) is None
    assert await office.keep(bob, "fix", written()) is not None
    assert await office.keep(bob, "reds", written("team: red")) is not None
    assert await office.keep(eve, "peek", written()) is not None
    now, database = office.ground.clock.now(), office.ground.database
    for principal, refused in ((bob, True), (office.ann, False), (OLGA, False)):
        why = await database.run(
            lambda session, who=principal: stored.edit(session, who, "paint", written(), now)
        )
        assert (why is not None) == refused
    why = await database.run(lambda session: stored.delete(session, bob, "paint", now))
    assert why is not None
    why = await database.run(lambda session: stored.delete(session, office.ann, "paint", now))
    assert why is None
    assert [each for each in await office.ground.trail() if each.startswith("agent.")] == [
        *("agent.created", "agent.refused", "agent.refused", "agent.refused"),
        *("agent.refused", "agent.changed", "agent.changed", "agent.refused", "agent.deleted"),
    ]


async def test_nothing_is_kept_that_is_no_definition_or_is_there_already(office: Office) -> None:
    with pytest.raises(InvalidInputError, match="paint:1"):
        await office.keep(office.ann, "paint", "hello")
    with pytest.raises(InvalidInputError, match="cannot be an agent's name"):
        await office.keep(office.ann, "../paint", written())
    assert await office.keep(office.ann, "paint", written()) is None
    with pytest.raises(InvalidInputError, match="already"):
        await office.keep(office.ann, "paint", written())
    now = office.ground.clock.now()
    with pytest.raises(NotFoundError):
        await office.ground.database.run(
            lambda session: stored.delete(session, office.ann, "explain", now)
        )


async def test_an_agent_that_calls_one_that_is_not_there_does_not_start(office: Office) -> None:
    office.write("lead", written("agents: [explain, ghost]"))
    office.write("explain", written(name="Ours"))
    await office.trusted()
    lead = await office.roster.find(office.ann, "lead")
    with pytest.raises(NotFoundError, match="agent 'ghost' for you here"):
        await office.roster.callable_by(office.ann, lead)
    (explain,) = await office.roster.callable_by(office.ann, replace(lead, agents=("explain",)))
    assert (explain.name, explain.replaces) == ("Ours", ("shipped",))
    office.write("explain", "broken")
    with pytest.raises(InvalidInputError):
        await office.roster.callable_by(office.ann, replace(lead, agents=("explain",)))
