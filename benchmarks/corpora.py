"""Other people's code to cut holes into: fetched once, checked, and never part of the project."""

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Literal

from benchmarks.holes import Source

FOLDER = Path(__file__).parents[1] / ".corpora"
_FILE_BYTES_MAX = 200_000
_FETCH_S = 300.0
_SUFFIXES = {"python": ".py", "typescript": ".ts", "go": ".go"}


@dataclass(frozen=True, slots=True)
class Package:
    """One release of a package under a permissive licence."""

    language: Literal["python", "typescript", "go"]
    name: str
    version: str
    licence: str
    file: str
    sha256: str
    is_held_out: bool
    """Whether it is measured on; the others are what the code was tuned on."""
    under: str = ""
    """The folder within it that is looked at."""


def _packages() -> tuple[Package, ...]:
    named = tomllib.loads((Path(__file__).parent / "packages.toml").read_text("utf-8"))
    return tuple(Package(**package) for package in named["package"])


PACKAGES = _packages()


def sources(*, is_held_out: bool, language: str) -> list[Source]:
    """The files of a language's packages; fetches those that are not there yet."""
    return [
        source
        for package in PACKAGES
        if package.is_held_out == is_held_out and package.language == language
        for source in _files(package, _fetched(package))
    ]


def _fetched(package: Package) -> Path:
    """The package's file, with the bytes that are named here."""
    path = FOLDER / package.file
    if not path.exists():
        FOLDER.mkdir(exist_ok=True)
        command = _command(package)
        if shutil.which(command[0]) is None:
            raise SystemExit(f"{package.name} is fetched with {command[0]}, which is not here.")
        subprocess.run(command, cwd=FOLDER, check=True, capture_output=True, timeout=_FETCH_S)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != package.sha256:
        raise SystemExit(f"{path} is not the {package.name} that is measured: {found}.")
    return path


def _command(package: Package) -> list[str]:
    match package.language:
        case "python":
            wanted = f"{package.name}=={package.version}"
            pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps"]
            return [*pip, "--only-binary", ":all:", wanted]
        case "typescript":
            return ["npm", "pack", "--silent", f"{package.name}@{package.version}"]
        case "go":
            return ["apt-get", "download", "-q", f"{package.name}={package.version}"]


def _files(package: Package, path: Path) -> Iterator[Source]:
    suffix = _SUFFIXES[package.language]
    for name, data in _members(path):
        is_code = name.endswith(suffix) and not name.endswith(".d.ts")
        if is_code and package.under in name and len(data) <= _FILE_BYTES_MAX:
            text = data.decode("utf-8", "replace")
            yield Source(package.name, name.removeprefix("./"), package.language, text)


def _members(path: Path) -> Iterator[tuple[str, bytes]]:
    """The files of an archive, in the order of their names."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as archive:
            for name in sorted(archive.namelist()):
                yield name, archive.read(name)
        return
    data = path.read_bytes()
    if path.suffix == ".deb":
        data = subprocess.run(
            ["dpkg-deb", "--fsys-tarfile", path], check=True, capture_output=True, timeout=_FETCH_S
        ).stdout
    with tarfile.open(fileobj=BytesIO(data)) as archive:
        for member in sorted(archive.getmembers(), key=lambda member: member.name):
            if member.isfile() and (file := archive.extractfile(member)):
                yield member.name, file.read()
