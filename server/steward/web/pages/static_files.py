"""What pages need besides HTML: styles, scripts and the icon, each under a name of its own."""

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from fastapi import APIRouter, Request
from fastapi.responses import Response

from steward.core.errors import NotFoundError

router = APIRouter()

_FOLDER = Path(__file__).parent / "static"
_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
"""What is served at all: licences and notes lie in the same folder, and stay there."""
_DIGEST_CHARS = 12


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file as it is sent."""

    content: bytes
    type: str
    digest: str
    """The beginning of the content's SHA-256: other content has another address."""


@cache
def static_files() -> Mapping[str, StaticFile]:
    """Name → file, of all that the package carries; read once, as they never change."""
    found: dict[str, StaticFile] = {}
    for file in sorted(_FOLDER.rglob("*")):
        if file.suffix in _TYPES:
            content = file.read_bytes()
            digest = hashlib.sha256(content).hexdigest()[:_DIGEST_CHARS]
            name = file.relative_to(_FOLDER).as_posix()
            found[name] = StaticFile(content, _TYPES[file.suffix], digest)
    return found


def static_address(name: str) -> str:
    """Where a browser finds a file, such as `/static/1f2e3d4c5b6a/style.css`."""
    return f"/static/{static_files()[name].digest}/{name}"


@router.get("/static/{digest}/{name:path}")
async def send_static_file(request: Request, digest: str, name: str) -> Response:
    """One file. It is looked up by name among those that we carry; no path is ever opened."""
    found = (await asyncio.to_thread(static_files)).get(name)
    if found is None:
        raise NotFoundError("There is no such file.")
    # Another server of the team may be of another version: then nobody shall keep this one.
    is_asked_for = digest == found.digest
    headers = {
        "cache-control": "public, max-age=31536000, immutable" if is_asked_for else "no-cache",
        "etag": f'"{found.digest}"',
        "x-content-type-options": "nosniff",
    }
    if request.headers.get("if-none-match") == headers["etag"]:
        return Response(status_code=304, headers=headers)
    return Response(found.content, headers=headers, media_type=found.type)
