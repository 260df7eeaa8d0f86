"""What an editor does with what a server asks: it shows it to a person, and answers for them."""

from typing import Any, Protocol

from lsprotocol import types

from tests.person import Person, Shown

Json = Any


class Asking(Protocol):
    """A window, as far as questions need one."""

    person: Person
    picks: str


_KINDS = {
    "Approve plan": "plan",
    "Allow once": "command",
    "Apply": "edit",
    "Commit": "commit",
    "Push and open": "pull_request",
    "Trust this folder": "trust",
    "Follow them": "instructions",
    "Approve tools": "mcp",
    "Allow it": "extension",
}
"""A plain message request is known by its first button."""
_BUTTONS = {"isStepByStep": "Step by step", "isForRun": "Allow for this run"}
"""What is said beside yes → the button of a plain message that says it."""


async def registered(_params: Json) -> None:
    return None


async def asked(window: Asking, question: Json) -> Json:
    shown = Shown(
        question["kind"],
        question["title"],
        question["markdown"],
        question["id"],
        question["digest"],
        question["plan"],
    )
    choice = await window.person.ask(shown)
    if choice == "dismiss":
        return None
    return {"choice": choice, "digest": shown.digest, **shown.more}


async def asked_plainly(
    window: Asking, params: types.ShowMessageRequestParams
) -> types.MessageActionItem | None:
    no, yes, *others = params.actions or []
    if yes.title not in _KINDS:
        return next((one for one in params.actions or [] if one.title == window.picks), None)
    title, _, text = params.message.partition("\n\n")
    shown = Shown(_KINDS[yes.title], title, text)
    choice = await window.person.ask(shown)
    wanted = [_BUTTONS[name] for name in shown.more]
    if wanted:
        return next(button for button in others if [button.title] == wanted)
    return {"approve": yes, "reject": no}.get(choice)
