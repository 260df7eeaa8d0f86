"""`steward extension info`: what one is, what it may do and did, its settings and its README."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict

from sqlmodel import Session

from steward.cli.extension import Rooms, as_json, in_rooms, settings_told
from steward.cli.shell import Shell, say
from steward.core.money import NanoUsd, as_usd
from steward.extensions.activity import ExtensionActivity, activity_of
from steward.extensions.capability import IN_WORDS
from steward.extensions.faults import Strike, strikes_of
from steward.extensions.packages.installed import Installed
from steward.extensions.packages.signing import fingerprint
from steward.workspace.markdown import one_line
from steward.workspace.reveal import reveal

_TOLD_MAX = 20


def answer(shell: Shell, arguments: argparse.Namespace) -> int:
    """Say it; gives the exit code."""
    return in_rooms(shell, _info, arguments)


async def _info(rooms: Rooms, arguments: argparse.Namespace) -> int:
    each = await rooms.packages.one(rooms.principal, arguments.id)
    activity, strikes = await _past(rooms, arguments.id)
    if arguments.json:
        said = {
            **as_json(each),
            "manifest": each.manifest.model_dump(mode="json"),
            "today": asdict(activity.today),
            "total": asdict(activity.total),
            "happened": [{**asdict(one), "at": one.at.isoformat()} for one in activity.happened],
            "faults": [{**asdict(one), "at": one.at.isoformat()} for one in strikes],
        }
        say(json.dumps(said, indent=2) + "\n")
        return 0
    manifest = each.manifest
    say(f"{one_line(manifest.name)} {manifest.version} ({manifest.id})\n")
    say(f"by {one_line(manifest.publisher)}, from {each.source}; {each.state}\n")
    if each.key:
        say(f"key {fingerprint(each.key)}\n")
    for line in filter(None, (manifest.description, each.why_not)):
        say(f"{one_line(line)}\n")
    say("\n")
    for grant in manifest.permission_scope:
        mark = "allowed" if grant.capability in each.granted else "not allowed"
        only = f", only {one_line(', '.join(grant.globs))}" if grant.globs else ""
        say(f"- {grant.capability} ({mark}): {IN_WORDS[grant.capability]}{only}\n")
        say(f"    because, it says: {one_line(grant.reason)}\n")
    _brings(each)
    settings_told(each)
    _did(activity, strikes)
    readme = each.files.get("README.md", b"").decode("utf-8", "replace")
    if readme:
        say(f"\n{reveal(readme)[0].rstrip()}\n")
    return 0


def _brings(each: Installed) -> None:
    manifest = each.manifest
    for what, names in (
        ("commands", [f"{one_line(one.title)} ({one.id})" for one in manifest.commands]),
        ("hooks", [hook.event for hook in manifest.hooks]),
        ("context stages", [stage.id for stage in manifest.context_stages]),
        ("tools for agents", [tool.name for tool in manifest.tools]),
        ("engine hooks", [f"{hook.time}-{hook.point}" for hook in manifest.engine_hooks]),
        ("panels", [one_line(panel.title) for panel in manifest.panels]),
    ):
        if names:
            say(f"{what}: {', '.join(names)}\n")


async def _past(rooms: Rooms, extension: str) -> tuple[ExtensionActivity, Sequence[Strike]]:
    principal, today = rooms.principal, rooms.shell.now.date().isoformat()

    def work(session: Session) -> tuple[ExtensionActivity, Sequence[Strike]]:
        return (
            activity_of(session, principal, extension, today),
            strikes_of(session, principal, extension),
        )

    return await rooms.database.read(work)


def _did(activity: ExtensionActivity, strikes: Sequence[Strike]) -> None:
    for when, figures in (("today", activity.today), ("in all", activity.total)):
        if figures.events or figures.host_calls:
            say(
                f"{when}: {figures.events} events in {figures.took_ms} ms, {figures.host_calls}"
                f" calls, {figures.refused} refused, {figures.faults} faults, models for"
                f" {as_usd(NanoUsd(figures.cost_nano_usd))}\n"
            )
    for one in activity.happened[:_TOLD_MAX]:
        at = f"{one.at:%Y-%m-%d %H:%M}"
        say(f"{at}, {one.kind}: {one_line(one.subject)}: {one_line(one.said)}\n")
    for one in strikes[:_TOLD_MAX]:
        say(f"fault: {one_line(one.told())}\n")
