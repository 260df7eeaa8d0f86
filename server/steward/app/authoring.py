"""The sandbox in which an author tests an extension."""

from collections.abc import Callable

from steward.core.clock import Clock
from steward.sandbox.wasm.worker import Workers
from steward.settings import Settings


def open_sandbox(settings: Settings, clock: Clock, told: Callable[[str], None]) -> Workers:
    """Workers that keep compiled runtimes where all of Steward keeps them."""
    return Workers(clock, settings.data_dir / "extension-code", told=told)
