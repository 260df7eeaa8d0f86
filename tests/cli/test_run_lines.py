"""Lines for programs say of each thing what it is."""

import json
from dataclasses import asdict
from typing import get_args

from steward.agents.progress import Proposed
from steward.cli.run_lines import any_line, proposal_line
from steward.workspace.proposals import ProposalKind


def test_every_kind_of_proposal_has_a_line_of_its_own() -> None:
    line = any_line()
    kinds: tuple[ProposalKind, ...] = get_args(ProposalKind)
    assert "pull_request" in kinds
    for kind in kinds:
        proposed = Proposed("run.1", kind, "refused", "No.", "", ())
        told = asdict(proposal_line(proposed, ()))
        assert told["type"] == kind
        line.validate_json(json.dumps(told), strict=True, extra="forbid")
