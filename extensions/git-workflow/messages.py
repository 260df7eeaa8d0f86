"""Messages of commits in the way of Conventional Commits 1.0.0: made, and checked."""

import re
from dataclasses import dataclass
from pathlib import PurePosixPath

from diffs import Changed

_HEADER = re.compile(
    r"(?P<type>[^\s(:!]+)(?:\((?P<scope>[^()]*)\))?(?P<breaking>!)?: (?P<subject>.+)"
)
_TESTS = re.compile(
    r"(?:^|/)(?:tests?|__tests__|spec|e2e)/|(?:^|/)test_[^/]*$|[._](?:test|spec)\.\w+$|Tests?\.\w+$"
)
_DOCS = re.compile(
    r"\.(?:md|mdx|rst|adoc|txt)$|(?:^|/)(?:docs?|LICENSE|CHANGELOG|README)(?:/|[^/]*$)"
)
_CI = re.compile(r"^\.github/|^\.gitlab-ci|^\.circleci/|^azure-pipelines|^Jenkinsfile|^\.travis")
_BUILD = re.compile(
    r"(?:^|/)(?:package(?:-lock)?\.json|pnpm-lock\.yaml|yarn\.lock|bun\.lockb?|pyproject\.toml"
    r"|requirements[^/]*\.(?:txt|lock|in)|poetry\.lock|uv\.lock|Cargo\.(?:toml|lock)"
    r"|go\.(?:mod|sum)|Makefile|[^/]*Dockerfile[^/]*|pom\.xml|build\.gradle(?:\.kts)?"
    r"|Gemfile(?:\.lock)?|setup\.(?:py|cfg))$"
)
_STYLE = re.compile(r"(?:^|/)\.(?:editorconfig|prettierrc|eslintrc|ruff)[^/]*$")
_ROOTS = frozenset(
    ("src", "lib", "app", "apps", "packages", "server", "client", "clients", "crates")
)
_PAST = re.compile(
    r"(?:added|fixed|changed|removed|updated|renamed|moved|adds|fixes|changes|removes|updates)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a project allows in its messages."""

    types: tuple[str, ...]
    scopes: tuple[str, ...] = ()
    """Empty: any."""
    subject_max: int = 72


@dataclass(frozen=True, slots=True)
class Kind:
    """Type and scope of a commit, and why."""

    type: str
    scope: str
    why: str


def kind_of(files: list[Changed], branch: str, rules: Rules) -> Kind:
    """Type and scope of a change, from its paths first, then from its branch and its lines."""
    scope = _scope([file.path for file in files], rules)
    paths = [file.path for file in files]
    for type_, pattern, what in (
        ("test", _TESTS, "tests"),
        ("ci", _CI, "files of the CI"),
        # Before documents: requirements.txt is no text to read.
        ("build", _BUILD, "files of the build"),
        ("docs", _DOCS, "documents"),
        ("style", _STYLE, "rules of style"),
    ):
        if all(pattern.search(path) for path in paths) and type_ in rules.types:
            return Kind(type_, scope, f"only {what} are changed")
    code = [file for file in files if not (_TESTS.search(file.path) or _DOCS.search(file.path))]
    named = _type_of_branch(branch, rules)
    if named:
        return Kind(named, scope, f"the branch is called {branch}")
    if any(file.state == "new" or file.defined for file in code):
        made = next((file.defined[0] for file in code if file.defined), "a file")
        return Kind(_allowed("feat", rules), scope, f"{made} is new")
    if all(file.state == "deleted" for file in code):
        return Kind(_allowed("refactor", rules), scope, "files only go")
    added, removed = sum(file.added for file in code), sum(file.removed for file in code)
    if removed > added * 2:
        return Kind(_allowed("refactor", rules), scope, "more goes than comes")
    return Kind(_allowed("fix", rules), scope, "what was there is changed, and nothing is new")


def _allowed(type_: str, rules: Rules) -> str:
    return type_ if type_ in rules.types else rules.types[0]


def _type_of_branch(branch: str, rules: Rules) -> str:
    word = branch.partition("/")[0].lower() if "/" in branch else ""
    word = {"feature": "feat", "bugfix": "fix", "hotfix": "fix", "doc": "docs"}.get(word, word)
    return word if word in rules.types else ""


def _scope(paths: list[str], rules: Rules) -> str:
    """The folder that all paths share, below what only sorts: `packages/cart/…` is cart."""
    folders = [PurePosixPath(path).parent.parts for path in paths]
    shared: list[str] = []
    for parts in zip(*folders, strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    named = [part for part in shared if part not in _ROOTS and not part.startswith(".")]
    scope = named[0] if named else ""
    if not scope and len(paths) == 1 and _is_code(paths[0]):
        scope = PurePosixPath(paths[0]).name.partition(".")[0]
    scope = re.sub(r"[^\w.-]+", "-", scope).strip("-").lower()
    if rules.scopes and scope not in rules.scopes:
        parts = {part.lower() for path in paths for part in PurePosixPath(path).parts}
        scope = next((each for each in rules.scopes if each.lower() in parts), "")
    return scope


def _is_code(path: str) -> bool:
    return not (_TESTS.search(path) or _DOCS.search(path) or _BUILD.search(path))


def plain_subject(files: list[Changed]) -> str:
    """A subject by rules alone."""
    defined = [name for file in files for name in file.defined]
    if len(files) == 1:
        name = PurePosixPath(files[0].path).name
        verb = {"new": "add", "deleted": "remove"}.get(files[0].state, "change")
        if verb == "change" and defined:
            return f"add {defined[0]} to {name}"
        return f"{verb} {name}"
    if defined:
        return f"add {defined[0]}" + (f" and {len(defined) - 1} more" if len(defined) > 1 else "")
    states = {file.state for file in files}
    verb = {"new": "add", "deleted": "remove"}.get(next(iter(states)), "change")
    return f"{verb if len(states) == 1 else 'change'} {len(files)} files"


def subject_of_answer(answer: str, rules: Rules, header: str) -> str:
    """A subject out of what a model said; empty: there is none in it."""
    lines = [line.strip() for line in answer.split("\n") if line.strip().strip("`")]
    line = lines[0] if lines else ""
    line = re.sub(r"^[-*>\s]+", "", line).strip("`\"' ")
    found = _HEADER.fullmatch(line)
    if found is not None and found["type"] in rules.types:
        line = found["subject"]
    line = "".join(char for char in line if char.isprintable()).rstrip(". ")
    if line[:2] != line[:2].upper():
        line = line[:1].lower() + line[1:]
    room = rules.subject_max - len(header)
    return line if len(line) <= room else line[:room].rpartition(" ")[0]


def ticket_in(branch: str, pattern: str) -> str:
    """The ticket that a branch names."""
    try:
        found = re.search(pattern, branch[:200]) if pattern else None
    except re.error:
        return ""
    return found[0] if found else ""


def faults(message: str, rules: Rules) -> list[str]:
    """What is wrong with a message, in words; none: nothing."""
    lines = [line for line in message.strip("\n").split("\n") if not line.startswith("#")]
    header = lines[0] if lines else ""
    if not header.strip():
        return ["There is no message."]
    if re.match(r"Merge |Revert |fixup!|squash!|amend!", header):
        return []
    found = _HEADER.fullmatch(header)
    if found is None:
        return [f"{header!r} is not `type(scope): subject`, with a space behind the colon."]
    said = [*_kind_faults(found, rules), *_subject_faults(found["subject"])]
    if len(header) > rules.subject_max:
        said.append(
            f"The first line has {len(header)} characters; {rules.subject_max} is the most."
        )
    if len(lines) > 1 and lines[1].strip():
        said.append("The second line must be empty.")
    is_told = re.search(r"^breaking[ -]change(?!:)", message, re.MULTILINE | re.IGNORECASE)
    if found["breaking"] is None and is_told:
        said.append("Write `BREAKING CHANGE: …` or put `!` before the colon.")
    return said


def _kind_faults(header: re.Match[str], rules: Rules) -> list[str]:
    said: list[str] = []
    if header["type"] not in rules.types:
        said.append(f"{header['type']!r} is no type here; there are {', '.join(rules.types)}.")
    scope: str | None = header["scope"]
    if scope is not None and not scope.strip():
        said.append("The scope is empty: leave its parentheses out.")
    elif scope and rules.scopes and scope not in rules.scopes:
        said.append(f"{scope!r} is no scope here; there are {', '.join(rules.scopes)}.")
    return said


def _subject_faults(subject: str) -> list[str]:
    said: list[str] = []
    if subject.endswith("."):
        said.append("The subject ends with a full stop.")
    if subject != subject.strip():
        said.append("The subject begins or ends with a space.")
    if _PAST.match(subject):
        said.append(f"Say what it does, not what was done: {subject.split()[0]!r}.")
    return said


@dataclass(frozen=True, slots=True)
class Commit:
    """A commit as the log tells it."""

    id: str
    subject: str
    body: str
    type: str
    scope: str
    is_breaking: bool


def commits_in(log: str) -> list[Commit]:
    """The commits of a log, newest first: a line of id, date and author, then the message."""
    found: list[Commit] = []
    for block in re.split(r"\n\n(?=[0-9a-f]{7,40} )", log.strip("\n")):
        head, _, rest = block.partition("\n")
        lines = [line.removeprefix("    ") for line in rest.split("\n")]
        header = lines[0].strip() if lines else ""
        if not header:
            continue
        body = "\n".join(lines[1:]).strip()
        match = _HEADER.fullmatch(header)
        found.append(
            Commit(
                head.split(" ")[0],
                match["subject"] if match else header,
                body,
                match["type"] if match else "",
                (match["scope"] or "") if match else "",
                bool(match and match["breaking"]) or "BREAKING CHANGE:" in body,
            )
        )
    return found
