"""A pull request is shown whole, made exactly as shown, and once; the forge and git are real."""

from collections.abc import AsyncGenerator, Generator
from dataclasses import replace
from pathlib import Path

import pytest

from steward.core.errors import StewardError
from steward.permissions.question import Reply
from steward.workspace.land_refs import begin
from steward.workspace.pull_request import PullRequestProposal, Words, pull_request_from_json
from steward.workspace.pull_request_shown import pull_request_question
from tests.environment import git
from tests.forge_server import REPOSITORY, TOKEN, Asked, Said, refusal
from tests.rooms import Rooms, answering, yes
from tests.workspace.forge_desk import BRANCH, WORDS, Desk, open_desk


@pytest.fixture
def desk(tmp_path: Path) -> Generator[Desk]:
    with open_desk(tmp_path) as desk:
        yield desk


@pytest.fixture
async def rooms(desk: Desk) -> AsyncGenerator[Rooms]:
    async with desk.rooms() as rooms:
        yield rooms


async def test_what_is_shown_is_everything_that_is_made(desk: Desk, rooms: Rooms) -> None:
    proposal = await desk.keep(rooms)
    assert pull_request_from_json(proposal.id, "run", proposal.as_json()) == proposal
    landed, (question,) = await desk.land(rooms)
    assert landed.state == "applied"
    assert landed.is_pull_request
    page = f"{desk.forge.url}/{REPOSITORY}/pull/1"
    assert page in landed.outcome
    assert "#1" in landed.outcome
    commit, base = desk.tip(), desk.tip("main")
    assert desk.forge.tip(BRANCH) == commit
    (pull,) = desk.forge.pulls
    assert (pull["head"]["sha"], pull["base"]["ref"], pull["title"]) == (
        commit,
        "main",
        WORDS.title,
    )
    (posted,) = desk.forge.of_api("POST")
    assert posted.json == {
        "title": WORDS.title,
        "body": WORDS.text,
        "head": BRANCH,
        "base": "main",
        "draft": False,
    }
    shown = question.body
    for part in (
        *(
            "`origin`",
            desk.forge.remote,
            f"`{REPOSITORY}`",
            desk.forge.api,
            f"`{BRANCH}`",
            "`main`",
        ),
        *(commit, desk.tip(f"{BRANCH}^"), base, "Ada Tester <ada@example.org>", "`Say so`"),
        *("`a.py`: 1 added, 1 removed", "`b.md`: 1 added, 0 removed", "`old.py`: 0 added, 1 rem"),
        *(WORDS.title, WORDS.text, f"{commit}:refs/heads/{BRANCH}", "--no-verify", "is new there"),
        f"--force-with-lease=refs/heads/{BRANCH}:",
    ):
        assert part in shown, part
    assert "has another URL" not in shown
    assert desk.forge.seen_in_words == []
    assert TOKEN not in shown + landed.outcome
    # Landing again gives the same outcome, and nothing is sent again.
    sent = len(desk.forge.asked)
    assert (await desk.lander(rooms).land(rooms.principal, "run.tool")).state == "applied"
    assert len(desk.forge.asked) == sent


async def test_hidden_characters_of_the_text_are_spelled_out(desk: Desk) -> None:
    prepared = await desk.prepared(words=Words("Plain", "a\u202eb\u200b", is_draft=True))
    assert prepared.wanted().text == "a\u202eb\u200b"
    shown = pull_request_question(PullRequestProposal("p", "r", "t", prepared)).body
    assert "a⟨U+202E⟩b⟨U+200B⟩" in shown
    assert "holds 2 hidden characters" in shown
    assert "as a draft" in shown


async def test_a_no_sends_nothing_and_its_reason_reaches_the_model(
    desk: Desk, rooms: Rooms
) -> None:
    await desk.keep(rooms)
    sent = len(desk.forge.asked)
    landed, _ = await desk.land(rooms, lambda _question: Reply(reason="Not on a Friday."))
    assert landed.state == "refused"
    assert landed.has_reason
    assert "Not on a Friday." in landed.outcome
    assert len(desk.forge.asked) == sent
    assert desk.forge.tip(BRANCH) == ""


async def test_what_changes_between_question_and_yes_makes_it_stale(
    desk: Desk, rooms: Rooms
) -> None:
    forge, main = desk.forge, desk.tip("main")
    ref, url = f"refs/heads/{BRANCH}", forge.remote
    there, here = str(forge.repository), desk.root
    git(here, "push", "--quiet", there, f"{BRANCH}^:refs/heads/kept")
    before = desk.tip(f"{BRANCH}^")
    changes: dict[str, tuple[list[str], list[str]]] = {
        "another remote": (
            ["remote", "set-url", "origin", f"{forge.url}/acme/other.git"],
            ["remote", "set-url", "origin", url],
        ),
        "another URL for pushing": (
            ["config", "remote.origin.pushurl", f"{forge.url}/mallory/shop.git"],
            ["config", "--unset", "remote.origin.pushurl"],
        ),
        "the same, written otherwise": (
            ["config", "remote.origin.pushurl", f"{url}/"],
            ["config", "--unset", "remote.origin.pushurl"],
        ),
        "a second URL": (
            ["remote", "set-url", "--add", "origin", there],
            ["remote", "set-url", "--delete", "origin", there],
        ),
        "the branch here": (["update-ref", ref, before], ["update-ref", ref, desk.tip()]),
        "the branch there": (
            ["--git-dir", there, "update-ref", ref, main],
            ["--git-dir", there, "update-ref", "-d", ref],
        ),
        "the base there": (
            ["--git-dir", there, "update-ref", "refs/heads/main", before],
            ["--git-dir", there, "update-ref", "refs/heads/main", main],
        ),
        "no base there": (
            ["--git-dir", there, "update-ref", "-d", "refs/heads/main"],
            ["--git-dir", there, "update-ref", "refs/heads/main", main],
        ),
    }
    prepared = await desk.prepared()
    for number, (what, (change, back)) in enumerate(changes.items()):
        proposal = PullRequestProposal(f"run.{number}", "run", what, prepared)
        await rooms.proposals.keep(rooms.principal, proposal)

        def meanwhile(change: list[str] = change) -> None:
            git(here, *change)

        landed, _ = await desk.land(rooms, meanwhile=meanwhile, proposal_id=proposal.id)
        git(here, *back)
        assert landed.state in ("stale", "refused"), what
    # After a restart the forge itself may be another.
    await rooms.proposals.keep(
        rooms.principal, PullRequestProposal("run.api", "run", "elsewhere", prepared)
    )
    desk.settings["api"] = f"{forge.url}/api/v4"
    landed, _ = await desk.land(rooms, proposal_id="run.api")
    assert landed.state == "stale"
    assert forge.of_api("POST") == []
    assert forge.pushes() == 0
    assert "approval.used" not in await rooms.trail()


async def test_a_branch_that_moves_in_the_last_moment_is_not_overwritten(
    desk: Desk,
) -> None:
    """After the last look of ours, only the remote itself can tell."""
    prepared = await desk.prepared()
    git(desk.root, "push", "--quiet", str(desk.forge.repository), f"main:refs/heads/{BRANCH}")
    there = desk.forge.tip(BRANCH)
    with pytest.raises(StewardError, match="has moved"):
        await desk.requests().push(prepared)
    assert desk.forge.tip(BRANCH) == there
    # Nor is one that has what the branch here lacks, whatever anybody approves.
    git(desk.root, "push", "--quiet", str(desk.forge.repository), f"+{BRANCH}:refs/heads/{BRANCH}")
    git(desk.root, "reset", "--quiet", "--hard", "main")
    desk.commit("Otherwise", {"a.py": "three\n"})
    with pytest.raises(StewardError, match="nothing is ever overwritten"):
        await desk.prepared()


async def test_a_pull_request_that_somebody_opened_meanwhile_is_the_outcome(
    desk: Desk, rooms: Rooms
) -> None:
    await desk.keep(rooms)
    asked: list[str] = []

    def answer(one: Asked) -> Said | None:
        # It is opened after we looked for one, and before ours arrives.
        asked.append(one.method)
        if one.method == "POST":
            desk.forge.open_pull("Theirs", BRANCH, "main")
        return None

    desk.forge.answer = answer
    landed, _ = await desk.land(rooms)
    assert landed.state == "applied"
    assert [pull["title"] for pull in desk.forge.pulls] == ["Theirs"]
    assert asked == ["GET", "POST", "GET"]


@pytest.mark.parametrize("is_pushed", [True, False], ids=["after the push", "before the push"])
async def test_after_a_kill_it_is_finished_once(desk: Desk, rooms: Rooms, is_pushed: bool) -> None:
    proposal = await desk.keep(rooms)
    # As a process leaves it that is killed between two of its acts.
    async with answering(rooms, rooms.principal, yes):
        answer = await rooms.approvals.ask(rooms.principal, pull_request_question(proposal))
    await begin(rooms.approvals, rooms.proposals, rooms.principal, proposal.id, answer)
    if is_pushed:
        await desk.requests().push(proposal.prepared)
    landed, asked = await desk.land(rooms)
    assert landed.state == "applied"
    # What nobody sent is asked about again; what was sent is only finished.
    assert len(asked) == (not is_pushed)
    assert desk.forge.pushes() == 1
    assert len(desk.forge.pulls) == 1
    assert (await rooms.trail()).count("approval.used") == 2 - is_pushed


async def test_after_a_kill_an_approval_of_something_else_finishes_nothing(
    desk: Desk, rooms: Rooms
) -> None:
    proposal = await desk.keep(rooms)
    other = replace(proposal, title="Another")
    async with answering(rooms, rooms.principal, yes):
        answer = await rooms.approvals.ask(rooms.principal, pull_request_question(other))
    await begin(rooms.approvals, rooms.proposals, rooms.principal, proposal.id, answer)
    await desk.requests().push(proposal.prepared)
    landed, asked = await desk.land(rooms, lambda _question: False)
    assert landed.state == "refused"
    assert len(asked) == 1
    assert desk.forge.pulls == []


async def test_a_forge_that_refuses_leaves_the_branch_and_says_so(desk: Desk, rooms: Rooms) -> None:
    await desk.keep(rooms)
    denied = refusal(403, "Resource not accessible by personal access token")
    desk.forge.answer = lambda asked: denied if asked.method == "POST" else None
    landed, _ = await desk.land(rooms)
    assert landed.state == "partial"
    assert "was pushed to" in landed.outcome
    assert "does not let this token do it" in landed.outcome
    assert desk.forge.tip(BRANCH) == desk.tip()


async def test_a_folder_is_pushed_to_where_the_settings_name_its_repository(
    desk: Desk, rooms: Rooms
) -> None:
    """And a pull request that is open already grows by what was added since."""
    folder = str(desk.forge.repository)
    git(desk.root, "push", "--quiet", folder, f"{BRANCH}^:refs/heads/{BRANCH}")
    desk.forge.open_pull("Mine", BRANCH, "main")
    git(desk.root, "remote", "set-url", "origin", f"file://{folder}")
    desk.settings = {"folders": {folder: REPOSITORY}}
    await desk.keep(rooms)
    landed, (question,) = await desk.land(rooms)
    assert landed.state == "applied"
    assert f"is at `{desk.tip(f'{BRANCH}^')}` there now" in question.body
    assert desk.forge.tip(BRANCH) == desk.tip()
    assert desk.forge.pushes() == 0
    assert len(desk.forge.pulls) == 1


NAMES = (
    ("main", "other", "is protected"),
    ("Release/1", "main", "is protected"),
    ("--upload-pack=x", "main", "means something else"),
    ("a;rm -rf ~", "main", "no branch name"),
    ("x@{0}", "main", "something else"),
    ("a\nb", "main", "no branch name"),
    ("x" * 300, "main", "no branch name"),
    ("a..b", "main", "no branch name to git"),
    (BRANCH, BRANCH, "must be two"),
    ("nowhere", "main", "There is no branch"),
    (BRANCH, "nowhere", "has no branch"),
    (BRANCH, "--force", "something else"),
    (BRANCH, "develop", "has no branch"),
)


async def test_names_that_are_none_or_protected_send_nothing(desk: Desk) -> None:
    for head, base, told in NAMES:
        with pytest.raises(StewardError, match=told):
            await desk.prepared(head, base)
    with pytest.raises(StewardError, match="no name of a remote"):
        await desk.prepared(remote="--exec=x")
    with pytest.raises(StewardError, match="no remote"):
        await desk.prepared(remote="upstream")
    desk.settings = {"bases": ["develop", "release/*"]}
    with pytest.raises(StewardError, match="none of the branches that a pull request may be for"):
        await desk.prepared()
    desk.settings = {"token": None}
    with pytest.raises(StewardError, match="steward key add forge"):
        await desk.prepared()
    assert desk.forge.pushes() == 0
    assert desk.forge.of_api("POST") == []
