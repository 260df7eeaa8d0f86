"""An extension in the real sandbox, with somebody who stands in for Steward around it."""

import asyncio
import hashlib
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from pydantic import JsonValue, ValidationError

from steward.core.errors import InvalidInputError
from steward.extensions.authoring.stand_in import StandIn
from steward.extensions.authoring.topics import models_of
from steward.extensions.bundle import guest_of
from steward.extensions.capability import Capability
from steward.extensions.host.arguments import payload_in
from steward.extensions.manifest import MANIFEST_NAME, Manifest
from steward.extensions.packages.consistency import check
from steward.extensions.packages.folder import read_folder
from steward.extensions.packages.installed import Installed
from steward.extensions.packages.manifest_file import read_manifest
from steward.extensions.payloads import FileSaved, LoadResponse, Payload
from steward.extensions.registered import why_not_registered
from steward.extensions.telling import ms_for
from steward.sandbox.wasm.worker import Workers

P = TypeVar("P", bound=Payload)


class Package:
    """The extension in a folder, as it would be installed: everything it asks for is granted."""

    def __init__(self, manifest: Manifest, files: Mapping[str, bytes]) -> None:
        self.manifest = manifest
        self.files = files

    def stand_in(self) -> StandIn:
        """Somebody who stands in for Steward, with nothing in the workspace."""
        granted = set[Capability](grant.capability for grant in self.manifest.permission_scope)
        return StandIn(self.manifest, granted=granted)

    def installed(self, stand_in: StandIn) -> Installed:
        """It as it runs in a test."""
        digest = hashlib.sha256()
        for path, content in sorted(self.files.items()):
            digest.update(f"{path}\0{len(content)}\0".encode() + content)
        return Installed(
            self.manifest,
            self.files,
            digest.hexdigest(),
            is_shipped=False,
            granted=frozenset(stand_in.granted),
            state="enabled",
            config=stand_in.config,
        )


def read_package(folder: Path) -> Package:
    """The extension that an author writes in this folder. Blocks.

    Raises:
        InvalidInputError: there is none, or its manifest does not fit.
        PackageRefusedError: the folder holds what no package may.
    """
    files = read_folder(folder).files
    if MANIFEST_NAME not in files:
        raise InvalidInputError(
            f"There is no {MANIFEST_NAME} in {str(folder)!r}. Name the folder of an extension, or"
            " make one with `steward extension new`."
        )
    manifest = read_manifest(files[MANIFEST_NAME])
    check(manifest, files)
    return Package(manifest, files)


class Trial:
    """One loaded extension, and what happens when it is given events."""

    def __init__(self, workers: Workers, package: Package, stand_in: StandIn) -> None:
        self._workers = workers
        self.package = package
        self.stand_in = stand_in

    async def handle(self, topic: str, payload: Mapping[str, Any]) -> dict[str, JsonValue]:
        """What the extension answers to an event, checked, with every default filled in.

        Raises:
            InvalidInputError: the payload or the answer is not what the topic's schema says.
            StewardError: the extension failed or was stopped.
        """
        request_model, answer_model = models_of(topic)
        request = self._request(topic, request_model, payload)
        text = await self._workers.handle(
            self.package.manifest.id,
            topic,
            request.model_dump_json(),
            within_ms=ms_for(request),
        )
        try:
            answer = payload_in(answer_model, text)
        except InvalidInputError as error:
            raise InvalidInputError(
                f"The answer to {topic!r} is not what the API says: {error} It was {text[:500]!r}."
            ) from None
        return answer.model_dump(mode="json")

    def _request(self, topic: str, model: type[P], payload: Mapping[str, Any]) -> P:
        values = dict(payload)
        if model is FileSaved:
            values = {"language": "", "version": 1} | values
            path, text = values.get("path"), values.get("text")
            if isinstance(path, str) and isinstance(text, str):
                self.stand_in.files[path] = text
        try:
            return model.model_validate(values)
        except ValidationError as error:
            first = error.errors(include_url=False, include_context=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "the whole"
            raise InvalidInputError(
                f"The test's payload of {topic!r} is not what the API says: {where}:"
                f" {first['msg']}."
            ) from None


@asynccontextmanager
async def on_trial(workers: Workers, package: Package, stand_in: StandIn) -> AsyncGenerator[Trial]:
    """The extension, loaded and heard; unloaded at the end.

    Raises:
        InvalidInputError: what it registered is not what its manifest says.
        StewardError: it could not be loaded; a fault of its code names the author's own line.
    """
    guest = await asyncio.to_thread(guest_of, package.installed(stand_in))
    registered = payload_in(LoadResponse, await workers.load(guest, stand_in, is_shipped=False))
    try:
        _check_registered(package.manifest, registered)
        yield Trial(workers, package, stand_in)
    finally:
        await workers.unload(guest.id)


def _check_registered(manifest: Manifest, registered: LoadResponse) -> None:
    """Let it pass where the code registered what the manifest names, no less and no more."""
    more = why_not_registered(manifest, registered)
    wrong = [] if more is None else [f"- {more}"]
    for part, named, made in (
        ("commands", [each.id for each in manifest.commands], registered.commands),
        ("hooks", [each.event for each in manifest.hooks], registered.hooks),
        (
            "context_stages",
            [each.id for each in manifest.context_stages],
            registered.context_stages,
        ),
        ("tools", [each.name for each in manifest.tools], registered.tools),
        (
            "engine_hooks",
            [f"{each.time}-{each.point}" for each in manifest.engine_hooks],
            registered.engine_hooks,
        ),
    ):
        # It would be offered, and do nothing.
        wrong += [
            f"- `{part}` in the manifest names {name!r}, and the code registers none of that name."
            for name in named
            if name not in made
        ]
    if wrong:
        raise InvalidInputError(
            f"{MANIFEST_NAME} and the code of {manifest.id!r} differ:\n" + "\n".join(wrong)
        )
