"""`textDocument/codeAction`: what the right-click menu and the light bulb offer.

Listing costs nothing: no model is asked before somebody picks an action. What is behind an action
is an agent's errand, so none is made where an editor asks by itself for a kind of action (some do
so on saving): a run begins when a person picks it.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from lsprotocol import types

from steward.lsp import errands
from steward.lsp.availability import why_no_ai
from steward.lsp.errands import READING, Errand, errand_command
from steward.lsp.extension_menu import EXTENSION, extension_actions
from steward.lsp.features.menu import menu_action
from steward.lsp.features.why import why_action
from steward.lsp.next_edit import next_edit_action
from steward.lsp.session import Session
from steward.lsp.spot import Spot, spot_at

_DIAGNOSTICS_MAX = 10
_REPORT_CHARS_MAX = 2_000
KINDS: tuple[types.CodeActionKind | str, ...] = (
    types.CodeActionKind.QuickFix,
    types.CodeActionKind.RefactorRewrite,
    READING,
    EXTENSION,
)
_Actions = list[types.CodeAction | types.Command]


async def code_action(session: Session, params: types.CodeActionParams) -> _Actions:
    """Actions for the range."""
    if session.root is None:
        return []
    uri, wanted = params.text_document.uri, params.context.only
    actions: _Actions = []
    if is_wanted(types.CodeActionKind.RefactorRewrite, wanted):
        next_edit = next_edit_action(session, uri)
        actions += [] if next_edit is None else [next_edit]
    automatic = types.CodeActionTriggerKind.Automatic
    if wanted is not None and params.context.trigger_kind == automatic:
        return actions
    if not any(is_wanted(kind, wanted) for kind in KINDS):
        return actions
    spot = await spot_at(session, uri, params.range)
    seen = await _looked_up(session, spot)
    why_not = await why_no_ai(session)
    offered = [*_on_problems(params.context.diagnostics), *_on_code(spot, seen)]
    # What the person was shown a problem for needs no second way to say "fix".
    if not any(each.errand.agent == "fix" for each in offered):
        offered.insert(0, _Offer(errands.FIX_TESTS, params.range))
    actions += [
        _action(session, spot, each, why_not)
        for each in offered
        if is_wanted(each.errand.kind, wanted)
    ]
    if is_wanted(EXTENSION, wanted):
        actions += extension_actions(session, uri, params.range)
    if is_wanted(READING, wanted):
        actions.append(why_action(uri, params.range))
        if not session.can.asks:
            actions.append(menu_action())
    return actions


def is_wanted(
    kind: types.CodeActionKind | str, only: Sequence[types.CodeActionKind | str] | None
) -> bool:
    """Whether a client that asked for these kinds gets this one."""
    # A kind stands for all below it: "refactor" wants "refactor.rewrite" too.
    return only is None or any(kind == one or kind.startswith(f"{one}.") for one in only)


@dataclass(frozen=True, slots=True)
class _Offer:
    """An errand for this menu."""

    errand: Errand
    range: types.Range
    observations: str = ""
    diagnostics: Sequence[types.Diagnostic] | None = None


@dataclass(frozen=True, slots=True)
class _Seen:
    """What is known beside the document."""

    failed: str = ""
    """The id of the test at the place, where it failed when it ran last."""
    has_tests: bool | None = None
    is_test_file: bool = False


async def _looked_up(session: Session, spot: Spot) -> _Seen:
    from steward.context.map.tested import is_test_file

    rooms, is_test = session.rooms_now, is_test_file(spot.path)
    if rooms is None or not spot.is_function:
        return _Seen(is_test_file=is_test)
    failed, has_tests = "", None
    if rooms.failed_tests is not None:
        known = await asyncio.to_thread(rooms.failed_tests.now)
        is_failed = any(
            each.is_in(spot.path) and (each.owner, each.name) == (spot.owner, spot.name)
            for each in known
        )
        failed = test_id(spot.path, spot.owner, spot.name) if is_failed else ""
    if rooms.tested is not None:
        has_tests = await rooms.tested.is_mentioned(spot.path, spot.name)
    return _Seen(failed, has_tests, is_test)


def test_id(path: str, owner: str, name: str) -> str:
    """A test as people name it: its file, its class, itself."""
    return "::".join(part for part in (path, owner, name) if part)


def _on_problems(diagnostics: Sequence[types.Diagnostic]) -> Iterator[_Offer]:
    """One entry for each errand, however many problems there are."""
    if diagnostics:
        reports = "\n".join(_report(one) for one in diagnostics[:_DIAGNOSTICS_MAX])
        where = diagnostics[0].range
        for errand in (errands.FIX_PROBLEM, errands.EXPLAIN_PROBLEM):
            yield _Offer(errand, where, reports, diagnostics)


def _on_code(spot: Spot, seen: _Seen) -> Iterator[_Offer]:
    if seen.failed:
        yield _Offer(errands.FIX_TEST, spot.range, f"{seen.failed} failed when it ran last.")
        yield _Offer(errands.EXPLAIN_TEST, spot.range, f"{seen.failed} failed when it ran last.")
    if spot.comment is not None:
        yield _Offer(errands.WRITE_COMMENT, spot.comment)
    if spot.is_empty and not spot.is_part:
        yield _Offer(errands.WRITE_BODY, spot.range)
    for errand in errands.ANYWHERE:
        yield _Offer(errand, spot.range)
    if not seen.is_test_file:
        is_first = seen.has_tests is False
        errand = errands.WRITE_FIRST_TESTS if is_first else errands.WRITE_TESTS
        yield _Offer(errand, spot.range)


def _action(session: Session, spot: Spot, offer: _Offer, why_not: str | None) -> types.CodeAction:
    errand, can = offer.errand, session.can
    action = types.CodeAction(
        errand.title.format(it=spot.in_words),
        kind=errand.kind,
        diagnostics=offer.diagnostics,
        tags=[types.CodeActionTag.LlmGenerated] if can.marks_actions else None,
    )
    if why_not is not None and can.disables_actions:
        action.disabled = types.CodeActionDisabled(why_not)
    else:
        # Others learn the reason when they pick it.
        action.command = errand_command(
            errand, spot.uri, offer.range, spot.in_words, offer.observations
        )
    return action


def _report(diagnostic: types.Diagnostic) -> str:
    place = f"line {diagnostic.range.start.line + 1}"
    return f"{place}: {diagnostic.message[:_REPORT_CHARS_MAX]}"
