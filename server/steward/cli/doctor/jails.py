"""What code of others runs in: the jail of commands, and the worker of extensions."""

import asyncio

from steward.app.agents import open_launcher
from steward.app.authoring import open_sandbox
from steward.cli.doctor.finding import Finding, fault, ok, warning
from steward.core.clock import SystemClock
from steward.settings import Settings

_MEND = "sudo apt-get install bubblewrap util-linux && steward sandbox"
_WEAKEST = "landlock"


def jail(settings: Settings) -> Finding:
    """The level in force, tried out."""
    standing = asyncio.run(open_launcher(settings, SystemClock()).standing())
    reasons = "; ".join(f"{level}: {why}" for level, why in standing.why_not.items())
    if standing.level is None:
        return fault("sandbox", "no jail holds here, so no command runs", reasons, _MEND)
    if standing.level == _WEAKEST:
        return warning("sandbox", "only the weakest jail holds here, landlock", reasons, _MEND)
    return ok("sandbox", f"level {standing.level}, tried out")


def extensions(settings: Settings) -> Finding:
    """Whether extensions can run."""
    missing = open_sandbox(settings, SystemClock(), lambda _text: None).is_possible()
    if missing is None:
        return ok("extensions", "their worker can be started")
    return warning("extensions", missing, "No extension runs.", "pip install --upgrade steward")
