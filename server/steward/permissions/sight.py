"""What somebody may see of what happens to others, while it happens."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import Session

from steward.core.errors import NotPermittedError
from steward.core.outbox import Happening
from steward.core.principal import Principal
from steward.permissions.people import identified, known, owners
from steward.permissions.roles import SeeFigures, why_no_report, why_not

_EVERYBODYS = "organisation"
"""The scope of the budget that concerns everybody."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Somebody's eyes: what they do themselves, what their team does if they lead it, or all."""

    tenant_id: str
    user: str
    team: str
    """The team that they are in; empty where there is none."""
    leads: bool = False
    """Whether they lead it."""
    is_everything: bool = False

    def sees(self, happening: Happening) -> bool:
        """Whether this is theirs to see."""
        if happening.tenant_id != self.tenant_id:
            return False
        if self.is_everything:
            return True
        is_of_team = happening.team == self.team != ""
        if happening.user:
            return happening.user == self.user or (self.leads and is_of_team)
        return is_of_team or happening.subject == _EVERYBODYS


def sight_of(session: Session, principal: Principal) -> Sight:
    """What the principal may see now.

    Raises:
        NotPermittedError: nothing, as they are not among the organisation's people.
    """
    principal = identified(session, principal)
    if (refusal := why_no_report(principal)) is not None:
        raise NotPermittedError(refusal)
    tenant = principal.tenant_id
    person = known(session, tenant, principal.user)
    return Sight(
        tenant,
        principal.user,
        principal.team,
        leads=person is not None and person.is_lead,
        is_everything=why_not(person, SeeFigures(owners(session, tenant))) is None,
    )


def sights_of(
    session: Session, principals: Collection[Principal]
) -> dict[Principal, Sight | NotPermittedError]:
    """What each of them may see now, or why nothing."""
    found: dict[Principal, Sight | NotPermittedError] = {}
    for each in principals:
        try:
            found[each] = sight_of(session, each)
        except NotPermittedError as error:
            found[each] = error
    return found
