"""What an extension written in Python can do: register functions, and ask Steward for things.

    import steward

    @steward.hook("onFileSave")
    def find_todos(event):
        lines = event["text"].split("\\n")
        return [
            steward.diagnostic(number, 0, len(line), "something is left to do")
            for number, line in enumerate(lines)
            if "TODO" in line
        ]

Requests and events are plain dictionaries; their shapes are published as JSON Schemas. Whatever is
asked of Steward needs its capability in the manifest and the user's grant, or raises `Denied`.
"""

import functools
import json
from types import SimpleNamespace

from componentize_py_types import Err
from steward_blocks import (
    delete,
    diagnostic,
    edit,
    items,
    markdown,
    plot,
    rename,
    table,
    write,
)
from wit_world.imports import host

__all__ = [
    "Denied",
    "HostError",
    "Invalid",
    "Limit",
    "NotFound",
    "Unavailable",
    "ask_model",
    "command",
    "config",
    "context_stage",
    "delete",
    "diagnostic",
    "edit",
    "emit",
    "engine_hook",
    "git",
    "hook",
    "items",
    "list_files",
    "log",
    "markdown",
    "on",
    "plot",
    "propose_edit",
    "read_file",
    "rename",
    "resource",
    "run_command",
    "show_message",
    "show_panel",
    "state",
    "storage_get",
    "storage_set",
    "table",
    "tool",
    "write",
]


# --- Errors ------------------------------------------------------------------------------------


class HostError(Exception):
    """Steward did not do what was asked; the message says why."""


class Denied(HostError):
    """It was not declared in the manifest, not granted, or the operator forbids it."""


class NotFound(HostError):
    """There is no such file, key or setting."""


class Invalid(HostError):
    """What was asked for is not what the schema says."""


class Limit(HostError):
    """A quota is used up, or something is too large."""


class Unavailable(HostError):
    """It cannot be had at the moment: no model, no editor, no jail."""


_ERRORS = {
    "Error_Denied": Denied,
    "Error_NotFound": NotFound,
    "Error_Invalid": Invalid,
    "Error_Limit": Limit,
    "Error_Unavailable": Unavailable,
}


# --- Registering -------------------------------------------------------------------------------

registered = {"command": {}, "hook": {}, "context": {}, "tool": {}, "engine": {}, "on": {}}
"""Kind → name → functions, in the order in which they were registered."""

_HOOKS = ("onLoad", "onUnload", "onWorkspaceChange", "onFileSave")
_ENGINE = tuple(
    f"{time}-{point}"
    for time in ("before", "after", "error")
    for point in ("task", "stage", "agent", "tool", "model")
)
_EVENTS = ("editDecided",)


def _registering(kind, name, known=None, *, once=False):
    if not isinstance(name, str) or not name:
        raise TypeError(f"the decorator wants a name as text, as in ('my-name'), and got {name!r}")
    if known is not None and name not in known:
        raise ValueError(f"there is no {name!r}; there are {', '.join(known)}")

    def register(function):
        if not callable(function):
            raise TypeError(f"{function!r} is no function")
        functions = registered[kind].setdefault(name, [])
        if once and functions:
            raise ValueError(f"{kind} {name!r} is registered twice")
        functions.append(function)
        return function

    return register


def command(name):
    """Register what a command does: `function(request)` → a sentence, a dictionary or nothing."""
    return _registering("command", name, once=True)


def hook(event):
    """Register what happens at `onFileSave`, `onWorkspaceChange`, `onLoad` or `onUnload`.

    Of `onFileSave` the function may return a list of diagnostics, which replace earlier ones.
    """
    return _registering("hook", event, _HOOKS)


def context_stage(name):
    """Register a stage of the context: `function(request)` → which pieces stay, and what is added.

    The answer may have `keep`, `replace`, `add` and `hint`; nothing leaves all as it was.
    """
    return _registering("context", name, once=True)


def tool(name):
    """Register a tool for agents: `function(arguments)` → anything that JSON can say."""
    return _registering("tool", name, once=True)


def engine_hook(moment):
    """Register what looks at a moment of the engine, such as `before-tool`.

    `function(moment)` → the reason why it must not happen, or nothing.
    """
    return _registering("engine", moment, _ENGINE)


def on(event):
    """Register what hears of `editDecided`: what became of a proposal of this extension."""
    return _registering("on", event, _EVENTS)


# --- Asking ------------------------------------------------------------------------------------


def _text(value, what):
    if not isinstance(value, str):
        raise TypeError(f"{what} must be text, and is {type(value).__name__}")
    # Half a character cannot travel.
    return value.encode("utf-8", "replace").decode("utf-8")


def _json(value, what):
    try:
        return json.dumps(value, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise TypeError(f"{what} is nothing that JSON can say: {error}") from None


def _asking(function):
    """The function, with Steward's refusals as exceptions of this module."""

    @functools.wraps(function)
    def ask(*words, **named):
        try:
            return function(*words, **named)
        except Err as refusal:
            kind = _ERRORS.get(type(refusal.value).__name__, HostError)
            raise kind(getattr(refusal.value, "value", "")) from None

    return ask


@_asking
def read_file(path):
    """The text of a file of the workspace, as it is in the editor, else on the disk."""
    return host.read_file(_text(path, "the path"))


@_asking
def list_files(glob="**", limit=1000):
    """The paths of files that the glob matches, at most so many."""
    request = {"glob": glob, "limit": limit}
    return json.loads(host.list_files(_json(request, "the request")))["paths"]


@_asking
def git(what, path=None, limit=50):
    """What git says: of `status`, `branch`, `branches`, `diff`, `staged`, `log` or `blame`."""
    request = {"what": what, "path": path, "limit": limit}
    return json.loads(host.git_read(_json(request, "the request")))["text"]


@_asking
def state(part):
    """A part of what Steward knows: `documents`, `diagnostics`, `runs`, `budget` or `counts`."""
    return json.loads(host.product_state(_text(part, "the part")))


@_asking
def propose_edit(title, changes):
    """Propose changes of files, and get the proposal's id; the user decides later.

    The changes are made by `edit`, `write`, `delete` and `rename`. What became of it is told to
    `@steward.on("editDecided")`.
    """
    request = {"title": title, "changes": list(changes)}
    return json.loads(host.propose_edit(_json(request, "the proposal")))["proposal"]


@_asking
def ask_model(question, *, instructions="", max_tokens=1000, tier="cheap"):
    """Ask a model on the user's budget; the answer has `text`, `model` and `cost_nano_usd`.

    Args:
        question: text, or a list of `{"role": "user" or "assistant", "text": ...}`.
        instructions: what is wanted of the model.
        max_tokens: how long the answer may be.
        tier: `cheap`, `balanced` or `strong`.
    """
    messages = [{"role": "user", "text": question}] if isinstance(question, str) else question
    request = {
        "messages": list(messages),
        "instructions": instructions,
        "max_tokens": max_tokens,
        "tier": tier,
    }
    return SimpleNamespace(**json.loads(host.ask_model(_json(request, "the question"))))


@_asking
def run_command(argv, *, reason, timeout_s=60):
    """Run a command in the jail once the user agreed: `exit_code`, `output` and `verdict`."""
    request = {"argv": list(argv), "reason": reason, "timeout_s": timeout_s}
    return SimpleNamespace(**json.loads(host.run_command(_json(request, "the command"))))


@_asking
def storage_get(key):
    """What was kept under this key; None: nothing."""
    kept = host.storage_get(_text(key, "the key"))
    return None if kept is None else json.loads(kept)


@_asking
def storage_set(key, value):
    """Keep a value that JSON can say; None removes it."""
    kept = None if value is None else _json(value, "the value")
    host.storage_set(_text(key, "the key"), kept)


@_asking
def emit(name, payload=None):
    """Tell whoever watches that something happened."""
    host.emit(_text(name, "the name"), _json(payload, "the payload"))


def log(text, level="info"):
    """Write a line to the extension's own log: `debug`, `info`, `warning` or `error`."""
    host.log(_text(level, "the level"), _text(str(text), "the line"))


@_asking
def show_message(text, level="info"):
    """Show the user a message: `info`, `warning` or `error`."""
    host.show_message(_text(level, "the level"), _text(text, "the message"))


@_asking
def show_panel(panel, *blocks):
    """Show a panel of the manifest, made of `markdown`, `items`, `table` and `plot`."""
    content = _json({"blocks": list(blocks)}, "the panel's content")
    host.show_panel(_text(panel, "the panel"), content)


@_asking
def config(key):
    """A value of the extension's own configuration."""
    return json.loads(host.config_get(_text(key, "the key")))


# --- The package's own files -------------------------------------------------------------------

files = {}
"""Path → text of every file of the package."""


def resource(name):
    """The text of a file of the package."""
    try:
        return files[name]
    except KeyError:
        raise NotFound(
            f"the package has no text file {name!r}; it has {', '.join(sorted(files)[:20])}"
        ) from None
