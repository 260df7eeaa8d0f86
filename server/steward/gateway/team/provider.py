"""A team's server as a provider: the only one that its members' editors have."""

import hashlib
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from pathlib import PurePath
from urllib.parse import urlsplit

from steward.core.errors import StewardError, UnavailableError
from steward.core.principal import Principal
from steward.gateway.catalogue.model import Model
from steward.gateway.provider import KeySource, Piece, Prepared
from steward.gateway.reach.http import HttpClient
from steward.gateway.reach.http_provider import HttpProvider
from steward.gateway.request import EmbeddingRequest, ModelRequest
from steward.gateway.team.refusal import TEAM_PLACE
from steward.gateway.team.settings import TEAM
from steward.gateway.team.team import Team, unreachable
from steward.gateway.team.wire import Labels, team_dialect

_NAME_CHARS_MAX = 48
_DIGEST_CHARS = 8


class TeamProvider:
    """Passes calls on to the server, and keeps what is known of it true."""

    def __init__(
        self, url: str, keys: KeySource, client: HttpClient, labels: Labels, team: Team
    ) -> None:
        dialect = team_dialect(url, labels)
        self._inner = HttpProvider(TEAM, url, dialect, keys, client, TEAM_PLACE)
        self._host = urlsplit(url).netloc
        self._team = team

    @property
    def address(self) -> str:
        """Where the server is, as host and port."""
        return self._inner.address

    def encode(self, model: Model, request: ModelRequest | EmbeddingRequest) -> Prepared:
        """What would be sent; see `Provider.encode`."""
        return self._inner.encode(model, request)

    async def stream(
        self, prepared: Prepared, on_sent: Callable[[], None]
    ) -> AsyncGenerator[Piece]:
        """Send what was prepared and read the answer; see `Provider.stream` for what is raised."""
        is_sent = False

        def note_sent() -> None:
            nonlocal is_sent
            is_sent = True
            on_sent()

        try:
            async with aclosing(self._inner.stream(prepared, note_sent)) as pieces:
                async for piece in pieces:
                    self._team.note(None)
                    yield piece
        except StewardError as error:
            told = error
            if type(error) is UnavailableError and not is_sent:
                told = unreachable(self._host)
            self._team.note(told)
            raise told from None

    async def has_key(self) -> bool:
        """Whether there is a token for it; see `Provider.has_key`."""
        return await self._inner.has_key()

    async def close(self) -> None:
        """Nothing of its own is open; see `HttpClient.close`."""


def labels_of(principal: Principal) -> Labels:
    """What the server is told of a window: the folder's own name, never its path.

    A few characters of the path's digest keep two folders of one name apart.
    """
    workspace = ""
    if principal.workspace:
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", PurePath(principal.workspace).name)
        name = name.lstrip("._-")[:_NAME_CHARS_MAX] or "folder"
        workspace = f"{name}-{_digest(principal.workspace)}"
    return Labels(workspace, _digest(principal.session) if principal.session else "")


def _digest(text: str) -> str:
    written = text.encode("utf-8", "surrogatepass")
    return hashlib.sha256(written).hexdigest()[:_DIGEST_CHARS]
