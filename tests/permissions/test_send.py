"""Who may send branches to a remote, and which."""

from dataclasses import replace

from steward.permissions.decide import EVERYTHING, Act, Allow, Authority, Deny, Record, decide

TOOL = "open_pull_request"
TOOLS = frozenset({TOOL})
UNLIMITED = Authority(TOOLS, EVERYTHING, EVERYTHING, plan_tools=TOOLS, is_trusted=True)


def test_sending_takes_a_trusted_folder_and_never_a_protected_branch() -> None:
    send = Act(TOOL, "git.send", branch="steward/x")
    assert decide(UNLIMITED, send) == Allow()
    assert isinstance(decide(replace(UNLIMITED, is_trusted=False), send), Deny)
    assert isinstance(decide(replace(UNLIMITED, mode="analysis_only"), send), Deny)
    assert isinstance(decide(replace(UNLIMITED, mode="dry_run"), send), Record)
    for branch in ("main", "MAIN", "refs/heads/main", "release/1"):
        # Not even for those whose role lets an agent commit to it.
        told = decide(replace(UNLIMITED, may_move_protected=True), replace(send, branch=branch))
        assert isinstance(told, Deny), branch
        assert "no agent pushes to it" in told.reason
