"""What a publisher signs: which files a package has, whose it is, and which release it is."""

import hashlib
from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from steward.core.audit import canonical
from steward.core.errors import PackageRefusedError
from steward.core.package_limits import ROTATIONS_MAX, SEQUENCE_MAX, STATEMENT_BYTES_MAX
from steward.extensions.manifest import ExtensionId, Version
from steward.extensions.packages.paths import OWN_FOLDER
from steward.extensions.packages.signing import Hex32, Hex64, is_signed, signature_of

STATEMENT_NAME = f"{OWN_FOLDER}/statement.json"
SIGNATURE_NAME = f"{OWN_FOLDER}/signature.txt"

ReleaseNumber = Annotated[int, Field(ge=1, le=SEQUENCE_MAX)]
Publisher = Annotated[str, Field(pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*$", max_length=78)]


class Signed(BaseModel):
    """Something that is signed as canonical JSON."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)

    def spelled(self) -> str:
        """The one spelling that is signed."""
        return canonical(self.model_dump(mode="json"))


class Rotation(Signed):
    """A publisher's change from one key to another, signed with the old one."""

    publisher: Publisher
    old: Hex32
    new: Hex32
    signature: Hex64

    def is_valid(self) -> bool:
        """Whether the old key's holder said it."""
        return is_signed(self.old, "rotation", _said(self), self.signature)


class Statement(Signed):
    """What is signed of a package."""

    format: Literal[1] = 1
    id: ExtensionId
    version: Version
    sequence: ReleaseNumber
    """Rises with each release; an older one never takes the place of a newer one."""
    key: Hex32
    manifest: Hex32
    files: dict[str, Hex32]
    """Path → SHA-256, the manifest among them."""
    rotations: tuple[Rotation, ...] = Field(default=(), max_length=ROTATIONS_MAX)
    """How the publisher came to this key, the oldest change first."""


def rotated(publisher: str, old_seed: bytes, old: str, new: str) -> Rotation:
    """The change of a publisher's key, signed with the old one."""
    draft = Rotation(publisher=publisher, old=old, new=new, signature="0" * 128)
    return draft.model_copy(update={"signature": signature_of(old_seed, "rotation", _said(draft))})


def leads_to(rotations: tuple[Rotation, ...], publisher: str, pinned: str, key: str) -> bool:
    """Whether the publisher went from the pinned key to this one, each change signed."""
    at = pinned
    for each in rotations:
        if each.old == at and each.publisher == publisher and each.is_valid():
            at = each.new
    return at == key


def publisher_of(extension: str) -> str:
    """The publisher in an extension's id."""
    return extension.partition(".")[0]


def sequence_of(version: str) -> int:
    """The sequence of a release where its author names none: rises as its version does."""
    major, minor, patch = (min(int(part), 99_999) for part in version.split("."))
    return (major * 100_000 + minor) * 100_000 + patch + 1


def digests(files: Mapping[str, bytes]) -> dict[str, str]:
    """Path → SHA-256 of what is there."""
    return {path: hashlib.sha256(content).hexdigest() for path, content in files.items()}


S = TypeVar("S", bound=Signed)


def parsed(kind: type[S], content: bytes, what: str, bytes_max: int = STATEMENT_BYTES_MAX) -> S:
    """What was signed, from its bytes, which must be its one spelling.

    Raises:
        PackageRefusedError: they are not.
    """
    try:
        if len(content) > bytes_max:
            raise PackageRefusedError(f"{what} is larger than {bytes_max} bytes.")
        text = content.decode("utf-8")
        found = kind.model_validate_json(text)
    except (UnicodeDecodeError, ValidationError):
        raise PackageRefusedError(f"{what} is not what `steward extension` writes.") from None
    if found.spelled() != text:
        raise PackageRefusedError(f"{what} is not written in the one way that can be signed.")
    return found


def _said(rotation: Rotation) -> str:
    return canonical([rotation.publisher, rotation.old, rotation.new])
