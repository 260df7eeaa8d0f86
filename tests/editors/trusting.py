"""A folder that its person trusts already, so that a story begins with what it is about."""

import asyncio
import secrets
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from steward.core.database import open_database
from steward.core.key_file import KEY_BYTES
from steward.core.login import login_name
from steward.core.principal import Principal
from steward.permissions.seal import approval_seal
from steward.permissions.trust import decide_trust, folder_at


async def trust(data: Path, folder: Path) -> None:
    """Write down that whoever runs the tests trusts the folder, as `steward trust` does."""
    principal = Principal(login_name(), "story", str(folder))
    place = await asyncio.to_thread(folder_at, str(folder))
    seal = approval_seal(data, partial(secrets.token_hex, KEY_BYTES))
    async with open_database(data / "steward.db") as database:
        await database.run(
            lambda session: decide_trust(
                session, seal, principal, place, datetime.now(UTC), is_trusted=True
            )
        )
