"""Extensions as clients are told of them."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # They are loaded when somebody asks.
    from steward.extensions.attended import Attended
    from steward.extensions.manifest import Command, Grant, Manifest, Menu
    from steward.extensions.packages.installed import Installed


async def listed(attended: "Attended") -> list[dict[str, Any]]:
    """Every extension that the person has, and those that come with Steward, by id."""
    installed = await attended.store.installed(attended.principal)
    offered = await attended.store.offered(attended.principal)
    found = sorted((*installed, *offered), key=lambda each: each.manifest.id)
    return [await _one(attended, each) for each in found]


async def _one(attended: "Attended", installed: "Installed") -> dict[str, Any]:
    manifest = installed.manifest
    return {
        "id": manifest.id,
        "name": manifest.name,
        "version": manifest.version,
        "publisher": manifest.publisher,
        "description": manifest.description,
        "state": installed.state,
        "whyNot": installed.why_not,
        "isShipped": installed.is_shipped,
        "grants": [_grant(each, installed) for each in manifest.permission_scope],
        "commands": [_command(each) for each in manifest.commands],
        "menus": [_menu(each, manifest) for each in manifest.menus],
        "panels": [{"id": each.id, "title": each.title} for each in manifest.panels],
        "activity": await _activity(attended, manifest.id),
        "jail": attended.jail(),
    }


async def _activity(attended: "Attended", extension: str) -> dict[str, Any]:
    total = (await attended.activity.of(extension)).total
    strikes = await attended.faults.of(extension)
    return {
        "calls": total.events,
        "refused": total.refused,
        "faults": total.faults,
        "lastFault": strikes[0].told() if strikes else None,
        "costNanoUsd": total.cost_nano_usd,
    }


def _grant(grant: "Grant", installed: "Installed") -> dict[str, Any]:
    from steward.extensions.capability import IN_WORDS

    return {
        "capability": grant.capability,
        "words": IN_WORDS[grant.capability],
        "globs": list(grant.globs),
        "reason": grant.reason,
        "granted": grant.capability in installed.granted,
    }


def _command(command: "Command") -> dict[str, Any]:
    return {
        "id": command.id,
        "title": command.title,
        "category": command.category,
        "when": command.when.model_dump(mode="json"),
    }


def _menu(menu: "Menu", manifest: "Manifest") -> dict[str, Any]:
    return {
        "command": menu.command,
        "title": title_of(menu, manifest),
        "when": menu.when.model_dump(mode="json"),
    }


def title_of(menu: "Menu", manifest: "Manifest") -> str:
    """What the entry is called."""
    titles = {each.id: each.title for each in manifest.commands}
    return menu.title or titles.get(menu.command, menu.command)
