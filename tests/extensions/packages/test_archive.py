"""Packages that somebody made to get out, to overflow, or to be taken for another."""

import io
import random
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from steward.core.errors import InvalidInputError, PackageRefusedError, StewardError
from steward.core.package_limits import PACKAGE_BYTES_MAX
from steward.extensions.packages.archive import read_archive, write_archive
from steward.extensions.packages.folder import read_folder
from steward.extensions.packages.package import Author, pack, verified
from steward.extensions.packages.registries import checked
from steward.extensions.packages.signing import public_of, signature_of
from steward.extensions.packages.statement import (
    SIGNATURE_NAME,
    STATEMENT_NAME,
    Statement,
    digests,
    leads_to,
    rotated,
)
from tests.extensions.packages.making import ACME, MALLORY, packed, sources


def test_the_same_files_make_the_same_bytes_and_any_unzip_reads_them() -> None:
    files = {**sources(), "data/colours.json": b"[]", "README.md": "Größe\n".encode()}
    content = pack(files, ACME)
    assert content == pack(dict(reversed(files.items())), ACME)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        names = set(archive.namelist())
        assert names == {*files, STATEMENT_NAME, SIGNATURE_NAME}
        assert all(archive.read(name) == kept for name, kept in files.items())
    assert verified(content).files == files


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "a/../../b",
        "a/./b",
        "/etc/x",
        "C:/x",
        "C:\\x",
        "..\\x",
        "a//b",
        "a/",
        "",
        "nul",
        "aux.txt",
        "a/COM1.py",
        "a.",
        "a ",
        " a",
        "a:b",
        "a\nb",
        "a\x00b",
        "a\u202eb",
        "e\u0301.py",
        "\u212a.txt",
        ".env",
        ".npmrc",
        ".git/config",
        "x/.vscode/tasks.json",
        "sitecustomize.py",
        "id_rsa",
        "server.pem",
        "x" * 201,
        "/".join("abcdefghijk"),
        f"{'ä' * 60}/x",
    ],
)
def test_a_path_that_means_something_elsewhere_is_refused_however_it_was_packed(path: str) -> None:
    with pytest.raises(PackageRefusedError, match="cannot hold"):
        pack({**sources(), path: b"x"}, ACME)
    with pytest.raises(PackageRefusedError):
        verified(by_hand({**sources(), path: b"x"}))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Readme.md", "README.md"),
        ("straße.txt", "strasse.txt"),
        ("a", "a/b"),
        ("A/x", "a/y"),
        ("of\ufb01ce.txt", "office.txt"),
    ],
)
def test_paths_that_are_one_on_some_file_systems_are_refused_together(one: str, other: str) -> None:
    files = {**sources(), one: b"1", other: b"2"}
    with pytest.raises(PackageRefusedError, match="on some file systems"):
        pack(files, ACME)
    with pytest.raises(PackageRefusedError):
        verified(by_hand(files))


def by_hand(
    files: dict[str, bytes], change: Callable[[zipfile.ZipInfo], None] | None = None
) -> bytes:
    """A ZIP with a right signature over whatever it holds, as somebody else's program writes it."""
    statement = Statement(
        id="acme.painter",
        version="1.0.0",
        sequence=1,
        key=public_of(ACME.seed),
        manifest=digests(files)["extension.yaml"],
        files=digests(files),
    )
    text = statement.spelled()
    own = {STATEMENT_NAME: text.encode()}
    own[SIGNATURE_NAME] = signature_of(ACME.seed, "package", text).encode()
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for path, content in {**files, **own}.items():
            info = zipfile.ZipInfo(path or "x")
            if change is not None:
                change(info)
            archive.writestr(info, content)
    return made.getvalue()


def _link(info: zipfile.ZipInfo) -> None:
    info.external_attr = (stat.S_IFLNK | 0o777) << 16


def _device(info: zipfile.ZipInfo) -> None:
    info.external_attr = (stat.S_IFCHR | 0o666) << 16


def _squeezed(info: zipfile.ZipInfo) -> None:
    info.compress_type = zipfile.ZIP_DEFLATED


def _commented(info: zipfile.ZipInfo) -> None:
    info.comment = b"../"


@pytest.mark.parametrize("change", [_link, _device, _squeezed, _commented])
def test_links_devices_and_anything_compressed_are_no_package(
    change: Callable[[zipfile.ZipInfo], None],
) -> None:
    with pytest.raises(PackageRefusedError, match="no package as"):
        verified(by_hand(sources(), change))


def test_bombs_are_refused_before_they_unfold() -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("extension.yaml", b"\0" * 20_000_000)
    sparse = io.BytesIO()
    with tarfile.open(fileobj=sparse, mode="w") as tar:
        for name, kind in (("hard", tarfile.LNKTYPE), ("soft", tarfile.SYMTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, "/etc/passwd"
            tar.addfile(info)
    many = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0x800, 0, 0, 33, 0, 0, 0, 1, 0) + b"a"
    lying = struct.pack("<4s5H3I2H", b"PK\x03\x04", 20, 0x800, 0, 0, 33, 0, 0, 2**32 - 1, 1, 0)
    for content in (
        made.getvalue(),
        sparse.getvalue(),
        b"".join(many.replace(b"a", bytes([97 + at % 26])) for at in range(600)),
        b"".join(many[:-1] + bytes([33 + at % 90]) for at in range(60_000)),
        lying + b"a" * 100,
        b"PK\x03\x04",
        b"",
        b"\0" * (PACKAGE_BYTES_MAX + 1),
    ):
        with pytest.raises(PackageRefusedError):
            verified(content)


def test_a_file_that_is_there_twice_is_refused_wherever_the_other_one_stands() -> None:
    made = io.BytesIO(packed())
    with (
        zipfile.ZipFile(made, "a") as archive,
        pytest.warns(UserWarning, match="Duplicate"),
    ):
        archive.writestr("extension.yaml", b"id: other.one")
    with pytest.raises(PackageRefusedError):
        verified(made.getvalue())
    whole = packed()
    with pytest.raises(PackageRefusedError):
        verified(whole + whole)
    with pytest.raises(PackageRefusedError):
        verified(whole + b"\0")


def test_every_one_of_a_thousand_flipped_bytes_is_noticed() -> None:
    content = packed(files={"data.bin": bytes(range(256)) * 8})
    chance = random.Random(10)
    places = [chance.randrange(len(content)) for _ in range(1000)]
    for place in places:
        changed = bytearray(content)
        changed[place] ^= 1 << chance.randrange(8)
        with pytest.raises(StewardError):
            verified(bytes(changed))


def test_a_signature_is_needed_and_is_of_this_package_by_this_key() -> None:
    mine, other = read_archive(packed()), read_archive(packed("2.0.0"))
    stripped = {
        path: kept for path, kept in mine.items() if path not in (STATEMENT_NAME, SIGNATURE_NAME)
    }
    with pytest.raises(PackageRefusedError, match="Nobody signed"):
        verified(write_archive(stripped))
    for changed in (
        {**mine, SIGNATURE_NAME: other[SIGNATURE_NAME]},
        {**mine, SIGNATURE_NAME: mine[SIGNATURE_NAME].upper()},
        {**mine, SIGNATURE_NAME: mine[SIGNATURE_NAME] + b"\n"},
        {**mine, SIGNATURE_NAME: b"\xff" * 128},
        {**mine, "main.py": b"evil()"},
        {**mine, "more.py": b"evil()"},
        {**mine, STATEMENT_NAME: other[STATEMENT_NAME], SIGNATURE_NAME: other[SIGNATURE_NAME]},
        {**mine, STATEMENT_NAME: mine[STATEMENT_NAME].replace(b'":', b'" :')},
        {**mine, STATEMENT_NAME: b"[" * 100_000},
        {**mine, STATEMENT_NAME: b'{"a":' * 40_000},
    ):
        with pytest.raises(PackageRefusedError):
            verified(write_archive(changed))
    forged = verified(packed(author=MALLORY))
    assert forged.key == public_of(MALLORY.seed)  # Whose key it is, the store decides.


def test_a_signature_for_one_thing_is_none_for_another() -> None:
    files = sources()
    text = Statement(
        id="acme.painter",
        version="1.0.0",
        sequence=1,
        key=public_of(ACME.seed),
        manifest=digests(files)["extension.yaml"],
        files=digests(files),
    ).spelled()
    for purpose in ("review", "index", "rotation"):
        signature = signature_of(ACME.seed, purpose, text).encode()
        with pytest.raises(PackageRefusedError):
            verified(
                write_archive({**files, STATEMENT_NAME: text.encode(), SIGNATURE_NAME: signature})
            )


def test_a_change_of_keys_counts_only_where_the_old_key_signed_it() -> None:
    ours, theirs = public_of(ACME.seed), public_of(MALLORY.seed)
    right = rotated("acme", ACME.seed, ours, theirs)
    assert leads_to((right,), "acme", ours, theirs)
    forged = rotated("acme", MALLORY.seed, ours, theirs)
    other = rotated("other", ACME.seed, ours, theirs)
    for wrong in (forged, other, right.model_copy(update={"publisher": "other"})):
        assert not leads_to((wrong,), "acme", ours, theirs)
    with pytest.raises(PackageRefusedError, match="was not signed"):
        verified(packed(author=Author(MALLORY.seed, (forged,))))
    assert verified(packed(author=Author(MALLORY.seed, (right,)))).rotations == (right,)


async def test_a_check_that_takes_too_long_is_a_refusal() -> None:
    with pytest.raises(PackageRefusedError, match="could not be checked"):
        await checked(packed(), within_s=0)


def test_a_folder_is_packed_without_what_is_nobodys_business(tmp_path: Path) -> None:
    for path, content in {
        **sources(),
        ".env": b"TOKEN=1",
        ".git/config": b"",
        "__pycache__/main.pyc": b"",
        "tests/test_main.py": b"",
        "setup.py": b"raise SystemExit",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    found = read_folder(tmp_path)
    assert set(found.files) == {"extension.yaml", "main.py", "setup.py"}
    assert found.left_out == [".env", ".git/", "__pycache__/", "tests/"]
    (tmp_path / "link.py").symlink_to("/etc/hostname")
    with pytest.raises(PackageRefusedError, match="link"):
        read_folder(tmp_path)
    with pytest.raises(InvalidInputError):
        read_folder(tmp_path / "none")


@settings(max_examples=40)
@given(
    files=st.dictionaries(
        st.from_regex(r"[a-z]{1,6}(/[a-z]{1,6}){0,2}\.[a-z]{1,3}", fullmatch=True),
        st.binary(max_size=200),
        max_size=8,
    )
)
def test_what_was_packed_is_what_is_read(files: dict[str, bytes]) -> None:
    whole = {**files, **sources()}
    try:
        content = pack(whole, Author(bytes(32)))
    except PackageRefusedError:
        return  # A device, or a file and a folder of one name.
    assert verified(content).files == whole
