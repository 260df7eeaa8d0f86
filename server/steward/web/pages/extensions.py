"""Pages of other people's code: what is installed, what it may, how it behaves, and the yes."""

from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from steward.core.errors import InvalidInputError
from steward.extensions.capability import Capability
from steward.web.pages.shown import back, page
from steward.web.rest.caller import Caller, Managing, Opened, Reading
from steward.web.rest.extension_answers import Granting
from steward.web.rest.extensions import (
    Id,
    disable_of,
    enable_of,
    extension_of,
    extensions_of,
    grant_of,
    registries_of,
    remove_of,
    revoke_of,
)
from steward.web.rooms import Rooms

router = APIRouter()

Action = Literal["enable", "disable", "allow", "revoke", "remove"]


@router.get("/extensions")
async def extensions_page(request: Request, caller: Reading, rooms: Opened) -> HTMLResponse:
    """What is installed, what comes with Steward, and where more is looked for."""
    every = await extensions_of(caller, rooms)
    values = {
        "installed": [each for each in every if each.state != "offered"],
        "offered": [each for each in every if each.state == "offered"],
        "registries": await registries_of(caller, rooms),
    }
    return page(request, "extensions", caller, values)


@router.get("/extensions/{extension_id}")
async def extension_page(
    request: Request, extension_id: Id, caller: Reading, rooms: Opened
) -> HTMLResponse:
    """Everything about one extension, and the question where it has one."""
    found = await extension_of(caller, rooms, extension_id)
    return page(request, "extension", caller, {"found": found})


@router.post("/extensions/{extension_id}")
async def change_extension(  # noqa: PLR0913  A form has this many fields.
    request: Request,
    extension_id: Id,
    caller: Managing,
    rooms: Opened,
    action: Annotated[Action, Form()],
    digest: Annotated[str, Form(max_length=200)] = "",
    capability: Annotated[list[Capability], Form()] = [],  # noqa: B006  FastAPI copies it.
) -> Response:
    """Do what a button on the page says."""
    done = await _done(caller, rooms, extension_id, action, digest, tuple(capability))
    path = "/extensions" if action == "remove" else f"/extensions/{extension_id}"
    return back(request, path, caller, done)


async def _done(
    caller: Caller,
    rooms: Rooms,
    extension: str,
    action: Action,
    digest: str,
    capabilities: tuple[Capability, ...],
) -> str:
    """Do it; gives what is said about it."""
    match action:
        case "enable":
            await enable_of(caller, rooms, extension)
            return "It runs again, with what you allowed it."
        case "disable":
            await disable_of(caller, rooms, extension)
            return "It runs no more. What you allowed it stays."
        case "allow":
            given = Granting(digest=digest, granted=capabilities)
            await grant_of(caller, rooms, extension, given)
            return f"It may now: {', '.join(sorted(capabilities)) or 'nothing'}."
        case "revoke":
            if not capabilities:
                raise InvalidInputError("Nothing was named that it is to be allowed no more.")
            for each in capabilities:
                await revoke_of(caller, rooms, extension, each)
            return f"It may not any more: {', '.join(capabilities)}."
        case "remove":
            await remove_of(caller, rooms, extension)
            return "It is gone, with what you allowed it, its settings and its data."
