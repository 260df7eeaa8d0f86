"""Which versions of the API are served, the newest first, and how a manifest of each is read.

A version that changed gets a folder of its own, whose `read` turns what was written for it into
today's manifest. Older ones stay. What is not here is refused, and never guessed.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from steward.core.errors import InvalidInputError
from steward.extensions.manifest import Manifest
from steward.extensions.versions.v1 import reading as v1

_WRITTEN = re.compile(r"(\d{1,3})\.(\d{1,3})")


@dataclass(frozen=True, slots=True)
class ApiVersion:
    """One version of the API."""

    number: tuple[int, int]
    world: str
    """The WIT world that its extensions are written against."""
    read: Callable[[Mapping[str, object]], Manifest]

    @property
    def name(self) -> str:
        """As a manifest writes it."""
        return f"{self.number[0]}.{self.number[1]}"


SERVED: tuple[ApiVersion, ...] = (ApiVersion((1, 0), v1.WORLD, v1.read),)
"""The newest first."""


def version_of(written: object) -> ApiVersion:
    """The version that a manifest names; a smaller one of the same generation is served too.

    Raises:
        InvalidInputError: there is no such version, or not here.
    """
    newest = SERVED[0].name
    # YAML reads 1.0 without quotes as a number; this one number can only mean one version.
    text = "1.0" if written == 1.0 else written
    found = _WRITTEN.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise InvalidInputError(
            f'`api_version` must be written as "{newest}", in quotes: the version of the API that'
            " the extension was written for."
        )
    number = int(found[1]), int(found[2])
    for each in SERVED:
        if each.number[0] == number[0] and each.number >= number:
            return each
    if number > SERVED[0].number:
        raise InvalidInputError(
            f"It was written for version {text} of the extension API; this Steward serves up to"
            f" {newest}. Install a newer Steward, or an older release of the extension."
        )
    raise InvalidInputError(
        f"It was written for version {text} of the extension API, which is not served any more;"
        f" the oldest that is, is {SERVED[-1].name}. Ask its publisher for a newer release."
    )
