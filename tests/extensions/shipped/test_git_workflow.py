"""Git workflow helper: branches, messages and texts of pull requests."""

from typing import Any

import pytest

from tests.extensions.shipped.sdk import Shipped, World

TYPES = ("feat", "fix", "docs", "test", "ci", "build", "refactor", "chore", "style")
MESSAGES = Shipped("git-workflow").module("messages")
DIFFS = Shipped("git-workflow").module("diffs")


def git(branch: str, /, world: World | None = None, **answers: str) -> Shipped:
    """The extension on a branch, with these answers of git."""
    world = world or World()
    world.git = {"branch": branch, "status": "", "diff": "", "staged": "", "log": "", **answers}
    return Shipped("git-workflow", world)


def diff_of(path: str, added: str = "+new", *, state: str = "modified") -> str:
    """A diff of one file."""
    old = "/dev/null" if state == "new" else f"a/{path}"
    new = "/dev/null" if state == "deleted" else f"b/{path}"
    return f"--- {old}\n+++ {new}\n@@ -1,1 +1,2 @@\n context\n{added}\n"


def kind(
    paths: list[str], branch: str = "topic", added: str = "+x", **rules: Any
) -> tuple[str, str]:
    """Type and scope for changes of these files."""
    files = DIFFS.changed_in("".join(diff_of(path, added) for path in paths))
    found = MESSAGES.kind_of(files, branch, MESSAGES.Rules(TYPES, **rules))
    return found.type, found.scope


@pytest.mark.parametrize(
    ("paths", "branch", "added", "expected"),
    [
        (["src/cart/a.py", "src/cart/b.py"], "topic", "+x = 1", ("fix", "cart")),
        (["src/cart/a.py"], "topic", "+def total(self):", ("feat", "cart")),
        (["packages/ui/src/a.ts"], "fix/crash", "+function a() {", ("fix", "ui")),
        (["packages/ui/src/a.ts"], "feature/x", "+x", ("feat", "ui")),
        (["tests/test_a.py", "src/a.test.ts"], "feat/x", "+x", ("test", "")),
        (["docs/a.md", "README.md"], "feat/x", "+x", ("docs", "")),
        (["requirements.txt", "pyproject.toml"], "topic", "+x", ("build", "")),
        ([".github/workflows/a.yml"], "topic", "+x", ("ci", "workflows")),
        (["src/prices.py"], "topic", "+x", ("fix", "prices")),
        (["src/a/x.py", "src/b/y.py"], "topic", "+x", ("fix", "")),
        (["src/a/x.py"], "topic", "+x\n-a\n-b\n-c", ("refactor", "a")),
    ],
)
def test_type_and_scope_come_from_paths_then_branch_then_lines(
    paths: list[str], branch: str, added: str, expected: tuple[str, str]
) -> None:
    assert kind(paths, branch, added) == expected


def test_a_scope_is_one_of_those_that_are_allowed() -> None:
    assert kind(["src/web/pages/a.ts"], scopes=("pages", "api")) == ("fix", "pages")
    assert kind(["src/web/a.ts"], scopes=("pages", "api")) == ("fix", "")


def test_a_diff_is_read_file_by_file_whatever_its_lines_look_like() -> None:
    diff = (
        diff_of("a.sql", "--- a comment goes\n+++ b")
        + diff_of("b.py", "+def f():\n-def f(x):\n+class G:", state="new")
        + diff_of("c.py", "-x", state="deleted")
    )
    files = DIFFS.changed_in(diff)

    assert [(each.path, each.state, each.added, each.removed) for each in files] == [
        ("a.sql", "modified", 1, 1),
        ("b.py", "new", 2, 1),
        ("c.py", "deleted", 0, 1),
    ]
    assert files[1].defined == ["G"]


def test_a_message_has_the_model_s_subject_and_the_branch_s_ticket() -> None:
    extension = git("fix/AB-12-crash", staged=diff_of("src/cart/a.py"))
    extension.world.model = ["`fix(cart): Count each item once.`\nBecause…"]

    message = extension.command("commit-message")

    assert message == "fix(cart): count each item once\n\nRefs: AB-12"
    (asked,) = extension.world.asked
    assert "src/cart/a.py" in asked["messages"][0]["text"]
    assert asked["tier"] == "cheap"
    shown, why = extension.world.panels["text"]
    assert message in shown["text"]
    assert "0.000001 USD of small" in why["text"]


def test_without_a_model_rules_write_the_subject() -> None:
    staged = diff_of("src/cart/a.py", "+def total():")

    assert git("topic", staged=staged).command("commit-message") == (
        "feat(cart): add total to a.py"
    )
    extension = git("topic", staged=staged)
    extension.world.config = {"ask_model": False}
    extension.world.model = ["never asked"]
    extension.command("commit-message")
    assert extension.world.asked == []


def test_what_a_model_says_is_cut_to_one_line_of_the_length_that_is_allowed() -> None:
    rules = MESSAGES.Rules(TYPES, subject_max=40)

    subject = MESSAGES.subject_of_answer("Make " + "very " * 30 + "long", rules, "fix: ")
    assert subject.startswith("make very")
    assert len("fix: " + subject) <= 40
    assert MESSAGES.subject_of_answer("\n\n```\n- Do it.\x07\n```", rules, "fix: ") == "do it"
    assert MESSAGES.subject_of_answer("API keys go", rules, "fix: ") == "API keys go"


def test_with_nothing_staged_no_model_is_asked() -> None:
    extension = git("topic")

    assert extension.command("commit-message") == "Nothing is staged."
    assert extension.world.asked == []


def test_files_whose_diff_is_not_shown_count_too() -> None:
    extension = git("topic", status="new, staged: logo/big.png\nmodified: other.py")

    assert extension.command("commit-message") == "feat(logo): add big.png"


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("fix(cart): count each item once", ""),
        ("feat!: drop Python 3.10\n\nBREAKING CHANGE: needs 3.11", ""),
        ("Merge branch 'x'", ""),
        ("fixup! fix: a", ""),
        ("", "There is no message."),
        ("Fix it", "is not `type(scope): subject`"),
        ("fix:it", "is not `type(scope): subject`"),
        ("oops: a", "'oops' is no type here"),
        ("fix(): a", "The scope is empty"),
        ("fix: a.", "full stop"),
        ("fix: fixed a", "Say what it does"),
        ("fix: a\nb", "The second line must be empty."),
        ("fix: " + "a" * 80, "has 85 characters; 72 is the most"),
        ("fix: a\n\nbreaking change of b", "BREAKING CHANGE"),
    ],
)
def test_a_message_is_checked_against_conventional_commits(message: str, said: str) -> None:
    found = MESSAGES.faults(message, MESSAGES.Rules(TYPES))

    assert bool(found) == bool(said)
    assert said in "\n".join(found)


LOG = """aaaaaaaaaaaa 2026-01-03 Ada
    feat(cart): show the sum

    BREAKING CHANGE: total() takes a list

bbbbbbbbbbbb 2026-01-02 Ada
    fix: count once

    Closes AB-7

cccccccccccc 2026-01-01 Ada
    Merge pull request #3 from x/y

dddddddddddd 2025-12-31 Ada
    feat: old"""


def test_the_last_commit_s_message_is_checked_where_none_is_given() -> None:
    extension = git("topic", log="aaaaaaaaaaaa 2026-01-03 Ada\n    Fixed it")

    assert "'Fixed it' is not" in (extension.command("check-message") or "")
    assert extension.command("check-message", selection="fix: a") == "'fix: a' is a good message."
    assert "no type" in (extension.command("check-message", {"message": "oops: a"}) or "")


def test_a_pull_request_tells_what_the_branch_did_since_the_last_merge() -> None:
    extension = git("feat/AB-12-show-the-sum", log=LOG, diff=diff_of("a.py"))

    assert extension.command("pull-request-text") == "Show the sum (2 commits)"
    text = extension.world.panels["text"][0]["text"]
    for part in (
        "## New\n\n- **cart**: show the sum (aaaaaaa)",
        "## Fixed\n\n- count once (bbbbbbb)",
        "## Breaks\n\n- total() takes a list",
        "Refs: AB-12, AB-7",
        "How it was tested: ",
        "> 1 changed file is not committed yet.",
    ):
        assert part in text
    assert "old" not in text


def test_a_pull_request_of_one_commit_has_its_subject() -> None:
    extension = git("topic", log=LOG)

    assert extension.command("pull-request-text", {"commits": 1}) == "Show the sum (1 commit)"
    assert git("topic").command("pull-request-text") == (
        "There is no commit here since the last merge or release."
    )


@pytest.mark.parametrize(
    ("branch", "said"),
    [
        ("feat/cart-sum", "'feat/cart-sum' is named as it should be."),
        ("main", "'main' is a protected branch"),
        ("release/1.2", "is a protected branch"),
        ("Feature/Cart Sum!", "It could be 'feat/cart-sum'."),
        ("", "No branch is checked out."),
    ],
)
def test_a_branch_s_name_is_checked_and_a_better_one_found(branch: str, said: str) -> None:
    assert said in (git(branch).command("check-branch") or "")


def test_a_pattern_that_is_none_is_said_and_nothing_breaks() -> None:
    extension = git("topic")
    extension.world.config = {"branch_pattern": "(", "ticket_pattern": "["}

    assert "is no regular expression" in (extension.command("check-branch") or "")
    extension.world.git["staged"] = diff_of("a.py")
    assert (extension.command("commit-message") or "").startswith("fix(a): ")


def test_work_on_a_protected_branch_is_warned_of_once_a_day_and_in_whatever_instance() -> None:
    world = World()
    extension = git("main", world)

    for _ in range(3):
        assert extension.saved("a.py", "") == []
        extension.hook("onWorkspaceChange", changed=("a.py",))
    git("main", world).saved("a.py", "")

    assert [level for level, _ in world.messages] == ["warning"]
    assert "'main', which is protected" in world.messages[0][1]
    world.storage["warned"] = {"main": "2020-01-01", "old": "2020-01-01"}
    git("main", world).hook("onWorkspaceChange", changed=("a.py",))
    assert len(world.messages) == 2
    assert set(world.storage["warned"]) == {"main"}


def test_an_odd_name_is_warned_of_and_both_warnings_can_be_switched_off() -> None:
    odd = git("topic")
    odd.saved("a.py", "")
    assert "not named as this project wants it" in odd.world.messages[0][1]

    for branch in ("topic", "main"):
        quiet = git(branch, World(config={"warn_protected": False, "warn_naming": False}))
        quiet.saved("a.py", "")
        assert quiet.world.messages == []


def test_without_a_repository_a_save_says_nothing() -> None:
    extension = Shipped("git-workflow")

    assert extension.saved("a.py", "") == []
    assert extension.world.messages == []


def test_the_state_of_a_branch_is_shown_with_its_files_and_commits() -> None:
    extension = git("feat/x", status="modified: src/a.py\ndeleted: b.py", log=LOG)

    assert extension.command("branch-state") == "feat/x: 2 changed files."
    said, changed, commits, _ = extension.world.panels["branch"]
    assert said["text"] == "On `feat/x`."
    assert [item.get("path") for item in changed["items"]] == ["src/a.py", None]
    assert commits["rows"][0] == ["aaaaaaa", "feat", "show the sum"]
