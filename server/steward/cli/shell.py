"""A person at a shell: who they are, the database that they ask, and how it is shown to them."""

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TypeVar

from sqlmodel import Session

from steward.cli.output import say as say
from steward.core.clock import Clock
from steward.core.database import open_database
from steward.core.errors import NotPermittedError
from steward.core.key_file import KEY_BYTES
from steward.core.money import as_usd
from steward.core.principal import Principal
from steward.permissions.seal import Seal, approval_seal
from steward.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Shell:
    """Who asks, and what their command stands on."""

    settings: Settings
    principal: Principal
    clock: Clock

    @property
    def now(self) -> datetime:
        """The time of asking."""
        return self.clock.now()

    @property
    def seal(self) -> Seal:
        """What shows that a row about permission was written by Steward."""
        return approval_seal(self.settings.data_dir, partial(secrets.token_hex, KEY_BYTES))

    def read(self, work: Callable[[Session], T]) -> T:
        """What a unit of work finds that only reads."""

        async def main() -> T:
            async with open_database(self.settings.database_place) as database:
                return await database.read(work)

        return asyncio.run(main())

    def write(self, work: Callable[[Session], T]) -> T:
        """What a unit of work gives that may write."""

        async def main() -> T:
            async with open_database(self.settings.database_place) as database:
                return await database.run(work)

        return asyncio.run(main())

    def permitted(self, work: Callable[[Session], str | None]) -> None:
        """Do what a role must cover; `work` gives why not, if it does not.

        Raises:
            NotPermittedError: it does not. That is audited by then.
        """
        if (refusal := self.write(work)) is not None:
            raise NotPermittedError(refusal)


def limit(nano_usd: int | None) -> str:
    """A sum, or that there is none."""
    return "none" if nano_usd is None else as_usd(nano_usd)
