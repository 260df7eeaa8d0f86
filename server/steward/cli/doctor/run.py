"""Looks at everything, one after the other, and says it; what is broken stops nothing else."""

import argparse
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

from steward.cli.doctor import editors, files, machine
from steward.cli.doctor.database import database
from steward.cli.doctor.finding import Finding, Verdict, code_of, fault
from steward.cli.output import say
from steward.cli.paint import Paint, paint_of
from steward.cli.progress import Progress
from steward.core.clock import Clock
from steward.core.errors import StewardError
from steward.settings import Settings

_COLOURS: dict[Verdict, Paint] = {"ok": "green", "warning": "yellow", "fault": "red"}
_Looked = list[Finding]


def examine(arguments: argparse.Namespace, clock: Clock) -> int:
    """Say what is wrong here; returns 0, 1 with warnings, 2 with a fault."""
    findings: _Looked = []
    looks = list(_looks(clock, online=arguments.online))
    with Progress("examining", len(looks)) as progress:
        for area, look in looks:
            progress.step(area)
            findings += _careful(area, look)
    if arguments.json:
        told = {"verdict": _verdict(findings), "findings": [asdict(each) for each in findings]}
        say(json.dumps(told, indent=2) + "\n")
    else:
        say(_as_text(findings))
    return code_of(findings)


def cheap(settings: Settings, told: _Looked) -> _Looked:
    """What is wrong as far as it is seen at once; `told` is what was found of the settings."""
    folder = settings.data_dir
    found = [*told, *files.data_folder(folder), files.disk(folder)]
    return [each for each in found if each.verdict != "ok"]


def _looks(clock: Clock, *, online: bool) -> Iterator[tuple[str, Callable[[], _Looked]]]:
    settings, is_whole, told = files.settings()
    folder = settings.data_dir
    can_ask, stored = _stored(settings, clock)
    yield "settings", lambda: told
    yield "data folder", lambda: files.data_folder(folder)
    yield "database", lambda: stored
    yield "disk", lambda: [files.disk(folder)]
    if is_whole and can_ask and folder.exists():
        yield "models", lambda: _models(settings, online=online)
    yield "sandbox", lambda: _jails(settings)
    yield "git", lambda: [machine.git()]
    yield "editors", lambda: list(editors.editors(Path.home()))
    yield "server", lambda: [machine.server(folder)]
    yield "versions", lambda: [machine.versions()]


def _stored(settings: Settings, clock: Clock) -> tuple[bool, _Looked]:
    try:
        return database(settings, clock.now())
    except (StewardError, OSError, ValueError) as error:
        return False, [_broken("database", error)]


def _models(settings: Settings, *, online: bool) -> _Looked:
    from steward.cli.doctor.models import models

    return models(settings, online=online)


def _jails(settings: Settings) -> _Looked:
    from steward.cli.doctor.jails import extensions, jail

    return [jail(settings), extensions(settings)]


def _careful(area: str, look: Callable[[], _Looked]) -> _Looked:
    """What a look found; that it failed is a finding, too."""
    try:
        return look()
    except (StewardError, OSError, ValueError) as error:
        return [_broken(area, error)]


def _broken(area: str, error: Exception) -> Finding:
    why = "It could not be looked at, so it may not work."
    return fault(area, str(error) or type(error).__name__, why, "Do what the message says.")


def _verdict(findings: _Looked) -> Verdict:
    return ("ok", "warning", "fault")[code_of(findings)]


def _as_text(findings: _Looked) -> str:
    paint = paint_of()
    lines: list[str] = []
    for each in findings:
        mark = paint(each.verdict.ljust(8), _COLOURS[each.verdict])
        lines.append(f"{mark} {each.area.ljust(11)} {_plain(each.what)}")
        for title, text in (("why", each.why), ("mend", each.mend)):
            lines += [f"{'':20} {title}: {_plain(line)}" for line in text.split("\n") if line]
    return "\n".join(lines) + f"\n\n{_summary(findings)}\n"


def _summary(findings: _Looked) -> str:
    faults = sum(each.verdict == "fault" for each in findings)
    warnings = sum(each.verdict == "warning" for each in findings)
    if not faults and not warnings:
        return "Everything is in order."
    parts = [
        f"{count} {word}{'s' if count != 1 else ''}"
        for count, word in ((faults, "fault"), (warnings, "warning"))
        if count
    ]
    return f"{' and '.join(parts)}; what mends each stands below it."


def _plain(text: str) -> str:
    """Without anything that a terminal would obey."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)
