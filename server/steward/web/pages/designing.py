"""Pages of agents: who there is, what each may do, and a form for writing one."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from steward.agents.agent import Source
from steward.agents.definitions.agent_file import check_id
from steward.agents.definitions.fields import file_of
from steward.agents.definitions.template import template
from steward.agents.definitions.toolbox import TOOLS
from steward.core.errors import InvalidInputError, StaleError, StewardError
from steward.web.dialect import said, status_of
from steward.web.pages.form import Form, form_of
from steward.web.pages.shown import back, page
from steward.web.rest.agent_answers import AgentChange, AgentTrial, AgentWanted, AgentWhole
from steward.web.rest.agents import agent_of, agents_of, attempt, change, create, delete
from steward.web.rest.caller import Caller, Managing, Opened, Reading
from steward.web.rooms import Rooms

router = APIRouter()

_LISTS = ("tools", "agents", "allow", "ask", "deny")
_CAPS = (("tokens", "Tokens"), ("steps", "Turns"), ("output_chars", "Characters"))
_DECIMALS = (("cost_usd", "Dollars"), ("minutes", "Minutes"))
_DIGITS_MAX = 12
MODES = ("normal", "analysis_only", "dry_run", "step")


@router.get("/agents")
async def agents_page(request: Request, caller: Reading, rooms: Opened) -> HTMLResponse:
    """The agents that there are for the caller, and a form for a new one."""
    found = await agents_of(caller, rooms)
    values = {"found": found, "text": template("my-agent"), "id": "", "problem": ""}
    return page(request, "agents", caller, values)


@router.post("/agents")
async def create_page(request: Request, caller: Managing, rooms: Opened) -> Response:
    """Keep a new agent; where that is not possible, what was written is shown again, and why."""
    form = await form_of(request)
    agent_id, text = form.text("id"), form.raw("text")
    try:
        check_id(agent_id)
        await create(caller, rooms, AgentWanted(id=agent_id, text=text))
    except InvalidInputError as error:
        found = await agents_of(caller, rooms)
        values = {"found": found, "text": text, "id": agent_id, "problem": said(error)}
        return page(request, "agents", caller, values, 400)
    return back(request, f"/agents/{agent_id}", caller, "It is kept.")


@router.get("/agents/{agent_id}")
async def agent_page(
    request: Request,
    caller: Reading,
    rooms: Opened,
    agent_id: str,
    source: Source | None = None,
) -> HTMLResponse:
    """One agent, as fields and as its file."""
    agent = await agent_of(caller, rooms, agent_id, source)
    return _shown(request, caller, agent)


@router.post("/agents/{agent_id}")
async def change_page(request: Request, caller: Managing, rooms: Opened, agent_id: str) -> Response:
    """Change an agent, delete it, or have it plan something."""
    form = await form_of(request)
    match form.text("do"):
        case "delete":
            await delete(caller, rooms, agent_id)
            return back(request, "/agents", caller, f"The agent {agent_id} is gone.")
        case "try":
            return await _tried(request, form, caller, rooms, agent_id)
        case "fields" | "text" as what:
            written = form.raw("text") if what == "text" else _file(form)
            return await _kept(request, form, caller, rooms, agent_id, written)
        case _:
            raise InvalidInputError("Press one of the page's own buttons.")


async def _kept(
    request: Request, form: Form, caller: Caller, rooms: Rooms, agent_id: str, written: str
) -> Response:
    try:
        if form.text("was"):
            wanted = AgentChange(text=written, was=form.text("was"))
            await change(caller, rooms, agent_id, wanted)
        else:
            await create(caller, rooms, AgentWanted(id=agent_id, text=written))
    except (InvalidInputError, StaleError) as error:
        agent = await agent_of(caller, rooms, agent_id)
        return _shown(request, caller, agent, error=error, written=written)
    told = "It is changed. Runs that it has begun go on as they were."
    return back(request, f"/agents/{agent_id}", caller, told)


async def _tried(
    request: Request, form: Form, caller: Caller, rooms: Rooms, agent_id: str
) -> Response:
    goal = form.text("goal")
    agent = await agent_of(caller, rooms, agent_id)
    try:
        tried = await attempt(caller, rooms, agent_id, goal)
    except StewardError as error:
        return _shown(request, caller, agent, error=error, goal=goal)
    return _shown(request, caller, agent, tried=tried, goal=goal)


def _shown(  # noqa: PLR0913  What a page shows beside the agent, each of it rarely.
    request: Request,
    caller: Caller,
    agent: AgentWhole,
    *,
    error: StewardError | None = None,
    written: str | None = None,
    tried: AgentTrial | None = None,
    goal: str = "",
) -> HTMLResponse:
    values: Mapping[str, object] = {
        "agent": agent,
        "problem": "" if error is None else said(error),
        "written": agent.text if written is None else written,
        "tools": tuple(TOOLS),
        "modes": MODES,
        "tried": tried,
        "goal": goal,
        "may_change": "manage" in caller.scopes and not agent.why_not_change,
        "is_stored": agent.line.source == "stored",
    }
    return page(request, "agent", caller, values, 200 if error is None else status_of(error))


def _file(form: Form) -> str:
    """The file that a form's fields make."""
    values: dict[str, Any] = {
        "name": form.text("name"),
        "description": form.text("description"),
        **{name: list(form.lines(name)) for name in _LISTS},
        "permissions": form.text("permissions").split(),
        "team": form.text("team"),
        "model": form.text("model"),
        "mode": form.text("mode"),
        "caps": _caps(form),
    }
    if not form.is_set("instructions"):
        values["instructions"] = False
    return file_of(values, form.raw("persona"))


def _caps(form: Form) -> dict[str, Any]:
    whole = {name: form.number(name, label) for name, label in _CAPS}
    parts = {name: _decimal(form.text(name), label) for name, label in _DECIMALS}
    return {name: value for name, value in {**whole, **parts}.items() if value is not None}


def _decimal(written: str, label: str) -> Decimal | None:
    if not written:
        return None
    try:
        return Decimal(written if len(written) <= _DIGITS_MAX else "none")
    except InvalidOperation as error:
        raise InvalidInputError(f"{label}: {written[:40]!r} is no number such as 2.50.") from error
