"""The one place where it is decided whether an extension may do something.

    0. State: only an extension that is enabled does anything.
    1. Declared: its manifest asks for the capability, and where it names globs for it, every path,
       command, part or name is within them.
    2. Granted: the person allowed the capability.
    3. Operator: the settings do not deny it to all extensions, and no rule about the tool that
       does the same for agents denies it. A rule that wants it asked about denies what is not
       asked about anyway.
    4. Role: the person may do it themselves.
    5. Trust: in a folder that its person does not trust, no command runs.

Each takes away and none gives, so what is permitted is never more than any of them permits.
Unknown means no. Nothing that the extension says is an input but what its arguments were parsed
into; which extension asks is known from where the call came from.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from steward.extensions.capability import IN_WORDS, Capability
from steward.extensions.manifest import Grant
from steward.extensions.packages.installed import State
from steward.permissions import act as acts
from steward.permissions.globs import is_branch_in, is_command_in, is_path_in
from steward.permissions.rules import Rule, stopped_by

Missing = Literal["state", "declared", "globs", "granted", "operator", "role", "trust"]

_OF_PEOPLE: Mapping[Capability, acts.Capability] = {
    "files.read": "files.read",
    "files.propose": "files.propose",
    "git.read": "git.read",
    "model.ask": "model.ask",
    "command.run": "command.run",
}
"""What people and their agents are permitted in the same words."""
_TOOLS: Mapping[Capability, tuple[str, ...]] = {
    "files.read": ("read_file", "search"),
    "files.propose": ("edit_file", "change_files"),
    "git.read": ("git_diff", "git_log", "git_blame", "git_status"),
    "model.ask": ("ask_model",),
    "command.run": ("run_command",),
}
"""The tools of agents that do the same."""
_ASKED_ANYWAY: frozenset[Capability] = frozenset(("files.propose", "command.run"))
_OF_TRUSTED: frozenset[Capability] = frozenset(("command.run",))
_MATCHES: Mapping[Capability, Callable[[str, str], bool]] = {
    "files.read": is_path_in,
    "files.propose": is_path_in,
    "git.read": is_path_in,
    "command.run": is_command_in,
}
_STATES: Mapping[State, str] = {
    "disabled": "it is disabled",
    "faulted": "it was disabled after repeated faults",
    "asks": "it waits for your answer to what it wants to be allowed",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an extension is about to do, as far as deciding needs to know."""

    capability: Capability
    subjects: tuple[str, ...] = ()
    """The paths, the command line, the part or the name that it is about, each of which must be
    permitted; empty where it is about none in particular."""
    is_sifted: bool = False
    """It is about many, and each that is found is decided about by itself."""


@dataclass(frozen=True, slots=True)
class Scope:
    """On whose say it is done: the intersection of these is what is permitted."""

    extension: str
    state: State
    declared: tuple[Grant, ...]
    granted: frozenset[Capability]
    denied: frozenset[Capability] = frozenset()
    """The operator's, for all extensions."""
    rules: tuple[Rule, ...] = ()
    """The operator's, about tools."""
    role_grants: frozenset[acts.Capability] = frozenset()
    """See `steward.permissions.roles.capabilities_of`."""
    is_trusted: bool = False
    """Whether the person trusts the folder."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not."""

    missing: Missing
    capability: Capability
    message: str
    """What is missing, and who can change that, where."""


def why_not(wanted: Wanted, scope: Scope) -> Refusal | None:
    """Why the extension may not do it; None if it may."""
    capability = wanted.capability
    steps = (_state, _declared, _granted, _operator, _role, _trust)
    for step in steps:
        found = step(wanted, scope)
        if found is not None:
            missing, why = found
            return Refusal(missing, capability, f"{scope.extension} may not {_said(wanted)}: {why}")
    return None


def may(wanted: Wanted, scope: Scope) -> bool:
    """Whether the extension may do it."""
    return why_not(wanted, scope) is None


_Found = tuple[Missing, str] | None


def _state(_wanted: Wanted, scope: Scope) -> _Found:
    if scope.state == "enabled":
        return None
    why = _STATES.get(scope.state, "nobody knows how it stands")
    return "state", f"{why}. `steward extension enable {scope.extension}` changes that."


def _declared(wanted: Wanted, scope: Scope) -> _Found:
    grants = [grant for grant in scope.declared if grant.capability == wanted.capability]
    if not grants:
        return "declared", (
            f"its manifest does not ask for `{wanted.capability}`. Its author must add that to"
            " `permission_scope`."
        )
    matches = _MATCHES.get(wanted.capability, is_branch_in)
    for subject in wanted.subjects:
        if not any(_covers(grant, subject, matches) for grant in grants):
            return "globs", (
                f"{subject!r} is not within the globs of `{wanted.capability}` in its manifest."
                " Its author must widen them."
            )
    return None


def _granted(wanted: Wanted, scope: Scope) -> _Found:
    if wanted.capability in scope.granted:
        return None
    return "granted", (
        f"you did not allow it `{wanted.capability}`. `steward extension enable {scope.extension}`"
        " asks you again."
    )


def _operator(wanted: Wanted, scope: Scope) -> _Found:
    if wanted.capability in scope.denied:
        return "operator", (
            f"the settings deny `{wanted.capability}` to all extensions (`deny_capabilities` in"
            " [extensions])."
        )
    rule = _stopping(wanted, scope.rules)
    if rule is None:
        return None
    return "operator", (
        f"the rule `{rule}` under `{rule.effect}` in [permissions.rules] holds for extensions, too."
    )


def _stopping(wanted: Wanted, rules: tuple[Rule, ...]) -> Rule | None:
    shared = _OF_PEOPLE.get(wanted.capability)
    if wanted.is_sifted:  # Rules about some of it stop those alone.
        rules = tuple(rule for rule in rules if not rule.subject)
    if shared is None or not rules:
        return None
    is_command = wanted.capability == "command.run"
    for tool in _TOOLS[wanted.capability]:
        act = acts.Act(
            tool,
            shared,
            paths=() if is_command else wanted.subjects,
            commands=wanted.subjects if is_command else (),
        )
        denied = stopped_by(rules, "deny", act)
        if denied is None and wanted.capability not in _ASKED_ANYWAY:
            denied = stopped_by(rules, "ask", act)
        if denied is not None:
            return denied
    return None


def _role(wanted: Wanted, scope: Scope) -> _Found:
    shared = _OF_PEOPLE.get(wanted.capability)
    if shared is None or shared in scope.role_grants:
        return None
    return "role", "your role does not include it. Ask an owner or admin."


def _trust(wanted: Wanted, scope: Scope) -> _Found:
    if wanted.capability not in _OF_TRUSTED or scope.is_trusted:
        return None
    return "trust", "you do not trust this folder. `steward trust` changes that."


def _covers(grant: Grant, subject: str, matches: Callable[[str, str], bool]) -> bool:
    return not grant.globs or any(matches(subject, glob) for glob in grant.globs)


def _said(wanted: Wanted) -> str:
    return IN_WORDS.get(wanted.capability, wanted.capability).partition(";")[0]
