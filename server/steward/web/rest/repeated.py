"""A change that is asked for again under the client's own key happens once, and is answered again.

The key is claimed in a transaction of its own before the change begins, so that of two processes
on one database one alone makes it. An answer may hold what is shown once, such as a new token, and
the database must not: it is sealed with what the client itself showed to sign in, which is stored
nowhere. So only who shows the same token, or sits in the same session, is answered again.
"""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete

from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.errors import InvalidInputError, RepeatedError
from steward.core.limits import WEB_IDEMPOTENCY_KEY_CHARS_MAX
from steward.web.asgi import Message, Send
from steward.web.exchange import Exchange
from steward.web.rest.caller import Caller
from steward.web.tables import KeptAnswerRow

KEPT_FOR = timedelta(hours=24)
"""How long an answer is given again."""

_NONCE = bytes(12)
"""Each key seals one answer, so no two are sealed with the same nonce under one key."""


@dataclass(slots=True)
class Answered:
    """An answer as the site gave it."""

    status: int = 0
    headers: Sequence[tuple[bytes, bytes]] = ()
    body: bytearray = field(default_factory=bytearray)

    async def send(self, message: Message) -> None:
        """Take what the site sends."""
        if message["type"] == "http.response.start":
            self.status, self.headers = message["status"], tuple(message["headers"])
        else:
            self.body += message.get("body", b"")

    async def tell(self, send: Send) -> None:
        """Give it to the client."""
        head = {"type": "http.response.start", "status": self.status}
        await send({**head, "headers": list(self.headers)})
        await send({"type": "http.response.body", "body": bytes(self.body)})


@dataclass(frozen=True, slots=True)
class Change:
    """A change that a client names."""

    caller: Caller
    key: str
    digest: str
    """SHA-256 of the method, the address and the body."""

    @property
    def identity(self) -> tuple[str, str, str]:
        """What its row is found by."""
        return self.caller.principal.tenant_id, self.caller.principal.user, self.key


def named_change(exchange: Exchange, caller: Caller, body: bytes) -> Change | None:
    """The change that a request asks for under a key; None where it has none.

    Raises:
        InvalidInputError: the key is none.
    """
    key = exchange.header("idempotency-key")
    if key is None:
        return None
    is_visible = all("!" <= each <= "~" for each in key)
    if not (is_visible and 0 < len(key) <= WEB_IDEMPOTENCY_KEY_CHARS_MAX):
        raise InvalidInputError(
            f"An `Idempotency-Key` has 1 to {WEB_IDEMPOTENCY_KEY_CHARS_MAX} visible ASCII"
            " characters, such as those of a random UUID."
        )
    head = f"{exchange.method}\n{exchange.target}\n".encode("ascii", "replace")
    return Change(caller, key, hashlib.sha256(head + body).hexdigest())


class Repeats:
    """Claims keys, and keeps answers for a day."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def claim(self, change: Change) -> Answered | None:
        """None where the change is to be made now; else what it was answered with.

        Raises:
            RepeatedError: something else was asked for under this key, or it is under way.
        """
        now = self._clock.now()

        def work(session: Session) -> KeptAnswerRow | None:
            old = col(KeptAnswerRow.made_at) <= now - KEPT_FOR
            session.exec(delete(KeptAnswerRow).where(old))
            row = session.get(KeptAnswerRow, change.identity)
            if row is not None:
                session.expunge(row)
                return row
            tenant, user, key = change.identity
            session.add(
                KeptAnswerRow(
                    tenant_id=tenant, user=user, key=key, digest=change.digest, made_at=now
                )
            )
            return None

        row = await self._database.run(work)
        return None if row is None else await asyncio.to_thread(_again, change, row)

    async def keep(self, change: Change, answered: Answered) -> None:
        """Give this answer from now on. A fault of ours is forgotten: it may be gone next time."""
        if answered.status >= 500 or answered.status == 0:
            await self._database.run(lambda session: _forget(session, change))
        else:
            await self._database.run(lambda session: _keep(session, change, answered))


def _forget(session: Session, change: Change) -> None:
    row = session.get(KeptAnswerRow, change.identity)
    if row is not None:
        session.delete(row)


def _keep(session: Session, change: Change, answered: Answered) -> None:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    row = session.get(KeptAnswerRow, change.identity)
    if row is None:  # A day has passed meanwhile.
        return
    written = {
        "status": answered.status,
        "headers": [[each.decode("latin-1") for each in pair] for pair in answered.headers],
        "body": base64.b64encode(answered.body).decode("ascii"),
    }
    cipher = AESGCM(_key(change, row.made_at))
    row.sealed = cipher.encrypt(_NONCE, json.dumps(written).encode("ascii"), None)
    session.add(row)


def _again(change: Change, row: KeptAnswerRow) -> Answered:
    if row.digest != change.digest:
        raise RepeatedError(
            "Something else was asked for under this `Idempotency-Key`. Use another key for"
            " another change."
        )
    if row.sealed is None:
        raise RepeatedError(
            "The same change is under way, or was cut off when the server stopped. Look whether it"
            " was made before you ask again under another `Idempotency-Key`."
        )
    read = json.loads(_opened(change, row.made_at, row.sealed))
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in read["headers"]]
    headers.append((b"idempotent-replayed", b"true"))
    return Answered(read["status"], headers, bytearray(base64.b64decode(read["body"])))


def _opened(change: Change, made_at: datetime, sealed: bytes) -> bytes:
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    try:
        return AESGCM(_key(change, made_at)).decrypt(_NONCE, sealed, None)
    except InvalidTag as error:
        raise RepeatedError(
            "This change was made already, with another token or in another session, and its"
            " answer is shown there alone. Look at what it made."
        ) from error


def _key(change: Change, made_at: datetime) -> bytes:
    bound = "\n".join((*change.identity, change.digest, str(round(made_at.timestamp() * 1e6))))
    message = b"steward kept answer 1\n" + bound.encode("utf-8", "surrogatepass")
    return hmac.new(change.caller.secret.encode("ascii"), message, hashlib.sha256).digest()
