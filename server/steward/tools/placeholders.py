"""Secrets around a tool: its arguments get them back, its results go out without them.

What a model writes holds placeholders where the files that it was shown held secrets. Before a
tool proposes a change, the values are put back, from the files that the act names and from nowhere
else; no other tool gets one. The person then sees the real text, and so do their files; the
model, the trace and the logs never do.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import TypeVar, cast

from pydantic import BaseModel, ValidationError

from steward.core.errors import InvalidInputError, StewardError
from steward.core.key_file import KeyFile
from steward.core.limits import CHANGES_MAX
from steward.core.placeholders import (
    hide,
    hide_values,
    holds_placeholder,
    key_of_run,
    put_back,
    restore,
    values_in,
)
from steward.permissions.decide import Act
from steward.tools.tool import Call

A = TypeVar("A", bound=BaseModel)
_OFF_LOOP_CHARS = 4_000


async def nothing_known() -> tuple[str, ...]:
    """No values but those that look like secrets."""
    return ()


@dataclass(frozen=True, slots=True)
class Placeholders:
    """Hides and puts back, with one key for each run."""

    key: Callable[[], bytes]
    """Gives this installation's key; it may read a file."""
    known: Callable[[], Awaitable[tuple[str, ...]]] = nothing_known
    """Gives values that are secret whatever they look like, such as the providers' keys."""

    async def of_run(self, run_id: str) -> Callable[[str], str]:
        """Hides the secrets of any text in the words of this run; for texts that no tool gave."""
        known = await self.known()
        of_run = key_of_run(await asyncio.to_thread(self.key), run_id)
        return lambda text: hide(text, of_run, known)

    async def put_back(self, text: str, run_id: str, sources: tuple[str, ...]) -> str:
        """The text with the secrets that these sources hold, where it has their placeholders.

        Raises:
            InvalidInputError: a placeholder stands for nothing in the sources.
        """
        if not holds_placeholder(text):
            return text
        known = await self.known()
        of_run = key_of_run(await asyncio.to_thread(self.key), run_id)
        return await asyncio.to_thread(restore, text, sources, of_run, known)

    async def hidden(self, text: str, act: Act | None, call: Call) -> str:
        """What may leave of a tool's result: secrets that the act's files hold, and any other."""
        known, sources = await self.known(), await self._sources(act, call)
        key = self.key

        def work() -> str:
            of_run = key_of_run(key(), call.run_id)
            shown = text
            for source in sources:
                shown = hide_values(shown, values_in(source, of_run, known))
            return hide(shown, of_run, known)

        size = len(text) + sum(map(len, sources))
        return work() if size <= _OFF_LOOP_CHARS else await asyncio.to_thread(work)

    async def restored(self, arguments: A, act: Act, call: Call) -> A:
        """The arguments with the values that the act's files hold, where a change is proposed.

        Raises:
            InvalidInputError: a placeholder stands for nothing in these files, or stands where
                no secret is ever put: in a command, or in a path.
        """
        written = arguments.model_dump(mode="json", exclude_unset=True)
        if not any(map(holds_placeholder, _texts(written))):
            return arguments
        if act.capability == "command.run":
            raise InvalidInputError(
                "A placeholder stands for a secret, and no command is ever given one. Let the"
                " program read it where it is kept."
            )
        if act.capability != "files.propose":
            return arguments
        known, sources = await self.known(), await self._sources(act, call)

        def work() -> object:
            of_run = key_of_run(self.key(), call.run_id)
            values: dict[str, str] = {}
            for source in sources:
                values |= values_in(source, of_run, known)
            return _put_back(written, values, sources)

        try:
            return type(arguments).model_validate(await asyncio.to_thread(work))
        except ValidationError as error:
            raise InvalidInputError(
                "With the secrets that the placeholders stand for, the arguments are no longer"
                " valid. Edit beside the secrets and leave them where they are."
            ) from error

    async def _sources(self, act: Act | None, call: Call) -> tuple[str, ...]:
        """The text of the act's files as they are now; what is no text holds no secret."""
        texts: list[str] = []
        for path in (act.paths if act else ())[: 2 * CHANGES_MAX]:
            try:
                text = await call.workspace.text_now(call.workspace.resolve(path))
            except StewardError:
                continue
            if text:
                texts.append(text)
        return tuple(texts)


def kept_placeholders(
    file: Path, fresh: Callable[[], str], known: Callable[[], Awaitable[tuple[str, ...]]]
) -> Placeholders:
    """Placeholders that are the same after a restart: their key is in a file, made on first use."""
    kept = KeyFile(
        file,
        fresh,
        what="The key of the placeholders for secrets",
        otherwise="Without it no tool of an agent runs. Remove the file, and a new one is made;"
        " agents under way then have to read again what they edit.",
    )
    return Placeholders(cache(partial(kept.load, may_make=True)), known)


def _texts(value: object) -> Iterable[str]:
    match value:
        case str():
            yield value
        case list():
            for each in cast("list[object]", value):
                yield from _texts(each)
        case dict():
            for each in cast("dict[str, object]", value).values():
                yield from _texts(each)
        case _:
            return


def _put_back(value: object, values: Mapping[str, str], sources: tuple[str, ...]) -> object:
    match value:
        case str():
            return put_back(value, values, sources)
        case list():
            return [_put_back(each, values, sources) for each in cast("list[object]", value)]
        case dict():
            items = cast("dict[str, object]", value).items()
            return {name: _put_back(each, values, sources) for name, each in items}
        case _:
            return value
