"""Node helper: scripts of package.json, its dependencies, and the version of Node."""

from typing import Any, Literal

from dependencies import Missing, missing, survey, unused
from package import SECTIONS, Package, manager_of, package_of_text, run_words
from versions import fits, loose, said_versions

import steward

Request = dict[str, Any]
_ON_SAVE_FILES_MAX = 400
_BY_COMMAND_FILES_MAX = 3000
_OUTPUT_CHARS_MAX = 20_000


@steward.hook("onFileSave")
def on_save(event: Request) -> list[dict[str, Any]]:
    """Remarks on a package.json that was saved."""
    package = package_of_text(event["path"], event["text"])
    if package is None or "node_modules/" in event["path"]:
        return []
    remarks = _versions(package) + _engines(package)
    if steward.config("check_on_save"):
        remarks += _dependencies(package)
    return remarks


def _remark(
    package: Package,
    section: str,
    name: str,
    message: str,
    code: str,
    severity: Literal["error", "warning", "information"] = "warning",
) -> dict[str, Any]:
    line, start, end = package.place(section, name)
    return steward.diagnostic(line, start, end, message, severity, code)


def _versions(package: Package) -> list[dict[str, Any]]:
    ignored = set(steward.config("ignore"))
    remarks: list[dict[str, Any]] = []
    seen: dict[str, str] = {}
    for section in SECTIONS:
        for name, version in package.section(section).items():
            if name in ignored:
                continue
            wrong = loose(version) if section != "peerDependencies" else None
            if wrong is not None:
                message = f"{name}: {version!r} {wrong}."
                remarks.append(_remark(package, section, name, message, "loose-version"))
            if name in seen and "peerDependencies" not in (section, seen[name]):
                message = f"{name} stands in {seen[name]} too: one of them is enough."
                remarks.append(_remark(package, section, name, message, "doubled"))
            seen.setdefault(name, section)
        for name in package.doubled:
            if package.times(section, name) > 1:
                message = f"{name} stands twice here; only the last counts."
                remarks.append(_remark(package, section, name, message, "doubled"))
    return remarks


def _engines(package: Package) -> list[dict[str, Any]]:
    wanted = package.section("engines").get("node", "")
    if not wanted:
        return []
    if fits("18", wanted) is None:
        message = f"{wanted!r} is no range of versions that npm reads."
        return [_remark(package, "engines", "node", message, "engines", "error")]
    return [
        _remark(
            package,
            "engines",
            "node",
            f"This wants Node {wanted}, and {path} (line {line + 1}) uses {version}.",
            "engines",
        )
        for path, version, line in _said(package)
        if fits(version, wanted) is False
    ]


def _said(package: Package) -> list[tuple[str, str, int]]:
    """Where the version of Node is named for this package, which, and in which line."""
    folders = {package.folder, ""}
    found: list[tuple[str, str, int]] = []
    volta = package.section("volta").get("node", "")
    if volta:
        found.append((package.path, volta, package.place("volta", "node")[0]))
    for path in steward.list_files("**", limit=10_000):
        folder, _, name = path.rpartition("/")
        is_own = f"{folder}/".lstrip("/") in folders and not name.endswith((".yml", ".yaml"))
        is_shared = path.startswith((".github/workflows/", ".gitlab-ci", ".circleci/"))
        if not (is_own or is_shared):
            continue
        if name.endswith((".js", ".jsx", ".ts", ".tsx", ".json", ".css")):
            continue
        try:
            text = steward.read_file(path)[:100_000]
        except steward.HostError:
            continue
        found += [(path, version, line) for version, line in said_versions(path, text)]
    return found


def _dependencies(package: Package) -> list[dict[str, Any]]:
    workspace = survey(_ON_SAVE_FILES_MAX)
    # What is being saved is newer than what was read.
    workspace.packages[package.folder] = package
    if package.folder not in workspace.uses:
        return []
    ignored = set(steward.config("ignore"))
    remarks = [
        _remark(package, "dependencies", "", _missing_words(each), "missing-dependency")
        for each in missing(workspace, package.folder)
        if each.package not in ignored
    ]
    for name in unused(workspace, package.folder):
        if name not in ignored:
            section = "dependencies" if name in package.section("dependencies") else SECTIONS[1]
            message = f"Nothing imports {name}, and no script or configuration names it."
            remarks.append(
                _remark(package, section, name, message, "unused-dependency", "information")
            )
    return remarks


def _missing_words(each: Missing) -> str:
    where = f"{each.path} (line {each.line + 1}) imports {each.package}"
    if each.is_dev:
        return f"{where}, which is here for development only: whoever installs this lacks it."
    return f"{where}, which is not declared."


@steward.command("check-dependencies")
def check_dependencies(_: Request) -> str:
    """Look at every package of the workspace."""
    workspace = survey(_BY_COMMAND_FILES_MAX)
    if not workspace.packages:
        return "There is no package.json in this workspace."
    ignored = set(steward.config("ignore"))
    entries: list[dict[str, Any]] = []
    idle: list[dict[str, Any]] = []
    for folder, package in sorted(workspace.packages.items()):
        entries += [
            {
                "label": each.package,
                "detail": _missing_words(each),
                "path": each.path,
                "line": each.line,
            }
            for each in missing(workspace, folder)
            if each.package not in ignored
        ]
        for name in unused(workspace, folder):
            section = "dependencies" if name in package.section("dependencies") else SECTIONS[1]
            line = package.place(section, name)[0]
            if name not in ignored:
                idle.append({"label": name, "path": package.path, "line": line})
    blocks = [
        steward.items("Missing", entries[:500]),
        steward.items("Nothing uses", idle[:500]),
    ]
    if not workspace.is_whole:
        note = "Not everything could be read, so nothing is called unused."
        blocks.append(steward.markdown(note))
    steward.show_panel("dependencies", *blocks)
    return f"{len(entries)} missing, {len(idle)} unused."


@steward.command("scripts")
def scripts(_: Request) -> str:
    """List the scripts of every package."""
    blocks: list[dict[str, Any]] = []
    count = 0
    for package in _packages():
        named = package.section("scripts")
        count += len(named)
        listed = [
            {
                "label": name,
                "detail": said[:400],
                "path": package.path,
                "line": package.place("scripts", name)[0],
            }
            for name, said in named.items()
        ]
        if listed:
            blocks.append(steward.items(package.name or package.path, listed[:500]))
    if not count:
        return "There is no package.json with scripts in this workspace."
    runs = [
        {"label": f"Run {name}", "command": f"run-{name}"}
        for name in ("test", "build", "start")
        if any(_script_of(package, name) for package in _packages()[:1])
    ]
    if runs:
        blocks.insert(0, steward.items("Of the first package", runs))
    steward.show_panel("scripts", *blocks[:100])
    return f"{count} scripts."


def _packages() -> list[Package]:
    found: list[Package] = []
    for path in steward.list_files("**/package.json", limit=200):
        if "node_modules/" not in path:
            try:
                package = package_of_text(path, steward.read_file(path))
            except steward.HostError:
                continue
            if package is not None:
                found.append(package)
    return sorted(found, key=lambda package: (package.folder.count("/"), package.folder))


@steward.command("run-script")
def run_script(request: Request) -> str:
    """Run the script in front, or the one that is named."""
    arguments = request.get("arguments")
    named = arguments.get("script", "") if isinstance(arguments, dict) else ""
    path = request["place"]["path"] or ""
    packages = _packages()
    here = [package for package in packages if package.path == path]
    if not named and here and request["place"]["range"] is not None:
        line = request["place"]["range"]["start"]["line"]
        named = next(
            (
                name
                for name in here[0].section("scripts")
                if here[0].place("scripts", name)[0] == line
            ),
            "",
        )
    named = named or request["place"]["selection"].strip().strip('"')
    if not named:
        return 'Put the cursor on a script in package.json, or name one: {"script": "test"}.'
    return _run(here or _nearest(packages, path), named)


@steward.command("run-test")
def run_test(request: Request) -> str:
    """Run the tests of the package in front."""
    return _run(_nearest(_packages(), request["place"]["path"] or ""), "test")


@steward.command("run-build")
def run_build(request: Request) -> str:
    """Build the package in front."""
    return _run(_nearest(_packages(), request["place"]["path"] or ""), "build")


@steward.command("run-start")
def run_start(request: Request) -> str:
    """Start the package in front."""
    return _run(_nearest(_packages(), request["place"]["path"] or ""), "start")


def _nearest(packages: list[Package], path: str) -> list[Package]:
    """The packages around a file, nearest first, then the others."""
    return sorted(
        packages, key=lambda package: -len(package.folder) if path.startswith(package.folder) else 1
    )


def _script_of(package: Package, name: str) -> str:
    """The script of this name; for `start` also `dev`."""
    named = package.section("scripts")
    if name in named:
        return name
    return "dev" if name == "start" and "dev" in named else ""


def _run(packages: list[Package], name: str) -> str:
    package = next((each for each in packages if _script_of(each, name)), None)
    if package is None:
        return f"No package.json has a script {name!r}."
    script = _script_of(package, name)
    locks = set(steward.list_files("**", limit=10_000))
    argv = run_words(manager_of(package, locks), package.folder, script)
    said = package.section("scripts")[script]
    reason = f"the script {script} of {package.path}: {said}"[:300]
    result = steward.run_command(argv, reason=reason, timeout_s=steward.config("timeout_s"))
    output = result.output[-_OUTPUT_CHARS_MAX:]
    fence = "```"
    while fence in output:
        fence += "`"
    steward.show_panel(
        "output",
        steward.markdown(f"`{' '.join(argv)}`: {result.verdict}"),
        steward.markdown(f"{fence}\n{output}\n{fence}"),
    )
    return f"{script}: {result.verdict}"
