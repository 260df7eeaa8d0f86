"""How far into the trail somebody may look: decided in the transaction that reads it."""

from dataclasses import replace
from typing import Literal

from sqlmodel import Session

from steward.core.audit_search import Search
from steward.core.errors import NotPermittedError
from steward.core.principal import Principal
from steward.permissions.people import everyone, known, permit_trail, sees_trail

Whose = Literal["own", "team", "all"]


def within_reach(session: Session, principal: Principal, search: Search) -> tuple[Search, bool]:
    """The search as far as the principal may look, and whether that is everywhere.

    Raises:
        NotPermittedError: it asks for what somebody else did.
    """
    if sees_trail(session, principal):
        return search, True
    own = frozenset((principal.user,))
    if search.actors is not None and search.actors != own:
        permit_trail(session, principal)
    return replace(search, actors=own), False


def may_be_seen(session: Session, principal: Principal) -> tuple[Whose, ...]:
    """Whose activity the principal may see, the least first."""
    person = known(session, principal.tenant_id, principal.user)
    if sees_trail(session, principal):
        return ("own", "team", "all") if person and person.team else ("own", "all")
    is_lead = person is not None and person.is_lead
    return ("own", "team") if is_lead else ("own",)


def narrowed(session: Session, principal: Principal, search: Search, whose: Whose) -> Search:
    """The search among those whose activity is asked for.

    Raises:
        NotPermittedError: the principal may not see so much.
    """
    if whose not in may_be_seen(session, principal):
        if whose == "all":
            permit_trail(session, principal)
        raise NotPermittedError(
            "What a team did is seen by its lead, and by owners and admins who belong to it."
        )
    if whose == "all":
        return search
    names = {principal.user}
    person = known(session, principal.tenant_id, principal.user)
    if whose == "team" and person is not None:
        people = everyone(session, principal.tenant_id)
        names |= {each.user for each in people if each.team == person.team}
    if search.actors is not None:
        names &= search.actors
    return replace(search, actors=frozenset(names))
