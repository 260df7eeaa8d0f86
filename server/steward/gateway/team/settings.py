"""What a person says of their team's server."""

from collections.abc import Collection
from typing import Annotated, Self

from pydantic import AfterValidator, ConfigDict, SecretStr, model_validator

from steward.core.described import Described
from steward.gateway.request import Purpose
from steward.gateway.settings import (
    IN_THE_CLEAR,
    GatewaySettings,
    RetrySettings,
    checked_url,
    is_private,
)

TEAM = "team"
"""The provider's name."""
ANY_MODEL = "steward"
"""The model's name that leaves the choice to the server."""


def _server(url: str) -> str:
    return checked_url(url).removesuffix("/v1")


class TeamSettings(Described):
    """The `[team]` section."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    url: Annotated[str, AfterValidator(_server)] | None = None
    """The address of the team's `steward serve`, such as `https://steward.example.org`. Where it
    is set, every model call goes there, and neither a provider's key nor a database's URL may be
    set here. Short: `STEWARD_TEAM_URL`."""
    token: SecretStr | None = None
    """Your personal token there. It is sent to the scheme, host and port of `url` and nowhere
    else. Short: `STEWARD_TEAM_TOKEN`."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.url is None) != (self.token is None):
            raise ValueError(
                "`url` and `token` go together (STEWARD_TEAM_URL and STEWARD_TEAM_TOKEN); set both,"
                " or neither to work without a team"
            )
        if self.url is not None and not is_private(self.url):
            raise ValueError(IN_THE_CLEAR)
        return self


class ThroughTeam(GatewaySettings):
    """The `[gateway]` section as it holds where a team's server is asked for everything."""

    @property
    def provider(self) -> str:
        """The team's server."""
        return TEAM

    def model_for(self, task: Purpose, providers: Collection[str] = ()) -> str | None:
        """The model for this task: what the person chose, or what the server chooses."""
        del providers
        return self.models.of(task) or ANY_MODEL

    def split(self, name: str, providers: Collection[str] = ()) -> tuple[str, str]:
        """The server, and the model as the server names it, which may be `provider/model`."""
        del providers
        return TEAM, name.removeprefix(f"{TEAM}/")


def through_team(own: GatewaySettings, team: TeamSettings) -> GatewaySettings:
    """The gateway's settings in force; without a team they are the person's own.

    Prices, what is known of models, and what is tried after a failure are the server's to say.
    """
    if team.url is None:
        return own
    return ThroughTeam(
        url=f"{team.url}/v1",
        key=team.token,
        models=own.models,
        preferred=own.preferred,
        workspaces=own.workspaces,
        policy=own.policy,
        retries=RetrySettings(attempts=1, tries=1),
        breaker=own.breaker,
        calls_a_minute=own.calls_a_minute,
        calls_a_minute_of=own.calls_a_minute_of,
        cache=own.cache,
    )
