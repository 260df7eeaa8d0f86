"""Pages of people, teams, tokens and workspaces."""

from typing import Annotated, Literal
from urllib.parse import quote

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from steward.core.errors import InvalidInputError
from steward.core.limits import PATH_CHARS_MAX, PERSON_NAME_CHARS_MAX
from steward.core.principal import Role
from steward.permissions.tokens import scopes_of
from steward.web.pages.shown import back, page
from steward.web.rest.caller import Managing, Opened, Reading
from steward.web.rest.people import (
    ChangedPerson,
    NewPerson,
    add_person_of,
    change_person_of,
    people_of,
    person_of,
    remove_person_of,
)
from steward.web.rest.teams import team_of, teams_of
from steward.web.rest.tokens import (
    NewToken,
    days_of,
    end_session_of,
    make_token_of,
    revoke_token_of,
    sessions_of,
    tokens_of,
)
from steward.web.rest.workspaces import take_back_of, workspace_of, workspaces_of

router = APIRouter()

_Name = Annotated[str, Form(max_length=PERSON_NAME_CHARS_MAX)]
_LIMIT = 100


@router.get("/people")
async def people_page(
    request: Request, caller: Reading, rooms: Opened, after: str | None = None
) -> HTMLResponse:
    """Who belongs to the organisation."""
    people = await people_of(caller, rooms, _LIMIT, after)
    return page(request, "people", caller, {"people": people})


@router.post("/people")
async def add_person(
    request: Request,
    caller: Managing,
    rooms: Opened,
    user: _Name,
    role: Annotated[Role, Form()],
    team: _Name = "",
) -> Response:
    """Let somebody in."""
    await add_person_of(caller, rooms, NewPerson(user=user.strip(), role=role, team=team.strip()))
    return back(request, "/people", caller, f"{user.strip()} belongs to the organisation now.")


@router.get("/people/{user:path}")
async def person_page(request: Request, caller: Reading, rooms: Opened, user: str) -> HTMLResponse:
    """One person, and what may be changed about them."""
    person = await person_of(caller, rooms, user)
    people = await people_of(caller, rooms, 1, None)
    roles = people.roles_given
    may_change = person.role in roles and not people.is_alone
    values = {"whom": person, "roles": roles, "may_change": may_change}
    return page(request, "person", caller, values)


@router.post("/people/{user:path}")
async def change_person(  # noqa: PLR0913
    request: Request,
    caller: Managing,
    rooms: Opened,
    user: str,
    act: Annotated[Literal["change", "remove"], Form()],
    role: Annotated[Role | None, Form()] = None,
    team: _Name = "",
    is_lead: Annotated[str, Form()] = "",
) -> Response:
    """Change what somebody is, or let them go."""
    if act == "remove":
        await remove_person_of(caller, rooms, user)
        return back(request, "/people", caller, f"{user} is not among the people any more.")
    wanted = ChangedPerson(role=role, team=team.strip(), is_lead=bool(is_lead))
    await change_person_of(caller, rooms, user, wanted)
    return back(request, f"/people/{quote(user)}", caller, "Changed.")


@router.get("/teams")
async def teams_page(
    request: Request, caller: Reading, rooms: Opened, after: str | None = None
) -> HTMLResponse:
    """Every team, with its budget."""
    return page(request, "teams", caller, {"teams": await teams_of(caller, rooms, _LIMIT, after)})


@router.get("/teams/{team:path}")
async def team_page(request: Request, caller: Reading, rooms: Opened, team: str) -> HTMLResponse:
    """One team and its members."""
    return page(request, "team", caller, {"whole": await team_of(caller, rooms, team)})


@router.get("/tokens")
async def tokens_page(
    request: Request,
    caller: Reading,
    rooms: Opened,
    user: str = "",
    every: str = "",
) -> HTMLResponse:
    """Somebody's tokens, by default one's own, and one's own sessions at pages."""
    whose = user.strip() or caller.principal.user
    values = {
        "tokens": await tokens_of(caller, rooms, whose, every=bool(every)),
        "sessions": await sessions_of(caller, rooms),
        "whose": whose,
        "every": bool(every),
        "is_own": whose == caller.principal.user,
        "allowed": caller.scopes,
    }
    return page(request, "tokens", caller, values)


@router.post("/tokens")
async def change_tokens(  # noqa: PLR0913
    request: Request,
    caller: Managing,
    rooms: Opened,
    act: Annotated[Literal["make", "revoke", "end"], Form()],
    name: Annotated[str, Form()] = "",
    scopes: Annotated[list[str] | None, Form()] = None,
    days: Annotated[str, Form()] = "",
    user: _Name = "",
    id: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """Make a token, revoke one, or end one of one's own sessions."""
    whose = user.strip() or caller.principal.user
    there = f"/tokens?user={quote(whose, safe='')}"
    match act:
        case "revoke":
            gone = await revoke_token_of(caller, rooms, id)
            return back(request, there, caller, f"The token {gone.name} opens nothing any more.")
        case "end":
            await end_session_of(caller, rooms, id)
            return back(request, "/tokens", caller, "The session is over.")
        case "make":
            wanted = NewToken(
                name=name.strip(), scopes=scopes_of(scopes or ()), days=days_of(days), user=whose
            )
            made = await make_token_of(caller, rooms, wanted)
            # No redirect: the text is in this answer and nowhere else, so it cannot follow one.
            return page(request, "token_made", caller, {"made": made, "there": there}, 201)


@router.get("/workspaces")
async def workspaces_page(
    request: Request,
    caller: Reading,
    rooms: Opened,
    path: str | None = None,
    after: str | None = None,
) -> HTMLResponse:
    """The folders that agents worked in; with a path, one of them."""
    if path:
        whole = await workspace_of(caller, rooms, path)
        return page(request, "workspace", caller, {"whole": whole})
    workspaces = await workspaces_of(caller, rooms, _LIMIT, after)
    return page(request, "workspaces", caller, {"workspaces": workspaces})


@router.post("/workspaces")
async def change_workspace(
    request: Request,
    caller: Managing,
    rooms: Opened,
    act: Annotated[Literal["distrust"], Form()],
    path: Annotated[str, Form(max_length=PATH_CHARS_MAX)] = "",
) -> Response:
    """Trust a folder no more."""
    if act != "distrust" or not path:
        raise InvalidInputError("Say which folder is to be trusted no more.")
    await take_back_of(caller, rooms, path)
    there = f"/workspaces?path={quote(path, safe='')}"
    return back(request, there, caller, "You do not trust this folder any more.")
