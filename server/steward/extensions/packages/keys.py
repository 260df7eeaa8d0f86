"""Authors' keys: a file each in the person's own configuration folder, which nobody else can read.

A key bears the name of the publisher it signs for; registries and reviewers have one, too. When it
is replaced, the old one signs that, so that those who know the old one follow.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from steward.core.errors import InvalidInputError, NotFoundError, UnavailableError
from steward.core.package_limits import AUTHOR_KEY_BYTES_MAX, ROTATIONS_MAX
from steward.core.private_files import read_private, write_private
from steward.extensions.packages.package import Author
from steward.extensions.packages.signing import SEED_BYTES, Hex32, public_of
from steward.extensions.packages.statement import Rotation, Signed, parsed, rotated

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
_SUFFIX = ".key"


class _KeyFile(Signed):
    """What the file of a key holds."""

    seed: Hex32
    rotations: tuple[Rotation, ...] = ()


@dataclass(frozen=True, slots=True)
class AuthorKeys:
    """The keys of one person. Everything here blocks."""

    folder: Path
    fresh: Callable[[], bytes]
    """Gives `SEED_BYTES` random bytes."""

    def new(self, name: str) -> Author:
        """A new key under this name.

        Raises:
            InvalidInputError: the name is none, or there is a key of this name.
        """
        file = self._file(name)
        if read_private(file, 1) is not None:
            raise InvalidInputError(
                f"There is a key {name!r} already, in {str(file)!r}. To replace it, run `steward"
                f" extension key rotate {name}`: those who know the old one then follow."
            )
        author = Author(self._seed())
        self._write(file, author)
        return author

    def load(self, name: str) -> Author:
        """The key of this name.

        Raises:
            NotFoundError: there is none.
            InvalidInputError: somebody else could have read it.
        """
        file = self._file(name)
        content = read_private(file, AUTHOR_KEY_BYTES_MAX + 1)
        if content is None:
            raise NotFoundError(
                f"There is no key {name!r}. `steward extension key new {name}` makes one; if you"
                " have one elsewhere, put its file into"
                f" {str(self.folder)!r}."
            )
        found = parsed(_KeyFile, content.rstrip(b"\n"), f"The key in {str(file)!r}")
        return Author(bytes.fromhex(found.seed), found.rotations)

    def rotate(self, name: str) -> Author:
        """Another key in the place of this one, with the old one's signature under that."""
        before = self.load(name)
        if len(before.rotations) >= ROTATIONS_MAX:
            raise InvalidInputError(f"The key {name!r} was replaced {ROTATIONS_MAX} times already.")
        seed = self._seed()
        change = rotated(name, before.seed, public_of(before.seed), public_of(seed))
        author = Author(seed, (*before.rotations, change))
        self._write(self._file(name), author)
        return author

    def names(self) -> tuple[str, ...]:
        """The names of all keys."""
        return tuple(sorted(file.stem for file in self.folder.glob(f"*{_SUFFIX}")))

    def _file(self, name: str) -> Path:
        if _NAME.fullmatch(name) is None or len(name) > 60:
            raise InvalidInputError(
                f"{name[:60]!r} is no name for a key: small letters, digits and hyphens, as in the"
                " part before the dot of your extensions' ids."
            )
        return self.folder / f"{name}{_SUFFIX}"

    def _seed(self) -> bytes:
        seed = self.fresh()
        if len(seed) != SEED_BYTES:
            raise InvalidInputError(f"A key is made of {SEED_BYTES} random bytes.")
        return seed

    def _write(self, file: Path, author: Author) -> None:
        content = _KeyFile(seed=author.seed.hex(), rotations=author.rotations).spelled() + "\n"
        try:
            write_private(file, content.encode(), may_replace=True)
        except OSError as error:
            raise UnavailableError(
                f"The key cannot be written to {str(file)!r}: {error.strerror}."
            ) from error
