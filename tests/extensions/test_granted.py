"""What an extension may do is never more than any one side permits."""

from dataclasses import replace
from typing import Any, get_args

import pytest
from hypothesis import given, strategies as st

from steward.extensions.capability import EVERY_CAPABILITY, Capability
from steward.extensions.granted import Scope, Wanted, may, why_not
from steward.extensions.manifest import Grant
from steward.extensions.packages.installed import State
from steward.permissions.act import EVERYTHING
from steward.permissions.rules import parse_rules

ALL = frozenset(EVERY_CAPABILITY)


def grant(capability: Capability, *globs: str) -> Grant:
    return Grant(capability=capability, globs=globs, reason="To paint.")


FULL = Scope(
    extension="acme.painter",
    state="enabled",
    declared=tuple(map(grant, EVERY_CAPABILITY)),
    granted=ALL,
    role_grants=EVERYTHING,
    is_trusted=True,
)
PATHS = st.sampled_from(["src/a.py", "src/deep/b.py", "README.md", "a.py", ".env"])
GLOBS = st.sampled_from(["src/**", "src/*", "**", "*.py", "**/*.py", "README.md"])
CAPABILITIES = st.sampled_from(EVERY_CAPABILITY)
DECLARED = st.builds(
    Grant,
    capability=CAPABILITIES,
    globs=st.lists(GLOBS, max_size=2).map(tuple),
    reason=st.just("To paint."),
)
SCOPES = st.builds(
    Scope,
    extension=st.just("acme.painter"),
    state=st.sampled_from(get_args(State)),
    declared=st.lists(DECLARED, max_size=8).map(tuple),
    granted=st.frozensets(CAPABILITIES),
    denied=st.frozensets(CAPABILITIES, max_size=3),
    role_grants=st.frozensets(st.sampled_from(sorted(EVERYTHING))),
    is_trusted=st.booleans(),
)
WANTED = st.builds(Wanted, CAPABILITIES, st.lists(PATHS, max_size=3).map(tuple))


@given(WANTED, SCOPES)
def test_each_side_alone_permits_whatever_all_of_them_permit(wanted: Wanted, scope: Scope) -> None:
    if not may(wanted, scope):
        return
    sides: list[dict[str, Any]] = [
        {"state": scope.state},
        {"declared": scope.declared},
        {"granted": scope.granted},
        {"denied": scope.denied},
        {"role_grants": scope.role_grants},
        {"is_trusted": scope.is_trusted},
    ]
    for side in sides:
        assert may(wanted, replace(FULL, **side)), side


@given(WANTED, SCOPES)
def test_what_one_side_alone_refuses_is_refused(wanted: Wanted, scope: Scope) -> None:
    for side in ("state", "declared", "granted", "denied", "role_grants", "is_trusted"):
        alone = replace(FULL, **{side: getattr(scope, side)})
        if not may(wanted, alone):
            assert not may(wanted, scope), side


@given(SCOPES, CAPABILITIES, st.lists(PATHS, min_size=1, max_size=4))
def test_of_several_paths_each_must_be_permitted(
    scope: Scope, capability: Capability, paths: list[str]
) -> None:
    together = may(Wanted(capability, tuple(paths)), scope)
    assert together == all(may(Wanted(capability, (path,)), scope) for path in paths)


@given(WANTED, SCOPES, CAPABILITIES)
def test_taking_away_never_gives(wanted: Wanted, scope: Scope, capability: Capability) -> None:
    if may(wanted, scope):
        return
    assert not may(wanted, replace(scope, granted=scope.granted - {capability}))
    assert not may(wanted, replace(scope, denied=scope.denied | {capability}))
    assert not may(wanted, replace(scope, declared=scope.declared[1:]))
    assert not may(wanted, replace(scope, is_trusted=False))


GLOBBED: list[tuple[Capability, str, str, bool]] = [
    ("files.read", "src/**", "src/a/b.py", True),
    ("files.read", "src/**", "src", False),
    ("files.read", "src/*", "src/a/b.py", False),
    ("files.propose", "*.md", "README.md", True),
    ("files.propose", "*.md", "docs/README.md", False),
    ("command.run", "npm run *", "npm run paint", True),
    ("command.run", "npm run *", "npm run", True),
    ("command.run", "npm run *", "npm install", False),
    ("command.run", "npm run *", "npm", False),
    ("command.run", "npm run *", "sh -c 'npm run x'", False),
    ("state.read", "documents", "documents", True),
    ("state.read", "documents", "budget", False),
    ("events.emit", "paint*", "painted", True),
    ("events.emit", "paint*", "unpainted", False),
]


@pytest.mark.parametrize(("capability", "glob", "subject", "is_in"), GLOBBED)
def test_globs_mean_the_whole_of_a_path_command_part_or_name(
    capability: Capability, glob: str, subject: str, *, is_in: bool
) -> None:
    scope = replace(FULL, declared=(grant(capability, glob),))
    assert may(Wanted(capability, (subject,)), scope) == is_in


RULED: list[tuple[dict[str, Any], Wanted, bool]] = [
    ({"deny": ["read_file(src/**)"]}, Wanted("files.read", ("src/a.py",)), False),
    ({"deny": ["read_file(src/**)"]}, Wanted("files.read", ("a.py",)), True),
    ({"deny": ["read_file(src/**)"]}, Wanted("files.read", is_sifted=True), True),
    ({"deny": ["read_file"]}, Wanted("files.read", is_sifted=True), False),
    ({"ask": ["read_file(src/**)"]}, Wanted("files.read", ("src/a.py",)), False),
    ({"deny": ["edit_file(src/**)"]}, Wanted("files.propose", ("src/a.py",)), False),
    ({"ask": ["edit_file(src/**)"]}, Wanted("files.propose", ("src/a.py",)), True),
    ({"deny": ["run_command(npm *)"]}, Wanted("command.run", ("npm run x",)), False),
    ({"ask": ["run_command(npm *)"]}, Wanted("command.run", ("npm run x",)), True),
    ({"deny": ["git_log"]}, Wanted("git.read", ("src/a.py",)), False),
    ({"deny": ["ask_model"]}, Wanted("model.ask"), False),
    ({"allow": ["read_file"]}, Wanted("files.read", ("src/a.py",)), True),
]


@pytest.mark.parametrize(("rules", "wanted", "is_permitted"), RULED)
def test_the_operators_rules_for_agents_hold_for_extensions_too(
    rules: dict[str, Any], wanted: Wanted, *, is_permitted: bool
) -> None:
    assert may(wanted, replace(FULL, rules=parse_rules(**rules))) == is_permitted


def test_a_refusal_names_what_is_missing_and_who_can_change_that() -> None:
    wanted = Wanted("files.read", ("src/a.py",))
    asked: list[tuple[dict[str, Any], str, str]] = [
        ({"state": "faulted"}, "state", "steward extension enable acme.painter"),
        ({"declared": ()}, "declared", "permission_scope"),
        ({"declared": (grant("files.read", "docs/**"),)}, "globs", "'src/a.py'"),
        ({"granted": frozenset()}, "granted", "steward extension enable acme.painter"),
        ({"denied": ALL}, "operator", "deny_capabilities"),
        ({"role_grants": frozenset()}, "role", "Ask an owner or admin"),
    ]
    for side, missing, said in asked:
        refusal = why_not(wanted, replace(FULL, **side))
        assert refusal is not None
        assert (refusal.missing, said in refusal.message) == (missing, True), refusal
        assert refusal.message.startswith("acme.painter may not read files of the workspace: ")
