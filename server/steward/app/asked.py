"""How the person of a window is asked; or who answers where there is none."""

import secrets
from dataclasses import dataclass
from functools import partial

from steward.agents.enabled import enables
from steward.agents.workflows.owner import Owner
from steward.app.ground import Ground
from steward.ledger.key import KEY_BYTES
from steward.permissions.approvals import Approvals
from steward.permissions.grants import Grants
from steward.permissions.seal import approval_seal
from steward.permissions.trust import Trust
from steward.permissions.unattended import Deputy, UnattendedApprovals


@dataclass(frozen=True, slots=True)
class Asked:
    """How the person is asked."""

    approvals: Approvals
    trust: Trust


def asked(ground: Ground, owner: Owner, deputy: Deputy | None = None) -> Asked:
    """The questions of this window's person; with a deputy they are answered there."""
    database, clock, new_id = ground.database, ground.clock, ground.new_id
    within = ground.settings.permissions.answer_within
    seal = approval_seal(ground.settings.data_dir, partial(secrets.token_hex, KEY_BYTES))
    grants = Grants(database, clock, new_id, seal, owner.name, within)
    events = ground.events
    enabled = partial(enables, own_tests=ground.settings.agents.test_command)
    if deputy is None:
        approvals = Approvals(database, clock, new_id, events, within, seal, grants)
        return Asked(approvals, Trust(database, clock, approvals, enabled))
    approvals = UnattendedApprovals(
        database, clock, new_id, events, within, seal, grants, deputy=deputy
    )
    return Asked(approvals, Trust(database, clock, approvals, enabled, deputy.trusts))
