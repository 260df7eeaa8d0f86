"""What a person refused, to the letter, no agent of the run asks again."""

from dataclasses import replace

from sqlalchemy import update

from demo.replies import call
from steward.permissions.denials import Denials, of_call
from steward.permissions.question import OpenQuestion, Question
from steward.permissions.tables import RunDenialRow
from tests.agents.crew import Crew
from tests.agents.talk import ASK, EDIT, HELPER, LEAD, play, results, text_of

REMOVE = call("run_command", argv=["touch", "x"])


async def test_a_refused_command_is_refused_to_all_agents_of_the_run_until_taken_back(
    crew: Crew,
) -> None:
    commands: list[OpenQuestion] = []

    def choose(question: OpenQuestion) -> bool:
        if question.kind != "command":
            return True
        commands.append(question)
        return False

    other = call("run_command", argv=["touch", "y"])
    copied = call("run_command", argv=["touch", "x"], writes="copy", timeout_s=7)
    said = {"lead": [REMOVE, ASK, copied], "helper": [REMOVE, copied, other]}
    await play(crew, said, LEAD, HELPER, choose=choose)
    assert [each.title for each in commands] == ["Run touch x", "Run touch y"]
    first, second, third = results(crew, "helper")
    assert all("you refused this at 09:30 UTC" in each for each in (first, second))
    assert "the question was rejected" in third
    assert "you refused this at 09:30 UTC" in results(crew, "lead")[-1]
    principal, grants = crew.rooms.principal, crew.rooms.approvals.grants
    x, y = await grants.denials.list(principal, "run1")
    assert (x.tool, x.subject, y.subject) == ("run_command", "touch x", "touch y")
    # All grants of the run may be taken back, and no refusal with them.
    assert await grants.revoke(principal, "run1") == 0
    assert all(each.revoked_at is None for each in await grants.denials.list(principal, "run1"))
    assert await grants.revoke(principal, "run1", x.denial_id) == 1
    assert await grants.revoke(principal, "run1", x.denial_id) == 0


async def test_a_refusal_holds_for_called_agents_of_other_runs_and_for_whoever_forges_its_end(
    crew: Crew,
) -> None:
    principal, rooms = crew.rooms.principal, crew.rooms
    denials = rooms.approvals.grants.denials
    refused = of_call("run_command", {"argv": ["x"]})
    await denials.add(principal, "run1", refused, "question-1")
    await denials.add(principal, "run1", refused, "question-2")
    (kept,) = await denials.list(principal)

    async def holds(run_id: str, *, is_called: bool, denials: Denials = denials) -> bool:
        at = await denials.when(principal, run_id, [refused.digest], is_called=is_called)
        return at == kept.denied_at

    assert await holds("run1", is_called=False)
    assert await holds("run2", is_called=True)
    assert not await holds("run2", is_called=False)
    later = replace(denials, session="another")
    assert await holds("run1", is_called=False, denials=later)
    assert not await holds("run2", is_called=True, denials=later)
    stranger = replace(principal, user="bob")
    assert await denials.revoke(stranger, "run1", kept.denial_id) is None
    # Who writes past us that it is over ends nothing.
    forged = update(RunDenialRow).values(revoked_at=rooms.clock.now())
    await rooms.database.run(lambda session: session.connection().execute(forged) and None)
    assert await holds("run1", is_called=False)
    assert await denials.revoke(principal, "run1", kept.denial_id) == 1
    assert not await holds("run1", is_called=False)
    assert (await rooms.trail()).count("denial.revoked") == 1


async def test_silence_is_no_refusal_that_holds(crew: Crew) -> None:
    principal, approvals = crew.rooms.principal, crew.rooms.approvals
    refused = of_call("edit_file", {})
    question = Question("place", "edit", "Change?", "", {}, "run1")
    await approvals.open(principal, question)
    await approvals.withdraw(principal, "run1")
    await approvals.grants.denials.add_if_rejected(principal, "run1", "place", refused)
    assert await approvals.grants.denials.list(principal) == ()


async def test_a_refused_change_is_not_shown_again_by_a_called_agent(crew: Crew) -> None:
    edits: list[OpenQuestion] = []

    def choose(question: OpenQuestion) -> bool:
        if question.kind == "edit":
            edits.append(question)
        return question.kind != "edit" or len(edits) > 1

    same = call("edit_file", path="a.py", text="one\n2\nthree\n")
    another = call("edit_file", path="a.py", old_text="two", new_text="II")
    said = {"lead": [EDIT, ASK], "helper": [same, another]}
    await play(crew, said, LEAD, HELPER, choose=choose)
    assert len(edits) == 2
    assert "you refused exactly this change at 09:30 UTC" in results(crew, "helper")[0]
    assert text_of(crew) == "one\nII\nthree\n"


async def test_a_no_to_a_merge_is_one_to_exactly_what_would_have_come_of_it(crew: Crew) -> None:
    edits: list[OpenQuestion] = []
    path = crew.rooms.workspace.root / "a.py"

    def choose(question: OpenQuestion) -> bool:
        if question.kind != "edit":
            return True
        edits.append(question)
        if len(edits) == 1:
            path.write_text("one\ntwo\nthree\nmine\n")
        return len(edits) == 1

    same = call("edit_file", path="a.py", text="one\n2\nthree\nmine\n")
    await play(crew, {"lead": [EDIT, ASK], "helper": [same]}, LEAD, HELPER, choose=choose)
    assert [question.title for question in edits] == [
        *("Edit a.py", "Edit a.py (merged with your edits)")
    ]
    assert "you refused exactly this change at" in results(crew, "helper")[0]
    assert path.read_text() == "one\ntwo\nthree\nmine\n"
