"""The text of a pull request, out of the commits of a branch and what is not committed yet."""

import re

from diffs import Changed
from messages import Commit, ticket_in

_TITLES = {
    "feat": "New",
    "fix": "Fixed",
    "perf": "Faster",
    "refactor": "Tidied",
    "docs": "Documents",
    "test": "Tests",
    "build": "Build",
    "ci": "CI",
}
_END = re.compile(r"Merge (?:pull request|branch|remote)|v?\d+\.\d+\.\d+$", re.IGNORECASE)


def own_commits(commits: list[Commit], count: int | None, most: int) -> list[Commit]:
    """The commits of a branch: as many as were asked for, else those since the last merge.

    Which commit a branch began at is not told, so a merge or a release counts as its beginning.
    """
    if count is not None:
        return commits[:count]
    own: list[Commit] = []
    for commit in commits[:most]:
        if _END.match(commit.subject) or (commit.type == "chore" and commit.scope == "release"):
            break
        own.append(commit)
    return own


def title_of(commits: list[Commit], branch: str) -> str:
    """A title: the commit's own where there is one, else the branch in words."""
    if len(commits) == 1:
        return _sentence(commits[0].subject)
    words = re.sub(r"[-_/]+", " ", branch.partition("/")[2] or branch)
    words = re.sub(r"^(?:[A-Z]{2,10} \d+|\d+)\s*", "", words).strip()
    return _sentence(words or (commits[0].subject if commits else branch))


def text_of(commits: list[Commit], branch: str, ticket_pattern: str, open_: list[Changed]) -> str:
    """The body, in Markdown: what changed by kind, what breaks, which tickets, what is missing."""
    lines: list[str] = []
    kinds = [*_TITLES, *dict.fromkeys(commit.type for commit in commits)]
    for kind in dict.fromkeys(kinds):
        # Oldest first: it reads as it was built.
        named = [commit for commit in reversed(commits) if commit.type == kind]
        if named:
            lines += [f"## {_TITLES.get(kind, 'Other')}", ""]
            lines += [f"- {_scoped(commit)}" for commit in named]
            lines.append("")
    breaking = [commit for commit in commits if commit.is_breaking]
    if breaking:
        lines += ["## Breaks", ""]
        lines += [f"- {_why(commit)}" for commit in breaking]
        lines.append("")
    tickets = dict.fromkeys(
        ticket
        for text in (branch, *(f"{commit.subject}\n{commit.body}" for commit in commits))
        if (ticket := ticket_in(text, ticket_pattern))
    )
    if tickets:
        lines += [f"Refs: {', '.join(tickets)}", ""]
    if not any(commit.type == "test" for commit in commits):
        lines += ["How it was tested: ", ""]
    if open_:
        said = "1 changed file is" if len(open_) == 1 else f"{len(open_)} changed files are"
        lines += [f"> {said} not committed yet.", ""]
    return "\n".join(lines).strip() + "\n"


def _scoped(commit: Commit) -> str:
    scope = f"**{commit.scope}**: " if commit.scope else ""
    return f"{scope}{commit.subject} ({commit.id[:7]})"


def _why(commit: Commit) -> str:
    found = re.search(r"BREAKING CHANGE: *(.+)", commit.body)
    return found[1] if found else commit.subject


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
