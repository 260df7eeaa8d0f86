"""What a person is shown of a pull request before they decide: all that would leave, and where."""

import shlex

from steward.permissions.question import Question
from steward.workspace.markdown import code, fenced
from steward.workspace.pull_request import PreparedPullRequest, PullRequestProposal
from steward.workspace.reveal import reveal

_SIGNED = "The forge's token goes to this address and to the API, and nowhere else."


def pull_request_question(proposal: PullRequestProposal) -> Question:
    """Whether this branch may be pushed and this pull request be opened."""
    prepared = proposal.prepared
    words = prepared.words
    draft = " It is opened as a draft." if words.is_draft else ""
    text, hidden = reveal(words.text)
    warning = f"\n\n**The text holds {hidden} hidden characters, spelled out here.**"
    body = (
        f"This leaves your machine.{draft}\n\n{_route(prepared)}\n\nTitle:\n\n"
        f"{fenced(reveal(words.title)[0], '')}\n\nText:\n\n{fenced(text, '')}"
        f"{warning if hidden else ''}\n\n{_commits(prepared)}\n\n{_files(prepared)}\n\n"
        f"{_done(prepared)}"
    )
    return Question(
        key=proposal.id,
        kind="pull_request",
        title=proposal.title,
        body=body,
        operands=proposal.operands(),
        run_id=proposal.run_id,
        takes=frozenset(("reason",)),
    )


def _route(prepared: PreparedPullRequest) -> str:
    route, tips = prepared.route, prepared.tips
    there = f"is at `{tips.head}` there now" if tips.head else "is new there"
    lines = [
        f"Remote: {code(route.remote)}, configured as {code(route.url)}",
        f"Pushed to: {code(route.target)}",
        f"Repository: {code(route.repository)}, by the API at {code(route.api)}",
        f"Branch: {code(route.head)} at `{tips.commit}`; it {there}",
        f"For: {code(route.base)}, which is at `{tips.base}`",
    ]
    if route.push_url != route.url:
        lines.insert(1, f"The remote has another URL for pushing: {code(route.push_url)}")
    return "\n".join(f"- {line}" for line in lines)


def _commits(prepared: PreparedPullRequest) -> str:
    listed = "\n".join(
        f"- `{each.id}` {code(each.subject)} by {code(each.author)}" for each in prepared.commits
    )
    count = len(prepared.commits)
    return f"{count} commit{'s' if count > 1 else ''}, newest first:\n\n{listed}"


def _files(prepared: PreparedPullRequest) -> str:
    listed = "\n".join(
        f"- {code(each.path)}: {each.added} added, {each.removed} removed"
        for each in prepared.files
    )
    count = len(prepared.files)
    if not count:
        return "No file differs in the end."
    return f"{count} file{'s' if count > 1 else ''} changed:\n\n{listed}"


def _done(prepared: PreparedPullRequest) -> str:
    route = prepared.route
    post = f"POST {route.api}/repos/{route.repository}/pulls"
    pushed = "The remote has the branch already, so nothing is pushed. Then, with your yes:"
    if prepared.is_pushed:
        return f"{pushed}\n\n{fenced(post, '')}"
    push = shlex.join(("git", *prepared.push_words()))
    token = f" {_SIGNED}" if route.protocol != "file" else ""
    return (
        "What is run with your yes, in a repository apart that has no hooks and no configuration"
        f" of this one's:\n\n{fenced(f'{push}{chr(10)}{post}', '')}\n\nNothing is overwritten: a"
        f" branch that has moved stays as it is.{token}"
    )
