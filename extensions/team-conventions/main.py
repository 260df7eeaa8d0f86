"""A team's rules: checked on save and over the workspace, and shown to models."""

from collections import Counter
from typing import Any

from checks import Finding, checked, in_words, rules_of
from rules import Rules, read

import steward

_SWEEP_WORK_MAX = 700_000
"""What one call of the command may cost, as of a save."""
_SWEEP_CHARS_MAX = 4_000_000
"""So much is read in one call; no call is told more than twice that."""
_FILE_COSTS = 2_000
_FOUND_MAX = 5_000
_ROWS_MAX = 500
_CONTEXT_CHARS_MAX = 4000
_FIRST_RULES = "example.yaml"


class _Known:
    """The rules as they were read last; they are read again only if the text differs."""

    def __init__(self) -> None:
        self._text: str | None = None
        self._rules = Rules()

    def now(self) -> Rules:
        """The rules of the file as it is now; none where there is no file."""
        try:
            return self.of(steward.read_file(steward.config("rules_file")))
        except steward.NotFound:
            return Rules()

    def of(self, text: str) -> Rules:
        """The rules that a text says."""
        if text != self._text:
            self._text, self._rules = text, read(text)
        return self._rules


_known = _Known()


@steward.hook("onFileSave")
def saved(event: dict[str, Any]) -> list[dict[str, Any]]:
    """Remarks on what breaks a rule, or on the rules themselves."""
    path, text = event["path"], event["text"]
    if path == steward.config("rules_file"):
        return [_at_line(text, each.line, each.message) for each in _known.of(text).problems]
    found = checked(path, text, _known.now().rules)
    remarks = [_remark(each) for each in found.findings][:999]
    if not found.is_whole:
        message = "This file is too large for all rules of your team: not all were checked."
        remarks.append(steward.diagnostic(0, 0, 0, message, "information", "too-large"))
    return remarks


@steward.context_stage("conventions")
def conventions(request: dict[str, Any]) -> dict[str, Any]:
    """The rules of the files that a model sees, so that it keeps to them."""
    if not steward.config("in_context") or request["task"] in _TOO_QUICK:
        return {}
    paths = list(dict.fromkeys(each["path"] for each in request["pieces"] if each["path"]))[:200]
    if not paths or not (rules := _known.now().rules):
        return {}
    lines: list[str] = []
    for rule in rules:
        about = [path for path in paths if rules_of(path, (rule,))]
        if about:
            where = "all of them" if len(about) == len(paths) else ", ".join(about[:5])
            lines.append(f"- {rule.id} ({where}): {in_words(rule)}")
    text = "\n".join(lines)
    if len(text) > _CONTEXT_CHARS_MAX:
        text = text[:_CONTEXT_CHARS_MAX].rpartition("\n")[0] + "\n- … and more rules"
    title = "conventions of this team for these files"
    return {"add": [{"title": title, "path": None, "text": text}]} if text else {}


_TOO_QUICK = frozenset(("ghost_text", "completion", "next_edit"))
"""A suggestion while you type has no room for rules and no time to follow them."""


class _Sweep:
    """The check of the whole workspace, as far as it has come: one call has little time."""

    def __init__(self, rules: Rules, paths: list[str], of: int) -> None:
        self.rules = rules
        self.left = paths
        self.of = of
        """Files that a rule is about, also those beyond the bound."""
        self.read = 0
        self.found: list[tuple[str, Finding]] = []

    def go_on(self) -> None:
        """Check as many more files as one call may."""
        work, characters = _SWEEP_WORK_MAX, _SWEEP_CHARS_MAX
        while self.left and work > 0 and characters > 0:
            path = self.left[0]
            try:
                text = steward.read_file(path)
            except steward.HostError:  # It is gone, no text, too large or kept from extensions.
                text = ""
            characters -= len(text.encode("utf-8", "replace"))
            result = checked(path, text, self.rules.rules)
            work -= _FILE_COSTS + result.cost
            # The first is taken whatever it costs, so that each call comes on.
            if work < 0 and work + _FILE_COSTS + result.cost < _SWEEP_WORK_MAX:
                break
            self.found += [(path, each) for each in result.findings]
            self.read += 1
            self.left.pop(0)
        del self.found[_FOUND_MAX:]


_sweeps: list[_Sweep] = []
"""The one that has not come to its end, if any."""


@steward.command("check-workspace")
def check_workspace(_: dict[str, Any]) -> str | None:
    """Check every file that a rule is about, as many as one call can; the next call goes on."""
    known = _known.now()
    if not known.rules:
        return _no_rules(known)
    sweep = _sweeps.pop() if _sweeps else None
    if sweep is None or sweep.rules is not known:
        every = steward.list_files("**", 10_000)
        about = [path for path in every if rules_of(path, known.rules)]
        sweep = _Sweep(known, about[: steward.config("files_max")], len(about))
    sweep.go_on()
    if sweep.left:
        _sweeps.append(sweep)
    steward.show_panel("findings", *_blocks(sweep))
    return None


@steward.command("rules")
def rules_here(request: dict[str, Any]) -> str | None:
    """Which rules the file in front is under."""
    known = _known.now()
    path = request["place"]["path"]
    if not known.rules:
        return _no_rules(known)
    if path is None:
        return "Open a file first."
    under = rules_of(path, known.rules)
    rows = [[rule.id, rule.severity, in_words(rule)[:480]] for rule in under]
    if not rows:
        return f"No rule is about {path}."
    table = steward.table(f"Rules of {path}"[:480], ["Rule", "Severity", "What it wants"], rows)
    steward.show_panel("findings", table)
    return None


@steward.command("begin")
def begin(_: dict[str, Any]) -> str:
    """Propose a first rules file."""
    path = steward.config("rules_file")
    try:
        steward.read_file(path)
    except steward.NotFound:
        change = {"do": "write", "path": path, "new_text": steward.resource(_FIRST_RULES)}
        steward.propose_edit("Begin a file of team conventions", [change])
        return f"{path} is proposed; keep what fits your team."
    return f"{path} is there already."


def _no_rules(known: Rules) -> str:
    path = steward.config("rules_file")
    if known.problems:
        first = known.problems[0]
        return f"{path}, line {first.line + 1}: {first.message}."
    return f"There are no rules in {path}. “Begin a Rules File” proposes some."


def _remark(found: Finding) -> dict[str, Any]:
    return steward.diagnostic(
        found.line, found.start, found.end, found.message[:2000], found.severity, found.rule
    )


def _at_line(text: str, line: int, message: str) -> dict[str, Any]:
    lines = text.split("\n")
    end = len(lines[line].rstrip("\r")) if line < len(lines) else 0
    return steward.diagnostic(line, 0, end, message[:2000], "error", "rules-file")


def _blocks(sweep: _Sweep) -> list[dict[str, Any]]:
    found = sweep.found
    places = "1 place" if len(found) == 1 else f"{len(found):,} places"
    files = "1 file" if sweep.read == 1 else f"{sweep.read:,} files"
    breaks = "breaks" if len(found) == 1 else "break"
    said = f"{places} in {files} {breaks} a rule."
    if sweep.left:
        said += f" {len(sweep.left):,} files are left: run the command again to go on."
    if beyond := sweep.of - sweep.read - len(sweep.left):
        said += f" {beyond:,} more files that a rule is about are beyond `files_max`."
    if problems := sweep.rules.problems:
        said += f" {len(problems)} rules could not be read: open the rules file and save it."
    by_rule = Counter(each.rule for _, each in found)
    entries = [
        {
            "label": f"{path}:{each.line + 1}"[-480:],
            "detail": f"{each.rule}: {each.message}"[:480],
            "path": path,
            "line": each.line,
        }
        for path, each in found[:_ROWS_MAX]
    ]
    blocks = [steward.markdown(said)]
    if by_rule:
        rows = [[rule, f"{count:,}"] for rule, count in by_rule.most_common()]
        blocks.append(steward.table("By rule", ["Rule", "Places"], rows))
        more = "" if len(found) <= _ROWS_MAX else f" (the first {_ROWS_MAX})"
        blocks.append(steward.items(f"Places{more}", entries))
    return blocks
