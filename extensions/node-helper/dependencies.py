"""Which dependencies are missing, and which nobody uses."""

import re
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from imports import BINS, Import, imports_of, is_tool, maybe_imported
from package import Package, package_of_text

import steward

SOURCES = (".js", ".jsx", ".mjs", ".cjs", ".ts", ".tsx", ".mts", ".cts")
OTHERS = (".vue", ".svelte", ".astro", ".mdx", ".css", ".scss", ".sass", ".less")
"""Files whose imports count as use, but which are no JavaScript."""
_SKIPPED = re.compile(r"(?:^|/)(?:node_modules|dist|build|out|coverage|\.next|vendor)/|\.min\.js$")
_TESTS = re.compile(
    r"(?:^|/)(?:tests?|__tests__|__mocks__|e2e|spec|stories|scripts|\.storybook)/"
    r"|\.(?:test|spec|stories|config|setup)\.[cm]?[jt]sx?$|(?:^|/)[\w.-]*(?:rc|config)\.[cm]?[jt]s$"
)
_CONFIGS = re.compile(
    r"(?:^|/)(?:\.[\w.-]*rc(?:\.json|\.ya?ml)?|[\w.-]*\.config\.[cm]?[jt]s|tsconfig[\w.-]*\.json"
    r"|angular\.json|nx\.json|project\.json|app\.json|babel\.config\.json|turbo\.json"
    r"|[^/]+\.sh|Makefile|[^/]*Dockerfile[^/]*)$|^\.github/workflows/|^\.gitlab-ci\.yml$"
)
CHARS_MAX = 3_000_000
"""Characters of all files together that are read."""
_FILE_CHARS_MAX = 200_000
_TOP_CHARS = 6_000
"""Where imports usually stand."""
_WORK_S = 0.12
"""How long it computes on what it read: about half of what an event may take."""


@dataclass(slots=True)
class Uses:
    """What the files of one package import."""

    maybe: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """Package → files that seem to import it."""
    words: set[str] = field(default_factory=set[str])
    """Words of its configuration files."""


@dataclass(slots=True)
class Workspace:
    """All packages of a workspace and what they use."""

    packages: dict[str, Package] = field(default_factory=dict[str, Package])
    """Folder → its package.json."""
    uses: dict[str, Uses] = field(default_factory=dict[str, Uses])
    aliases: set[str] = field(default_factory=set[str])
    """Beginnings of paths that are no packages."""
    is_whole: bool = True
    """False: not everything could be read, so nothing can be called unused."""
    left_s: float = _WORK_S
    imported: dict[str, list[Import]] = field(default_factory=dict[str, list[Import]])
    """Path → what it imports, of files that were read as code."""

    @contextmanager
    def working(self) -> Generator[None]:
        """Take what is done in this block from the time that is left."""
        started = time.monotonic()  # noqa: TID251  The sandbox has a clock of its own.
        yield
        self.left_s -= time.monotonic() - started  # noqa: TID251
        if self.left_s < 0:
            self.is_whole = False

    def owner(self, path: str) -> str | None:
        """The folder of the package that a file belongs to."""
        folder = path
        while folder:
            folder = folder[: folder[:-1].rfind("/") + 1]
            if folder in self.packages:
                return folder
        return "" if "" in self.packages else None

    def above(self, folder: str) -> list[Package]:
        """The packages in folders around one."""
        return [
            package
            for at, package in self.packages.items()
            if at != folder and folder.startswith(at)
        ]


def survey(files_max: int) -> Workspace:
    """Read the workspace: every package.json, and what the sources import."""
    workspace = Workspace()
    paths = [path for path in steward.list_files("**", limit=10_000) if not _SKIPPED.search(path)]
    for path in paths:
        if path.rpartition("/")[2] == "package.json":
            package = package_of_text(path, _read(path))
            if package is not None:
                workspace.packages[package.folder] = package
                workspace.uses[package.folder] = Uses()
    wanted = [p for p in paths if p.endswith((*SOURCES, *OTHERS)) or _CONFIGS.search(p)]
    workspace.is_whole = len(paths) < 10_000 and len(wanted) <= files_max
    left = CHARS_MAX
    for path in wanted[:files_max]:
        left -= _take(workspace, path)
        if left < 0 or workspace.left_s < 0:
            workspace.is_whole = False
            break
    return workspace


def _take(workspace: Workspace, path: str) -> int:
    """Note what one file uses; how long it is."""
    owner = workspace.owner(path)
    if owner is None:
        return 0
    try:
        text = steward.read_file(path)[:_FILE_CHARS_MAX]
    except (steward.NotFound, steward.Denied, steward.Invalid):
        return 0
    except steward.HostError:
        workspace.is_whole = False
        return 0
    with workspace.working():
        _note(workspace, workspace.uses[owner], path, text)
    return len(text)


def _note(workspace: Workspace, uses: Uses, path: str, text: str) -> None:
    if _CONFIGS.search(path):
        words = set(re.findall(r"[@\w./-]+", text))
        # `node_modules/.bin/name` names it too.
        uses.words |= words | {word.rpartition("/")[2] for word in words}
        if "tsconfig" in path or "jsconfig" in path:
            found = re.search(r'"paths"\s*:\s*\{([^}]*)\}', text)
            keys = re.findall(r'"([^"]+)"\s*:', found[1]) if found else []
            workspace.aliases |= {key.rstrip("*").rstrip("/") for key in keys}
    for name in maybe_imported(text):
        uses.maybe.setdefault(name, []).append(path)


def _read(path: str) -> str:
    try:
        return steward.read_file(path)
    except steward.HostError:
        return ""


@dataclass(frozen=True, slots=True)
class Missing:
    """A package that is imported and not declared."""

    package: str
    path: str
    line: int
    is_dev: bool
    """Declared, but only for development."""


def missing(workspace: Workspace, folder: str) -> list[Missing]:
    """Packages that the files in a package's folder import and that are declared nowhere."""
    package = workspace.packages[folder]
    shipped = not package.told.get("private") and any(
        key in package.told for key in ("main", "exports", "bin", "module")
    )
    # What `engines` names is brought by whatever runs this: `vscode` of an editor's extension.
    local = {each.name for each in workspace.packages.values()} | set(package.section("engines"))
    declared = package.declared()
    inherited = {name for above in workspace.above(folder) for name in above.declared()}
    only_dev = set(package.section("devDependencies")) - {
        name
        for section in ("dependencies", "peerDependencies", "optionalDependencies")
        for name in package.section(section)
    }
    found: list[Missing] = []
    for name, paths in sorted(workspace.uses[folder].maybe.items()):
        if name in declared | inherited | local and not (shipped and name in only_dev):
            continue
        if _is_alias(workspace, name):
            continue
        is_dev = name in declared
        types = f"@types/{name.lstrip('@').replace('/', '__')}"
        has_types = types in declared | inherited
        place = _confirmed(workspace, paths, name, is_dev=is_dev, has_types=has_types)
        if place is not None:
            found.append(Missing(name, *place, is_dev))
    return found


def _is_alias(workspace: Workspace, name: str) -> bool:
    return any(
        name == alias or name.startswith(f"{alias}/") for alias in workspace.aliases if alias
    )


def _confirmed(
    workspace: Workspace, paths: list[str], name: str, *, is_dev: bool, has_types: bool
) -> tuple[str, int] | None:
    """The first place that imports it, read as code."""
    for path in paths[:10]:
        if not path.endswith(SOURCES) or (is_dev and _TESTS.search(path)):
            continue
        for found in _imports(workspace, path, name):
            only_types = found.is_type and (has_types or is_dev)
            if found.package == name and not only_types:
                return path, found.line
    return None


def _imports(workspace: Workspace, path: str, name: str) -> list[Import]:
    """What a file imports; its top is enough where the name stands there."""
    known = workspace.imported.get(path, [])
    if workspace.left_s < 0 or any(each.package == name for each in known):
        return known
    text = _read(path)
    with workspace.working():
        known = imports_of(path, text[:_TOP_CHARS])
        if len(text) > _TOP_CHARS and all(each.package != name for each in known):
            known = imports_of(path, text)
    workspace.imported[path] = known
    return known


def unused(workspace: Workspace, folder: str) -> list[str]:
    """Dependencies that nothing of a package speaks of; none where not all could be read."""
    if not workspace.is_whole:
        return []
    package = workspace.packages[folder]
    # What stands at the top serves every package below.
    around = [at for at in workspace.uses if at.startswith(folder)]
    used = {name for at in around for name in workspace.uses[at].maybe}
    words = {word for at in around for word in workspace.uses[at].words}
    spoken = words | _words_of(package)
    spoken |= {BINS[word] for word in spoken if word in BINS}
    names = [*package.section("dependencies"), *package.section("devDependencies")]
    return [
        name
        for name in dict.fromkeys(names)
        if name not in used | spoken
        and name.rpartition("/")[2] not in spoken
        and not is_tool(name)
        and not _is_peer_of_used(name, used)
    ]


def _words_of(package: Package) -> set[str]:
    """Words of everything in a package.json but the dependencies themselves."""
    rest = {
        key: value
        for key, value in package.told.items()
        if not key.lower().endswith("dependencies")
    }
    return set(re.findall(r"[@\w./-]+", repr(rest)))


def _is_peer_of_used(name: str, used: set[str]) -> bool:
    """Whether it is there because another needs it: `react-dom` of frameworks with React."""
    return name in ("react", "react-dom") and any(
        each in used for each in ("react", "next", "gatsby", "@remix-run/react")
    )
