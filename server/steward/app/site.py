"""A server's whole house, read top to bottom: what `steward serve` opens.

Apart from a window's, which needs none of the site and would pay for loading it.
"""

import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import partial
from typing import get_args

from steward import __version__
from steward.agents.workflows.owner import Owner
from steward.app import agents
from steward.app.asked import asked as asked_of
from steward.app.ground import Ground, open_ground
from steward.app.health import health
from steward.app.models import Models, open_models, open_vault
from steward.app.packages import open_packages, open_registries
from steward.core.errors import InvalidInputError
from steward.core.principal import LOCAL_TENANT, Principal
from steward.gateway.request import Written
from steward.gateway.vault.check import homes
from steward.ledger.ledger import Ledger
from steward.operations.analytics import Analytics
from steward.operations.checking import Checking
from steward.operations.figures_file import FiguresFile
from steward.operations.metrics import Metrics
from steward.operations.performance import Timekeeper
from steward.operations.traces import open_traces
from steward.permissions.sessions import Sessions
from steward.permissions.tokens import TOKEN_BYTES, Tokens
from steward.settings import Settings
from steward.web.live.limits import LiveLimits
from steward.web.rooms import Rooms


@asynccontextmanager
async def open_site(settings: Settings) -> AsyncGenerator[Rooms]:
    """Join the parts for `steward serve`; release what they hold on the way out."""
    if settings.team.url is not None:
        raise InvalidInputError(
            "`steward serve` is a team's server and does not ask another one. Remove `url` and"
            " `token` from [team] (STEWARD_TEAM_URL, STEWARD_TEAM_TOKEN), then start again."
        )
    async with open_ground(settings) as (ground, ledger, client):
        models = await open_models(ground, ledger, client)
        rooms, analytics = _rooms(ground, ledger, models), _analytics(ground)
        timekeeper = Timekeeper(ground.database, ground.clock, ground.timings, LOCAL_TENANT)
        for observer in (rooms.metrics, timekeeper, analytics):
            models.gateway.report_to(observer)
        ledger.report_to(rooms.metrics.committed)
        figures = FiguresFile(settings.data_dir).read
        try:
            async with (
                open_traces(settings.operations, __version__, figures) as traces,
                rooms.health.running(),
                timekeeper.running(),
                analytics.running(ground.events),
                rooms.metrics.lookout.running(),
                rooms.checking.running(),
            ):
                if traces is not None:
                    models.gateway.report_to(traces)
                yield rooms
        finally:
            await models.gateway.close()
            await analytics.close()


def _rooms(ground: Ground, ledger: Ledger, models: Models) -> Rooms:
    settings, database, clock, new_id = (
        *(ground.settings, ground.database),
        *(ground.clock, ground.new_id),
    )
    fresh = partial(secrets.token_urlsafe, TOKEN_BYTES)
    owner = Owner(settings.data_dir / "executors", new_id())
    approvals = asked_of(ground, owner).approvals
    figures = FiguresFile(settings.data_dir).read
    return Rooms(
        database=database,
        clock=clock,
        new_id=new_id,
        tokens=Tokens(database, clock, new_id, fresh),
        sessions=Sessions(database, clock, new_id, fresh),
        gateway=models.gateway,
        metrics=Metrics(database, clock, settings.ledger, LOCAL_TENANT, figures, ground.timings),
        settings=settings.web,
        ledger=ledger,
        events=ground.events,
        approvals=approvals,
        executors=owner,
        trial=agents.trial(ground, models),
        data_dir=settings.data_dir,
        health=health(settings, database, models.gateway, clock),
        packages=open_packages(settings, database, clock, approvals.seal),
        registries=open_registries(database, clock, approvals.seal),
        extensions=settings.extensions,
        outcomes=settings.metrics,
        timings=ground.timings,
        limits=settings.ledger.limits(),
        checking=Checking(database, clock, new_id),
        live=LiveLimits(),
        models=settings.gateway,
        answer_tokens_max=_answer_tokens_max(settings),
        vault=open_vault(ground, models),
        key_homes=homes(settings.gateway, settings.forge.api),
    )


def _analytics(ground: Ground) -> Analytics:
    nobody = Principal("", "", "")  # Each call says whose it is.
    return Analytics(ground.database, ground.clock, nobody, ground.settings.operations.events_days)


def _answer_tokens_max(settings: Settings) -> dict[Written, int]:
    """Task → the longest answer that its calls ask for."""
    tasks: tuple[Written, ...] = get_args(Written)
    most = dict.fromkeys(tasks, settings.agents.output_tokens_max)
    most["completion"] = settings.completion.output_tokens_max
    return most
