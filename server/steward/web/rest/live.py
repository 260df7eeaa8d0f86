"""What happens, as it happens: a WebSocket, and the same for those who have none."""

from functools import partial
from typing import Annotated, cast

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from steward.core.errors import InvalidInputError
from steward.core.live_limits import LIVE_RECENT_MAX
from steward.permissions.sight import sight_of
from steward.web.asgi import Receive, Scope, Send
from steward.web.connection import SOCKET_PATH
from steward.web.errors import ForeignError
from steward.web.exchange import Exchange
from steward.web.live.event import KINDS, LiveEvent
from steward.web.live.feed import View
from steward.web.live.hub import Hub, SignedIn
from steward.web.live.socket import Socket
from steward.web.rest.admission import Admission
from steward.web.rest.answer import Answer
from steward.web.rest.caller import EXCHANGE, Caller, Opened, Reading, exchange_of
from steward.web.rooms import Rooms

router = APIRouter(prefix="/live", tags=["live"])

After = Annotated[int | None, Query(ge=0, le=2**63 - 1)]
Kinds = Annotated[str | None, Query(max_length=100)]


class Recent(Answer):
    """What happened behind a number."""

    items: tuple[LiveEvent, ...]
    """In their order."""
    seq: int
    """What to send as `after` next."""
    reset: bool
    """Whether it was asked for in vain: what is missing is not kept any more."""


async def hub_of(request: Request) -> Hub:
    """Who follows, in this process."""
    return cast(Hub, request.app.state.hub)


Following = Annotated[Hub, Depends(hub_of)]


@router.get("/recent")
async def read_recent(
    caller: Reading, rooms: Opened, hub: Following, after: After = None, kinds: Kinds = None
) -> Recent:
    """What happened behind `after`, of the named kinds alone; without it, only where to begin."""
    return await recent_of(caller, rooms, hub, after, kinds)


async def recent_of(
    caller: Caller, rooms: Rooms, hub: Hub, after: int | None, kinds: str | None
) -> Recent:
    """What the caller may see of what happened.

    Raises:
        InvalidInputError: there is no such kind.
        NotPermittedError: they are not among the organisation's people.
    """
    view = await _view(caller, rooms, kinds)
    feed = hub.feed
    await feed.fresh()
    if after is None or not feed.has_all_after(after):
        return Recent(items=(), seq=feed.head, reset=after is not None)
    head, found = feed.head, feed.after(after, view, LIVE_RECENT_MAX)
    events = tuple(LiveEvent.model_validate_json(each) for each in found)
    seq = events[-1].seq if len(events) == LIVE_RECENT_MAX else head
    return Recent(items=events, seq=seq, reset=False)


@router.get("", include_in_schema=False)
async def open_socket(
    request: Request,
    caller: Reading,
    rooms: Opened,
    hub: Following,
    after: After = None,
    kinds: Kinds = None,
) -> Response:
    """Tell what happens on a WebSocket, from `after` on or from now on."""
    exchange = exchange_of(request)
    if caller.session is not None and exchange.header("origin") != exchange.origin:
        # A browser sends its cookies along wherever a page opens a socket, and says which page.
        raise ForeignError("A socket is opened by a page of this server, or with a token.")
    hub.check_room(caller.principal)
    view = await _view(caller, rooms, kinds)
    socket = Socket(SOCKET_PATH, request.headers.raw, rooms.live)
    await hub.feed.fresh()
    admission = cast(Admission, request.app.state.admission)
    who = SignedIn(caller.principal, caller.secret, partial(admission.holds, caller))
    return _Followed(hub, socket, who, view, after)


class _Followed(Response):
    """The upgrade, and all that is told behind it until either side ends it."""

    def __init__(
        self, hub: Hub, socket: Socket, who: SignedIn, view: View, after: int | None
    ) -> None:
        super().__init__(status_code=101)
        self._hub, self._socket = hub, socket
        self._who, self._view, self._after = who, view, after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take the connection over."""
        del receive, send
        exchange: Exchange = scope["extensions"][EXCHANGE]
        # Again: of many that come at once, all found a place when they were looked at first.
        self._hub.check_room(self._who.principal)
        exchange.connection.become(self._socket)
        with self._hub.following(self._socket, self._who, self._view, self._after):
            await self._socket.ended.wait()


async def _view(caller: Caller, rooms: Rooms, kinds: str | None) -> View:
    wanted = KINDS if not kinds else frozenset(kinds.split(","))
    if unknown := wanted - KINDS:
        raise InvalidInputError(
            f"There is no kind {min(unknown)!r}. Name some of {', '.join(sorted(KINDS))}."
        )
    principal = caller.principal
    return View(await rooms.database.read(lambda session: sight_of(session, principal)), wanted)
