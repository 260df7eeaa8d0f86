"""An installed extension as the sandbox takes it."""

from steward.core.errors import InvalidInputError
from steward.extensions.manifest import MANIFEST_NAME
from steward.extensions.packages.installed import Installed
from steward.extensions.payloads import LoadRequest
from steward.sandbox.wasm.guest import Guest

_SOURCES = {"python": (".py",), "javascript": (".js", ".mjs", ".cjs"), "component": ()}
_NO_DATA = (".py", ".js", ".mjs", ".cjs", ".wasm", ".pyc")


def guest_of(installed: Installed) -> Guest:
    """The extension with its sources and its data files that are text.

    Raises:
        InvalidInputError: a source is no text, or what is to be loaded is not there.
    """
    manifest = installed.manifest
    if manifest.entry not in installed.files:
        raise InvalidInputError(
            f"{manifest.id!r} has no file {manifest.entry!r}, which its manifest names as `entry`."
        )
    sources = _SOURCES[manifest.runtime]
    files: dict[str, str] = {}
    for path, content in installed.files.items():
        is_source = path.endswith(sources)
        if path == MANIFEST_NAME or (not is_source and path.endswith(_NO_DATA)):
            continue
        try:
            files[path] = content.decode("utf-8")
        except UnicodeDecodeError as error:
            if is_source:
                raise InvalidInputError(f"The file {path!r} is no UTF-8 text.") from error
    bundle = LoadRequest(
        id=manifest.id,
        version=manifest.version,
        api_version=manifest.api_version,
        entry=manifest.entry,
        files=files,
    )
    component = installed.files[manifest.entry] if manifest.runtime == "component" else None
    return Guest(manifest.id, manifest.runtime, bundle.model_dump_json(), component)
