"""The bytes of a package: a ZIP in exactly one spelling, which nothing is ever unpacked from.

Each file is stored as it is, sorted by path, with one time and one mode. A package that we read is
written again and compared: an archive that says anything in another way (compressed, linked, twice,
with other sizes in its two directories, with something behind its end) is not one that
`steward extension pack` wrote, and is refused whole. So two readers cannot differ about it, and
what it holds is never more than its own bytes.
"""

import struct
import zlib
from collections.abc import Mapping

from steward.core.errors import PackageRefusedError
from steward.core.package_limits import (
    PACKAGE_BYTES_MAX,
    PACKAGE_FILES_MAX,
    PACKAGE_PATH_CHARS_MAX,
)
from steward.extensions.packages.paths import OWN_FOLDER, why_not_path, why_not_together

_FILE = struct.Struct("<4s5H3I2H")
_ENTRY = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_FILE_MARK, _ENTRY_MARK, _END_MARK = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_NEEDS = 20
_MADE_BY = 3 << 8 | _NEEDS
"""Unix, so that the mode below counts."""
_UTF8 = 0x800
_DATE = 1 << 5 | 1
"""The first day that a ZIP can name, in 1980."""
_MODE = 0o100644 << 16
_OWN_FILES_MAX = 2


def write_archive(files: Mapping[str, bytes]) -> bytes:
    """The archive of these files: path → content.

    Raises:
        PackageRefusedError: a path, or all of it together, is not what a package may hold.
    """
    _check(files)
    body, directory = bytearray(), bytearray()
    for path, content in sorted(files.items(), key=lambda item: item[0].encode()):
        name = path.encode()
        said = (0, _DATE, zlib.crc32(content), len(content), len(content), len(name))
        directory += _ENTRY.pack(
            _ENTRY_MARK, _MADE_BY, _NEEDS, _UTF8, 0, *said, 0, 0, 0, 0, _MODE, len(body)
        )
        directory += name
        body += _FILE.pack(_FILE_MARK, _NEEDS, _UTF8, 0, *said, 0) + name + content
    end = _END.pack(_END_MARK, 0, 0, len(files), len(files), len(directory), len(body), 0)
    whole = bytes(body + directory + end)
    if len(whole) > PACKAGE_BYTES_MAX:
        raise PackageRefusedError(
            f"The package would have {len(whole)} bytes; the most is {PACKAGE_BYTES_MAX}. Leave out"
            " what the extension does not read."
        )
    return whole


def read_archive(content: bytes) -> dict[str, bytes]:
    """The files of an archive: path → content.

    Raises:
        PackageRefusedError: it is not one that `write_archive` gives.
    """
    if len(content) > PACKAGE_BYTES_MAX:
        raise PackageRefusedError(
            f"The package has {len(content)} bytes; the most is {PACKAGE_BYTES_MAX}."
        )
    files: dict[str, bytes] = {}
    at = 0
    while content[at : at + 4] == _FILE_MARK:
        path, start, end = _file_at(content, at)
        if path in files:
            raise PackageRefusedError(f"The package holds {path[:100]!r} twice.")
        if len(files) >= PACKAGE_FILES_MAX + _OWN_FILES_MAX:
            raise PackageRefusedError(f"The package holds more than {PACKAGE_FILES_MAX} files.")
        files[path] = content[start:end]
        at = end
    if not files or write_archive(files) != content:
        raise _not_ours()
    return files


def _file_at(content: bytes, at: int) -> tuple[str, int, int]:
    """The path of the file that begins there, and where its bytes begin and end."""
    if len(content) - at < _FILE.size:
        raise _not_ours()
    fields = _FILE.unpack_from(content, at)
    size, name_size, extra_size = fields[8], fields[9], fields[10]
    if fields[3] != 0 or extra_size != 0 or name_size > 4 * PACKAGE_PATH_CHARS_MAX:
        raise _not_ours()
    start = at + _FILE.size + name_size
    if start + size > len(content):
        raise _not_ours()
    try:
        return content[at + _FILE.size : start].decode("utf-8"), start, start + size
    except UnicodeDecodeError:
        raise _not_ours() from None


def _check(files: Mapping[str, bytes]) -> None:
    if sum(not path.startswith(f"{OWN_FOLDER}/") for path in files) > PACKAGE_FILES_MAX:
        raise PackageRefusedError(f"A package holds at most {PACKAGE_FILES_MAX} files.")
    for path in files:
        if (why := why_not_path(path)) is not None:
            raise PackageRefusedError(f"A package cannot hold {path[:100]!r}: {why}.")
    if (why := why_not_together(files)) is not None:
        raise PackageRefusedError(f"A package cannot hold both: {why}.")


def _not_ours() -> PackageRefusedError:
    return PackageRefusedError(
        "This is no package as `steward extension pack` writes it, so nobody can say what is in it."
        " Get it again from where it came from, or ask its publisher to pack it."
    )
