"""A vault on a real database, with a clock that moves when told, for tests."""

import itertools
import os
import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pydantic import SecretStr
from sqlmodel import Session

from steward.core import audit
from steward.core.clock import ManualClock
from steward.core.database import Database, open_database
from steward.core.principal import Principal
from steward.gateway.reach.probe import probe
from steward.gateway.vault.check import Address
from steward.gateway.vault.key_ring import KeyRingFile
from steward.gateway.vault.open_keys import OpenKeys, VaultKeys
from steward.gateway.vault.seal import KEY_BYTES
from steward.gateway.vault.vault import Outside, Permit, Vault
from tests.ledger.bank import ANN, START
from tests.places import Place
from tests.template import up_to_date

KEY = SecretStr("sk-" + "canary-0123456789-abcd")
OTHER = SecretStr("sk-" + "canary-9876543210-wxyz")
_ids = itertools.count(1)


@dataclass(frozen=True)
class Safe:
    """A vault, and what a test needs to look behind it."""

    vault: Vault
    database: Database
    clock: ManualClock
    file: Path

    def keys(self, tenant_id: str = ANN.tenant_id) -> VaultKeys:
        return VaultKeys(self.vault.keys, tenant_id)

    async def put(self, url: str, key: SecretStr = KEY, by: Principal = ANN) -> Address:
        """A key that nobody was asked about."""
        address = Address("custom", url)
        await self.vault.add(by, address, key, is_checked=False)
        return address

    async def opens(self, url: str, provider: str = "custom") -> str | None:
        found = await self.keys().key(provider, url)
        return None if found is None else found.get_secret_value()

    async def trail(self) -> list[audit.AuditEntry]:
        def work(session: Session) -> list[audit.AuditEntry]:
            assert audit.verify(session).is_intact
            return list(audit.read(session))

        return await self.database.read(work)


def anybody(_session: Session, _principal: Principal) -> None:
    """Permits everything."""


@asynccontextmanager
async def open_safe(place: Place, folder: Path, permit: Permit = anybody) -> AsyncGenerator[Safe]:
    clock = ManualClock(START)
    file = KeyRingFile(folder / "vault.key", partial(secrets.token_bytes, KEY_BYTES))
    async with open_database(up_to_date(place)) as database:
        outside = Outside(clock, lambda: f"key-{next(_ids)}", os.urandom, probe, permit)
        vault = Vault(database, OpenKeys(database, file, clock), outside)
        yield Safe(vault, database, clock, file.file)
