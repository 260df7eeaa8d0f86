"""`steward policy check`: which policy counts for runs with nobody to ask, and why one does not."""

import argparse
import json

from steward.app.headless import read_policy
from steward.cli.shell import Shell, say
from steward.core.errors import StewardError
from steward.permissions.policy_file import PolicyRule, StandingPolicy

_KINDS = ("plans", "commands", "edits", "commits", "deny")


def check(shell: Shell, arguments: argparse.Namespace) -> int:
    """Say what counts; leaves with 1 if a policy is there and does not count."""
    settings = shell.settings
    if arguments.file is not None:
        chosen = {"policy_file": arguments.file.absolute()}
        permissions = settings.permissions.model_copy(update=chosen)
        settings = settings.model_copy(update={"permissions": permissions})
    file = str(settings.permissions.policy_file)
    try:
        policy = read_policy(settings, arguments.workspace)
    except StewardError as error:
        _tell(arguments, {"file": file, "counts": False, "problem": str(error)}, f"{error}\n")
        return 1
    if policy is None:
        none = f"There is no policy at {file!r}, so a run with nobody to ask is denied everything."
        _tell(arguments, {"file": file, "counts": False, "problem": ""}, f"{none}\n")
        return 0
    value = {"file": file, "counts": True, "problem": "", "sha256": policy.digest}
    written = policy.written.model_dump(mode="json")
    _tell(arguments, {**value, "policy": written}, _page(file, policy))
    return 0


def _tell(arguments: argparse.Namespace, value: dict[str, object], text: str) -> None:
    say(json.dumps(value, indent=2) + "\n" if arguments.json else text)


def _page(file: str, policy: StandingPolicy) -> str:
    caps = policy.written.caps.model_dump(exclude_none=True)
    lines = [f"{file} counts.", f"sha256  {policy.digest}"]
    lines += [f"at most {name}: {value:g}" for name, value in caps.items()]
    if not policy.written.rules:
        lines.append("It has no rules, so everything is denied.")
    for rule in policy.written.rules:
        lines += _rule(rule)
    return "\n".join(lines) + "\n"


def _rule(rule: PolicyRule) -> list[str]:
    whose = "the folder's own agents too" if rule.from_folder else "not the folder's own agents"
    lines = [
        "",
        f"{rule.name}: {', '.join(rule.agents)} ({whose}) in {', '.join(rule.workspaces)}",
    ]
    if rule.trust:
        lines.append("  trust     these folders are trusted")
    named = {kind: getattr(rule, kind) for kind in _KINDS}
    return lines + [f"  {kind:<8}  {', '.join(each)}" for kind, each in named.items() if each]
