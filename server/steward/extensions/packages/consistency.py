"""Whether a manifest fits itself and the files beside it: pure, and told all at once."""

from collections.abc import Iterable, Iterator, Mapping
from typing import get_args

from steward.core.errors import InvalidInputError
from steward.extensions.capability import Capability
from steward.extensions.manifest import MANIFEST_NAME, Grant, Manifest
from steward.extensions.packages.paths import OWN_FOLDER, why_not_path
from steward.extensions.packages.schemas import why_no_config, why_no_tool_schema
from steward.extensions.payloads import StatePart
from steward.permissions.globs import is_name_in

_ENDINGS = {"python": ".py", "javascript": ".js", "component": ".wasm"}
_WITH_GLOBS: frozenset[Capability] = frozenset(
    ("files.read", "files.propose", "command.run", "state.read", "events.emit")
)
"""The capabilities that can be narrowed."""
_OF_FILES: frozenset[Capability] = frozenset(("files.read", "files.propose"))
_NO_GLOB = "?[]{}!"
_SHOWN_MAX = 20


def check(manifest: Manifest, files: Mapping[str, bytes]) -> None:
    """Let it pass, or say everything that does not fit.

    Raises:
        InvalidInputError: something does not.
    """
    wrong = [*_of_files(manifest, files), *_of_names(manifest), *_of_schemas(manifest)]
    wrong += [*_of_capabilities(manifest), *_of_globs(manifest)]
    if wrong:
        lines = "\n".join(f"- {each}" for each in wrong[:_SHOWN_MAX])
        raise InvalidInputError(f"{MANIFEST_NAME} of {manifest.id!r} does not fit:\n{lines}")


def needed(manifest: Manifest) -> Mapping[Capability, str]:
    """The capabilities without which a part of the manifest would do nothing, and which part."""
    found: dict[Capability, str] = {}
    if any(hook.event in ("onFileSave", "onWorkspaceChange") for hook in manifest.hooks):
        found["files.read"] = "a hook on files"
    if manifest.context_stages:
        found["context.change"] = "a context stage"
    if manifest.tools:
        found["tools.offer"] = "a tool"
    if manifest.panels:
        found["panels.show"] = "a panel"
    if any(not hook.veto for hook in manifest.engine_hooks):
        found["engine.observe"] = "an engine hook"
    if any(hook.veto for hook in manifest.engine_hooks):
        found["engine.veto"] = "an engine hook with `veto`"
    return found


def _of_files(manifest: Manifest, files: Mapping[str, bytes]) -> Iterator[str]:
    ending = _ENDINGS[manifest.runtime]
    if not manifest.entry.endswith(ending):
        yield f"`entry` of runtime {manifest.runtime!r} must end in {ending!r}"
    if why_not_path(manifest.entry) is not None or manifest.entry not in files:
        yield f"`entry` is {manifest.entry[:100]!r}, and no such file is there; add it, or name it"
    if any(path.startswith(f"{OWN_FOLDER}/") for path in files):
        yield f"the folder {OWN_FOLDER!r} belongs to packages; give yours another name"


def _of_names(manifest: Manifest) -> Iterator[str]:
    named: Mapping[str, list[str]] = {
        "commands": [each.id for each in manifest.commands],
        "context_stages": [each.id for each in manifest.context_stages],
        "tools": [each.name for each in manifest.tools],
        "panels": [each.id for each in manifest.panels],
        "hooks": [each.event for each in manifest.hooks],
        "engine_hooks": [f"{each.time}-{each.point}" for each in manifest.engine_hooks],
        "permission_scope": [each.capability for each in manifest.permission_scope],
    }
    for field, names in named.items():
        for name in _repeated(names):
            yield f"`{field}` has {name!r} twice; leave one out"
    commands = set(named["commands"])
    for menu in manifest.menus:
        if menu.command not in commands:
            yield f"a menu runs the command {menu.command!r}, which `commands` does not have"
    for hook in manifest.engine_hooks:
        if hook.veto and hook.time != "before":
            yield f"{hook.time}-{hook.point} cannot veto: only `before` comes early enough"


def _of_schemas(manifest: Manifest) -> Iterator[str]:
    for tool in manifest.tools:
        for name, schema in (
            ("input_schema", tool.input_schema),
            ("output_schema", tool.output_schema),
        ):
            if schema is not None and (why := why_no_tool_schema(schema)) is not None:
                yield f"`{name}` of the tool {tool.name!r}: {why}"
        if tool.input_schema.get("type") != "object":
            yield f"`input_schema` of the tool {tool.name!r} must have `type: object`"
    if manifest.config and (why := why_no_config(manifest.config)) is not None:
        yield f"`config`: {why}"


def _of_capabilities(manifest: Manifest) -> Iterator[str]:
    declared = {grant.capability for grant in manifest.permission_scope}
    for capability, part in needed(manifest).items():
        if capability not in declared:
            yield f"{part} needs {capability!r}; add it to `permission_scope` with its reason"


def _of_globs(manifest: Manifest) -> Iterator[str]:
    for grant in manifest.permission_scope:
        yield from _of_grant(grant)
    paths = [glob for hook in manifest.hooks for glob in hook.globs]
    for when in [each.when for each in (*manifest.commands, *manifest.menus)]:
        paths += [*when.files, *when.workspace_has]
    for glob in paths:
        if (why := _why_no_path_glob(glob)) is not None:
            yield f"the glob {glob!r} {why}"


def _of_grant(grant: Grant) -> Iterator[str]:
    if grant.globs and grant.capability not in _WITH_GLOBS:
        yield f"{grant.capability!r} cannot be narrowed; leave its `globs` out"
    if grant.capability in _OF_FILES:
        for glob in grant.globs:
            if (why := _why_no_path_glob(glob)) is not None:
                yield f"the glob {glob!r} of {grant.capability!r} {why}"
    if grant.capability == "state.read":
        for glob in grant.globs:
            if not any(is_name_in(part, glob) for part in get_args(StatePart)):
                parts = ", ".join(get_args(StatePart))
                yield f"'state.read' knows no part {glob!r}; there are {parts}"


def _why_no_path_glob(glob: str) -> str | None:
    if any(each in glob for each in _NO_GLOB):
        return "is none: only `*` and `**` stand for something; write two globs for two endings"
    if glob.startswith(("/", "~")) or "\\" in glob or ".." in glob.split("/"):
        return "must be relative to the workspace and stay in it"
    return None


def _repeated(names: Iterable[str]) -> tuple[str, ...]:
    seen: set[str] = set()
    return tuple(dict.fromkeys(name for name in names if name in seen or seen.add(name)))
