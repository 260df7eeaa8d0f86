"""Commit messages and pull requests' texts, as drafts for a person: one model call each.

Nothing is committed, pushed or opened here, and no file is read but through the repository and the
ignore oracle: a draft is a text that its person may use, change or throw away.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

from steward.context.draft_prompt import commit_messages, pull_request_messages
from steward.core.agent_limits import GIT_COMMITS_MAX
from steward.core.errors import InvalidInputError, UnavailableError
from steward.core.ids import IdSource
from steward.core.limits import (
    DRAFT_CHARS_MAX,
    DRAFT_DIFF_CHARS_MAX,
    DRAFT_TITLE_CHARS_MAX,
)
from steward.core.principal import Principal
from steward.gateway.gateway import Gateway
from steward.gateway.request import Message, ModelRequest
from steward.workspace.differing import Comparison, Differing, diff_text, differing
from steward.workspace.git.reading import GitReader, Status, under_workspace
from steward.workspace.reveal import is_hidden, reveal
from steward.workspace.workspace import Workspace

_SUBJECTS = 20
_SUBJECT_CHARS_MAX = 120
_COMMIT_CHARS_MAX = 1_000
_NEW_FILES_MAX = 50
_THOUGHT = re.compile(r"\A\s*<think>.*?</think>", re.DOTALL)
_FENCED = re.compile(r"\A```[\w-]*\n(?P<inside>.*?)\n?```\s*\Z", re.DOTALL)
_TITLE_MARKS = re.compile(r"\A(?:#+\s*|\*\*|[Tt]itle:\s*)+")


@dataclass(frozen=True, slots=True)
class CommitDraft:
    """A message for a commit that its person may make."""

    message: str
    is_staged: bool
    """It is about what is staged, and not about all that differs."""
    left_out: tuple[str, ...]
    """What the model did not see, in words."""


@dataclass(frozen=True, slots=True)
class PullRequestDraft:
    """A text for a pull request that its person may open."""

    title: str
    body: str
    base: str
    """What the commits were compared with."""
    commits: int
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Drafting:
    """Writes drafts about one repository."""

    gateway: Gateway
    reader: GitReader
    workspace: Workspace
    new_id: IdSource
    output_tokens_max: int

    async def commit_message(self, principal: Principal, *, staged: bool | None) -> CommitDraft:
        """A message for what is staged, or for all that differs.

        `staged`: which of them; None is what is staged, or all where nothing is.

        Raises:
            NotFoundError: there is no repository, or no commit yet.
            InvalidInputError: nothing differs.
            OverBudgetError, UnavailableError, NotPermittedError: no model was asked, or none
                answered.
        """
        status = await asyncio.to_thread(self.reader.status)
        is_staged = bool(status.staged) if staged is None else staged
        what = Comparison("staged" if is_staged else "working")
        found = await differing(self.reader, self.workspace, what)
        new_files = () if is_staged else await self._new_files(status)
        diff, left_out = await diff_text(found, self.reader, self.workspace, DRAFT_DIFF_CHARS_MAX)
        if not diff and not new_files:
            raise InvalidInputError(
                _nothing(is_staged=is_staged, left_out=_for_person(found, left_out))
            )
        subjects = await asyncio.to_thread(self._subjects)
        draft_id = self.new_id()
        asked = commit_messages(draft_id, diff, subjects, new_files, _for_model(found, left_out))
        message = await self._answer(principal, draft_id, asked)
        return CommitDraft(message, is_staged, _for_person(found, left_out))

    async def pull_request(self, principal: Principal, base: str = "") -> PullRequestDraft:
        """Title and body from the commits and the diff since a base; empty is the default one.

        Raises:
            NotFoundError: there is no repository, no such base, or none is known by custom.
            InvalidInputError: there is no commit beyond the base.
            OverBudgetError, UnavailableError, NotPermittedError: no model was asked, or none
                answered.
        """
        reader = self.reader
        base = base or await asyncio.to_thread(reader.default_base)
        commits = await asyncio.to_thread(reader.since, base, "HEAD", GIT_COMMITS_MAX)
        if not commits:
            raise InvalidInputError(
                f"There is no commit beyond {base!r}; commit first, or name another `base`."
            )
        start = await asyncio.to_thread(reader.merge_base, base, "HEAD")
        found = await differing(reader, self.workspace, Comparison("commits", start, "HEAD"))
        diff, left_out = await diff_text(found, reader, self.workspace, DRAFT_DIFF_CHARS_MAX)
        told = [reveal(each.message[:_COMMIT_CHARS_MAX])[0] for each in commits]
        draft_id = self.new_id()
        asked = pull_request_messages(draft_id, diff, told, _for_model(found, left_out))
        title, body = _parted(await self._answer(principal, draft_id, asked))
        return PullRequestDraft(title, body, base, len(commits), _for_person(found, left_out))

    async def _answer(
        self, principal: Principal, draft_id: str, messages: tuple[Message, ...]
    ) -> str:
        request = ModelRequest(
            request_id=draft_id,
            task="chat",
            messages=messages,
            output_tokens_max=self.output_tokens_max,
        )
        pieces: list[str] = []
        chars = 0
        async with self.gateway.call(principal, request) as answer:
            async for piece in answer:
                pieces.append(piece)
                chars += len(piece)
                if chars > 4 * DRAFT_CHARS_MAX:
                    break
        text = _cleaned("".join(pieces))[:DRAFT_CHARS_MAX]
        if answer.finish_reason == "length":
            text = text.rpartition("\n")[0] or text
        if not text:
            raise UnavailableError("The model answered without a text; ask again.")
        return text

    def _subjects(self) -> list[str]:
        """Those of the last commits, merges left out: they are written by git."""
        found = self.reader.log("HEAD", (), 0, _SUBJECTS)
        subjects = (each.message.partition("\n")[0][:_SUBJECT_CHARS_MAX] for each in found)
        return [reveal(each)[0] for each in subjects if not each.startswith("Merge ")]

    async def _new_files(self, status: Status) -> list[str]:
        prefix = await asyncio.to_thread(self.reader.prefix)
        paths = [under_workspace(name, prefix) for name in status.untracked[:_NEW_FILES_MAX]]
        inside = [path for path in paths if path is not None and path.parts]
        verdicts = await asyncio.to_thread(self.workspace.oracle.why_not_each, inside)
        return [reveal(str(path))[0] for path in inside if verdicts[path] is None]


def _for_model(found: Differing, left_out: Sequence[str]) -> list[str]:
    """Rules of the ignore files, and not the names that they keep back."""
    return list(dict.fromkeys((*found.kept_back.values(), *left_out)))


def _for_person(found: Differing, left_out: Sequence[str]) -> tuple[str, ...]:
    kept = (f"{reveal(str(path))[0]}: {reason}" for path, reason in found.kept_back.items())
    return (*kept, *left_out)


def _nothing(*, is_staged: bool, left_out: Sequence[str]) -> str:
    where = "Nothing is staged" if is_staged else "Nothing differs from the last commit"
    if left_out:
        listed = "; ".join(left_out[:5])
        return f"{where} that a model may see: {listed}. Write the message yourself."
    return f"{where}, so there is nothing to write about."


def _cleaned(answer: str) -> str:
    """The text without what models put around it, and without what nobody could see."""
    text = _THOUGHT.sub("", answer).replace("\r\n", "\n").strip()
    if fenced := _FENCED.match(text):
        text = fenced["inside"].strip()
    seen = "".join(each for each in text if each in "\n\t" or not is_hidden(each))
    return "\n".join(line.rstrip() for line in seen.split("\n"))


def _parted(text: str) -> tuple[str, str]:
    title, _, body = text.partition("\n")
    title = _TITLE_MARKS.sub("", title).strip().removesuffix("**").strip()
    if not title:
        raise UnavailableError("The model answered without a title; ask again.")
    return title[:DRAFT_TITLE_CHARS_MAX], body.strip()
