"""The module `steward` as shipped extensions see it, for their logic under CPython, and a loader.

What an extension asks is answered from a `World`; what its manifest does not declare is denied,
and what goes out or comes back is checked against the published payloads. No extension's module
reaches `sys.modules` under its own name: the real `steward` is another.
"""

import builtins
import importlib
import json
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import CodeType, ModuleType, SimpleNamespace
from typing import Any, cast

import yaml

from steward.extensions import payloads
from steward.extensions.capability import Capability
from steward.extensions.manifest import Manifest
from steward.permissions.globs import is_command_in, is_path_in
from tests.environment import ROOT
from tests.extensions.shipped.building import diagnostic, items, markdown, plot, table

Json = Any
SHIPPED = ROOT / "extensions"
PROPOSAL = "proposal-1"


class HostError(Exception):
    """What a host call can raise."""


class Denied(HostError):  # noqa: N818
    """It was not declared or not granted."""


class NotFound(HostError):  # noqa: N818
    """There is no such thing."""


class Invalid(HostError):  # noqa: N818
    """The argument is not what the schema says."""


class Limit(HostError):  # noqa: N818
    """Something is too large."""


class Unavailable(HostError):  # noqa: N818
    """It cannot be had at the moment."""


@dataclass(slots=True)
class World:
    """What is around an extension, and what it did to it."""

    files: dict[str, str] = field(default_factory=dict[str, str])
    git: dict[str, str] = field(default_factory=dict[str, str])
    """What `git(what)` says; of `what:path` where a path is given and that key is there."""
    config: dict[str, Json] = field(default_factory=dict[str, Json])
    """Over the defaults of the manifest."""
    state: dict[str, Json] = field(default_factory=dict[str, Json])
    model: list[str] = field(default_factory=list[str])
    """What the model answers, in order; none left: it is unavailable."""
    command: tuple[int | None, str] = (0, "")
    """How a command ends, and what it printed."""

    storage: dict[str, Json] = field(default_factory=dict[str, Json])
    asked: list[dict[str, Json]] = field(default_factory=list[dict[str, Json]])
    commands: list[dict[str, Json]] = field(default_factory=list[dict[str, Json]])
    proposals: list[dict[str, Json]] = field(default_factory=list[dict[str, Json]])
    messages: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    panels: dict[str, list[dict[str, Json]]] = field(
        default_factory=dict[str, list[dict[str, Json]]]
    )
    emitted: list[tuple[str, Json]] = field(default_factory=list[tuple[str, Json]])
    logs: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    denied: set[Capability] = field(default_factory=set[Capability])
    """What the person did not grant."""
    used: set[str] = field(default_factory=set[str])
    """Which capabilities were needed so far."""


class Host:
    """Answers what an extension asks, from its world and within its manifest."""

    def __init__(self, manifest: Manifest, world: World, files: Mapping[str, str]) -> None:
        self._manifest = manifest
        self._world = world
        self._files = files

    def _granted(self, capability: Capability, name: str | None = None) -> None:
        self._world.used.add(capability)
        if not self._may(capability, name):
            raise Denied(f"{capability} of {name!r} was not granted")

    def _may(self, capability: Capability, name: str | None) -> bool:
        if capability in self._world.denied:
            return False
        is_like = is_command_in if capability == "command.run" else is_path_in
        return any(
            not grant.globs or name is None or any(is_like(name, glob) for glob in grant.globs)
            for grant in self._manifest.permission_scope
            if grant.capability == capability
        )

    def read_file(self, path: str) -> str:
        """The text of a file."""
        self._granted("files.read", path)
        if path not in self._world.files:
            raise NotFound(path)
        return self._world.files[path]

    def list_files(self, glob: str = "**", limit: int = 1000) -> list[str]:
        """Paths like a glob, of those that may be read."""
        self._granted("files.read")
        payloads.ListFilesRequest(glob=glob, limit=limit)
        wanted = [path for path in sorted(self._world.files) if is_path_in(path, glob)]
        return [path for path in wanted if self._may("files.read", path)][:limit]

    def git(self, what: str, path: str | None = None, limit: int = 50) -> str:
        """What git says."""
        self._granted("git.read")
        payloads.GitReadRequest.model_validate({"what": what, "path": path, "limit": limit})
        answers = self._world.git
        if f"{what}:{path}" in answers:
            return answers[f"{what}:{path}"]
        if what not in answers:
            raise NotFound("no repository")
        return answers[what]

    def state(self, part: str) -> Json:
        """A part of what Steward knows."""
        self._granted("state.read", part)
        return self._world.state[part]

    def propose_edit(self, title: str, changes: list[dict[str, Json]]) -> str:
        """A proposal's name."""
        request = payloads.ProposeEditRequest.model_validate({"title": title, "changes": changes})
        for change in request.changes:
            self._granted("files.propose", change.path)
            if change.do == "edit":
                old = change.old_text or ""
                if self._world.files.get(change.path, "").count(old) != 1:
                    raise Invalid(f"{old!r} does not stand exactly once in {change.path!r}")
        self._world.proposals.append(request.model_dump())
        return PROPOSAL

    def ask_model(
        self,
        text_or_messages: str | list[dict[str, str]],
        *,
        instructions: str = "",
        max_tokens: int = 1000,
        tier: str = "cheap",
    ) -> SimpleNamespace:
        """What the model says next."""
        self._granted("model.ask")
        messages = (
            [{"role": "user", "text": text_or_messages}]
            if isinstance(text_or_messages, str)
            else text_or_messages
        )
        request = payloads.AskModelRequest.model_validate(
            {
                "messages": messages,
                "instructions": instructions,
                "max_tokens": max_tokens,
                "tier": tier,
            }
        )
        self._world.asked.append(request.model_dump())
        if not self._world.model:
            raise Unavailable("no model")
        return SimpleNamespace(text=self._world.model.pop(0), model="small", cost_nano_usd=1000)

    def run_command(self, argv: list[str], *, reason: str, timeout_s: int = 60) -> SimpleNamespace:
        """How the command ended."""
        self._granted("command.run", " ".join(argv))
        request = payloads.RunCommandRequest.model_validate(
            {"argv": argv, "reason": reason, "timeout_s": timeout_s}
        )
        self._world.commands.append(request.model_dump())
        code, output = self._world.command
        verdict = f"ended with {code}" if code is not None else "refused"
        return SimpleNamespace(exit_code=code, output=output, verdict=verdict)

    def storage_get(self, key: str) -> Json:
        """What was kept; None: nothing."""
        self._granted("storage")
        return self._world.storage.get(key)

    def storage_set(self, key: str, value: Json) -> None:
        """Keep what JSON can say; None removes it."""
        self._granted("storage")
        self._world.storage.pop(key, None)
        if value is not None:
            self._world.storage[key] = json.loads(json.dumps(value, allow_nan=False))

    def emit(self, name: str, payload: Json) -> None:
        """Tell whoever watches."""
        self._granted("events.emit", name)
        self._world.emitted.append((name, json.loads(json.dumps(payload))))

    def log(self, text: str, level: str = "info") -> None:
        """Write a line."""
        self._world.logs.append((level, text))

    def show_message(self, text: str, level: str = "info") -> None:
        """Show it."""
        self._granted("messages.show")
        self._world.messages.append((level, text))

    def show_panel(self, panel: str, *blocks: dict[str, Json]) -> None:
        """Show it; it must be one of the manifest's, and of the shapes that panels have."""
        self._granted("panels.show")
        if panel not in {known.id for known in self._manifest.panels}:
            raise NotFound(panel)
        content = payloads.PanelContent.model_validate({"blocks": blocks})
        for item in (
            item for block in content.blocks if block.kind == "list" for item in block.items
        ):
            known = {command.id for command in self._manifest.commands}
            assert item.command is None or item.command in known
        self._world.panels[panel] = json.loads(json.dumps(blocks))

    def config(self, key: str) -> Json:
        """A setting, or its default."""
        properties = self._manifest.config.get("properties", {})
        if key not in properties:
            raise NotFound(key)
        return self._world.config.get(key, properties[key].get("default"))

    def resource(self, path: str) -> str:
        """A data file of the package."""
        if path not in self._files:
            raise NotFound(path)
        return self._files[path]


@cache
def manifest_of(name: str) -> Manifest:
    """What a shipped extension says of itself."""
    text = (SHIPPED / name / "extension.yaml").read_text("utf-8")
    return Manifest.model_validate(yaml.safe_load(text))


@cache
def texts_of(name: str) -> dict[str, str]:
    """The files of a shipped extension: path → text."""
    folder = SHIPPED / name
    return {
        str(file.relative_to(folder)): file.read_text("utf-8")
        for file in sorted(folder.rglob("*"))
        if file.is_file() and "__pycache__" not in file.parts
    }


@cache
def _code_of(name: str, module: str) -> CodeType:
    file = f"{module}.py"
    return compile(texts_of(name)[file], str(SHIPPED / name / file), "exec")


class Shipped:
    """One shipped extension, loaded into a world of its own."""

    def __init__(self, name: str, world: World | None = None) -> None:
        self.world = world or World()
        self.manifest = manifest_of(name)
        self._name = name
        self._sources = {
            each.removesuffix(".py") for each in texts_of(name) if each.endswith(".py")
        }
        self._modules: dict[str, ModuleType] = {}
        self._registered: dict[str, dict[str, Callable[..., Json]]] = {}
        self._steward = self._sdk(Host(self.manifest, self.world, texts_of(name)))
        self.module(Path(self.manifest.entry).stem)

    def _sdk(self, host: Host) -> ModuleType:
        sdk = ModuleType("steward")
        named: dict[str, object] = {
            name: getattr(host, name) for name in dir(host) if not name.startswith("_")
        }
        for thing in (HostError, Denied, NotFound, Invalid, Limit, Unavailable):
            named[thing.__name__] = thing
        for builder in (diagnostic, markdown, items, table, plot):
            named[builder.__name__] = builder
        for kind in ("command", "hook", "context_stage", "tool", "engine_hook", "on"):
            named[kind] = self._decorator(kind)
        vars(sdk).update(named)
        return sdk

    def _decorator(self, kind: str) -> Callable[[str], Callable[..., Json]]:
        def named(name: str) -> Callable[..., Json]:
            def register(function: Callable[..., Json]) -> Callable[..., Json]:
                self._registered.setdefault(kind, {})[name] = function
                return function

            return register

        return named

    def module(self, name: str) -> ModuleType:
        """A module of the extension, run with its own idea of what can be imported."""
        if name in self._modules:
            return self._modules[name]
        # A name of its own in `sys.modules`, which dataclasses look into.
        module = ModuleType(f"shipped {self.manifest.id} {name}")
        self._modules[name] = sys.modules[module.__name__] = module
        vars(module)["__builtins__"] = {**vars(builtins), "__import__": self._import}
        exec(_code_of(self._name, name), vars(module))
        return module

    def _import(self, name: str, *_: object) -> ModuleType:
        if name == "steward":
            return self._steward
        if name in self._sources:
            return self.module(name)
        importlib.import_module(name)
        # `import a.b` binds a; `from a.b import c` wants a.b.
        asks_for = _[2] if len(_) > 2 else None
        return sys.modules[name if asks_for else name.partition(".")[0]]

    def registered(self) -> dict[str, set[str]]:
        """What the code registered: kind → names."""
        return {kind: set(names) for kind, names in self._registered.items()}

    def command(self, name: str, /, arguments: Json = None, **place: Json) -> str | None:
        """What a command answers; `place` are fields of `Place`."""
        request = payloads.CommandRequest.model_validate({"place": place, "arguments": arguments})
        answer = self._registered["command"][name](request.model_dump(mode="json"))
        said = {"message": answer} if not isinstance(answer, dict) else cast("Json", answer)
        return payloads.CommandResponse.model_validate(said).message

    def saved(self, path: str, text: str, language: str = "") -> list[payloads.Diagnostic]:
        """The remarks on a file that was saved."""
        event = payloads.FileSaved(path=path, language=language, text=text, version=1)
        answer: Json = self._registered["hook"]["onFileSave"](event.model_dump(mode="json")) or []
        return list(payloads.FileSavedResponse.model_validate({"diagnostics": answer}).diagnostics)

    def hook(self, name: str, /, **event: Json) -> None:
        """Run a hook that answers nothing."""
        if name == "onWorkspaceChange":
            event = payloads.WorkspaceChanged.model_validate(event).model_dump(mode="json")
        self._registered["hook"][name](event)

    def stage(self, name: str, /, **request: Json) -> payloads.StageResponse:
        """What a context stage answers."""
        checked = payloads.StageRequest.model_validate(request).model_dump(mode="json")
        answer = self._registered["context_stage"][name](checked)
        return payloads.StageResponse.model_validate(answer or {})

    def tool(self, name: str, /, **arguments: Json) -> Json:
        """What a tool answers."""
        answer = self._registered["tool"][name](arguments)
        return payloads.ToolResponse.model_validate({"result": answer}).result

    def engine(self, name: str, /, **moment: Json) -> str | None:
        """The reason of a veto, or nothing."""
        checked = payloads.EngineMoment.model_validate(moment).model_dump(mode="json")
        return payloads.EngineVerdict(veto=self._registered["engine_hook"][name](checked)).veto

    def told(self, name: str, /, **event: Json) -> None:
        """Tell it of something by `on`."""
        self._registered["on"][name](event)
