"""Extensions to pack, authors to pack them, and a store on an empty database."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from steward.core.clock import ManualClock
from steward.core.database import Database
from steward.core.principal import Principal
from steward.extensions.packages.kept import Place as Packages
from steward.extensions.packages.package import Author, Verified, pack, verified
from steward.extensions.packages.store import PackageStore
from steward.extensions.settings import ExtensionsSettings
from steward.permissions.seal import approval_seal

ADA = Principal("ada", "s1", "/w")
BOB = Principal("bob", "s2", "/w")
ACME = Author(bytes(range(32)))
MALLORY = Author(bytes(range(1, 33)))
NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)

MANIFEST = """\
id: {id}
name: Painter
version: {version}
publisher: Acme Corp
api_version: "1.0"
description: Paints what you save.
entry: main.py
commands:
  - {{id: paint, title: Paint it}}
hooks:
  - {{event: onFileSave, globs: ["**/*.py"]}}
permission_scope:
  - {{capability: files.read, globs: ["src/**"], reason: To see what to paint.}}
  - {{capability: messages.show, reason: To say that it is done.}}
{more}"""
MAIN = b'import steward\n\n\n@steward.command("paint")\ndef paint(request):\n    return "painted"\n'


def manifest(version: str = "1.0.0", more: str = "", extension: str = "acme.painter") -> bytes:
    return MANIFEST.format(version=version, more=more, id=extension).encode()


def sources(
    version: str = "1.0.0", more: str = "", extension: str = "acme.painter"
) -> dict[str, bytes]:
    return {"extension.yaml": manifest(version, more, extension), "main.py": MAIN}


def packed(
    version: str = "1.0.0",
    more: str = "",
    *,
    extension: str = "acme.painter",
    author: Author = ACME,
    files: Mapping[str, bytes] | None = None,
) -> bytes:
    return pack({**sources(version, more, extension), **(files or {})}, author)


def release(version: str = "1.0.0", more: str = "", **made: object) -> Verified:
    return verified(packed(version, more, **made))  # pyright: ignore[reportArgumentType]


def store(
    database: Database,
    folder: Path,
    *,
    chosen: ExtensionsSettings | None = None,
    shipped: Path | None = None,
) -> PackageStore:
    seal = approval_seal(folder, lambda: "5" * 64)
    place = Packages(folder / "extensions", (shipped,) if shipped else ())
    return PackageStore(database, ManualClock(NOON), seal, place, chosen or ExtensionsSettings())
