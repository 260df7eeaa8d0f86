"""The page of providers' keys: they go in, and nothing of them comes out but a mask."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import SecretStr

from steward.core.errors import InvalidInputError
from steward.core.limits import PROVIDER_KEY_CHARS_MAX, PROVIDER_NAME_CHARS_MAX
from steward.web.pages.shown import back, page
from steward.web.rest.caller import Managing, Opened
from steward.web.rest.keys import (
    KeyReplaced,
    KeyWanted,
    added_by,
    checked_by,
    keys_of,
    removed_by,
    rotated_by,
)

router = APIRouter()

_Key = Annotated[SecretStr, Form(max_length=PROVIDER_KEY_CHARS_MAX)]


@router.get("/keys")
async def keys_page(request: Request, caller: Managing, rooms: Opened) -> HTMLResponse:
    """The keys, masked."""
    values = {
        "keys": await keys_of(caller, rooms),
        "providers": sorted(rooms.key_homes),
        "now": rooms.clock.now(),
    }
    return page(request, "keys", caller, values)


@router.post("/keys")
async def change_key(  # noqa: PLR0913  A form has these fields.
    request: Request,
    caller: Managing,
    rooms: Opened,
    act: Annotated[Literal["add", "rotate", "check", "remove"], Form()],
    id_: Annotated[str, Form(alias="id", max_length=200)] = "",
    provider: Annotated[str, Form(max_length=PROVIDER_NAME_CHARS_MAX)] = "",
    key: _Key = SecretStr(""),  # noqa: B008  It is a value, and nothing changes it.
    unchecked: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    """Put a key in, replace, check or remove one."""
    if act in ("add", "rotate") and not key.get_secret_value().strip():
        raise InvalidInputError("No key was given. Copy it into the field, and send it again.")
    secret = SecretStr(key.get_secret_value().strip())
    match act:
        case "add":
            wanted = KeyWanted(provider=provider, key=secret, is_checked=not unchecked)
            found = await added_by(caller, rooms, wanted)
            said = f"The key {found.mask} of {found.provider} is kept for {found.host}."
        case "rotate":
            instead = KeyReplaced(key=secret, is_checked=not unchecked)
            found = await rotated_by(caller, rooms, id_, instead)
            said = f"The key {found.mask} of {found.provider} serves from the next call on."
        case "check":
            found = await checked_by(caller, rooms, id_)
            said = _SAID[found.verdict].format(found.host, found.mask)
        case "remove":
            gone = await removed_by(caller, rooms, id_)
            said = (
                f"The key {gone.mask} of {gone.provider} is gone from the vault. The provider"
                " still accepts it: revoke it there too."
            )
    return back(request, "/keys", caller, said)


_SAID = {
    "accepted": "{} accepts the key {}.",
    "refused": "{} does not accept the key {}. Replace it.",
    "unknown": "{} has no page that tells whether it accepts the key {}.",
}
