"""`steward trust`: the folders that a person trusts."""

import argparse
import json
from pathlib import Path

from sqlmodel import Session

from steward.agents.enabled import enabled_by
from steward.cli.shell import Shell, say
from steward.cli.table import table
from steward.permissions.accepted_files import SaidOfFiles, decide_files
from steward.permissions.trust import NOTHING_ENABLED, all_decided, decide_trust, folder_at


def answer(shell: Shell, arguments: argparse.Namespace) -> None:
    """Show what was decided, or decide."""
    principal, now = shell.principal, shell.now
    if arguments.list:
        say(_listed(shell, as_json=arguments.json))
        return
    folder, is_trusted = folder_at(str(arguments.path)), not arguments.revoke
    own_tests = shell.settings.agents.test_command
    enabled = enabled_by(Path(folder.path), own_tests) if is_trusted else NOTHING_ENABLED
    files = SaidOfFiles(enabled.files, is_accepted=True, at=now)

    def work(session: Session) -> None:
        decide_trust(session, shell.seal, principal, folder, now, is_trusted=is_trusted)
        if is_trusted:
            decide_files(session, shell.seal, principal, folder, files)

    shell.write(work)
    if arguments.json:
        told = {"path": folder.path, "trusted": is_trusted, "enabled": list(enabled.lines)}
        say(json.dumps(told, indent=2) + "\n")
        return
    if not is_trusted:
        say(
            f"{folder.path} is not trusted any more: its agents and instructions are gone, and no"
            " command runs in it. Runs that have begun notice it at their next command.\n"
        )
        return
    say(f"You trust {folder.path} now. Agents may run its commands, each asked about and jailed.\n")
    for line in enabled.lines:
        say(f"- {line}\n")


def _listed(shell: Shell, *, as_json: bool) -> str:
    found = shell.read(lambda session: all_decided(session, shell.seal, shell.principal))
    if as_json:
        told = [
            {"path": each.path, "trusted": each.is_trusted, "since": each.at.isoformat()}
            for each in found
        ]
        return json.dumps(told, indent=2) + "\n"
    if not found:
        return "You were not asked about any folder yet.\n"
    rows = [
        (each.path, "yes" if each.is_trusted else "no", f"{each.at:%Y-%m-%d %H:%M}")
        for each in found
    ]
    return table((("folder", "trusted", "since (UTC)"), *rows), are_numbers=False)
