"""What a new agent's file says before somebody fills it in."""

_TEMPLATE = """\
---
name: {name}
description: Says in a sentence what the agent is good for.
# The tools that it may use; it reaches no others. There are:
# {tools}
tools: [read_file, list_files, search]
# agents: [explain, reviewer]
# mode: analysis_only
# allow: [run_command(ls *)]
# ask: [edit_file(src/api/**)]
# deny: [read_file(legal/**)]
# caps: {{tokens: 200000, cost_usd: 0.50, minutes: 20}}
---

You are a careful programmer. Say here who the agent is, how it goes about its work, what it never
does, and what its answer must say.
"""


def template(agent_id: str) -> str:
    """A definition that can be used as it stands."""
    from steward.agents.definitions.toolbox import TOOLS

    name = agent_id.replace("-", " ").capitalize()
    return _TEMPLATE.format(name=name, tools=", ".join(TOOLS))
