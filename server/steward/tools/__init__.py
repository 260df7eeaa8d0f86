"""Everything an agent can do."""
