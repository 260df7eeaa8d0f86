"""What the generated files about following contain."""

import json

from pydantic import BaseModel, TypeAdapter

from steward.core import live_limits
from steward.web.live.event import (
    ApprovalChange,
    BudgetChange,
    Cost,
    ExtensionChange,
    LiveEvent,
    RunChange,
    Said,
)
from steward.web.live.socket import GOING_AWAY, READS_TOO_SLOWLY, SAYS_TOO_MUCH, SIGNED_OUT

_KINDS = {
    "cost": Cost,
    "run": RunChange,
    "approval": ApprovalChange,
    "extension": ExtensionChange,
    "budget": BudgetChange,
}
_CODES = {
    GOING_AWAY: "the server stops; come back in a moment",
    1009: f"a message of yours was longer than {live_limits.LIVE_HEARD_BYTES_MAX} bytes",
    SAYS_TOO_MUCH: "you say too much: the server listens to nothing",
    SIGNED_OUT: "your token or session is over, or you may see nothing any more; do not come back",
    READS_TOO_SLOWLY: "you left too much unread; begin anew where you stopped",
}


def live_schema() -> str:
    """A message of the socket, for programs that read them."""
    return json.dumps(TypeAdapter(list[Said]).json_schema(), indent=2) + "\n"


def live_page() -> str:
    """The protocol, for people who write a client."""
    lines = [
        "# Following what happens",
        "",
        "Generated from `server/steward/web/live`; do not edit (`make regenerate`).",
        "",
        *_TEXT.strip().splitlines(),
        "",
        "## Events",
        "",
        *_fields("every event", LiveEvent),
    ]
    for kind, model in _KINDS.items():
        lines += [f"### `{kind}`", "", model.__doc__ or "", "", *_fields("detail", model)]
    lines += ["## Close codes", "", "| code | meaning |", "| --- | --- |"]
    lines += [f"| `{code}` | {meaning} |" for code, meaning in sorted(_CODES.items())]
    return "\n".join(lines) + "\n"


def _fields(what: str, model: type[BaseModel]) -> list[str]:
    rows = [
        f"| `{name}` | {' '.join((field.description or '').split())} |"
        for name, field in model.model_fields.items()
    ]
    return [f"| {what} | |", "| --- | --- |", *rows, ""]


_TEXT = f"""
Whatever is committed to Steward's database is told, whichever process made it happen: `steward serve`, an editor's server, or a command at a shell. You see what you do yourself; a team's lead sees the team; owners and admins see everything. Nothing that anybody wrote is told: no code, prompts, goals or keys.

## WebSocket

`GET /api/v1/live?after=SEQ&kinds=cost,run`, by a token with the scope `reports` in the header `Authorization: Bearer …`, or by a page of the server itself in its session. Leave out `after` to begin now, and `kinds` for all of them. There is no compression and no subprotocol, and a token in the address is not looked at. What is wrong is answered with an ordinary status before the upgrade.

Each message is a JSON array (`schemas/live/message.schema.json`). The first is a hello: `[{{"kind":"hello","seq":120,"resumed":true,"reset":false}}]`. With `"reset":true` what you asked for is not kept any more (a server keeps the newest {live_limits.LIVE_KEPT_MAX:,} events): load what you show anew, and go on from `seq`. What you missed comes behind the hello, then what happens, in the order of commits, at most {round(1 / live_limits.LIVE_EVERY_S)} messages a second. Now and then `[{{"kind":"mark","seq":140}}]` says that up to there nothing was left out.

Remember the `seq` of the last event or mark, and come back with it as `after`: nothing is missing, nothing comes twice, also after the server was killed, and also at another server on the same database. Wait a little longer after each failure, and not all clients equally long.

The server pings every {live_limits.LIVE_PING_S:.0f} seconds and hangs up where no pong came by the next. It listens to nothing; whatever a client says of itself changes nothing. One person may have {live_limits.LIVE_SOCKETS_A_USER_MAX} sockets, a server {live_limits.LIVE_SOCKETS_MAX:,}.

## Without a socket

`GET /api/v1/live/recent?after=SEQ&kinds=run` answers with up to {live_limits.LIVE_RECENT_MAX} events, the `seq` to ask with next, and `reset`. Without `after` it answers only where to begin.

## At a shell

`steward live` follows the same from the database itself; see [commands](commands.md).

## In a page of Steward

`static/live.js` loads an element with `data-live="run approval"` and `hx-get` again when something of these kinds happens, with `data-live-subject` only where it is about that one; give it `hx-trigger="live"`, so that a click does not, and an `id` or `hx-select`. An element with `data-live-cost="all"` (or `user:NAME`, `team:NAME`, `workspace:PATH`, `run:ID`) and `data-nano-usd` counts on at once.
"""  # noqa: E501
