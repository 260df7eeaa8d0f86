"""Stands in for Steward while an author tests an extension: answers what it asks, and remembers it.

What it may ask is decided by the same code as in earnest, and arguments are read as strictly. Only
what lies behind is the author's: files, what a model says, how a command ends.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast, get_args

from pydantic import JsonValue

from steward.core.errors import InvalidInputError, NotFoundError, StewardError, UnavailableError
from steward.extensions.capability import EVERY_CAPABILITY, Capability
from steward.extensions.granted import Scope, Wanted, why_not
from steward.extensions.host.arguments import json_in, payload_in
from steward.extensions.host.calls import refusal_of
from steward.extensions.host.gate import NotGrantedError
from steward.extensions.manifest import Manifest
from steward.extensions.payloads import (
    AskModelRequest,
    AskModelResponse,
    FileChange,
    GitReadRequest,
    GitReadResponse,
    ListFilesRequest,
    ListFilesResponse,
    PanelContent,
    Payload,
    ProposeEditRequest,
    ProposeEditResponse,
    RunCommandRequest,
    RunCommandResponse,
    StatePart,
)
from steward.permissions.globs import is_path_in
from steward.permissions.roles import capabilities_of
from steward.sandbox.wasm.guest import Answer

_DEFAULTS: Mapping[str, dict[str, JsonValue]] = {
    "ask-model": {"text": "", "model": "test", "cost_nano_usd": 0},
    "git-read": {"text": "", "is_whole": True},
    "run-command": {"exit_code": 0, "output": "", "verdict": "It ended."},
}
"""What a response has where the author left it out."""


@dataclass(frozen=True, slots=True)
class Call:
    """One host call that the extension made."""

    name: str
    """As the interface names it."""
    given: Any
    """A text, a request as an object, or a list where it hands over several."""
    refused: str | None = None
    """Why it was not answered."""


@dataclass(slots=True)
class StandIn:
    """What an extension finds around it in a test; change any of it between two events."""

    manifest: Manifest
    files: dict[str, str] = field(default_factory=dict[str, str])
    """The workspace: path → text."""
    granted: set[Capability] = field(default_factory=set[Capability])
    config: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    storage: dict[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    """What the extension keeps: key → value; of a component the very text."""
    answers: dict[str, Any] = field(default_factory=dict[str, Any])
    """Host call → its response, or a list of one for each call, the last of which stays. Of
    `product-state`: part → what it tells."""
    calls: list[Call] = field(default_factory=list[Call])
    log: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    """What the extension logged: level, line."""

    async def answer(self, extension: str, name: str, arguments: Sequence[str | None]) -> Answer:
        """The answer to one call of the extension."""
        del extension
        if name == "log":
            self.log.append((arguments[0] or "", arguments[1] or ""))
            return "ok", None
        given = _told(name, arguments)
        try:
            found = _CALLS[name](self, arguments)
        except StewardError as error:
            self.calls.append(Call(name, given, str(error)))
            return refusal_of(error), str(error)
        self.calls.append(Call(name, given))
        return "ok", found

    def check(self, capability: Capability, *subjects: str) -> None:
        """Return if the extension may do it.

        Raises:
            NotGrantedError: it may not.
        """
        refusal = why_not(Wanted(capability, subjects), self.scope())
        if refusal is not None:
            raise NotGrantedError(refusal)

    def scope(self) -> Scope:
        """What decides what the extension may do: an owner, in a folder that is trusted."""
        return Scope(
            self.manifest.id,
            "enabled",
            self.manifest.permission_scope,
            frozenset(self.granted) & frozenset(EVERY_CAPABILITY),
            role_grants=capabilities_of("owner"),
            is_trusted=True,
        )

    def next_answer(self, name: str, why: str) -> Any:
        """The author's response to a call.

        Raises:
            UnavailableError: there is none.
        """
        if name not in self.answers:
            raise UnavailableError(f"{why} Put the response under `answers`, as {name!r}.")
        found = self.answers[name]
        if not isinstance(found, list):
            return found
        responses = cast("list[Any]", found)
        if not responses:
            raise UnavailableError(f"Every response for {name!r} under `answers` is used up.")
        return responses.pop(0) if len(responses) > 1 else responses[0]


def _told(name: str, arguments: Sequence[str | None]) -> Any:
    """The arguments as an author reads them."""
    told = [_plain(each) if _is_json(name, at) else each for at, each in enumerate(arguments)]
    return told[0] if len(told) == 1 else told


def _is_json(name: str, at: int) -> bool:
    return name in _REQUESTS or (name in ("emit", "show-panel", "storage-set") and at == 1)


def _plain(text: str | None) -> Any:
    try:
        return json.loads(text or "")
    except (ValueError, RecursionError):
        return text


def _text(arguments: Sequence[str | None], at: int = 0) -> str:
    found = arguments[at] if at < len(arguments) else None
    if found is None:
        raise InvalidInputError(f"The argument {at + 1} of this call is missing.")
    return found


def _read_file(here: StandIn, arguments: Sequence[str | None]) -> str:
    path = _text(arguments)
    here.check("files.read", path)
    return _file(here, path)


def _file(here: StandIn, path: str) -> str:
    if path not in here.files:
        raise NotFoundError(f"There is no file {path!r} in the workspace.")
    return here.files[path]


def _list_files(here: StandIn, arguments: Sequence[str | None]) -> str:
    request = payload_in(ListFilesRequest, _text(arguments))
    here.check("files.read")
    readable = (
        path
        for path in sorted(here.files)
        if is_path_in(path, request.glob)
        and why_not(Wanted("files.read", (path,)), here.scope()) is None
    )
    found = tuple(readable)
    return _json(
        ListFilesResponse(paths=found[: request.limit], is_whole=len(found) <= request.limit)
    )


def _git_read(here: StandIn, arguments: Sequence[str | None]) -> str:
    payload_in(GitReadRequest, _text(arguments))
    here.check("git.read")
    return _answered(here, "git-read", GitReadResponse, "No git is here.")


def _product_state(here: StandIn, arguments: Sequence[str | None]) -> str:
    part = _text(arguments)
    if part not in get_args(StatePart):
        raise InvalidInputError(f"There is no part {part!r}.")
    here.check("state.read", part)
    parts = here.next_answer("product-state", "Nothing is known here.")
    if part not in parts:
        raise UnavailableError(f"`answers` has no part {part!r} of 'product-state'.")
    return json.dumps(parts[part])


def _propose_edit(here: StandIn, arguments: Sequence[str | None]) -> str:
    request = payload_in(ProposeEditRequest, _text(arguments))
    here.check("files.propose", *(path for each in request.changes for path in _paths(each)))
    edited = [each.path for each in request.changes if each.do == "edit"]
    if edited:
        here.check("files.read", *edited)
    for change in request.changes:
        _check_change(here, change)
    count = sum(call.name == "propose-edit" and call.refused is None for call in here.calls)
    return _json(ProposeEditResponse(proposal=str(count + 1)))


def _paths(change: FileChange) -> tuple[str, ...]:
    return (change.path,) if change.to is None else (change.path, change.to)


def _check_change(here: StandIn, change: FileChange) -> None:
    if change.do == "write":
        return
    text = _file(here, change.path)
    if change.do == "edit" and text.count(change.old_text or "") != 1:
        raise InvalidInputError(f"`old_text` must stand in {change.path!r} exactly once.")


def _ask_model(here: StandIn, arguments: Sequence[str | None]) -> str:
    payload_in(AskModelRequest, _text(arguments))
    here.check("model.ask")
    return _answered(here, "ask-model", AskModelResponse, "No model is here.")


def _run_command(here: StandIn, arguments: Sequence[str | None]) -> str:
    request = payload_in(RunCommandRequest, _text(arguments))
    here.check("command.run", " ".join(request.argv))
    return _answered(here, "run-command", RunCommandResponse, "No command runs here.")


def _storage_get(here: StandIn, arguments: Sequence[str | None]) -> str | None:
    here.check("storage")
    kept = here.storage.get(_text(arguments))
    if kept is None or _keeps_text(here):
        return None if kept is None else str(kept)
    return json.dumps(kept)


def _keeps_text(here: StandIn) -> bool:
    """Our modules `steward` keep values as JSON; what a component keeps is its own affair."""
    return here.manifest.runtime == "component"


def _storage_set(here: StandIn, arguments: Sequence[str | None]) -> None:
    here.check("storage")
    key, value = _text(arguments), arguments[1]
    if value is None:
        here.storage.pop(key, None)
    else:
        here.storage[key] = value if _keeps_text(here) else json_in(value)


def _emit(here: StandIn, arguments: Sequence[str | None]) -> None:
    here.check("events.emit", _text(arguments))
    json_in(_text(arguments, 1))


def _show_message(here: StandIn, arguments: Sequence[str | None]) -> None:
    here.check("messages.show")
    if _text(arguments) not in ("info", "warning", "error"):
        raise InvalidInputError("The level is `info`, `warning` or `error`.")
    _text(arguments, 1)


def _show_panel(here: StandIn, arguments: Sequence[str | None]) -> None:
    here.check("panels.show")
    panel = _text(arguments)
    if all(each.id != panel for each in here.manifest.panels):
        raise NotFoundError(f"The manifest has no panel {panel!r}.")
    payload_in(PanelContent, _text(arguments, 1))


def _config_get(here: StandIn, arguments: Sequence[str | None]) -> str:
    key = _text(arguments)
    described = here.manifest.config.get("properties", {}).get(key)
    if described is None:
        raise NotFoundError(f"The manifest's `config` has no setting {key!r}.")
    return json.dumps(here.config.get(key, described.get("default")))


def _answered(here: StandIn, name: str, model: type[Payload], why: str) -> str:
    found = here.next_answer(name, why)
    if isinstance(found, str):
        found = {("output" if name == "run-command" else "text"): found}
    return _json(model.model_validate({**_DEFAULTS[name], **found}))


def _json(payload: Payload) -> str:
    return payload.model_dump_json()


_REQUESTS = frozenset(("list-files", "git-read", "propose-edit", "ask-model", "run-command"))
_CALLS: Mapping[str, Callable[[StandIn, Sequence[str | None]], str | None]] = {
    "read-file": _read_file,
    "list-files": _list_files,
    "git-read": _git_read,
    "product-state": _product_state,
    "propose-edit": _propose_edit,
    "ask-model": _ask_model,
    "run-command": _run_command,
    "storage-get": _storage_get,
    "storage-set": _storage_set,
    "emit": _emit,
    "show-message": _show_message,
    "show-panel": _show_panel,
    "config-get": _config_get,
}
"""What answers each function of the interface but `log`."""
