"""Every part that is looked at, for `steward serve` and for whoever asks it how it is."""

from functools import partial
from pathlib import Path

from steward.app.agents import open_launcher
from steward.app.authoring import open_sandbox
from steward.core.clock import Clock
from steward.core.database import Database
from steward.core.principal import LOCAL_TENANT
from steward.gateway.gateway import Gateway
from steward.operations.health import machine
from steward.operations.health.books import BooksLook
from steward.operations.health.health import Health
from steward.operations.health.jails import ExtensionsLook, JailLook, Tried
from steward.operations.health.models import KeysLook, LastAnswers, ProvidersLook
from steward.operations.health.stored import DatabaseLook, SchemaLook
from steward.operations.health.verdict import Check
from steward.settings import Settings


def health(settings: Settings, database: Database, gateway: Gateway, clock: Clock) -> Health:
    """How everything stands here; the gateway tells it from now on who answers."""
    last = LastAnswers(clock)
    gateway.report_to(last)
    place, folder = settings.database_place, settings.data_dir
    ladder = open_launcher(settings, clock)

    async def tried() -> Tried:
        standing = await ladder.standing()
        return standing.level, {str(name): why for name, why in standing.why_not.items()}

    workers = open_sandbox(settings, clock, lambda _text: None)
    return Health(
        (
            *stored_checks(database, clock, place if isinstance(place, Path) else None),
            Check("providers", ProvidersLook(gateway, last)),
            Check("keys", KeysLook(database, clock, LOCAL_TENANT)),
            Check("sandbox", JailLook(tried)),
            Check("extensions", ExtensionsLook(workers.is_possible)),
            Check("disk", machine.of_machine(partial(machine.disk, folder))),
            Check("memory", machine.of_machine(machine.memory)),
            Check("processor", machine.of_machine(machine.processor)),
            Check("sockets", machine.of_machine(machine.sockets)),
        ),
        clock,
    )


def stored_checks(database: Database, clock: Clock, file: Path | None) -> tuple[Check, ...]:
    """What only the database can tell; without the first two nobody is served."""
    books = BooksLook(database, clock, LOCAL_TENANT)
    return (
        Check("database", DatabaseLook(database, clock, file), is_needed=True),
        Check("schema", SchemaLook(database), is_needed=True),
        Check("ledger", books.ledger),
        Check("audit", books.trail),
        Check("clock", books.time),
        Check("people", books.people),
    )
