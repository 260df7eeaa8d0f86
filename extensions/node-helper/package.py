"""`package.json`: what it says, and where in it that stands."""

import json
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

SECTIONS = ("dependencies", "devDependencies", "peerDependencies", "optionalDependencies")


@dataclass(slots=True)
class Package:
    """One package.json."""

    path: str
    text: str
    told: dict[str, Any]
    doubled: list[str] = field(default_factory=list[str])
    """Names that stand twice in one object."""

    @property
    def folder(self) -> str:
        """Where it stands, with a slash behind it; empty: the top."""
        return self.path[: -len("package.json")]

    @property
    def name(self) -> str:
        """What it calls itself."""
        return _text(self.told.get("name"))

    def section(self, name: str) -> dict[str, str]:
        """One of its sections of names and texts."""
        part = self.told.get(name)
        if not isinstance(part, dict):
            return {}
        return {key: _text(value) for key, value in part.items()}

    def declared(self) -> set[str]:
        """All packages that it names, whatever for."""
        return {name for section in SECTIONS for name in self.section(section)}

    def times(self, section: str, name: str) -> int:
        """How often a name stands in a section."""
        opening = re.search(rf'"{re.escape(section)}"\s*:\s*\{{([^}}]*)', self.text)
        return len(re.findall(rf'"{re.escape(name)}"\s*:', opening[1])) if opening else 0

    def place(self, section: str, name: str = "") -> tuple[int, int, int]:
        """Line, first and last column of a name in a section; of the section without a name."""
        opening = re.search(rf'"{re.escape(section)}"\s*:', self.text)
        if opening is None:
            return 0, 0, 1
        start, end = opening.start(), opening.start() + len(section) + 2
        if name:
            closing = self.text.find("}", opening.end())
            closing = len(self.text) if closing < 0 else closing
            found = re.compile(rf'"{re.escape(name)}"\s*:').search(
                self.text, opening.end(), closing
            )
            if found is not None:
                start, end = found.start(), found.start() + len(name) + 2
        lines = [0, *(match.end() for match in re.finditer("\n", self.text))]
        line = bisect_right(lines, start) - 1
        wide = sum(ord(char) > 0xFFFF for char in self.text[lines[line] : start])
        return line, start - lines[line] + wide, end - lines[line] + wide


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def package_of_text(path: str, text: str) -> Package | None:
    """What a package.json says; None where it is not one."""
    doubled: list[str] = []

    def taken(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        names = [name for name, _ in pairs]
        doubled.extend(dict.fromkeys(name for name in names if names.count(name) > 1))
        return dict(pairs)

    if len(text) > 500_000:
        return None
    try:
        told = json.loads(text, object_pairs_hook=taken)
    except (ValueError, RecursionError):
        return None
    return Package(path, text, told, doubled) if isinstance(told, dict) else None


def manager_of(package: Package, files: set[str]) -> str:
    """The program that runs its scripts: what it says itself, else by the nearest lock."""
    said = _text(package.told.get("packageManager")).partition("@")[0]
    if said in ("npm", "pnpm", "yarn", "bun"):
        return said
    folder = package.folder
    while True:
        for lock, manager in (
            ("pnpm-lock.yaml", "pnpm"),
            ("yarn.lock", "yarn"),
            ("bun.lock", "bun"),
            ("bun.lockb", "bun"),
            ("package-lock.json", "npm"),
        ):
            if folder + lock in files:
                return manager
        if not folder:
            return "npm"
        folder = folder[: folder[:-1].rfind("/") + 1]


def run_words(manager: str, folder: str, script: str) -> list[str]:
    """The command that runs a script of the package in a folder."""
    inside = folder.rstrip("/")
    if not inside:
        return [manager, "run", script]
    if manager == "bun":
        return ["bun", "run", "--cwd", inside, script]
    return [manager, {"npm": "--prefix", "pnpm": "-C"}.get(manager, "--cwd"), inside, "run", script]
