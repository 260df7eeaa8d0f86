"""Why there is no suggestion now, in words: what happened, why, and what to do."""

from dataclasses import dataclass
from typing import Literal

from steward.completion.reason import Because, Reason
from steward.completion.switches import Off

State = Literal["ready", "quiet", "off", "unavailable"]
"""Of ghost text in one document.

- `ready`: suggestions come.
- `quiet`: not at this place, or not in this file.
- `off`: somebody switched it off.
- `unavailable`: no model can be asked now.
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """How ghost text stands in one document."""

    state: State
    because: Because | None = None
    reason: str = ""
    """Sentences for the person; empty where suggestions come."""


READY = Standing("ready")

_UNAVAILABLE: frozenset[Because] = frozenset(
    (
        *("no_model", "over_budget", "not_allowed"),
        *("provider_down", "rate_limited", "refused", "failed"),
    )
)
_WORDS: dict[Because, tuple[str, str]] = {
    "off": ("Ghost text is switched off here.", ""),
    "no_model": (
        "No model can be asked for ghost text.",
        "Name one in the settings, and put its provider's key in with `steward key add`.",
    ),
    "over_budget": (
        "The budget does not cover a suggestion.",
        "See how it stands with `steward budget show`.",
    ),
    "not_allowed": (
        "Your organisation's rules do not allow this call.",
        "Ask an owner or admin which models you may use.",
    ),
    "text_unknown": ("Steward does not know this text.", "Close the document and open it again."),
    "provider_down": (
        "The provider does not answer; Steward asks again by itself after a pause.",
        "",
    ),
    "rate_limited": (
        "The provider takes no more calls for the moment; Steward asks again by itself.",
        "",
    ),
    "refused": (
        "The provider refused the last call.",
        "Check its key with `steward key validate`, and the model with `steward model list`.",
    ),
    "failed": ("The last call of the model failed; Steward asks again after a pause.", ""),
    "inside_code": (
        "The cursor stands in the middle of code, where a suggestion would be in the way.",
        "Go to the end of the line.",
    ),
    "deleted": (
        "Something was just deleted, so nothing is suggested in its place.",
        "Type on, or ask for a suggestion by hand.",
    ),
    "undone": (
        "Something was just undone, so nothing is suggested in its place.",
        "Type on, or ask for a suggestion by hand.",
    ),
    "several_cursors": (
        "There are several cursors, and a suggestion fits only one.",
        "Go on with one of them.",
    ),
    "typed_on": ("The text changed before the answer was there.", "Pause for a moment."),
    "nothing_to_say": (
        "The model had nothing that fits here.",
        "Type on, or ask for a suggestion by hand.",
    ),
}
"""What happened; and what to do, where nothing more exact is known."""


def standing(reason: Reason | None) -> Standing:
    """What is told of the last request for a document; `None` where it had a suggestion."""
    if reason is None:
        return READY
    state: State = "unavailable" if reason.because in _UNAVAILABLE else "quiet"
    if reason.because == "off":
        state = "off"
    return Standing(state, reason.because, _said(reason))


def _said(reason: Reason) -> str:
    if reason.because == "ignored":
        rule = f": {reason.detail.rstrip('.')}" if reason.detail else ""
        return f"No model may see this file, so nothing of it is sent{rule}."
    happened, to_do = _WORDS[reason.because]
    if reason.because == "off" and reason.detail:
        return reason.detail
    return f"{happened} {_sentence(reason.detail) if reason.detail else to_do}".rstrip()


def off(by: Off) -> Reason:
    """The reason where ghost text is switched off."""
    return Reason("off", f"{_what(by)} {_undo(by)}")


def _what(by: Off) -> str:
    where = {
        "all": "",
        "language": f" in {by.name}",
        "workspace": f" in the workspace {by.name!r}",
    }[by.scope]
    match by.by:
        case "settings":
            return f"Ghost text is off{where}, because your settings say so."
        case "person":
            return f"You switched ghost text off{where or ' everywhere'}."
        case "usual":
            return f"Ghost text is off{where}, as is usual where people write prose."


def _undo(by: Off) -> str:
    option = {
        "all": "",
        "language": f" --language {by.name}",
        "workspace": f" --workspace {by.name}",
    }[by.scope]
    if by.by == "settings" and by.scope == "all":
        return "Set `enabled = true` under [completion], and start the server again."
    return f"Switch it on in the editor, or with `steward ghost on{option}`."


def _sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?")) else f"{text}."
