"""`steward ghost`: what became of suggestions, and the switches of ghost text."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date
from pathlib import Path

from sqlmodel import Session

from steward.cli.shell import Shell, say
from steward.cli.table import table
from steward.completion.outcomes.report import Line, report
from steward.completion.outcomes.tally import LOOKS_S
from steward.completion.switches import QUIET, Scope, Switch, checked, flip, flipped_by
from steward.core.errors import InvalidInputError
from steward.permissions.people import permit_figures


def answer(shell: Shell, action: str, arguments: argparse.Namespace) -> None:
    """Show the figures or the switches, or flip one."""
    match action:
        case "on" | "off":
            _flip(shell, arguments, is_on=action == "on")
        case "show":
            _show(shell, as_json=arguments.json)
        case _:
            say(_report(shell, arguments))


def _flip(shell: Shell, arguments: argparse.Namespace, *, is_on: bool) -> None:
    scope: Scope = "all"
    name = ""
    if arguments.language is not None:
        scope, name = "language", arguments.language
    elif arguments.workspace is not None:
        scope, name = "workspace", str(Path(arguments.workspace).resolve())
    switch = checked(scope, name, is_on=is_on)
    shell.write(lambda session: flip(session, shell.principal, switch, shell.now))
    word = _on(switch.is_on)
    say(f"Ghost text is switched {word} {_where(switch)}. Open windows see it in seconds.\n")
    if is_on:
        say(_still_off(shell, switch))


def _still_off(shell: Shell, switch: Switch) -> str:
    """What keeps ghost text off, whatever this switch says; empty where nothing does."""
    if not shell.settings.completion.enabled:
        return "But your settings say `enabled = false` under [completion], which counts first.\n"
    others = [
        _where(each)
        for each, by in _standing(shell)
        if not each.is_on and by != "usual" and each.scope != switch.scope
    ]
    if not others:
        return ""
    return f"It stays off {', '.join(others)}: what is off in one respect is off.\n"


def _show(shell: Shell, *, as_json: bool) -> None:
    standing = _standing(shell)
    if as_json:
        told = [{**asdict(each), "by": by} for each, by in standing]
        say(json.dumps(told, indent=2) + "\n")
        return
    rows = [(_where(each), _on(each.is_on), by) for each, by in standing]
    say(table((("where", "ghost text", "by"), *rows), are_numbers=False))
    if any(each.scope == "all" and not each.is_on for each, _ in standing):
        say("\nIt is off everywhere: what is off in one respect is off.\n")
    else:
        say("\nEverywhere else it is on. What is off in one respect is off.\n")


def _standing(shell: Shell) -> list[tuple[Switch, str]]:
    """Every switch that somebody or something has set, with who did; the first counts first."""
    chosen = shell.settings.completion
    flipped = shell.read(lambda session: flipped_by(session, shell.principal))
    known = {(each.scope, each.name) for each in flipped}
    by_settings = [
        *(Switch("language", name, is_on) for name, is_on in chosen.languages.items()),
        *(Switch("workspace", name, is_on) for name, is_on in chosen.workspaces.items()),
    ]
    usual = [Switch("language", name, is_on=False) for name in sorted(QUIET - {*chosen.languages})]
    return [
        *([] if chosen.enabled else [(Switch("all", is_on=False), "settings")]),
        *((each, "you") for each in flipped),
        *(
            (each, by)
            for by, switches in (("settings", by_settings), ("usual", usual))
            for each in switches
            if (each.scope, each.name) not in known
        ),
    ]


def _report(shell: Shell, arguments: argparse.Namespace) -> str:
    today = shell.now.astimezone(UTC).date()
    first: date = arguments.since or today.replace(day=1)
    last: date = arguments.until or today
    if first > last:
        raise InvalidInputError(
            f"No day is from {first} to {last} (UTC). Name an earlier --since or a later --until."
        )
    everybody = arguments.everybody or arguments.by == "user"
    principal = shell.principal

    def work(session: Session) -> Sequence[Line]:
        if everybody:
            permit_figures(session, principal)
        whose = None if everybody else principal.user
        return report(session, principal.tenant_id, arguments.by, (first, last), whose)

    lines = shell.read(work)
    if arguments.json:
        return json.dumps([_values(arguments.by, line) for line in lines], indent=2) + "\n"
    if not lines:
        return f"Nothing was suggested from {first} to {last} (UTC).\n"
    return _as_table(arguments.by, lines) + f"\n{first} to {last} (UTC)\n"


def _as_table(by: str, lines: Sequence[Line]) -> str:
    head = (
        *(by, "offered", "shown", "accepted", "partly", "typed", "rejected", "acceptance"),
        *("characters", "after 30 s", "after 10 min", "usually"),
    )
    rows = [
        (
            line.name or "-",
            *(
                f"{count:,}"
                for count in (
                    *(line.counts.offered, line.counts.shown, line.counts.accepted),
                    *(line.counts.partly, line.counts.typed, line.counts.rejected),
                )
            ),
            _share(line.acceptance),
            f"{line.counts.accepted_characters:,}",
            _share(line.still_there(30)),
            _share(line.still_there(600)),
            "-" if line.usual_ms is None else f"≤ {line.usual_ms:,} ms",
        )
        for line in lines
    ]
    return table((head, *rows))


def _values(by: str, line: Line) -> dict[str, object]:
    return {
        by: line.name,
        **asdict(line.counts),
        "acceptance": line.acceptance,
        "still_there": {f"{after}_s": line.still_there(after) for after in LOOKS_S},
        "usual_ms": line.usual_ms,
    }


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.0%}"


def _on(is_on: bool) -> str:
    return "on" if is_on else "off"


def _where(switch: Switch) -> str:
    return "everywhere" if switch.scope == "all" else f"in the {switch.scope} {switch.name}"
