"""The most of what models and people may make of one run."""

PLANS_MADE_MAX = 6
"""Plans that a model makes for one run: the first, and five after a person sent one back."""
PLANS_ASKED_MAX = 20
"""Plans that a person is asked about in one run, their own ones among them."""
PLANS_UNREAD_MAX = 3
"""Answers in a row that may be no plan before the run fails."""
CALLS_OF_TURN_MAX = 16
"""Tool calls of one answer of a model that are made; each of the others is told that it was not."""
