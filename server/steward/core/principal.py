"""Who asks."""

from dataclasses import dataclass
from typing import Literal

LOCAL_TENANT = "local"
"""The organisation of somebody who belongs to none."""

Role = Literal["owner", "admin", "maintainer", "developer", "viewer"]
"""What somebody is among the people of an organisation; see `steward.permissions.roles`."""


@dataclass(frozen=True, slots=True)
class Principal:
    """A person, at work in one session of one workspace."""

    user: str
    """The operating system's name of the user; in a team, the one the server knows."""
    session: str
    """One editor window, from start to end."""
    workspace: str
    """The first workspace folder's absolute path; empty where no folder is open."""
    tenant_id: str = LOCAL_TENANT
    team: str = ""
    """The team whose budget pays too, as the tables know it; empty where there is none."""
    role: Role | None = "developer"
    """As the tables know it; None where the organisation has people and this is none of them."""
