"""`steward extension test`: recorded events, given to the extension in the real sandbox."""

import argparse
import asyncio
import sys
from pathlib import Path

from steward.app.authoring import open_sandbox
from steward.cli.shell import Shell, say
from steward.extensions.authoring.play import Verdict, play
from steward.extensions.authoring.recorded import Recorded, read_recorded, recorded_files
from steward.extensions.authoring.trial import Package, on_trial, read_package
from steward.sandbox.wasm.worker import Workers


def answer(shell: Shell, arguments: argparse.Namespace) -> int:
    """Play the recorded tests of an extension; gives 1 where one of them fails."""
    return asyncio.run(_test(shell, arguments.folder.resolve()))


async def _test(shell: Shell, folder: Path) -> int:
    package = await asyncio.to_thread(read_package, folder)
    tests = await asyncio.to_thread(_recorded, folder)
    workers = open_sandbox(shell.settings, shell.clock, _aside)
    passed = failed = 0
    try:
        await _load(workers, package)
        for name, recorded in tests.items():
            async for verdict in play(workers, package, recorded):
                say(_told(name, verdict))
                passed += not verdict.wrong
                failed += bool(verdict.wrong)
    finally:
        await workers.aclose()
    say(_summed(passed, failed))
    return 1 if failed else 0


def _recorded(folder: Path) -> dict[str, Recorded]:
    """All recorded tests, read before anything is started."""
    return {f"tests/{file.name}": read_recorded(file) for file in recorded_files(folder)}


async def _load(workers: Workers, package: Package) -> None:
    """Load it alone first: what fails here is no test's fault."""
    manifest = package.manifest
    async with on_trial(workers, package, package.stand_in()):
        jail = workers.standing().sentence
    say(f"{manifest.id} {manifest.version} ({manifest.runtime}) is loaded. {jail}\n")


def _aside(said: str) -> None:
    """Tell what is no result."""
    sys.stderr.write(f"{said}\n")
    sys.stderr.flush()


def _told(name: str, verdict: Verdict) -> str:
    head = f"{'FAIL' if verdict.wrong else 'ok  '}  {name}: {verdict.number}. {verdict.topic}\n"
    lines = [line for each in verdict.wrong for line in each.splitlines()]
    if verdict.wrong:
        lines += [f"log {level}: {line}" for level, line in verdict.log]
    return head + "".join(f"      {line}\n" for line in lines)


def _summed(passed: int, failed: int) -> str:
    if not passed and not failed:
        return (
            "It has no recorded tests. Write what it is to hear and to answer into"
            " tests/NAME.yaml.\n"
        )
    return f"{passed} passed, {failed} failed\n"
