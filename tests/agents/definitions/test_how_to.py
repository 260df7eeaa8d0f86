"""What the how-to shows as a definition is one."""

import re

from steward.agents.definitions.agent_file import check
from tests.environment import ROOT


def test_the_example_of_the_how_to_can_be_used_as_it_stands() -> None:
    page = (ROOT / "docs/how-to/agents.md").read_text("utf-8")
    example = re.search(r"```markdown\n(.*?)```", page, re.DOTALL)
    assert example is not None
    assert check(example[1]).problems == ()
